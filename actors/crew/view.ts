/**
 * Owns the way into a crew's database for those who look, and what all who use it share: the workflow in question, and
 * the patience with others. What the questions are is queries.ts's.
 *
 * @module
 */
import type { FailedTask, RunningTask } from "../../graph/crew/sight.ts";
import { type Access, type Database, type Journal, openDatabase, whileLocked } from "../database.ts";
import { DatabaseError } from "../database_error.ts";
import type { Books } from "./books.ts";
import { DatabaseLock } from "./database_lock.ts";
import { failedTaskDetails, runningTasks } from "./glance.ts";
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
import type { StatusRecord, TaskRecord, WorkerRecord, WorkflowRecord } from "./records.ts";
import { CREW_SCHEMA } from "./schema.ts";

/** The workflow that is meant when none is named. */
export const DEFAULT_WORKFLOW = "main";

/** A lock may go so many heartbeat intervals without a sign of life. */
export const LOCK_LIFETIME_INTERVALS = 1.5;

/** Between two heartbeats, unless told otherwise. */
export const HEARTBEAT_INTERVAL_MS = 30_000;

/** How long members queue for the database before that is an error. */
const CREW_PATIENCE_MS = 60_000;

/**
 * How a crew's database is opened.
 *
 * @example
 * ```ts
 * import { Crew, type CrewViewOptions, Monitor } from "./mod.ts";
 *
 * const options: CrewViewOptions = { workflow: "nightly" };
 * await using crew = new Crew(["a"], { db: "viewed.sqlite", ...options });
 * for await (const task of crew) console.log(task.data);
 * using monitor = await Monitor.open("viewed.sqlite", options);
 * console.log((await monitor.getTasks()).length); // 1
 * ```
 */
export interface StoreOptions {
  /** Which of the workflows in the database; default `main`. */
  readonly workflow?: string;
  /** The database is on a network file system: a rollback journal, and a file lock around every access. */
  readonly sharedFs?: boolean;
  /** Default 30 s; it says how long the file lock may be held by one that gives no sign of life. */
  readonly heartbeatIntervalMs?: number;
}

/** What of a crew is looked at together. */
export interface Glance {
  readonly workflow: WorkflowRecord;
  readonly workers: readonly WorkerRecord[];
  readonly running: readonly RunningTask[];
  readonly failed: readonly FailedTask[];
}

/** The database of a crew, seen from one workflow by those who only look. */
export class CrewView implements Disposable {
  readonly #database: Database;
  readonly #books: Books;
  readonly #lock: DatabaseLock | undefined;
  #waitedMs = 0;

  protected constructor({ database, workflow, lock }: Books & { lock: DatabaseLock | undefined }) {
    this.#database = database;
    this.#books = { database, workflow };
    this.#lock = lock;
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
    return this.read((books) => taskRecords(books, filter));
  }

  /** One task; undefined when nobody has registered it. */
  task(id: string): Promise<TaskRecord | undefined> {
    return this.read((books) => taskRecord(books, id));
  }

  /** What happened to a task, oldest first. */
  statusTrail(id: string): Promise<StatusRecord[]> {
    return this.read((books) => statusTrail(books, id));
  }

  /** The dependencies that the last completion of a task went by, sorted. */
  usedDependencies(id: string): Promise<string[]> {
    return this.read((books) => usedDependencies(books, id));
  }

  /** What completed tasks left to be remembered. */
  results(): Promise<{ readonly id: string; readonly result: string }[]> {
    return this.read(taskResults);
  }

  workflow(): Promise<WorkflowRecord> {
    return this.read(workflowRecord);
  }

  /** All there is to see, of one state of the database; of the tasks that run, and of those that failed, the first. */
  glance(most: number): Promise<Glance> {
    return this.read((books) => ({
      workflow: workflowRecord(books),
      workers: workerRecords(books),
      running: runningTasks(books, most),
      failed: failedTaskDetails(books, most),
    }));
  }

  /** A number that the writing of others changes; to ask for it costs next to nothing. */
  async dataVersion(): Promise<number> {
    if (this.#lock === undefined) return this.#database.dataVersion();
    return await this.#lock.around(() => this.#database.dataVersion());
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Asks something, of one state of the database. */
  protected async read<Result>(work: (books: Books) => Result): Promise<Result> {
    const ask = () => whileLocked(() => this.#database.snapshot(() => work(this.#books)), CREW_PATIENCE_MS);
    if (this.#lock === undefined) return await ask();
    const askedMs = performance.now();
    return await this.#lock.around(() => {
      this.#waitedMs += performance.now() - askedMs;
      return ask();
    });
  }

  /** Changes something, whole or not at all, when it is this one's turn. */
  protected async write<Result>(work: (books: Books) => Result): Promise<Result> {
    const askedMs = performance.now();
    const change = () =>
      this.#database.write(() => {
        this.#waitedMs += performance.now() - askedMs;
        return work(this.#books);
      }, CREW_PATIENCE_MS);
    return await (this.#lock === undefined ? change() : this.#lock.around(change));
  }
}

/** Opens a database and finds the workflow in it; to write, both are made if they are not there. */
export async function openBooks(
  path: string,
  access: Access,
  { workflow = DEFAULT_WORKFLOW, sharedFs = false, heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS }: StoreOptions,
): Promise<Books & { lock: DatabaseLock | undefined }> {
  const lock = sharedFs ? new DatabaseLock(path, LOCK_LIFETIME_INTERVALS * heartbeatIntervalMs) : undefined;
  const journal: Journal = sharedFs ? "rollback" : "wal";
  const patienceMs = access === "write" ? CREW_PATIENCE_MS : undefined;
  const open = async () => {
    const database = await openDatabase(path, { schema: CREW_SCHEMA, access, journal, patienceMs });
    try {
      return { database, workflow: await workflowRow(database, workflow, access), lock };
    } catch (error) {
      database.close();
      throw error;
    }
  };
  return await (lock === undefined || access === "look" && !isThere(path) ? open() : lock.around(open));
}

async function workflowRow(database: Database, name: string, access: Access): Promise<number> {
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
  }, CREW_PATIENCE_MS);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
