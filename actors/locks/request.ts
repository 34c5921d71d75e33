/**
 * Owns what is asked of the file locks and what is answered. Types only.
 *
 * @module
 */
import type { FilePlace } from "../../graph/gates/places.ts";
import type { LockHolder, LockMode } from "./holder.ts";

/** Choices for a {@linkcode FileLockManager}. */
export interface FileLockManagerOptions {
  /** Where locks are recorded, relative to the folder; default `.troupe/locks`. All who share files must agree on it. */
  readonly lockFolder?: string;
  /** Age from which another host's record counts as stale; default never, for whether its process lives cannot be told. */
  readonly foreignMaxAgeMs?: number;
  /** Told in a sentence when a stale record was removed to grant a lock. */
  readonly warn?: (sentence: string) => void;
}

/** Whom a lock is for. */
export interface LockOwner {
  /** Name of the task, for those who list locks or wait for this one. */
  readonly task?: string;
}

/** Choices for waiting for a lock. */
export interface AcquireOptions extends LockOwner {
  /** After which time to give up; default 30 s. */
  readonly timeoutMs?: number;
  /** How long to wait before each further attempt, the last one repeated; default 0.1, 0.5, 1 and 2 s. */
  readonly retryDelaysMs?: readonly number[];
  /** Gives up early, with its reason. */
  readonly signal?: AbortSignal;
  /**
   * Told once, before it waits, who is in the way; nobody is where it is the lock folder itself that another process has
   * for itself for more than a moment.
   */
  readonly onWait?: (inTheWay: readonly LockHolder[]) => void;
}

/** One of several locks to take. */
export interface LockRequest {
  /** Relative to the manager's folder, or absolute. A folder is all that is in it. */
  readonly path: string;
  /** Whether it is alone. */
  readonly mode: LockMode;
  /** Whether the path is a glob, for all files it matches, there or not; default false. */
  readonly isGlob?: boolean;
}

/** Held locks. */
export interface FileLock extends Disposable {
  /** What is held, by absolute path, sorted. */
  readonly requests: readonly LockRequest[];
  /** Gives all of them back; doing it again does nothing. */
  release(): void;
}

/** How a file is locked. */
export interface FileLockStatus {
  /** As it was asked for. */
  readonly path: string;
  /** `stale` when only dead holders are left; the next who asks gets it. */
  readonly state: "free" | "shared" | "exclusive" | "stale";
  /** Stale ones included. */
  readonly holders: readonly LockHolder[];
  /** Waiters who have precedence over whoever asks now. */
  readonly waiting: readonly LockHolder[];
}

/** One of the locks in a wish. */
export interface Wanted {
  readonly place: FilePlace;
  readonly mode: LockMode;
  /** Names it within file names. */
  readonly key: string;
  /** Device and inode of a file that has more names than this one. */
  readonly inode?: string;
}

/** What one caller wants, all of it or nothing. */
export interface Wish {
  readonly wanted: readonly Wanted[];
  readonly task: string | null;
  /** Part of its records' names, unlike any other. */
  readonly id: string;
  /** When it was asked for: the order of those who wait. */
  readonly sinceMs: number;
  /** Names of the records by which it has precedence. */
  readonly waiting: string[];
}

/**
 * Refuses what is no time; Infinity is for ever.
 *
 * @throws {RangeError} Naming the option.
 */
export function refuseNoTime(name: string, ms: unknown): void {
  if (typeof ms === "number" && ms >= 0) return;
  throw new RangeError(`${name} must be a number of milliseconds from 0, not ${String(ms)}`);
}
