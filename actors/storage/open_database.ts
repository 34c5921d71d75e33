/**
 * Owns the opening of a SQLite file: whose it is, its settings, its upgrades, and what may lie in its place. It knows no
 * table; whoever opens one brings the schema.
 *
 * WAL, so that readers and the one writer do not wait for each other, and `synchronous=normal`: a power cut may take
 * the last transactions, but never the database. Where the file system refuses WAL, or the caller does, it is a rollback
 * journal with `synchronous=full`. SQLite is loaded by the first opening, so that a program that never opens one does not pay.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import { describeOther, identityOf } from "../machine/regular_file.ts";
import type { Patience } from "../machine/patience.ts";
import { PRIVATE } from "./atomic_file.ts";
import { ABANDONED, Database, LOCKED_PATIENCE_MS, TRY_MS, whileLocked } from "./database.ts";
import { asDatabaseError, DatabaseError, removedDatabase } from "./database_error.ts";

/** What troupe keeps in databases, by their ids: who names one for another is told which it is. */
const KINDS: ReadonlyMap<number, string> = new Map([[0x54727048, "a history of runs"], [
  0x54727043,
  "a crew's database",
]]);

/** What a database must look like. */
export interface Schema {
  /** Kept in the file: so another program's database is not taken for ours. */
  readonly applicationId: number;
  /** SQL that makes version n + 1 of version n, each done in one transaction; 0 is the empty database. */
  readonly steps: readonly string[];
}

/** What it is opened for: to write it, making it if need be, or only to look. */
export type Access = "write" | "look";

/** How transactions survive a crash. `rollback` is for network file systems, which have no memory for WAL to share. */
export type JournalMode = "wal" | "rollback";

/** How a database is opened. */
export interface OpenOptions {
  readonly schema: Schema;
  readonly access: Access;
  /** Default WAL, or a rollback journal where the file system refuses that; by a function asked of what is there already. */
  readonly journal?: JournalMode | ((database: Database, version: number) => JournalMode);
  /** How long to wait for another process that has it locked. */
  readonly patience?: Patience;
}

/**
 * Opens a database, waiting a while if another process holds it, and brings it up to the schema's version.
 * To look never makes a database, but it does upgrade one.
 *
 * @throws {DatabaseError} When it cannot be used as asked.
 */
export async function openDatabase(path: string, options: OpenOptions): Promise<Database> {
  const { DatabaseSync } = await import("node:sqlite");
  const open = (uri: string) => {
    try {
      return new DatabaseSync(uri);
    } catch (error) {
      throw asDatabaseError(error, path);
    }
  };
  const absolute = resolve(path); // also so that SQLite takes no name for a URI
  return await whileLocked(() => {
    const there = look(absolute);
    if (options.access === "look" && there === "nothing") {
      throw new DatabaseError("missing", `Database '${path}' does not exist`);
    }
    if (typeof there === "object" && !there.isFile) {
      throw new DatabaseError("unopenable", `Cannot open database '${path}': ${describeOther(there)}`);
    }
    if (ABANDONED.has(identityOf(absolute))) throw removedDatabase(path);
    refuseLinks(path, absolute);
    if (options.access === "write") makePrivate(absolute);
    try {
      const database = prepared(new Database(path, open(absolute)), options);
      tighten(absolute);
      database.noteCompanions();
      return database;
    } catch (error) {
      if (options.access !== "look" || !isReadOnly(error) || hasContent(`${absolute}-wal`)) throw error;
      // In a folder that cannot be written SQLite cannot keep its own files, so it must be told that nobody writes.
      const uri = `file:${absolute.split("/").map(encodeURIComponent).join("/")}?immutable=1`;
      return prepared(new Database(path, open(uri)), options);
    }
  }, options.patience);
}

/**
 * Makes the file, if there is none, as its owner's alone, since what it is to hold may be secret. SQLite gives the files
 * that it keeps beside it the same mode.
 */
function makePrivate(path: string): void {
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: PRIVATE }).close();
  } catch {
    // The file is there, or SQLite says why it cannot be.
  }
}

/**
 * One that is there, and troupe's, was perhaps made by a version that left it readable by all. Where its group may write
 * it, several people are meant to work with it, so that only the others are kept out.
 */
function tighten(path: string): void {
  try {
    const real = Deno.realPathSync(path);
    for (const file of [real, ...COMPANIONS.map((suffix) => real + suffix)]) {
      const info = look(file);
      if (typeof info !== "object" || info.uid !== Deno.uid() || !info.isFile) continue;
      const mode = info.mode! & 0o7777;
      const kept = mode & ((mode & 0o020) !== 0 ? 0o770 : 0o700);
      if (kept !== mode) Deno.chmodSync(file, kept);
    }
  } catch {
    // A file system without modes, or one that is read-only: it can be used all the same.
  }
}

