/**
 * Owns the writing of what a command draws to the file that `-o` names, or to stdout.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import { realPlace } from "../actors/machine/real_place.ts";
import { systemDetail } from "../actors/machine/system_error.ts";
import { replaceFile } from "../actors/storage/atomic_file.ts";
import { refuseReplacing } from "../actors/terminal/run_readers.ts";
import { InputError } from "../graph/input/input_error.ts";
import { escapeControls } from "../graph/text.ts";
import { createReporter } from "./terminal.ts";

/** What it is, and what is not to be lost by it. */
export interface Drawn {
  /** The word for it. */
  readonly what: string;
  /** The history that was asked. */
  readonly database: string;
  /** The config or task file that it is about, if there is one. */
  readonly input?: string;
}

/**
 * Writes it, all or nothing, and never in the place of what is needed, nor of anything else than a file; a file that cannot
 * be written ends the command with the sentence why.
 */
export function writeOut(path: string, text: string | Iterable<string>, { what, database, input }: Drawn): void {
  const inputs = input === undefined ? [] : [resolve(input), realPlace(resolve(input))];
  const needed = (path: string) => inputs.includes(path) ? "its config or task file" : undefined;
  refuseReplacing({ path, what }, { databases: [database], needed });
  try {
    replaceFile(path, text);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new InputError(`Cannot write '${escapeControls(path)}': ${systemDetail(error)}`);
  }
}

/** Writes it to stdout as it is, whoever reads there. Answers whether all was written that anyone wanted to read. */
export async function toStdout(text: string): Promise<boolean> {
  const reporter = await createReporter({ lines: "stdout", isLive: false, hasColor: false }, false);
  return await reporter.result(text.trimEnd());
}
