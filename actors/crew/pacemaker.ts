/**
 * Owns where a member's heart beats: in a thread of its own, or, where that is not wanted or not to be had, by a timer
 * of this one.
 *
 * @module
 */
import { Beating, type FromHeart, type HeartOptions, type ToHeart } from "./heart.ts";
import type { CrewStore } from "./store.ts";
import type { StoreOptions } from "./view.ts";

/** `timer` is for programs whose main thread is never busy for long. */
export type HeartPlace = "thread" | "timer";

/** A heart that beats. */
export interface Pacemaker {
  /** Resolves when the last beat is over. */
  stop(): Promise<void>;
}

/** What a heart needs. */
export interface PacemakerOptions extends HeartOptions {
  readonly place: HeartPlace;
  /** How the thread opens the database. */
  readonly storeOptions: StoreOptions;
  /** Told when the member was declared dead. */
  readonly onLost: () => void;
}

/** How long a thread has for its last beat before it is ended, which might leave a transaction open. */
const STOP_MS = 10_000;

export function startHeart(store: CrewStore, options: PacemakerOptions): Pacemaker {
  return options.place === "thread" ? new ThreadHeart(store, options) : new Beating(store, options, options.onLost);
}

/** Goes on by a timer when its thread fails. */
class ThreadHeart implements Pacemaker {
  readonly #store: CrewStore;
  readonly #options: PacemakerOptions;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #thread: Worker;
  #substitute: Beating | undefined;
  #isStopping = false;

  constructor(store: CrewStore, options: PacemakerOptions) {
    this.#store = store;
    this.#options = options;
    const { worker, owner, intervalMs, limits, storeOptions } = options;
    this.#thread = new Worker(import.meta.resolve("./heart_thread.ts"), { type: "module" });
    this.#thread.onmessage = ({ data }: MessageEvent<FromHeart>) => {
      if (data.kind === "lost") options.onLost();
      else if (data.kind === "failed") this.#substituteTimer();
      else this.#stopped.resolve();
    };
    this.#thread.onerror = (event) => {
      event.preventDefault(); // or it would end the process
      this.#substituteTimer();
    };
    this.#tell({ kind: "start", path: store.path, store: storeOptions, heart: { worker, owner, intervalMs, limits } });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#substitute?.stop();
    this.#tell({ kind: "stop" });
    const timer = setTimeout(() => this.#stopped.resolve(), STOP_MS);
    await this.#stopped.promise;
    clearTimeout(timer);
    this.#thread.terminate();
  }

  #tell(message: ToHeart): void {
    this.#thread.postMessage(message);
  }

  #substituteTimer(): void {
    this.#thread.terminate();
    this.#stopped.resolve();
    if (!this.#isStopping) this.#substitute ??= new Beating(this.#store, this.#options, this.#options.onLost);
  }
}
