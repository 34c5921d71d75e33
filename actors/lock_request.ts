/**
 * Owns what is asked of the file locks and what is answered. Types only.
 *
 * @module
 */
import type { LockHolder, LockMode } from "./lock_holder.ts";

/**
 * Choices for a {@linkcode FileLockManager}.
 *
 * @example
 * ```ts
 * import { FileLockManager, type FileLockManagerOptions } from "./mod.ts";
 *
 * const options: FileLockManagerOptions = { lockFolder: ".locks", warn: console.warn };
 * console.log(new FileLockManager(".", options).lockFolder.endsWith("/.locks")); // true
 * ```
 */
export interface FileLockManagerOptions {
  /** Where locks are recorded, relative to the folder; default `.troupe/locks`. All who share files must agree on it. */
  readonly lockFolder?: string;
  /** Age from which another host's record counts as stale; default never, for whether its process lives cannot be told. */
  readonly foreignMaxAgeMs?: number;
  /** Told in a sentence when a stale record was removed to grant a lock. */
  readonly warn?: (sentence: string) => void;
}

/**
 * Whom a lock is for.
 *
 * @example
 * ```ts
 * import { FileLockManager, type LockOwner } from "./mod.ts";
 *
 * const owner: LockOwner = { task: "report" };
 * using lock = await new FileLockManager(".").tryAcquire("owned.txt", "exclusive", owner);
 * console.log(lock !== undefined); // true
 * ```
 */
export interface LockOwner {
  /** Name of the task, for those who list locks or wait for this one. */
  readonly task?: string;
}

/**
 * Choices for waiting for a lock.
 *
 * @example
 * ```ts
 * import { type AcquireOptions, FileLockManager } from "./mod.ts";
 *
 * const options: AcquireOptions = { task: "report", timeoutMs: 5000, retryDelaysMs: [50] };
 * using lock = await new FileLockManager(".").acquire("asked.txt", "exclusive", options);
 * console.log(lock.requests.length); // 1
 * ```
 */
export interface AcquireOptions extends LockOwner {
  /** After which time to give up; default 30 s. */
  readonly timeoutMs?: number;
  /** How long to wait before each further attempt, the last one repeated; default 0.1, 0.5, 1 and 2 s. */
  readonly retryDelaysMs?: readonly number[];
  /** Gives up early, with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * One of several locks to take.
 *
 * @example
 * ```ts
 * import { FileLockManager, type LockRequest } from "./mod.ts";
 *
 * const requests: LockRequest[] = [{ path: "from.txt", mode: "shared" }, { path: "to.txt", mode: "exclusive" }];
 * using lock = await new FileLockManager(".").acquireAll(requests);
 * console.log(lock.requests.length); // 2
 * ```
 */
export interface LockRequest {
  /** Relative to the manager's folder, or absolute. */
  readonly path: string;
  /** Whether it is alone. */
  readonly mode: LockMode;
}

/**
 * Held locks.
 *
 * @example
 * ```ts
 * import { type FileLock, FileLockManager } from "./mod.ts";
 *
 * const lock: FileLock = await new FileLockManager(".").acquire("held.txt", "exclusive");
 * try {
 *   console.log("nobody else writes it");
 * } finally {
 *   lock.release();
 * }
 * ```
 */
export interface FileLock extends Disposable {
  /** What is held, by absolute path, sorted. */
  readonly requests: readonly LockRequest[];
  /** Gives all of them back; doing it again does nothing. */
  release(): void;
}

/**
 * How a file is locked.
 *
 * @example
 * ```ts
 * import { FileLockManager, type FileLockStatus } from "./mod.ts";
 *
 * const [status]: FileLockStatus[] = new FileLockManager(".").status(["looked_at.txt"]);
 * console.log(status.state); // free
 * ```
 */
export interface FileLockStatus {
  /** As it was asked for. */
  readonly path: string;
  /** `stale` when only dead holders are left; the next who asks gets it. */
  readonly state: "free" | "shared" | "exclusive" | "stale";
  /** Stale ones included. */
  readonly holders: readonly LockHolder[];
  /** Those who have precedence over whoever asks now. */
  readonly waiting: readonly LockHolder[];
}

/** The mode of each file by its key. */
export type Modes = ReadonlyMap<string, LockMode>;

/** What one caller wants, all of it or nothing. */
export interface Wish {
  readonly requests: readonly (LockRequest & { readonly key: string })[];
  readonly modes: Modes;
  readonly task: string | null;
  /** Part of its records' names, unlike any other. */
  readonly id: string;
  /** When it was asked for: the order of those who wait. */
  readonly sinceMs: number;
  /** Names of the records by which it has precedence. */
  readonly waiting: string[];
}
