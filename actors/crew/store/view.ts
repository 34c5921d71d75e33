/**
 * Owns the way into a crew's database for those who look, and what all who use it share: the workflow in question, and
 * the patience with others. What the questions are is queries.ts's.
 *
 * @module
 */
import type { FailedTask, RunningTask } from "../../../graph/crew/snapshot.ts";
import { type Database, whileLocked } from "../../storage/database.ts";
import type { DatabaseFiles } from "../../storage/database_place.ts";
import { DatabaseError } from "../../storage/database_error.ts";
import { Patience } from "../../machine/patience.ts";
import { isFile } from "../../machine/regular_file.ts";
import type { WorkflowTransaction } from "./trails.ts";
import { CrewError } from "./crew_error.ts";
import type { DatabaseLock } from "./database_lock.ts";
import { checkFollowing, type Guard, journalUnder, keepGuard, lockOf, OtherGuard, sharingGuard } from "./guard.ts";
import { failedTaskDetails, runningTasks } from "./snapshot.ts";
import { claimProject, isOf } from "./project.ts";
import {
  statusTrail,
  type TaskFilter,
  taskRecord,
  taskRecords,
  taskResults,
  usedDependencies,
  workerRecords,
  workflowRecord,
} from "./queries.ts";
import type { StatusRecord, StoreOptions, TaskRecord, WorkerRecord, WorkflowRecord } from "./records.ts";
import { lastOutput, type PrintedText } from "./task_output.ts";
import { CREW_SCHEMA } from "./schema.ts";
import { type Access, openDatabase } from "../../storage/open_database.ts";

/** The workflow that is meant when none is named. */
export const DEFAULT_WORKFLOW = "main";

/** A lock may go so many heartbeat intervals without a sign of life. */
export const LOCK_LIFETIME_INTERVALS = 1.5;

/** Between two heartbeats, unless told otherwise. */
export const HEARTBEAT_INTERVAL_MS = 30_000;

/** How long members queue for the database before that is an error; a server gives up a host that is gone in 90 s. */
const CREW_PATIENCE_MS = 60_000, SHARED_PATIENCE_MS = 120_000;

/** What of a crew is looked at together. */
export interface StoreSnapshot {
  readonly workflow: WorkflowRecord;
  readonly workers: readonly WorkerRecord[];
  readonly running: readonly RunningTask[];
  readonly failed: readonly FailedTask[];
}

/** The database of a crew, seen from one workflow by those who only look. */
export class CrewView implements Disposable {
  /** How all who use the database keep out of each other's way. */
  readonly guard: Guard;
  readonly #database: Database;
  readonly #transaction: WorkflowTransaction;
  readonly #lock: DatabaseLock | undefined;
  readonly #patience: Patience;
  #waitedMs = 0;

  protected constructor({ database, workflow, guard, lock, patience }: Opened) {
    this.guard = guard;
    this.#database = database;
    this.#transaction = { database, workflow };
    this.#lock = lock;
    this.#patience = patience;
  }

  /**
   * Opens a crew's database to look at it; it is not made.
   *
   * @throws {DatabaseError} When it, or the workflow, is not there or cannot be used.
   */
  static async look(path: string, options: StoreOptions = {}): Promise<CrewView> {
    return new CrewView(await openBooks(path, "look", options));
  }

  get path(): string {
    return this.#database.path;
  }

  /** What its database consists of on the disk. */
  get files(): DatabaseFiles {
    return this.#database.files;
  }

  /** How long this one has waited for others to let go of the database, in all. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** All members there ever were, the oldest first. */
  workers(): Promise<WorkerRecord[]> {
    return this.read(workerRecords);
  }

  /** Tasks by rank. */
  tasks(filter: TaskFilter = {}): Promise<TaskRecord[]> {
    return this.read((transaction) => taskRecords(transaction, filter));
  }

  /** One task; undefined when nobody has registered it. */
  task(id: string): Promise<TaskRecord | undefined> {
    return this.read((transaction) => taskRecord(transaction, id));
  }

  /** What happened to a task, oldest first. */
  statusTrail(id: string): Promise<StatusRecord[]> {
    return this.read((transaction) => statusTrail(transaction, id));
  }

  /** What the last attempt at a task that failed printed; undefined when nothing is kept of one. */
  output(id: string): Promise<PrintedText | undefined> {
    return this.read((transaction) => lastOutput(transaction, id));
  }

  /** The dependencies that the last completion of a task went by, sorted. */
  usedDependencies(id: string): Promise<string[]> {
    return this.read((transaction) => usedDependencies(transaction, id));
  }

  /** What completed tasks left to be remembered: all of them, or some by name. */
  results(names?: readonly string[]): Promise<{ readonly id: string; readonly result: string }[]> {
    return this.read((transaction) => taskResults(transaction, names));
  }

  workflow(): Promise<WorkflowRecord> {
    return this.read(workflowRecord);
  }

