/**
 * Owns the looking at file locks as a command, typed or called: who holds those of a folder's files, and what is left of
 * the dead. The locks are ../locks.ts's.
 *
 * @module
 */
import { FileLockError } from "../locks/error.ts";
import type { LockHolder, LockMode, StaleReason } from "../locks/holder.ts";
import { FileLockManager } from "../locks/locks.ts";
import { unreadable } from "../machine/system_error.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";

/** Choices for {@linkcode locks}. */
export interface LocksOptions {
  /** Whose files; default the current folder. */
  readonly folder?: string;
  /** First remove locks of processes that have ended, and records that cannot be understood; default false. */
  readonly clean?: boolean;
}

/** A lock that somebody holds or waits for, as `troupe locks --json` shows it. */
export interface LockReport {
  /** Absolute path of the locked file; null when the record cannot be understood. */
  readonly path: string | null;
  /** Whether its holder is alone. */
  readonly mode: LockMode;
  /** The task it was taken for, if one was named. */
  readonly task: string | null;
  /** The holder's process. */
  readonly pid: number;
  /** The holder's host. */
  readonly host: string;
  /** When it was taken or, by one that waits, asked for; Unix seconds. */
  readonly since: number;
  /** Whether it is waited for, not held. */
  readonly waiting: boolean;
  /** Why it counts for nothing; null for one that counts. */
  readonly stale: StaleReason | null;
}

/** All locks of a folder, as `troupe locks --json` shows them. */
export interface LocksReport {
  /** Held, and waited for. */
  readonly locks: readonly LockReport[];
  /** How many were removed; absent where that was not asked for. */
  readonly removed?: number;
}

/** What was found. */
export interface HeldLocks {
  readonly holders: readonly LockHolder[];
  readonly removed: number | undefined;
  /** The folder, as the holders' paths name it. */
  readonly root: string;
}

/**
 * Who holds the locks of a folder's files, and who waits for one with precedence: the report of `troupe locks --json`.
 *
 * @example
 * ```ts
 * import { locks } from "./mod.ts";
 *
 * for (const { path, pid, host } of (await locks()).locks) console.log(path, pid, host);
 * ```
 *
 * @throws {InputError} When there is no such folder, or its locks cannot be read or removed.
 */
export async function locks(options: LocksOptions = {}): Promise<LocksReport> {
  return locksReport(await lockHolders(options));
}

/** The report of what was found. */
export function locksReport({ holders, removed }: HeldLocks): LocksReport {
  const locks = holders.map(({ path, mode, task, pid, host, sinceMs, isWaiting, stale }) => ({
    path,
    mode,
    task,
    pid,
    host,
    since: sinceMs / 1000,
    waiting: isWaiting,
    stale,
  }));
  return { locks, ...(removed === undefined ? {} : { removed }) };
}

/** Looks at them, and first removes what is left of the dead if that is asked for. */
export async function lockHolders({ folder = ".", clean = false }: LocksOptions): Promise<HeldLocks> {
  const manager = new FileLockManager(existing(folder));
  try {
    const removed = clean ? await manager.clean() : undefined;
    return { holders: manager.list(), removed, root: manager.resolve(".") };
  } catch (error) {
    if (error instanceof FileLockError) throw new InputError(error.message);
    throw error;
  }
}

function existing(folder: string): string {
  try {
    if (Deno.statSync(folder).isDirectory) return folder;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const { missing, detail } = unreadable(error);
    throw new InputError(
      missing ? `Folder ${quote(folder)} does not exist` : `Cannot look at folder ${quote(folder)}: ${detail}`,
    );
  }
  throw new InputError(`${quote(folder)} is not a folder`);
}