function prepared(database: Database, { schema, access, journal = "wal" }: OpenOptions): Database {
  try {
    database.exec(`pragma busy_timeout=${TRY_MS}; pragma foreign_keys=off`); // an upgrade may replace tables
    // In one look: another process may be making it
    const version = database.snapshot(() => checkedVersion(database, schema));
    if (access === "look" && version === 0) {
      throw new DatabaseError("missing", `Database '${database.path}' is empty`);
    }
    const wanted = typeof journal === "function" ? journal(database, version) : journal;
    if (version === 0) database.exec("pragma auto_vacuum=incremental"); // only possible before the first page
    const isWal = access === "look" || (wanted === "wal" ? enableWal(database) : disableWal(database));
    database.exec(`pragma synchronous=${isWal ? "normal" : "full"}`);
    if (version < schema.steps.length) upgrade(database, schema);
    else if (access === "write") database.transaction(() => {}); // finds out now that it cannot be written
    database.exec(`pragma foreign_keys=on; pragma busy_timeout=${LOCKED_PATIENCE_MS}`);
    if (access === "look") database.exec("pragma query_only=on");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The version of the file, after a look at whose it is. */
function checkedVersion(database: Database, schema: Schema): number {
  const { application_id } = database.get<{ application_id: number }>("pragma application_id")!;
  const { user_version } = database.get<{ user_version: number }>("pragma user_version")!;
  const isFresh = application_id === 0 && user_version === 0 &&
    database.get("select 1 from sqlite_schema limit 1") === undefined;
  if (!isFresh && application_id !== schema.applicationId) {
    const [kind, wanted] = [application_id, schema.applicationId].map((id) => KINDS.get(id));
    const what = kind === undefined || wanted === undefined
      ? "belongs to another program"
      : `is ${kind}, not ${wanted}`;
    throw new DatabaseError("foreign", `Database '${database.path}' ${what}`);
  }
  if (user_version > schema.steps.length) {
    const versions = `version ${user_version}, this one knows ${schema.steps.length}`;
    throw new DatabaseError("newer", `Database '${database.path}' was made by a newer troupe (${versions})`);
  }
  return user_version;
}

/** Answers whether the database is in WAL mode now. */
function enableWal(database: Database): boolean {
  try {
    return database.get<{ journal_mode: string }>("pragma journal_mode=wal")!.journal_mode === "wal";
  } catch (error) {
    if (error instanceof DatabaseError && error.kind === "locked") throw error;
    return false; // if more is wrong than that, what follows says so
  }
}

/** Answers the same. It fails as locked while another process has the database open in WAL mode. */
function disableWal(database: Database): boolean {
  return database.get<{ journal_mode: string }>("pragma journal_mode=delete")!.journal_mode === "wal";
}

/** Another process may be doing the same, so each step looks at the version again once it has the lock. */
function upgrade(database: Database, schema: Schema): void {
  for (let isDone = false; !isDone;) {
    isDone = database.transaction(() => {
      const version = checkedVersion(database, schema);
      if (version === schema.steps.length) return true;
      database.exec(schema.steps[version]);
      database.exec(`pragma application_id=${schema.applicationId}; pragma user_version=${version + 1}`);
      return false;
    });
  }
}

/** SQLite says the one or the other when it cannot keep its own files beside the database. */
function isReadOnly(error: unknown): boolean {
  return error instanceof DatabaseError && (error.kind === "unopenable" || error.kind === "readonly");
}

/** What SQLite keeps beside a database. */
const COMPANIONS = ["-wal", "-shm", "-journal"];

/** SQLite keeps files beside the one that a path leads to. It follows no link there either, but does not say so. */
function refuseLinks(path: string, absolute: string): void {
  const real = realOf(absolute);
  for (const suffix of COMPANIONS) {
    if (!isLink(real + suffix)) continue;
    const detail = `'${path}${suffix}' is a symbolic link, and troupe writes through none: remove it`;
    throw new DatabaseError("unopenable", `Cannot open database '${path}': ${detail}`);
  }
}

/** Where a path leads; where it leads nowhere, or that cannot be told, SQLite says why. */
function realOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/** What a path leads to; where that cannot be told, SQLite says why. */
function look(path: string): Deno.FileInfo | "nothing" | "unknown" {
  try {
    return Deno.statSync(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "nothing" : "unknown";
  }
}

function hasContent(path: string): boolean {
  try {
    return Deno.statSync(path).size > 0;
  } catch {
    return false;
  }
}
