/**
 * Owns a member's heartbeat: it shows that the member lives, and looks whether the others do. One look is one query.
 * It has no timer of its own.
 *
 * @module
 */
import { Observer } from "../../graph/crew/observer.ts";
import type { RetryLimits } from "../../graph/crew/status.ts";
import { DatabaseError } from "../storage/database_error.ts";
import type { DatabaseFiles } from "../storage/database_place.ts";
import { livenessOf } from "../machine/process_identity.ts";
import type { CrewStore } from "./store/store.ts";
import type { StoreOptions } from "./store/records.ts";

/** Whose heart it is; plain data, so that it can beat in another thread. */
export interface HeartOptions {
  readonly worker: number;
  /** Whose locks it keeps alive. */
  readonly owner: string;
  readonly intervalMs: number;
  /** What becomes of the tasks of those found dead. */
  readonly limits: RetryLimits;
}

/** What the thread of a heart is told; it beats until it is told to stop. */
export type ToHeart =
  | {
    readonly kind: "start";
    readonly path: string;
    /** What the member's database consists of: another one under its path is none of its heart's. */
    readonly files: DatabaseFiles;
    readonly store: StoreOptions;
    readonly heart: HeartOptions;
  }
  | { readonly kind: "stop" };

/** What it tells. */
export type FromHeart =
  /** The member was declared dead. */
  | { readonly kind: "lost" }
  /** There is no crew any more: its database was removed or replaced, as the sentence says. */
  | { readonly kind: "removed"; readonly sentence: string }
  /** The heart cannot beat. */
  | { readonly kind: "failed" }
  | { readonly kind: "stopped" };

/** The heart of one member. */
export class Heart {
  readonly #store: CrewStore;
  readonly #options: HeartOptions;
  readonly #observer: Observer;

  constructor(store: CrewStore, options: HeartOptions) {
    this.#store = store;
    this.#options = options;
    this.#observer = new Observer(options.intervalMs);
  }

  /** When it should beat next, in milliseconds: as often as it means to, or when another's time is over. */
  get nextMs(): number {
    return Math.min(this.#options.intervalMs, this.#observer.dueMs + 1);
  }

  /** Beats once; false when the member was declared dead. */
  async beat(): Promise<boolean> {
    const { worker, owner, limits } = this.#options;
    if (!await this.#store.beat(worker, owner)) return false;
    const others = await this.#store.othersAtWork(worker);
    const dead = new Set(this.#observer.expired(others, performance.now()));
    for (const other of others) if (!dead.has(other) && livenessOf(other) === "dead") dead.add(other);
    for (const { id } of dead) await this.#store.declareDead(id, limits);
    return true;
  }
}

/** Who hears of the end of a membership that its heart has found out. */
export interface HeartListener {
  /** The member was declared dead. */
  readonly onLost: () => void;
  /** The database was removed or replaced. */
  readonly onRemoved: (error: DatabaseError) => void;
}

/** Beats at intervals until it is stopped, or the member is lost; what goes wrong in between is tried again. */
export class Beating {
  readonly #heart: Heart;
  readonly #listener: HeartListener;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beat: Promise<void> | undefined;
  #isStopped = false;

  constructor(store: CrewStore, options: HeartOptions, listener: HeartListener) {
    this.#heart = new Heart(store, options);
    this.#listener = listener;
    this.#beatNow();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#beat;
  }

  #beatNow(): void {
    const begunMs = performance.now();
    this.#beat = this.#tryBeat().then((isMember) => {
      if (this.#isStopped) return;
      if (isMember instanceof DatabaseError) return this.#listener.onRemoved(isMember);
      if (!isMember) return this.#listener.onLost();
      this.#timer = setTimeout(() => this.#beatNow(), Math.max(1, this.#heart.nextMs - (performance.now() - begunMs)));
    });
  }

  /** A full disk or a locked database is told by what the member itself does; until it is over the heart tries on. */
  async #tryBeat(): Promise<boolean | DatabaseError> {
    try {
      return await this.#heart.beat();
    } catch (error) {
      return error instanceof DatabaseError && error.kind === "removed" ? error : true;
    }
  }
}
