/**
 * Owns one membership in a crew, from joining to leaving: the heart, the claims it makes and ends, and the waiting for
 * something to do. What the tasks are is its user's.
 *
 * A member that was declared dead, because it was stopped for longer than its timeout, learns so by its next turn or
 * heartbeat. Its claims are others' by then and nothing it says about them counts; it may join again, as another one.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { Observer } from "../../graph/crew/observer.ts";
import type { RetryLimits } from "../../graph/crew/status.ts";
import { livenessOf } from "../machine/process_identity.ts";
import type { Claimant } from "./store/claims.ts";
import { identifierTaken } from "./store/crew_error.ts";
import type { Joined, Sighting } from "./store/members.ts";
import { type Heartbeat, type HeartPlace, startHeart } from "./heartbeat.ts";
import type { Outlook } from "./store/queries.ts";
import type { CrewStore, Turn, TurnRequest } from "./store/store.ts";
import type { StoreOptions } from "./store/records.ts";
import { quote } from "../../graph/text.ts";

/** Between two looks for changes, so that work is noticed within 100 ms; on a network file system each costs a lock. */
const POLL_MS = 80;
const SHARED_POLL_MS = 500;

/** Between two looks for a sign of life. */
const GHOST_POLL_MS = 200;

/** Even if nothing seems to happen. */
const LOOK_AGAIN_MS = 5000;

/** Who joins, and how. */
export interface MemberOptions extends RetryLimits {
  /** Default the process id. */
  readonly identifier?: string;
  readonly labels: readonly string[];
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly enableFingerprints: boolean;
  /** Whether it may yet register tasks that nobody knows; see {@linkcode Member.noteRegistered}. */
  readonly isRegistering: boolean;
  /** Whether it has still to see, by {@linkcode CrewStore.startOver}, if a new run begins with it; default not. */
  readonly mayBegin?: boolean;
  /** The row of an earlier membership, to go on with if it ended in good order. */
  readonly previous?: number;
  readonly heart: HeartPlace;
  /** Whose locks its heart keeps alive. */
  readonly owner?: string;
  /** How the database was opened. */
  readonly storeOptions: StoreOptions;
  /** Told in a sentence when it has to wait for the sign of life of another one with its identifier. */
  readonly onWait?: (sentence: string) => void;
  /** Gives up waiting for that, with its reason. */
  readonly signal?: AbortSignal;
}

/** A member of a crew. */
export class Member implements AsyncDisposable {
  readonly identifier: string;
  #claimant: Claimant;
  readonly #store: CrewStore;
  readonly #pollMs: number;
  readonly #heart: Heartbeat;
  readonly #lost = new AbortController();
  #seenVersion = -1;
  #seenEvent: number;
  #leaving: Promise<void> | undefined;

  private constructor(
    store: CrewStore,
    options: MemberOptions,
    { worker, identifier, latest }: { worker: number; identifier: string; latest: number },
  ) {
    const { heartbeatIntervalMs: intervalMs, heart: place, owner = "", storeOptions } = options;
    const { maxFailedRetries, maxKilledRetries, enableFingerprints } = options;
    this.#store = store;
    this.identifier = identifier;
    const limits = { maxFailedRetries, maxKilledRetries };
    this.#claimant = { worker, labels: new Set(options.labels), enableFingerprints, ...limits };
    this.#pollMs = store.guard !== "sqlite" ? SHARED_POLL_MS : POLL_MS;
    this.#seenEvent = latest;
    this.#heart = startHeart(store, {
      ...{ worker, owner, intervalMs, limits, place, storeOptions },
      onLost: () => this.#lose(),
      onRemoved: (error) => this.#lost.abort(error),
    });
  }

  /**
   * Joins the crew. Where another one at work has its identifier, whose process may be dead for all that is known here, it
   * waits for a sign of life until that one counts as dead.
   *
   * @throws {CrewError} When a living member has the identifier.
   */
  static async join(store: CrewStore, options: MemberOptions): Promise<Member> {
    const latest = await store.latestEvent();
    return new Member(store, options, { ...await joinWhenDead(store, options), latest });
  }

  /** Who it is in the database, and what it takes. */
  get claimant(): Claimant {
    return this.#claimant;
  }

  /**
   * Aborted when others have declared this member dead: what it does is done by them now. Where its database was removed,
   * which is the end of the whole crew, the reason is the error that says so.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Ends claims and makes new ones, all in one transaction. */
  async turn(request: TurnRequest): Promise<Turn> {
    const turn = await this.#store.turn(this.claimant, request);
    if (!turn.isMember) this.#lose();
    return turn;
  }

  /** Takes these tasks only, whatever else there is; without names all. */
  restrictTo(names?: readonly string[]): void {
    this.#claimant = { ...this.#claimant, only: names && JSON.stringify(names) };
  }

  /** Whether it is worth waiting when there is nothing to take. */
  outlook(except: readonly number[] = []): Promise<Outlook> {
    return this.#store.outlook(this.claimant, except);
  }

  /** Notes that it has told all tasks it knows. */
  noteRegistered(): Promise<void> {
    return this.#store.noteRegistered(this.claimant.worker);
  }

  /** Resolves when something has happened in the crew since the last time, when the signal comes, or after a while. */
  async change(signal?: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + LOOK_AGAIN_MS;
    while (!signal?.aborted && !this.lost.aborted && performance.now() < deadlineMs) {
      if (await this.#hasNews()) return;
      await delay(this.#pollMs, { signal }).catch(() => {});
    }
  }

  /** Ends the membership in good order; what it still has is given back. */
  leave(): Promise<void> {
    return this.#leaving ??= this.#leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  #lose(): void {
    this.#lost.abort(new DOMException("This member was declared dead", "AbortError"));
  }

  async #leave(): Promise<void> {
    await this.#heart.stop();
    await this.#store.leave(this.claimant.worker, this.claimant);
  }

  async #hasNews(): Promise<boolean> {
    const version = await this.#store.dataVersion();
    if (version === this.#seenVersion) return false;
    this.#seenVersion = version;
    const events = await this.#store.eventsSince(this.#seenEvent);
    this.#seenEvent = events.at(-1)?.sequence ?? this.#seenEvent;
    // That others have taken something is no news for who looks for something to take
    return events.some(({ kind }) => kind !== "TASK_RUNNING");
  }
}

async function joinWhenDead(store: CrewStore, options: MemberOptions): Promise<Extract<Joined, { worker: number }>> {
  const observer = new Observer(options.heartbeatIntervalMs);
  let first: Sighting | undefined;
  while (true) {
    options.signal?.throwIfAborted();
    const joined = await store.join(options, options);
    if ("worker" in joined) return joined;
    const { namesake } = joined;
    const hasBeaten = first?.id === namesake.id && first.beat !== namesake.beat;
    if (hasBeaten || livenessOf(namesake) === "alive") throw identifierTaken();
    if (first?.id !== namesake.id) options.onWait?.(ghostSentence(namesake));
    first = namesake;
    if (observer.expired([namesake], performance.now()).length === 0) await delay(GHOST_POLL_MS, options);
    else await store.declareDead(namesake.id, options);
  }
}

function ghostSentence({ identifier, host, pid, timeoutMs }: Sighting): string {
  const who = `worker ${quote(identifier)} (process ${pid} on ${quote(host)})`;
  return `Waiting up to ${timeoutMs / 1000}s for a sign of life of ${who}, which has this identifier and may be dead`;
}
