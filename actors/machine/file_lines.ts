/**
 * Owns texts that may be longer than a string can be (512 MiB): read and written in pieces, line by line.
 * It does not know what is in them.
 *
 * @module
 */
import { openRegular } from "./regular_file.ts";

const CHUNK = 4 * 1024 * 1024;
const LINE_END = 0x0a;

/** No string of V8's has more characters. */
const LONGEST = 2 ** 29 - 24;

/**
 * The lines of a file, without what follows the last line end, and up to the first one of more bytes than `longest`: that
 * is none, and there may be no end to it.
 *
 * @throws What the file system throws.
 */
export function* linesOf(path: string, longest: number = LONGEST): Generator<string> {
  using file = openRegular(path);
  const decoder = new TextDecoder();
  let begun: Uint8Array<ArrayBuffer>[] = [];
  for (let chunk = new Uint8Array(CHUNK), read; (read = file.readSync(chunk)) !== null; chunk = new Uint8Array(CHUNK)) {
    let at = 0;
    for (let end; (end = chunk.subarray(0, read).indexOf(LINE_END, at)) >= 0; at = end + 1) {
      begun.push(chunk.subarray(at, end));
      // Nearly all lines lie within one chunk.
      if (begun.length === 1) yield decoder.decode(begun[0]);
      else yield begun.map((part, i) => decoder.decode(part, { stream: i < begun.length - 1 })).join("");
      begun = [];
    }
    if (at < read) begun.push(chunk.subarray(at, read));
    if (begun.reduce((length, part) => length + part.length, 0) > longest) return;
  }
}

/** Texts one after another as bytes, in pieces of some MiB. */
export function* piecesOf(texts: Iterable<string>): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let waiting: string[] = [], length = 0;
  for (const text of texts) {
    waiting.push(text);
    length += text.length;
    if (length < CHUNK) continue;
    yield encoder.encode(waiting.join(""));
    waiting = [];
    length = 0;
  }
  yield encoder.encode(waiting.join(""));
}