  /** All there is to see, of one state of the database; of the tasks that run, and of those that failed, the first. */
  snapshot(most: number): Promise<StoreSnapshot> {
    return this.read((transaction) => ({
      workflow: workflowRecord(transaction),
      workers: workerRecords(transaction),
      running: runningTasks(transaction, most),
      failed: failedTaskDetails(transaction, most),
    }));
  }

  /** A number that the writing of others changes; to ask for it costs next to nothing. */
  async dataVersion(): Promise<number> {
    if (this.#lock === undefined) return this.#database.dataVersion();
    return await this.#lock.around(() => this.#database.dataVersion());
  }

  close(): void {
    this.#database.close();
    this.#lock?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Asks something, of one state of the database. */
  protected async read<Result>(work: (transaction: WorkflowTransaction) => Result): Promise<Result> {
    const ask = () => whileLocked(() => this.#database.snapshot(() => work(this.#transaction)), this.#patience);
    if (this.#lock === undefined) return await ask();
    const askedMs = performance.now();
    return await this.#lock.around(() => {
      this.#waitedMs += performance.now() - askedMs;
      return ask();
    });
  }

  /** Changes something, whole or not at all, when it is this one's turn. */
  protected async write<Result>(work: (transaction: WorkflowTransaction) => Result): Promise<Result> {
    const askedMs = performance.now();
    const change = () =>
      this.#database.write(() => {
        this.#waitedMs += performance.now() - askedMs;
        return work(this.#transaction);
      }, this.#patience);
    return await (this.#lock === undefined ? change() : this.#lock.around(change));
  }
}

/** A database, and the way into it. */
interface Opened extends WorkflowTransaction {
  readonly guard: Guard;
  readonly lock: DatabaseLock | undefined;
  readonly patience: Patience;
}

/** How a database is opened, and under which guard. */
interface Opening {
  readonly guard: Guard;
  readonly access: Access;
  readonly options: StoreOptions;
  readonly leaving?: AbortSignal;
}

/** Opens a database and finds the workflow in it; to write, both are made if they are not there. */
export async function openBooks(
  path: string,
  access: Access,
  options: StoreOptions,
  leaving?: AbortSignal,
): Promise<Opened> {
  let guard = options.sharedFs ? sharingGuard(path) : "sqlite";
  while (true) {
    try {
      return await openUnder(path, { guard, access, options, leaving });
    } catch (error) {
      if (!(error instanceof OtherGuard)) throw error;
      checkFollowing(error.guard, path);
      guard = error.guard;
    }
  }
}

async function openUnder(path: string, opening: Opening): Promise<Opened> {
  const { guard, access, leaving, options: { heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS } } = opening;
  const patience = new Patience(guard === "sqlite" ? CREW_PATIENCE_MS : SHARED_PATIENCE_MS, leaving);
  const lifetimeMs = LOCK_LIFETIME_INTERVALS * heartbeatIntervalMs;
  const lock = lockOf(guard, path, { lifetimeMs, patience });
  if (lock === undefined) return await openWith({ patience }, path, opening);
  if (access === "look" && !isFile(path)) return await openWith({ patience }, path, opening);
  try {
    return await lock.around(() => openWith({ lock, patience }, path, opening));
  } catch (error) {
    lock.close();
    if (access !== "look" || !cannotBeLocked(error)) throw error;
    return await openWith({ patience }, path, opening);
  }
}

async function openWith(
  { lock, patience }: { readonly lock?: DatabaseLock; readonly patience: Patience },
  path: string,
  { guard, access, options: { workflow: name = DEFAULT_WORKFLOW, project } }: Opening,
): Promise<Opened> {
  const database = await openDatabase(path, {
    schema: CREW_SCHEMA,
    access,
    journal: (database, version) => journalUnder(guard, database, { version, access }),
    patience: access === "write" ? patience : undefined,
  });
  try {
    if (access === "write") await keepGuard(guard, database);
    const workflow = await workflowRow(database, { name, access, patience });
    if (access === "write" && project !== undefined && !isOf(database, { workflow, project })) {
      await database.write(() => claimProject(database, { workflow, project }), patience);
    }
    return { database, workflow, guard, lock, patience };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Where no lock can be made, as in a folder that one may only read; whoever looks does without. */
function cannotBeLocked(error: unknown): boolean {
  const { cause } = error instanceof CrewError && error.kind === "lock" ? error : {};
  return cause instanceof Deno.errors.PermissionDenied || /os error 30\b/.test(String(cause));
}

async function workflowRow(
  database: Database,
  { name, access, patience }: { readonly name: string; readonly access: Access; readonly patience: Patience },
): Promise<number> {
  const find = () => database.get<{ id: number }>("select id from workflows where name = ?", name)?.id;
  const found = find();
  if (found !== undefined) return found;
  if (access === "look") {
    throw new DatabaseError("missing", `Database '${database.path}' has no workflow '${name}'`);
  }
  const insert = "insert or ignore into workflows (name, created_at) values (?, ?)";
  return await database.write(() => {
    database.run(insert, name, Date.now());
    return find()!;
  }, patience);
}
