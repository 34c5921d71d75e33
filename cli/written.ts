/**
 * Owns the writing of what a command draws to the file that `-o` names.
 *
 * @module
 */
import { systemDetail } from "../actors/machine/system_error.ts";
import { replaceFile } from "../actors/storage/atomic_file.ts";
import { InputError } from "../graph/input/input_error.ts";
import { escapeControls } from "../graph/text.ts";

/** Writes it, all or nothing; a file that cannot be written ends the command with the sentence why. */
export function writeOut(path: string, text: string | Iterable<string>): void {
  try {
    replaceFile(path, text);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new InputError(`Cannot write '${escapeControls(path)}': ${systemDetail(error)}`);
  }
}
