/**
 * Owns the form in which messages pass through a pipe between a process that runs a module's function and its host: a mark, a
 * length, and the message as V8 serializes it. What stands between two of them is not from here, and is handed on as it is.
 * It opens no pipe.
 *
 * @module
 */
import { deserialize, serialize } from "node:v8";

/** Bytes of a length. */
const LENGTH = 4;

const encoder = new TextEncoder();

/** One message as bytes; an empty mark is none. */
export function frame(mark: string, message: unknown): Uint8Array {
  const start = encoder.encode(mark), payload = serialize(message);
  const bytes = new Uint8Array(start.length + LENGTH + payload.length);
  bytes.set(start);
  new DataView(bytes.buffer).setUint32(start.length, payload.length);
  bytes.set(payload, start.length + LENGTH);
  return bytes;
}

/** Who hears what comes through a pipe. */
export interface FrameListener {
  /** Throws for one that cannot be, as {@linkcode FrameReader.add} then does. */
  readonly onMessage: (message: unknown) => void;
  readonly onOther?: (bytes: Uint8Array) => void;
}

/** Takes messages out of what comes through a pipe, in pieces of any size. */
export class FrameReader {
  readonly #mark: Uint8Array;
  readonly #listener: FrameListener;
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** What has come since, and how much of it and of the rest there must be before it is worth a look. */
  #parts: Uint8Array[] = [];
  #missing = 0;

  constructor(mark: string, listener: FrameListener) {
    this.#mark = encoder.encode(mark);
    this.#listener = listener;
  }

  /** @throws When what is marked as a message is none. */
  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#missing -= bytes.length;
    if (this.#missing > 0) return;
    this.#rest = joined([this.#rest, ...this.#parts]);
    this.#parts = [];
    while (this.#takeOne());
  }

  /** Nothing more comes. */
  end(): void {
    const rest = joined([this.#rest, ...this.#parts]);
    if (rest.length > 0) this.#listener.onOther?.(rest);
    this.#rest = new Uint8Array();
    this.#parts = [];
  }

  #takeOne(): boolean {
    const start = indexOf(this.#rest, this.#mark);
    // Its end may be the beginning of a mark.
    const other = start < 0 ? Math.max(0, this.#rest.length - this.#mark.length + 1) : start;
    if (other > 0) {
      this.#listener.onOther?.(this.#rest.slice(0, other));
      this.#rest = this.#rest.subarray(other);
    }
    const at = this.#mark.length + LENGTH;
    if (start < 0 || this.#rest.length < at) return false;
    const { buffer, byteOffset } = this.#rest;
    const length = new DataView(buffer, byteOffset + this.#mark.length, LENGTH).getUint32(0);
    this.#missing = at + length - this.#rest.length;
    if (this.#missing > 0) return false;
    // Deno 2.4 takes a part of a buffer for the whole.
    const payload = this.#rest.slice(at, at + length);
    this.#rest = this.#rest.subarray(at + length);
    this.#listener.onMessage(deserialize(payload));
    return true;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Where a list of bytes begins in another; -1 where it does not, or not whole. */
function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  if (part.length === 0) return 0;
  for (let at = bytes.indexOf(part[0]); at >= 0; at = bytes.indexOf(part[0], at + 1)) {
    if (at + part.length > bytes.length) return -1;
    if (part.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}
