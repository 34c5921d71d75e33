/**
 * Owns the words in which a database is guarded beyond SQLite's own locks: what a lock around every access offers, and
 * which two kinds of it there are. It holds no lock.
 *
 * @module
 */
import type { Patience } from "../../machine/patience.ts";
import { CrewError } from "./crew_error.ts";

/** A lock around every access to a database on a network file system, where SQLite's own are not to be trusted alone. */
export interface DatabaseLock {
  /**
   * Does what nobody else does meanwhile.
   *
   * @throws {CrewError} When the lock is not to be had.
   */
  around<Result>(work: () => Result | Promise<Result>): Promise<Result>;
  /** The lock is not used any more. */
  close(): void;
}

/** How a lock is waited for. */
export interface LockOptions {
  /** After which time without a sign of life a holder has lost it, where the kernel does not free it. */
  readonly lifetimeMs: number;
  /** How long to queue before that is an error. */
  readonly patience: Patience;
}

export function heldTooLong(path: string): CrewError {
  return new CrewError("lock", `Lock '${path}' is held by others for too long`);
}
