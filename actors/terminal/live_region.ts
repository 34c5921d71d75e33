/**
 * Owns the last lines of a terminal: a frame that is drawn over the one before, and what scrolls away above it.
 *
 * Whatever is to be shown goes out in one write, between the marks of synchronized output where a terminal knows them, and
 * is written over what stands there instead of erasing it first: at no moment is the frame gone or half there. It never
 * hides the cursor, so a killed program leaves none hidden.
 *
 * @module
 */
import stringWidth from "string-width";
import { type ScreenStream, terminalSize } from "./screen_stream.ts";

const BEGIN = "\x1b[?2026h", END = "\x1b[?2026l";
const ERASE_REST_OF_LINE = "\x1b[K", ERASE_BELOW = "\x1b[J";
const NEWLINE = 10;

/** With a frame below them so many bytes still go out in one write. */
const PART_BYTES = 2048;

const NOTHING = new Uint8Array(0);

const encoder = new TextEncoder();
const LINE_END = encoder.encode(`${ERASE_REST_OF_LINE}\n`);

/** One region; its lines are as wide as the window at most, which whoever makes them sees to. */
export class LiveRegion {
  readonly #stream: ScreenStream;
  #frame: readonly string[] = [];

  constructor(stream: ScreenStream) {
    this.#stream = stream;
  }

  /** Draws a frame, with whole lines above it that stay. */
  paint(frame: readonly string[], above: readonly Uint8Array[] = []): void {
    if (above.length === 0 && isEqual(frame, this.#frame)) return;
    const text = frame.map((line) => `${line}${ERASE_REST_OF_LINE}\n`).join("");
    const parts = above.length === 0 ? [NOTHING] : this.#windowfuls(joined(above), frame.length);
    for (const part of parts) {
      const after = encoder.encode(text + ERASE_BELOW + END);
      this.#stream.put(joined([encoder.encode(BEGIN + this.#toTop()), overwriting(part), after]));
      this.#frame = frame;
    }
  }

  /** Takes the frame away. */
  clear(): void {
    if (this.#frame.length > 0) this.#stream.put(encoder.encode(this.clearing()));
    this.#frame = [];
  }

  /**
   * What takes the frame away when it is written to the terminal: line by line, since to erase all below the top left
   * corner is for tmux to scroll it away.
   */
  clearing(): string {
    const rows = this.#rows();
    return rows === 0 ? "" : `${this.#toTop()}${`${ERASE_REST_OF_LINE}\n`.repeat(rows)}\x1b[${rows}A`;
  }

  /** What stands there stays; the next frame is drawn below the cursor. */
  leave(): void {
    this.#frame = [];
  }

  /** To the first line of the frame. */
  #toTop(): string {
    const rows = this.#rows();
    return rows === 0 ? "\r" : `\x1b[${rows}A\r`;
  }

  /** The frame takes more rows than it has lines where the window was made narrower. */
  #rows(): number {
    const { columns } = terminalSize();
    return this.#frame.reduce((rows, line) => rows + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);
  }

  /** Lines in parts that leave room for the frame below them. */
  #windowfuls(lines: Uint8Array, frameRows: number): Uint8Array[] {
    const { columns, rows } = terminalSize();
    const room = Math.max(1, rows - frameRows - 1);
    const parts: Uint8Array[] = [];
    let start = 0, used = 0;
    for (let from = 0; from < lines.length;) {
      const newline = lines.indexOf(NEWLINE, from);
      const end = newline < 0 ? lines.length : newline + 1;
      const height = Math.max(1, Math.ceil((end - from - 1) / columns));
      if (used > 0 && (used + height > room || end - start > PART_BYTES)) {
        parts.push(lines.subarray(start, from));
        start = from;
        used = 0;
      }
      used += height;
      from = end;
    }
    return [...parts, lines.subarray(start)];
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Lines that leave nothing of what they are written over. */
function overwriting(lines: Uint8Array): Uint8Array {
  let count = 0;
  for (const byte of lines) if (byte === NEWLINE) count++;
  const bytes = new Uint8Array(lines.length + count * (LINE_END.length - 1));
  let at = 0, start = 0;
  for (let end = lines.indexOf(NEWLINE); end >= 0; end = lines.indexOf(NEWLINE, start)) {
    bytes.set(lines.subarray(start, end), at);
    bytes.set(LINE_END, at + end - start);
    at += end - start + LINE_END.length;
    start = end + 1;
  }
  bytes.set(lines.subarray(start), at);
  return bytes;
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}
