/**
 * Owns where lines for programs go: to stdout, in order with all else, or to a file, as they come.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import type { LineSink } from "./event_stream.ts";
import { NOT_REGULAR, openRegular, writeWhole } from "../machine/regular_file.ts";
import { standardOutput } from "./standard_output.ts";
import { systemDetail } from "../machine/system_error.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";

/** To stdout: a reader who has gone is no error, and one who is slow is waited for by the tasks; see `room`. */
export class StdoutLines implements LineSink {
  readonly #encoder = new TextEncoder();

  add(line: string): void {
    standardOutput.put("stdout", this.#encoder.encode(line));
  }

  async close(): Promise<boolean> {
    await standardOutput.flush();
    return standardOutput.isWhole("stdout");
  }
}

/** To a file, by the end of the turn in which they were added. */
export class FileLines implements LineSink {
  readonly #file: Deno.FsFile;
  readonly #onFault: (sentence: string) => void;
  readonly #path: string;
  #pending = "";
  #isWhole = true;
  #isScheduled = false;

  /**
   * Opens it, in place of what it held before; `onFault` is told, once, when it takes nothing more.
   *
   * @throws {InputError} When it cannot be.
   */
  constructor(path: string, onFault: (sentence: string) => void) {
    this.#path = path;
    this.#onFault = onFault;
    this.#file = openForLines(path);
  }

  add(line: string): void {
    if (!this.#isWhole) return;
    this.#pending += line;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  close(): boolean {
    this.#write();
    this.#file.close();
    return this.#isWhole;
  }

  #write(): void {
    const bytes = new TextEncoder().encode(this.#pending);
    this.#pending = "";
    try {
      writeWhole(this.#file, bytes);
    } catch (error) {
      this.#isWhole = false;
      this.#onFault(`Cannot write events ${quote(this.#path)}: ${systemDetail(error)}; no more are written there`);
    }
  }
}

/** A new file, its folder included, or a regular one that is there; appended to, so that whoever empties it meanwhile gets no hole. */
function openForLines(path: string): Deno.FsFile {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    return Deno.openSync(path, { createNew: true, append: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw cannot(path, systemDetail(error));
  }
  try {
    const file = openRegular(path, { append: true });
    file.truncateSync(0);
    return file;
  } catch (error) {
    const isOther = error instanceof Error && error.message === NOT_REGULAR;
    throw cannot(path, isOther ? NOT_REGULAR : systemDetail(error));
  }
}

function cannot(path: string, detail: string): InputError {
  return new InputError(`Cannot write events ${quote(path)}: ${detail}`);
}
