/**
 * Owns a SQLite file that is open: statements, transactions, and patience with other processes. How one is opened is
 * open_database.ts's.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { resolve } from "@std/path/posix/resolve";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { asDatabaseError, DatabaseError, removedDatabase } from "./database_error.ts";
import { Patience } from "../machine/patience.ts";
import { type DatabaseFiles, DatabasePlace } from "./database_place.ts";

/** How long another process may hold the database before that is an error. */
export const LOCKED_PATIENCE_MS = 5000;

/** How long one try of a retried transaction blocks the thread. */
export const TRY_MS = 20;

/** Between two tries; other actors get their turn. */
const PAUSE_MS = 25;

/**
 * Connections whose database is others' by now, by its identity. They are kept, since whatever closes one would harm what
 * these have written; and as SQLite has one memory for all connections of a process to a file, there can be no new one.
 */
export const ABANDONED = new Map<string, DatabaseSync>();

/** A database that is open. Every error of SQLite leaves it as a {@linkcode DatabaseError}. */
export class Database implements Disposable {
  /** As the user gave it. */
  readonly path: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #place: DatabasePlace;
  #isClosed = false;

  constructor(path: string, connection: DatabaseSync) {
    this.path = path;
    this.#connection = connection;
    this.#place = new DatabasePlace(resolve(path));
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
    this.#checkPlace();
    this.exec("begin");
    try {
      return work();
    } finally {
      this.#rollBack();
    }
  }

  /** A transaction that is tried again while another process has the lock. */
  write<Result>(work: () => Result, patience?: Patience): Promise<Result> {
    return whileLocked(() => this.tryWrite(work), patience);
  }

  /** A number that another connection's writing changes. */
  dataVersion(): number {
    this.#checkPlace();
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

  /** What it consists of on the disk. */
  get files(): DatabaseFiles {
    return this.#place.files;
  }

  /** Takes what SQLite keeps beside it for a part of it, once that is there. */
  noteCompanions(): void {
    this.#place.noteCompanions();
  }

  /** Again it does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#statements.clear();
    if (this.#place.isOthers) return void ABANDONED.set(this.#place.identity, this.#connection);
    try {
      this.#connection.close();
    } catch (error) {
      throw asDatabaseError(error, this.path);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkPlace(): void {
    if (this.#place.isKept || this.#isClosed) return;
    throw removedDatabase(this.path);
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
    if (this.#isClosed) throw new DatabaseError("unusable", `Database '${this.path}' is used after it was closed`);
    try {
      return work();
    } catch (error) {
      throw asDatabaseError(error, this.path);
    }
  }
}

/** Tries until another process lets go of the lock; the thread is free between the tries. */
export async function whileLocked<Result>(
  work: () => Result,
  patience = new Patience(LOCKED_PATIENCE_MS),
): Promise<Result> {
  const sinceMs = performance.now();
  while (true) {
    try {
      return work();
    } catch (error) {
      const isLocked = error instanceof DatabaseError && error.kind === "locked";
      if (!isLocked || patience.isOver(sinceMs)) throw error;
    }
    await delay(PAUSE_MS);
  }
}
