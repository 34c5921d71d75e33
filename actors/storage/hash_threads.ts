/**
 * Owns the threads that read large files for their digests, several at once, so that the main thread is free for signals
 * and tasks. They are started as they are needed and kept until they are closed; whoever is blocked in a read is not
 * waited for.
 *
 * @module
 */
import { entryModule } from "../machine/entry_modules.ts";
import { isRoomForThread } from "../machine/descriptor_limit.ts";
import type { Stamp } from "../machine/stamp.ts";
import type { Unreadable } from "../machine/system_error.ts";

/** What a thread is asked. */
export interface HashQuestion {
  /** Absolute. */
  readonly path: string;
  /** One word; anything but 0 means that nobody wants the answer any more. */
  readonly stop: SharedArrayBuffer;
}

/** A digest and what the file looked like, or why there is none. */
export type HashAnswer = { readonly stamp: Stamp; readonly sha256: string } | Unreadable;

/** More readers than this wait for the disk rather than for each other. */
const MOST_THREADS = 4;

interface Job {
  readonly path: string;
  readonly resolve: (answer: HashAnswer | undefined) => void;
}

/** The threads of one file index. */
export class HashThreads implements Disposable {
  readonly #stop = new SharedArrayBuffer(4);
  readonly #most = Math.min(MOST_THREADS, navigator.hardwareConcurrency);
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Job>();
  readonly #waiting: Job[] = [];
  #isClosed = false;

  /** The digest of a file; undefined when the threads are closed before it is known. */
  hash(path: string): Promise<HashAnswer | undefined> {
    return new Promise((resolve) => {
      if (this.#isClosed) return resolve(undefined);
      this.#waiting.push({ path, resolve });
      this.#next();
    });
  }

  /** Ends the threads; what is still asked for has no answer. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    Atomics.store(new Int32Array(this.#stop), 0, 1);
    for (const { resolve } of [...this.#busy.values(), ...this.#waiting]) resolve(undefined);
    for (const thread of [...this.#busy.keys(), ...this.#idle]) thread.terminate();
    for (const list of [this.#waiting, this.#idle]) list.length = 0;
    this.#busy.clear();
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const thread = this.#idle.pop() ?? (this.#mayStart() ? this.#start() : undefined);
    if (thread === undefined) return this.#busy.size > 0 ? undefined : this.#refuse();
    const job = this.#waiting.shift()!;
    this.#busy.set(thread, job);
    thread.postMessage({ path: job.path, stop: this.#stop } satisfies HashQuestion);
  }

  #mayStart(): boolean {
    return this.#busy.size < this.#most && isRoomForThread();
  }

  /** Where not even one thread can be had, Deno would end the process. */
  #refuse(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve({ detail: "too many open files", missing: false });
  }

  #start(): Worker {
    const thread = new Worker(entryModule("hash_thread"), { type: "module", name: "hash" });
    thread.onmessage = ({ data }: MessageEvent<HashAnswer>) => {
      if (this.#isClosed) return;
      this.#idle.push(thread);
      this.#answer(thread, data);
    };
    thread.onerror = (event) => {
      event.preventDefault(); // or it would end the whole process
      thread.terminate();
      this.#answer(thread, { detail: event.message, missing: false });
    };
    return thread;
  }

  #answer(thread: Worker, answer: HashAnswer): void {
    const job = this.#busy.get(thread);
    this.#busy.delete(thread);
    this.#next();
    job?.resolve(answer);
  }
}
