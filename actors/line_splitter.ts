/**
 * Owns the cutting of a stream of bytes into whole lines, each with a prefix, so that the lines of several commands can
 * share one terminal.
 * It writes nothing; what it has put together is handed on.
 *
 * @module
 */

/** A line without an end is cut here, so that a command that never ends one costs no memory. */
const LONGEST_LINE = 64 * 1024;

const NEWLINE = 10;

/** The lines of one stream. */
export class LineSplitter {
  readonly #prefix: Uint8Array;
  readonly #onLines: (lines: Uint8Array) => void;
  #rest = new Uint8Array(0);

  /** `onLines` is given whole lines, each with the prefix and ended by a newline. */
  constructor(prefix: Uint8Array, onLines: (lines: Uint8Array) => void) {
    this.#prefix = prefix;
    this.#onLines = onLines;
  }

  /** Takes in the next bytes. */
  add(bytes: Uint8Array): void {
    const all = concatenate([this.#rest, bytes]);
    const parts: Uint8Array[] = [];
    let start = 0;
    while (true) {
      const at = all.indexOf(NEWLINE, start);
      const end = at < 0 ? start + LONGEST_LINE : Math.min(at + 1, start + LONGEST_LINE);
      if (at < 0 && end > all.length) break;
      parts.push(this.#prefix, all.subarray(start, end));
      if (all[end - 1] !== NEWLINE) parts.push(new Uint8Array([NEWLINE]));
      start = end;
    }
    this.#rest = all.slice(start);
    if (parts.length > 0) this.#onLines(concatenate(parts));
  }

  /** The stream has ended: what is left is a line. */
  end(): void {
    if (this.#rest.length > 0) this.#onLines(concatenate([this.#prefix, this.#rest, new Uint8Array([NEWLINE])]));
    this.#rest = new Uint8Array(0);
  }
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
