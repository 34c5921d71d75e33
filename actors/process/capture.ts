/**
 * Owns the bounded memory of one stream: it keeps the head and the tail of what was printed and counts what lay between.
 * It never reads anything itself and knows nothing of pipes, text or lines: bytes stay bytes.
 *
 * The tail because the reason of a failure is printed last, the head because what led there is printed first: half of
 * the limit each. Buffers that double, and not lists of chunks, because a command that writes one byte at a time would
 * make a list of a million parts; the price is one copy of what is kept.
 *
 * @module
 */
import type { SpawnOptions } from "./spawn.ts";
import type { Captured } from "./output.ts";

/** What is kept of a stream unless told otherwise. */
export const CAPTURE_LIMIT = 1024 * 1024;

/** Head and tail of one stream, growing up to a limit. */
export class Capture {
  #head = new Uint8Array(0);
  #headLength = 0;
  /** Full, it is written round and round. */
  #tail = new Uint8Array(0);
  /** How much came after the head. */
  #after = 0;
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #listener: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;

  constructor(limit = CAPTURE_LIMIT, listener?: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#headLimit = Math.ceil(limit / 2);
    this.#tailLimit = limit - this.#headLimit;
    this.#listener = listener;
  }

  /** Takes in the next bytes; they are copied, so the caller may use its buffer again. */
  add(bytes: Uint8Array): void {
    this.#tell(bytes);
    const room = this.#headLimit - this.#headLength;
    const first = bytes.length > room ? bytes.subarray(0, room) : bytes;
    if (first.length > 0) {
      this.#head = grown(this.#head, this.#headLength + first.length, this.#headLimit);
      this.#head.set(first, this.#headLength);
      this.#headLength += first.length;
    }
    if (first.length < bytes.length) this.#addToTail(bytes.subarray(first.length));
  }

  /** What was kept, in a buffer of its own: a view would take the unused rest along into a message. */
  finish(): Captured {
    const kept = Math.min(this.#after, this.#tailLimit);
    const bytes = new Uint8Array(this.#headLength + kept);
    bytes.set(this.#head.subarray(0, this.#headLength));
    // oldest first
    const start = this.#after > this.#tailLimit && this.#tailLimit > 0 ? this.#after % this.#tailLimit : 0;
    bytes.set(this.#tail.subarray(start, kept), this.#headLength);
    bytes.set(this.#tail.subarray(0, start), this.#headLength + kept - start);
    const dropped = this.#after - kept;
    return dropped === 0 ? { bytes, dropped } : { bytes, dropped, gapAt: this.#headLength };
  }

  #addToTail(bytes: Uint8Array): void {
    const limit = this.#tailLimit;
    const seen = this.#after;
    this.#after += bytes.length;
    if (limit === 0) return;
    this.#tail = grown(this.#tail, Math.min(this.#after, limit), limit);
    const last = bytes.length > limit ? bytes.subarray(bytes.length - limit) : bytes;
    const at = (seen + bytes.length - last.length) % limit;
    const upToEnd = last.subarray(0, limit - at);
    this.#tail.set(upToEnd, at);
    this.#tail.set(last.subarray(upToEnd.length));
  }

  /** A listener that throws is an uncaught error of its own and does not stop the reading. */
  #tell(bytes: Uint8Array): void {
    try {
      this.#listener?.(bytes.slice());
    } catch (error) {
      reportError(error);
    }
  }
}

/** The buffer, or a larger one with the same content. */
function grown(buffer: Uint8Array<ArrayBuffer>, length: number, limit: number): Uint8Array<ArrayBuffer> {
  if (length <= buffer.length) return buffer;
  const larger = new Uint8Array(Math.min(limit, Math.max(length, 2 * buffer.length, 1024)));
  larger.set(buffer);
  return larger;
}

/** The capture of one stream of a command, which also hears what its options want to hear. */
export function captureOf(stream: "stdout" | "stderr", { onOutput }: SpawnOptions): Capture {
  return new Capture(CAPTURE_LIMIT, onOutput && ((bytes) => onOutput(stream, bytes)));
}
