/**
 * Owns the locks that a crew offers to its users: held by one member at a time, and broken when the holder gives no
 * sign of life for a lock's lifetime, by the clock of whoever waits.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { Observer } from "../../graph/crew/observer.ts";
import { CrewError } from "./store/crew_error.ts";
import type { LockAsker, LockRow } from "./store/records.ts";
import { LOCK_LIFETIME_INTERVALS } from "./store/view.ts";

/** Between two attempts. */
const PAUSE_MS = 20;

/** Choices for waiting for a lock. */
export interface CrewLockOptions {
  /** After which time to give up; default never. */
  readonly timeoutMs?: number;
  /** Gives up early, with its reason. */
  readonly signal?: AbortSignal;
}

/** A lock in one's hands; it is given back when it goes out of scope. */
export interface HeldCrewLock extends AsyncDisposable {
  /** Gives it back. False when it had been taken away: its holder gave no sign of life for too long. */
  release(): Promise<boolean>;
}

/** Where locks are kept. */
export interface LockTable {
  /** Takes a lock; else the answer is who has it. */
  tryLock(name: string, asker: LockAsker): Promise<LockRow | undefined>;
  /** Frees a lock if it is still this holding's; false when it was taken away. */
  freeLock(name: string, token: string): Promise<boolean>;
  /** Shows that the owner of locks lives. */
  renewLocks(owner: string): Promise<void>;
}

/** Whose locks these are. */
export interface LockOwnerOptions {
  /** Undefined where there is no database, and so nobody to lock out. */
  readonly open: () => Promise<LockTable> | undefined;
  /** Unlike that of any other crew object. */
  readonly owner: string;
  readonly holder: () => string;
  readonly heartbeatIntervalMs: number;
}

/**
 * A lock that all members of a crew share, by its name. It is not re-entrant.
 *
 * @example
 * ```ts
 * import { Crew, type CrewLock } from "./mod.ts";
 *
 * await using crew = new Crew([], { db: "lock.sqlite" });
 * const lock: CrewLock = crew.taskLock("report");
 * {
 *   await using _held = await lock.acquire({ timeoutMs: 1000 });
 *   console.log("nobody else is at it");
 * }
 * ```
 */
export class CrewLock {
  readonly #name: string;
  readonly #options: LockOwnerOptions;

  /** Made by {@linkcode Crew.lock} and {@linkcode Crew.taskLock}. */
  constructor(name: string, options: LockOwnerOptions) {
    this.#name = name;
    this.#options = options;
  }

  /**
   * Takes the lock, waiting for it.
   *
   * @throws {CrewError} When it is not to be had in time, naming who has it.
   * @throws {RangeError} When `timeoutMs` is no time.
   */
  async acquire({ timeoutMs = Infinity, signal }: CrewLockOptions = {}): Promise<HeldCrewLock> {
    if (typeof timeoutMs !== "number" || !(timeoutMs >= 0)) {
      throw new RangeError(`timeoutMs must be a number of milliseconds from 0, not ${timeoutMs}`);
    }
    const { open, owner, holder, heartbeatIntervalMs } = this.#options;
    const store = await open();
    if (store === undefined) return heldUntil(() => Promise.resolve(true));
    const asker = { token: crypto.randomUUID(), owner, holder: holder() };
    const lifetimeMs = LOCK_LIFETIME_INTERVALS * heartbeatIntervalMs;
    const observer = new Observer(lifetimeMs);
    const begunMs = performance.now();
    while (true) {
      signal?.throwIfAborted();
      const inTheWay = await store.tryLock(this.#name, asker);
      if (inTheWay === undefined) break;
      const nowMs = performance.now();
      const { token, beat } = inTheWay;
      const pulse = { id: this.#name, beat: `${token} ${beat}`, timeoutMs: lifetimeMs };
      if (observer.expired([pulse], nowMs).length > 0) await store.freeLock(this.#name, token);
      else if (nowMs - begunMs >= timeoutMs) throw this.#timeout(timeoutMs, inTheWay);
      else await delay(PAUSE_MS);
    }
    const renewal = setInterval(() => store.renewLocks(owner).catch(() => {}), heartbeatIntervalMs);
    Deno.unrefTimer(renewal);
    return heldUntil(() => {
      clearInterval(renewal);
      return store.freeLock(this.#name, asker.token);
    });
  }

  #timeout(timeoutMs: number, { holder, pid, host }: LockRow): CrewError {
    const who = `worker '${holder}' (process ${pid} on '${host}')`;
    return new CrewError("lock", `Lock '${this.#name}' was not free within ${timeoutMs / 1000}s: ${who} has it`);
  }
}

function heldUntil(free: () => Promise<boolean>): HeldCrewLock {
  let freed: Promise<boolean> | undefined;
  const release = () => freed ??= free();
  return {
    release,
    async [Symbol.asyncDispose]() {
      await release();
    },
  };
}
