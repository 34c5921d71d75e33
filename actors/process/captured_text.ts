/**
 * Owns how captured output is put together for whoever reads it: the gap between head and tail is marked, and of much
 * output only the last lines are taken. It writes nothing, and changes no byte of what was kept but half characters at
 * the edges of the gap.
 *
 * @module
 */
import { droppedLine } from "../../graph/report/build_lines.ts";
import type { Captured } from "./output.ts";

const NEWLINE = 10;

/** All that was kept, with a line in the place of what was dropped. */
export function withGap({ bytes, dropped, gapAt = bytes.length }: Captured): Uint8Array {
  if (dropped === 0) return bytes;
  const head = withoutHalfEnd(bytes.subarray(0, gapAt)), tail = withoutHalfStart(bytes.subarray(gapAt));
  const lost = dropped + bytes.length - head.length - tail.length;
  const isLineOpen = head.length > 0 && head[head.length - 1] !== NEWLINE;
  const mark = new TextEncoder().encode(`${isLineOpen ? "\n" : ""}${droppedLine(lost)}\n`);
  const all = new Uint8Array(head.length + mark.length + tail.length);
  all.set(head);
  all.set(mark, head.length);
  all.set(tail, head.length + mark.length);
  return all;
}

/** The same with no more than so many bytes, half of them from either end. */
export function endsOf({ bytes, dropped, gapAt = bytes.length }: Captured, most: number): Captured {
  if (bytes.length <= most) return { bytes, dropped, gapAt };
  const gapEnd = dropped > 0 ? gapAt : 0;
  const head = bytes.subarray(0, Math.min(most / 2, gapAt));
  const tail = bytes.subarray(Math.max(bytes.length - most / 2, gapEnd));
  const kept = new Uint8Array(head.length + tail.length);
  kept.set(head);
  kept.set(tail, head.length);
  return { bytes: kept, dropped: dropped + bytes.length - kept.length, gapAt: head.length };
}

/** The end of what was printed. */
export interface Ending {
  readonly bytes: Uint8Array;
  /** What there was more of than is wanted; absent when this is all. */
  readonly cut?: "lines" | "bytes";
}

/** The last lines of what was printed: so many, and no more than so many bytes of them, if that is said. */
export function lastLines(captured: Captured, most: { readonly lines: number; readonly bytes?: number }): Ending {
  const all = withGap(captured);
  let at = all.length;
  if (all[at - 1] === NEWLINE) at--;
  for (let lines = 0; lines < most.lines && at >= 0; lines++) at = at === 0 ? -1 : all.lastIndexOf(NEWLINE, at - 1);
  const bytes = all.subarray(at + 1);
  const { bytes: mostBytes = Infinity } = most;
  if (bytes.length > mostBytes) return { bytes: withoutHalfStart(bytes.subarray(-mostBytes)), cut: "bytes" };
  return at < 0 ? { bytes } : { bytes, cut: "lines" };
}

/** Without the beginning of a UTF-8 character at the end: the limit may have cut it in two. */
export function withoutHalfEnd(bytes: Uint8Array): Uint8Array {
  let start = bytes.length - 1;
  while (start > bytes.length - 4 && start > 0 && isContinuation(bytes[start])) start--;
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf8 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? bytes.subarray(0, start) : bytes;
}

/** Without the end of a UTF-8 character at the beginning. */
export function withoutHalfStart(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < 3 && start < bytes.length && isContinuation(bytes[start])) start++;
  return bytes.subarray(start);
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
