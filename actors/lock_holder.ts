/**
 * Owns what is known of those who hold a file lock or wait for one. Types only.
 *
 * @module
 */
import type { Liveness } from "./process_identity.ts";

/**
 * Writers are alone (`exclusive`), readers are together (`shared`).
 *
 * @example
 * ```ts
 * import { FileLockManager, type LockMode } from "./mod.ts";
 *
 * const mode: LockMode = "shared";
 * using lock = await new FileLockManager(".").acquire("modes.txt", mode);
 * console.log(lock.requests[0].mode); // shared
 * ```
 */
export type LockMode = "exclusive" | "shared";

/**
 * Why a record counts for nothing.
 *
 * @example
 * ```ts
 * import { FileLockManager, type StaleReason } from "./mod.ts";
 *
 * const reasons: (StaleReason | null)[] = new FileLockManager(".").list().map(({ stale }) => stale);
 * console.log(reasons.filter((reason) => reason !== null).length, "to be cleaned");
 * ```
 */
export type StaleReason =
  /** Its process has ended without giving the lock back. */
  | "ended"
  /** It is another host's, and older than the limit for those. */
  | "expired"
  /** It cannot be understood. */
  | "damaged";

/**
 * Who holds a lock, or waits for one, as its record tells.
 *
 * @example
 * ```ts
 * import { FileLockManager, type LockHolder } from "./mod.ts";
 *
 * const locks = new FileLockManager("elsewhere");
 * const holders: LockHolder[] = locks.list();
 * console.log(holders.length); // 0
 * ```
 */
export interface LockHolder {
  /** Absolute path of the locked file; null when the record is damaged. */
  readonly path: string | null;
  /** Whether it is alone. */
  readonly mode: LockMode;
  /** The task it was taken for, if one was named. */
  readonly task: string | null;
  /** Its process. */
  readonly pid: number;
  /** Where that runs. */
  readonly host: string;
  /** When it was taken or, by one that waits, asked for; Unix milliseconds. */
  readonly sinceMs: number;
  /** Whether it waits for the lock and does not hold it. */
  readonly isWaiting: boolean;
  /** Whether its process lives; `unknown` on another host. */
  readonly liveness: Liveness;
  /** Null for one that counts. */
  readonly stale: StaleReason | null;
  /** Path of the record. */
  readonly record: string;
}
