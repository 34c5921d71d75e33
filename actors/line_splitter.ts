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
    const all = this.#rest.length === 0 ? bytes : concatenate([this.#rest, bytes]);
    const ends: number[] = [];
    let start = 0;
    while (true) {
      const at = all.indexOf(NEWLINE, start);
      const end = at < 0 ? start + LONGEST_LINE : Math.min(at + 1, start + LONGEST_LINE);
      if (at < 0 && end > all.length) break;
      ends.push(start = end);
    }
    this.#rest = all.slice(start);
    if (ends.length > 0) this.#onLines(this.#lines(all, ends));
  }

  /** The stream has ended: what is left is a line. */
  end(): void {
    if (this.#rest.length > 0) this.#onLines(concatenate([this.#prefix, this.#rest, new Uint8Array([NEWLINE])]));
    this.#rest = new Uint8Array(0);
  }

  /** In one buffer: what a command prints may be much, and each copy of it is as much again for the collector. */
  #lines(all: Uint8Array, ends: readonly number[]): Uint8Array {
    let added = ends.length * this.#prefix.length;
    for (const end of ends) if (all[end - 1] !== NEWLINE) added++;
    const lines = new Uint8Array(ends[ends.length - 1] + added);
    let from = 0, at = 0;
    for (const end of ends) {
      lines.set(this.#prefix, at);
      at += this.#prefix.length;
      while (from < end) lines[at++] = all[from++];
      if (all[end - 1] !== NEWLINE) lines[at++] = NEWLINE;
    }
    return lines;
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
