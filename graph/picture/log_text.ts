/**
 * Owns what of a task's output a page shows: text without the escapes of terminals, of a progress line what it came to,
 * and of very much the head and the tail.
 *
 * @module
 */
import { withoutEscapes } from "../report/printed_diagnostics.ts";

/** A part of an output that is shown, and how many bytes are not. */
export interface LogText {
  readonly text: string;
  readonly left: number;
}

/** The text of some bytes, at most so many of them: a quarter from the head, the rest from the tail, where failures are told. */
export function logText(bytes: Uint8Array | null, most: number): LogText {
  if (bytes === null || bytes.length === 0 || most <= 0) return { text: "", left: bytes?.length ?? 0 };
  const decoder = new TextDecoder();
  if (bytes.length <= most) return { text: plainLog(decoder.decode(bytes)), left: 0 };
  const head = most >> 2, tail = most - head;
  const left = bytes.length - most;
  const first = plainLog(decoder.decode(bytes.subarray(0, head)));
  const last = plainLog(decoder.decode(bytes.subarray(bytes.length - tail)));
  return { text: `${first}\n[… ${left} bytes …]\n${last}`, left };
}

/** As a terminal would have left it, nearly: without colours, and of a line that was written over what it came to. */
export function plainLog(text: string): string {
  return withoutEscapes(text).split("\n").map((line) => {
    const end = line.endsWith("\r") ? line.slice(0, -1) : line;
    return end.slice(end.lastIndexOf("\r") + 1);
  }).join("\n");
}
