/**
 * Owns the cutting of a stream of bytes into whole lines, each with a prefix, so that the lines of several commands can
 * share one terminal. A line that was written over by itself, as a progress bar is, comes as it was last.
 * It writes nothing; what it has put together is handed on.
 *
 * @module
 */

/** A line without an end is cut here, so that a command that never ends one costs no memory. */
const LONGEST_LINE = 64 * 1024;

const NEWLINE = 10, RETURN = 13;

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
    const lines: Line[] = [];
    let start = 0;
    while (true) {
      const at = all.indexOf(NEWLINE, start);
      const end = at < 0 ? all.length : at + 1;
      start = lastState(all, start, end);
      if (at < 0 && end - start < LONGEST_LINE) break;
      const cut = Math.min(end, start + LONGEST_LINE);
      lines.push({ start, end: cut });
      start = cut;
    }
    this.#rest = all.slice(start);
    if (lines.length > 0) this.#onLines(this.#prefixed(all, lines));
  }

  /** The stream has ended: what is left is a line. */
  end(): void {
    if (this.#rest.length > 0) this.#onLines(concatenate([this.#prefix, this.#rest, new Uint8Array([NEWLINE])]));
    this.#rest = new Uint8Array(0);
  }

  /** In one buffer: what a command prints may be much, and each copy of it is as much again for the collector. */
  #prefixed(all: Uint8Array, lines: readonly Line[]): Uint8Array {
    let length = 0;
    for (const { start, end } of lines) {
      length += this.#prefix.length + end - start + (all[end - 1] === NEWLINE ? 0 : 1);
    }
    const prefixed = new Uint8Array(length);
    let at = 0;
    for (const { start, end } of lines) {
      prefixed.set(this.#prefix, at);
      at += this.#prefix.length;
      for (let from = start; from < end;) prefixed[at++] = all[from++];
      if (all[end - 1] !== NEWLINE) prefixed[at++] = NEWLINE;
    }
    return prefixed;
  }
}

/** Where a line lies, its end included. */
interface Line {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the last state of a line begins: a carriage return within it takes a terminal back to where the prefix stands, so
 * that what came before it is written over. Those at its end say nothing.
 */
function lastState(all: Uint8Array, start: number, end: number): number {
  let last = end;
  while (last > start && (all[last - 1] === NEWLINE || all[last - 1] === RETURN)) last--;
  const at = last === start ? -1 : all.subarray(start, last).lastIndexOf(RETURN);
  return start + at + 1;
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
