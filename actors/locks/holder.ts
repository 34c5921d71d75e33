/**
 * Owns what is known of those who hold a file lock or wait for one. Types only.
 *
 * @module
 */
import type { Liveness } from "../machine/process_identity.ts";

/** Writers are alone (`exclusive`), readers are together (`shared`). */
export type LockMode = "exclusive" | "shared";

/** Why a record counts for nothing. */
export type StaleReason =
  /** Its process has ended without giving the lock back. */
  | "ended"
  /** The record is another host's, and older than the limit for such records. */
  | "expired"
  /** The record cannot be understood. */
  | "damaged";

/** Who holds a lock, or waits for one, as its record tells. */
export interface LockHolder {
  /** Absolute path of the locked file; null when the record is damaged. */
  readonly path: string | null;
  /** Whether the path is a glob, for all files it matches. */
  readonly isGlob: boolean;
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
