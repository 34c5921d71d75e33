/**
 * Owns the way from bytes to text: UTF-8 or nothing. A text that was quietly mended would be run, compared and reported as
 * what nobody has written.
 *
 * @module
 */
import { type Position, Source } from "./source.ts";

/** The text, byte order mark included, or where the first byte stands that is no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | Position {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const text = validBeginning(bytes);
    return new Source("", text).position(text.length);
  }
}

/** What a decoder makes of the bytes before the first wrong one, found by bisection. */
function validBeginning(bytes: Uint8Array): string {
  let text = "";
  let low = 0, high = bytes.length + 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    try {
      // As of a stream: a character that has only begun is no error yet.
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, middle), {
        stream: true,
      });
      low = middle;
    } catch {
      high = middle;
    }
  }
  return text;
}
