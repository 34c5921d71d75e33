/**
 * Owns the bounded memory of one stream: it keeps the head of what was printed and counts the rest.
 * It never reads anything itself and knows nothing of pipes, text or lines: bytes stay bytes.
 *
 * One buffer that doubles, and not a list of chunks, because a command that writes one byte at a time would make a
 * list of a million parts; the price is one copy of what is kept.
 *
 * @module
 */
import type { Invocation } from "./invocation.ts";
import type { Captured } from "./messages.ts";

/** What is kept of a stream unless told otherwise. */
export const CAPTURE_LIMIT = 1024 * 1024;

/** The head of one stream, growing up to a limit. */
export class Capture {
  #kept = new Uint8Array(0);
  #length = 0;
  #dropped = 0;
  readonly #limit: number;
  readonly #listener: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;

  constructor(limit = CAPTURE_LIMIT, listener?: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#limit = limit;
    this.#listener = listener;
  }

  /** Takes in the next bytes; they are copied, so the caller may use its buffer again. */
  add(bytes: Uint8Array): void {
    this.#tell(bytes);
    const room = this.#limit - this.#length;
    const taken = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.#dropped += bytes.length - taken.length;
    if (taken.length === 0) return;
    const length = this.#length + taken.length;
    if (length > this.#kept.length) this.#grow(length);
    this.#kept.set(taken, this.#length);
    this.#length = length;
  }

  /** What was kept, in a buffer of its own: a view would take the unused rest along into a message. */
  finish(): Captured {
    return { bytes: this.#kept.slice(0, this.#length), dropped: this.#dropped };
  }

  /** A listener that throws is an uncaught error of its own and does not stop the reading. */
  #tell(bytes: Uint8Array): void {
    try {
      this.#listener?.(bytes.slice());
    } catch (error) {
      reportError(error);
    }
  }

  #grow(length: number): void {
    const grown = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.#kept.length, 1024)));
    grown.set(this.#kept.subarray(0, this.#length));
    this.#kept = grown;
  }
}

/** The capture of one stream of a command, which also hears what its invocation wants to hear. */
export function captureOf(stream: "stdout" | "stderr", { captureLimit, onOutput }: Invocation): Capture {
  return new Capture(captureLimit, onOutput && ((bytes) => onOutput(stream, bytes)));
}
