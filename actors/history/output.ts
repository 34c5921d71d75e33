/**
 * Owns the form in which a command's output is stored: text where it is text, bytes where it is not.
 * It keeps or drops nothing on its own.
 *
 * Text holding a NUL is stored as bytes, because SQLite's own functions and shells end a text there.
 *
 * @module
 */
import { withGap } from "../process/captured_text.ts";
import type { Captured } from "../process/output.ts";

/** One captured stream as it goes into the database, with the line that tells of dropped bytes. */
export function storedOutput(captured: Captured): string | Uint8Array {
  const all = withGap(captured);
  return textOf(all) ?? all;
}

/** One for all: to make one takes longer than to decode what most commands print. */
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "";
  if (bytes.includes(0)) return undefined;
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}
