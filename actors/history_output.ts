/**
 * Owns the form in which a command's output is stored: text where it is text, bytes where it is not.
 * It keeps or drops nothing on its own, except half a character where the capture was cut.
 *
 * Text holding a NUL is stored as bytes, because SQLite's own functions and shells end a text there.
 *
 * @module
 */
import { droppedLine } from "../graph/report.ts";
import type { Captured } from "./messages.ts";

/** One captured stream as it goes into the database, with the line that tells of dropped bytes. */
export function storedOutput({ bytes, dropped }: Captured): string | Uint8Array {
  if (dropped === 0) return textOf(bytes) ?? bytes;
  const kept = wholeCharacters(bytes);
  const mark = `${kept.at(-1) === 10 || kept.length === 0 ? "" : "\n"}${
    droppedLine(dropped + bytes.length - kept.length)
  }\n`;
  const text = textOf(kept);
  if (text !== undefined) return text + mark;
  const whole = droppedLine(dropped);
  return joined(bytes, new TextEncoder().encode(`${bytes.at(-1) === 10 ? "" : "\n"}${whole}\n`));
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Without the beginning of a UTF-8 character at the end: the limit may have cut it in two. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  let start = bytes.length - 1;
  while (start > bytes.length - 4 && start > 0 && (bytes[start] & 0xc0) === 0x80) start--;
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? bytes.subarray(0, start) : bytes;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
