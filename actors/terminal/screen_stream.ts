/**
 * Owns what a redrawn display writes to: a terminal's stream, in front of the queue in which all that is said waits its
 * turn. It draws nothing.
 *
 * @module
 */
import { standardOutput, type StreamName } from "./standard_output.ts";

const USUAL = { columns: 80, rows: 24 };

/** One of the two streams, which is a terminal. */
export class ScreenStream {
  readonly #stream: StreamName;

  constructor(stream: StreamName) {
    this.#stream = stream;
  }

  /** Whether the terminal is behind with what it was told: then a further picture would only make it worse. */
  get isBehind(): boolean {
    return standardOutput.waiting > 0;
  }

  /** Puts bytes in order behind all that came before. */
  put(bytes: Uint8Array): void {
    standardOutput.put(this.#stream, bytes);
  }
}

/** The terminal's window; what it does not tell, or tells to be 0 as those without a window do, is as usual. */
export function terminalSize(): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return { columns: columns || USUAL.columns, rows: rows || USUAL.rows };
  } catch {
    return USUAL;
  }
}
