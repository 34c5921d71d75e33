/**
 * Owns the opening of a SQLite file and the way to it: its settings, its upgrades, transactions, and patience with
 * other processes. It knows no table; whoever opens one brings the schema.
 *
 * WAL, so that readers and the one writer do not wait for each other, and `synchronous=normal`: a power cut may take
 * the last transactions, but never the database. Where the file system refuses WAL, or the caller does, it is a rollback
 * journal with `synchronous=full`. SQLite is loaded by the first opening, so that a program that never opens one does not pay.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { asDatabaseError, DatabaseError } from "./database_error.ts";

/** How long another process may hold the database before that is an error. */
export const LOCKED_PATIENCE_MS = 5000;

/** How long one try of a retried transaction blocks the thread. */
const TRY_MS = 20;

/** Between two tries; other actors get their turn. */
const PAUSE_MS = 25;

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
export type Journal = "wal" | "rollback";

/** How a database is opened. */
export interface OpenOptions {
  readonly schema: Schema;
  readonly access: Access;
  /** Default WAL, or a rollback journal where the file system refuses that. */
  readonly journal?: Journal;
  /** How long to wait for another process that has it locked. */
  readonly patienceMs?: number;
}

/** A database that is open. Every error of SQLite leaves it as a {@linkcode DatabaseError}. */
export class Database implements Disposable {
  /** As the user gave it. */
  readonly path: string;
  readonly #absolute: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #identity: string;

  constructor(path: string, connection: DatabaseSync) {
    this.path = path;
    this.#absolute = resolve(path);
    this.#connection = connection;
    this.#identity = identityOf(this.#absolute);
  }

  /** All rows that a query finds. */
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#statement(sql).all(...values) as Row[]);
  }

  /** The first row that a query finds. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  /** Carries out one statement. */
  run(sql: string, ...values: SQLInputValue[]): { changes: number; lastId: number } {
    const { changes, lastInsertRowid } = this.#guard(() => this.#statement(sql).run(...values));
    return { changes: Number(changes), lastId: Number(lastInsertRowid) };
  }

  /** Carries out SQL without values, also several statements. */
  exec(sql: string): void {
    this.#guard(() => this.#connection.exec(sql));
  }

  /** Does all of the work or none of it, holding the write lock from the start; the thread waits for the lock. */
  transaction<Result>(work: () => Result): Result {
    this.#checkPlace();
    this.exec("begin immediate");
    try {
      const result = work();
      this.exec("commit");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Asks several questions of one state of the database. */
  snapshot<Result>(work: () => Result): Result {
    this.exec("begin");
    try {
      return work();
    } finally {
      this.#rollBack();
    }
  }

  /** A transaction that is tried again while another process has the lock. */
  write<Result>(work: () => Result, patienceMs?: number): Promise<Result> {
    return whileLocked(() => this.tryWrite(work), patienceMs);
  }

  /** A number that another connection's writing changes. */
  dataVersion(): number {
    return this.get<{ data_version: number }>("pragma data_version")!.data_version;
  }

  /** A transaction that gives up soon when another process has the lock. */
  tryWrite<Result>(work: () => Result): Result {
    this.exec(`pragma busy_timeout=${TRY_MS}`);
    try {
      return this.transaction(work);
    } finally {
      this.exec(`pragma busy_timeout=${LOCKED_PATIENCE_MS}`);
    }
  }

  close(): void {
    this.#statements.clear();
    this.#guard(() => this.#connection.close());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** SQLite itself goes on writing a file without a name and says nothing. */
  #checkPlace(): void {
    if (identityOf(this.#absolute) === this.#identity) return;
    throw new DatabaseError("removed", `Database '${this.path}' was removed or replaced while it was in use`);
  }

  #rollBack(): void {
    try {
      this.#connection.exec("rollback");
    } catch {
      // SQLite has rolled back by itself; the first error is the one to tell.
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#connection.prepare(sql));
    return statement;
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw asDatabaseError(error, this.path);
    }
  }
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
    if (options.access === "look" && !isThere(absolute)) {
      throw new DatabaseError("missing", `Database '${path}' does not exist`);
    }
    try {
      return prepared(new Database(path, open(absolute)), options);
    } catch (error) {
      if (options.access !== "look" || !isReadOnly(error) || hasContent(`${absolute}-wal`)) throw error;
      // In a folder that cannot be written SQLite cannot keep its own files, so it must be told that nobody writes.
      const uri = `file:${absolute.split("/").map(encodeURIComponent).join("/")}?immutable=1`;
      return prepared(new Database(path, open(uri)), options);
    }
  }, options.patienceMs);
}

function prepared(database: Database, { schema, access, journal = "wal" }: OpenOptions): Database {
  try {
    database.exec(`pragma busy_timeout=${TRY_MS}; pragma foreign_keys=off`); // an upgrade may replace tables
    // In one look: another process may be making it
    const version = database.snapshot(() => checkedVersion(database, schema));
    if (access === "look" && version === 0) {
      throw new DatabaseError("missing", `Database '${database.path}' is empty`);
    }
    if (version === 0) database.exec("pragma auto_vacuum=incremental"); // only possible before the first page
    const isWal = access === "look" || (journal === "wal" ? enableWal(database) : disableWal(database));
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
    throw new DatabaseError("foreign", `Database '${database.path}' belongs to another program`);
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

/** Tries until another process lets go of the lock; the thread is free between the tries. */
export async function whileLocked<Result>(work: () => Result, patienceMs = LOCKED_PATIENCE_MS): Promise<Result> {
  const deadline = performance.now() + patienceMs;
  while (true) {
    try {
      return work();
    } catch (error) {
      const isLocked = error instanceof DatabaseError && error.kind === "locked";
      if (!isLocked || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** SQLite says the one or the other when it cannot keep its own files beside the database. */
function isReadOnly(error: unknown): boolean {
  return error instanceof DatabaseError && (error.kind === "unopenable" || error.kind === "readonly");
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    return true; // SQLite says why not
  }
}

function hasContent(path: string): boolean {
  try {
    return Deno.statSync(path).size > 0;
  } catch {
    return false;
  }
}

/** Tells one file from another that took its place. */
function identityOf(path: string): string {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return "";
  }
}
