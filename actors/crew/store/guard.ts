/**
 * Owns how all who use one crew's database keep out of each other's way, which is kept in the database itself: who comes
 * with another idea follows, or is told so before anything is changed. It holds no lock.
 *
 * @module
 */
import { type Database } from "../../storage/database.ts";
import { DatabaseError } from "../../storage/database_error.ts";
import { type LockReach, lockReach } from "../../locks/kernel_lock.ts";
import { livenessOf, type ProcessIdentity } from "../../machine/process_identity.ts";
import { CrewError } from "./crew_error.ts";
import type { DatabaseLock, LockOptions } from "./database_lock.ts";
import { Flock } from "./flock.ts";
import { LockFile } from "./lock_file.ts";
import { CREW_SCHEMA } from "./schema.ts";
import { quote } from "../../../graph/text.ts";
import { type Access, type JournalMode, openDatabase } from "../../storage/open_database.ts";

/**
 * SQLite's own locks and a write-ahead log, on one host; or, where hosts share the database, a rollback journal and around
 * every access a lock: of the kernel's, or a file that is there for as long as it is held.
 */
export type Guard = "sqlite" | "kernel" | "file";

/** The version of the schema from which on a database keeps its guard. */
const GUARD_VERSION = 5;

const GUARD_SQL = {
  read: "select guard from guard",
  write: "update guard set guard = ? where guard <> ?",
  atWork: `select identifier, hostname host, pid, process_birth birth from workers
    where status in ('idle', 'busy') order by id`,
} as const;

/** How long others have to close the database before its journal can be changed. */
const ENDING_MS = 1000;

type Other = ProcessIdentity & { readonly identifier: string };

/** Thrown to whoever opens a database under another guard than its own, and is to follow. */
export class OtherGuard extends Error {
  constructor(readonly guard: Guard) {
    super(`Guarded by ${guard}`);
  }
}

/** What guards a database that hosts are to share, as far as is known of its place. */
export function sharingGuard(path: string): Guard {
  return lockReach(path) === "all hosts" ? "kernel" : "file";
}

/** Whether hosts share a database, as it says itself; they may where it does not answer, and not where there is none. */
export async function isShared(path: string): Promise<boolean> {
  try {
    using database = await openDatabase(path, { schema: CREW_SCHEMA, access: "look" });
    return guardOf(database) !== "sqlite";
  } catch (error) {
    if (error instanceof DatabaseError) return error.kind === "locked"; // what else is wrong is told by using it
    throw error;
  }
}

/** The lock around every access; undefined where SQLite's own do. */
export function lockOf(guard: Guard, path: string, options: LockOptions): DatabaseLock | undefined {
  if (guard === "sqlite") return undefined;
  return guard === "kernel" ? new Flock(`${path}.lock`, options) : new LockFile(`${path}.lock`, options);
}

function journalOf(guard: Guard): JournalMode {
  return guard === "sqlite" ? "wal" : "rollback";
}

/**
 * The journal of a database that was just opened under a guard, before anything in it is changed. The guard is one's own to
 * choose where nobody is at work; but once hosts have shared a database, they are taken to go on with that.
 *
 * @throws {OtherGuard} When the database's own is to be followed.
 * @throws {CrewError} When that cannot be.
 */
export function journalUnder(
  guard: Guard,
  database: Database,
  { version, access }: { readonly version: number; readonly access: Access },
): JournalMode {
  const own = version < GUARD_VERSION ? undefined : guardOf(database);
  if (own === undefined || own === guard) return journalOf(guard);
  if (access === "look" || guard === "sqlite") throw new OtherGuard(own);
  const other = someoneAtWork(database);
  if (other !== undefined && own !== "sqlite") throw new OtherGuard(own);
  if (other !== undefined) throw usedBy(other, database);
  if (own === "sqlite") endLog(database);
  return journalOf(guard);
}

/** SQLite does so only where nobody else has the database open. */
function endLog(database: Database): void {
  try {
    database.exec(`pragma busy_timeout=${ENDING_MS}; pragma journal_mode=delete`);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.kind !== "locked") throw error;
    const advice = "join without it, or when nobody has it open";
    throw new CrewError("option", `Database ${quote(database.path)} is open elsewhere without --shared-fs: ${advice}`);
  }
}

function usedBy({ identifier, pid, host }: Other, { path }: Database): CrewError {
  const who = `worker ${quote(identifier)} (process ${pid} on ${quote(host)})`;
  const advice = "join without it, or when nobody is at work";
  return new CrewError("option", `Database ${quote(path)} is used without --shared-fs by ${who}: ${advice}`);
}

/** Refuses to follow to locks that others would not see. */
export function checkFollowing(guard: Guard, path: string, reach: LockReach = lockReach(path)): void {
  if (guard !== "kernel" || reach !== "this host") return;
  const cause = "is guarded by locks on files, which other hosts do not see as it is mounted here";
  throw new CrewError("option", `Database ${quote(path)} ${cause}: mount it without nolock and local_lock`);
}

/** Keeps the guard, for others to follow. */
export async function keepGuard(guard: Guard, database: Database): Promise<void> {
  if (guardOf(database) === guard) return;
  await database.write(() => {
    const other = someoneAtWork(database);
    if (other !== undefined && guardOf(database) !== guard) throw changedGuard(database);
    database.run(GUARD_SQL.write, guard, guard);
  });
}

/** Called by whoever joins, in the same transaction: since it opened the database, others may have changed the guard. */
export function confirmGuard(guard: Guard, database: Database): void {
  if (guardOf(database) !== guard) throw changedGuard(database);
}

function guardOf(database: Database): Guard {
  return database.get<{ guard: Guard }>(GUARD_SQL.read)!.guard;
}

function changedGuard({ path }: Database): CrewError {
  return new CrewError(
    "option",
    `Database ${quote(path)} has just been taken by others, with or without --shared-fs: try again`,
  );
}

/** A member at work that is not known to be dead. */
function someoneAtWork(database: Database): Other | undefined {
  return database.all<Other>(GUARD_SQL.atWork).find((other) => livenessOf(other) !== "dead");
}
