/**
 * Owns where a member's heart beats: in a thread of its own, or, where that is not wanted or not to be had, by a timer
 * of this one.
 *
 * @module
 */
import { DatabaseError } from "../storage/database_error.ts";
import { entryModule } from "../machine/entry_modules.ts";
import { isRoomForThread } from "../machine/descriptor_limit.ts";
import { deadline } from "@std/async/deadline";
import { Beating, type FromHeart, type HeartListener, type HeartOptions, type ToHeart } from "./heart.ts";
import type { CrewStore } from "./store/store.ts";
import type { StoreOptions } from "./store/records.ts";

/** `timer` is for programs whose main thread is never busy for long. */
export type HeartPlace = "thread" | "timer";

/** A heart that beats. */
export interface Heartbeat {
  /** Resolves when the last beat is over. */
  stop(): Promise<void>;
}

/** What a heart needs. */
export interface HeartbeatOptions extends HeartOptions, HeartListener {
  readonly place: HeartPlace;
  /** How the thread opens the database. */
  readonly storeOptions: StoreOptions;
}

/** How long a thread has for its last beat before it is ended, which might leave a transaction open. */
const STOP_MS = 10_000;

export function startHeart(store: CrewStore, options: HeartbeatOptions): Heartbeat {
  return options.place === "thread" && isRoomForThread()
    ? new ThreadHeart(store, options)
    : new Beating(store, options, options);
}

/** Goes on by a timer when its thread fails. */
class ThreadHeart implements Heartbeat {
  readonly #store: CrewStore;
  readonly #options: HeartbeatOptions;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #thread: Worker;
  #substitute: Beating | undefined;
  #isStopping = false;

  constructor(store: CrewStore, options: HeartbeatOptions) {
    this.#store = store;
    this.#options = options;
    const { worker, owner, intervalMs, limits, storeOptions } = options;
    this.#thread = new Worker(entryModule("heart_thread"), { type: "module" });
    this.#thread.onmessage = ({ data }: MessageEvent<FromHeart>) => {
      if (data.kind === "lost") options.onLost();
      else if (data.kind === "removed") options.onRemoved(new DatabaseError("removed", data.sentence));
      else if (data.kind === "failed") this.#substituteTimer();
      else this.#stopped.resolve();
    };
    this.#thread.onerror = (event) => {
      event.preventDefault(); // or it would end the process
      this.#substituteTimer();
    };
    const { path, files } = store;
    this.#tell({ kind: "start", path, files, store: storeOptions, heart: { worker, owner, intervalMs, limits } });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#substitute?.stop();
    this.#tell({ kind: "stop" });
    await deadline(this.#stopped.promise, STOP_MS).catch(() => {});
    this.#thread.terminate();
  }

  #tell(message: ToHeart): void {
    this.#thread.postMessage(message);
  }

  #substituteTimer(): void {
    this.#thread.terminate();
    this.#stopped.resolve();
    if (!this.#isStopping) this.#substitute ??= new Beating(this.#store, this.#options, this.#options);
  }
}
