/**
 * Owns our ends of a command's pipes, and the memory in which the system says which of them has something to read.
 * It knows nothing of processes: a descriptor that tells of one's end is a descriptor like the others.
 *
 * @module
 */
import type { Capture } from "./capture.ts";
import { F_SETFL, F_SETPIPE_SZ, type Libc, O_CLOEXEC, O_NONBLOCK, POLLIN } from "./posix_libc.ts";

/** Bytes read at once; one buffer a thread. */
export const CHUNK_BYTES = 256 * 1024;

/** A command that has printed so much gets a wide pipe, which saves it most of its waits for the reader. */
const MUCH_BYTES = 256 * 1024;

/** Capacity of a wide pipe; no pipe holds more. */
const WIDE_PIPE_BYTES = 1024 * 1024;

/** Read from one pipe before the thread looks at its messages again. */
const TURN_BYTES = 4 * 1024 * 1024;

/** Three `struct pollfd`. */
const POLL_SET_BYTES = 24;

/** A pipe of which the end to read is ours. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** Opens a pipe that no other command inherits; undefined when there are too many open files. */
export function openPipe(libc: Libc): Pipe | undefined {
  const ends = new Int32Array(2);
  if (libc.pipe2(ends, O_CLOEXEC) !== 0) return undefined;
  // only our end: the command must find a pipe that blocks when it is full
  libc.fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return { readEnd: ends[0], writeEnd: ends[1] };
}

/** The three things one command is awaited by, as an array of `struct pollfd` outside the isolate. */
export class PollSet {
  readonly pointer: Deno.PointerValue;
  /** Two words each: descriptor; events and, in the upper half, what happened. */
  readonly #words: Int32Array;

  constructor(libc: Libc) {
    this.pointer = libc.malloc(BigInt(POLL_SET_BYTES));
    if (this.pointer === null) throw new Error("Bug: no memory for a poll set");
    this.#words = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(this.pointer, POLL_SET_BYTES));
  }

  watch(...descriptors: readonly [number, number, number]): void {
    descriptors.forEach((descriptor, i) => {
      this.#words[2 * i] = descriptor;
      this.#words[2 * i + 1] = POLLIN;
    });
  }

  /** Poll passes over negative descriptors. */
  ignore(index: number): void {
    this.#words[2 * index] = -1;
    this.#words[2 * index + 1] = 0;
  }

  happened(index: number): boolean {
    return this.#words[2 * index + 1] >>> 16 !== 0;
  }
}

/** Our end of one pipe and what came through it. */
export class PipeReader {
  readonly #libc: Libc;
  readonly #chunk: Uint8Array<ArrayBuffer>;
  readonly #descriptor: number;
  readonly #capture: Capture;
  #total = 0;
  #isWide = false;

  constructor(descriptor: number, capture: Capture, { libc, chunk }: { libc: Libc; chunk: Uint8Array<ArrayBuffer> }) {
    this.#descriptor = descriptor;
    this.#capture = capture;
    this.#libc = libc;
    this.#chunk = chunk;
  }

  /** Reads what is there, up to a limit or a chunk more. */
  read(limit = TURN_BYTES): "ended" | "open" {
    for (let total = 0; total < limit;) {
      const length = this.#libc.read(this.#descriptor, this.#chunk, BigInt(CHUNK_BYTES));
      if (length === 0) return "ended";
      if (length < 0) return "open";
      this.#take(this.#chunk.subarray(0, length));
      total += length;
    }
    return "open";
  }

  /** Takes what the leader left in the pipe, whoever else holds its other end. */
  readRest(): "ended" | "open" {
    return this.read(WIDE_PIPE_BYTES);
  }

  close(): ReturnType<Capture["finish"]> {
    this.#libc.close(this.#descriptor);
    return this.#capture.finish();
  }

  #take(bytes: Uint8Array): void {
    this.#capture.add(bytes);
    this.#total += bytes.length;
    if (this.#total < MUCH_BYTES || this.#isWide) return;
    this.#isWide = true;
    this.#libc.fcntl(this.#descriptor, F_SETPIPE_SZ, WIDE_PIPE_BYTES);
  }
}
