/**
 * Owns the recording of runs: rows are written as tasks start and end, many in one transaction, so that a killed run is
 * on record up to a moment before it died. What the rows look like is rows.ts's.
 * It never throws into a run: the first thing that goes wrong with the database is told once, and then it goes quiet.
 *
 * What is to be written waits at most {@linkcode BATCH_MS}: a task that starts and ends within that time is one row
 * written once, and the price is that kill -9 forgets so much of it. The thread is the scheduler's, hence short tries
 * with pauses between them while another process has the lock.
 *
 * @module
 */
import { type Database, whileLocked } from "../storage/database.ts";
import { DatabaseError } from "../storage/database_error.ts";
import { type PruneResult, pruneRuns } from "./prune.ts";
import { HistoryView } from "./queries.ts";
import type { TaskDefinition } from "./records.ts";
import {
  type AttemptEnd,
  type AttemptRow,
  closeRun,
  type HistoryRow,
  insertRun,
  type NewRun,
  type TaskEnd,
  unixSeconds,
  writeAttempts,
  writeFresh,
  writeRows,
} from "./rows.ts";
import { writeManifests } from "./manifests.ts";
import { HISTORY_SCHEMA } from "./schema.ts";
import { TaskSet } from "./task_set.ts";
import { QuickTimer } from "../machine/quick_timer.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { MadeOf } from "../engine/work.ts";
import type { Output } from "../process/output.ts";
import { openDatabase } from "../storage/open_database.ts";

export type { AttemptEnd, NewRun, TaskEnd };

/**
 * How long a row may wait for others. A transaction writes whole pages of the indexes, over which its rows are spread: the
 * more rows, the fewer pages a row.
 */
const BATCH_MS = 200;

/** Output waiting to be written beyond this is written at once. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** How long another process may hold the lock while a run goes on. */
const RUN_PATIENCE_MS = 30_000;

/** A run that is being recorded. */
interface OpenRun {
  readonly tasks: readonly TaskDefinition[];
  readonly begunMs: number;
  /** By index; started and not ended. */
  readonly running: Map<number, HistoryRow>;
  /** Started, ended or up to date. */
  readonly told: TaskSet;
  readonly fresh: TaskSet;
  /** So many of these are not written yet. */
  unwritten: number;
}

/** The history of one database file, open for recording. */
export class History implements Disposable {
  /** For questions, also while a run is being recorded. */
  readonly view: HistoryView;
  readonly #database: Database;
  readonly #onError: (sentence: string) => void;
  readonly #runs = new Map<number, OpenRun>();
  readonly #pending = new Set<HistoryRow>();
  #attempts: AttemptRow[] = [];
  #manifests: MadeOf[] = [];
  #pendingBytes = 0;
  #timer: QuickTimer | undefined;
  #lockedSinceMs: number | undefined;
  #isQuiet = false;

  private constructor(database: Database, onError: (sentence: string) => void) {
    this.#database = database;
    this.#onError = onError;
    this.view = new HistoryView(database);
  }

  /**
   * Opens a history, making it if there is none. `onError` hears of the first thing that goes wrong later.
   *
   * @throws {DatabaseError} When it cannot be opened for writing.
   */
  static async open(path: string, onError: (sentence: string) => void): Promise<History> {
    const database = await openDatabase(path, { schema: HISTORY_SCHEMA, access: "write" });
    // A list in a check is made into a table anew for every row, which takes longer than to insert it. What is written
    // here has the types of the lists; they hold what others write.
    database.exec("pragma ignore_check_constraints=on");
    return new History(database, onError);
  }

  /** Enters a run and gives its number; undefined when that failed and `onError` has been told. */
  async begin(run: NewRun): Promise<number | undefined> {
    const id = await this.#write(() => insertRun(this.#database, run));
    if (id === undefined) return undefined;
    const { tasks, begunMs } = run, none = () => new TaskSet(tasks.length);
    this.#runs.set(id, { tasks, begunMs, running: new Map(), told: none(), fresh: none(), unwritten: 0 });
    return id;
  }

  /** Notes that a task, by its index in the run's tasks, was found up to date. */
  fresh(run: number, task: number): void {
    const open = this.#runs.get(run);
    if (this.#isQuiet || open === undefined) return;
    open.told.add(task);
    open.fresh.add(task);
    open.unwritten++;
    this.#writeSoon();
  }

  /** Notes that a task was started, by its index in the run's tasks; a further attempt is not a further start. */
  started(run: number, task: number): void {
    const open = this.#runs.get(run);
    if (this.#isQuiet || open === undefined) return;
    if (open.running.has(task)) return;
    open.told.add(task);
    const row = { run, task: open.tasks[task], startedAt: unixSeconds() };
    open.running.set(task, row);
    this.#pending.add(row);
    this.#writeSoon();
  }

  /** Notes what an attempt is made of, before its end. */
  madeOf(madeOf: MadeOf): void {
    if (!this.#isQuiet) this.#manifests.push(madeOf);
  }

  /** Notes how one attempt at a task ended. */
  attempted(run: number, task: number, end: AttemptEnd): void {
    const open = this.#runs.get(run);
    if (this.#isQuiet || open === undefined) return;
    const endedUs = 1000 * (performance.timeOrigin + performance.now());
    this.#attempts.push({ run, task: open.tasks[task].name, endedUs, end });
    this.#writeSoon(end.output);
  }

  /** Notes how a task ended, or that it was skipped. */
  ended(run: number, task: number, end: TaskEnd): void {
    const open = this.#runs.get(run);
    if (this.#isQuiet || open === undefined) return;
    const row: HistoryRow = open.running.get(task) ?? { run, task: open.tasks[task], startedAt: null };
    open.running.delete(task);
    open.told.add(task);
    row.end = end;
    row.finishedAt = unixSeconds();
    this.#pending.add(row);
    this.#writeSoon(end.output);
  }

  /**
   * Writes what is left and closes the run: what never started is entered as skipped, what never ended as failed.
   * `durationMs` is from the run's begin until now unless told. Answers whether the whole run is on record.
   */
  async finish(run: number, end: { interruptedBy?: string; durationMs?: number } = {}): Promise<boolean> {
    const open = this.#runs.get(run);
    if (open === undefined) return false;
    const durationMs = Math.round(end.durationMs ?? performance.now() - open.begunMs);
    const finishedAt = unixSeconds();
    const notStarted = open.tasks.filter((_, task) => !open.told.has(task));
    const isWritten = await this.#write(() => {
      closeRun(this.#database, run, { finishedAt, durationMs, interruptedBy: end.interruptedBy, notStarted });
      return true;
    });
    this.#runs.delete(run);
    return isWritten ?? false;
  }

  /**
   * Deletes all runs but the newest and those that still go on, a little at a time.
   *
   * @throws {DatabaseError} When the database cannot be written.
   */
  prune(keepNewest: number): Promise<PruneResult> {
    return pruneRuns(this.#database, this.view, keepNewest);
  }

  /** What was not finished stays on record as it is. */
  close(): void {
    if (!this.#isQuiet && this.#timer !== undefined) this.#flush();
    try {
      this.#database.close();
    } catch (error) {
      this.#fail(error);
    }
    this.#stop();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** What waits holds so much more output. */
  #writeSoon(output?: Output): void {
    this.#pendingBytes += (output?.stdout.bytes.length ?? 0) + (output?.stderr.bytes.length ?? 0);
    if (this.#pendingBytes > BATCH_BYTES && this.#lockedSinceMs === undefined) this.#flush();
    else this.#timer ??= new QuickTimer(BATCH_MS, () => this.#flush());
  }

  /** Writes what waits, or tries again later when another process has the lock. */
  #flush(): void {
    this.#timer?.stop();
    this.#timer = undefined;
    try {
      this.#tryWrite(() => {});
    } catch (error) {
      this.#lockedSinceMs ??= performance.now();
      const isLocked = error instanceof DatabaseError && error.kind === "locked";
      if (!isLocked || performance.now() - this.#lockedSinceMs > RUN_PATIENCE_MS) return this.#fail(error);
      this.#timer = new QuickTimer(2 * BATCH_MS, () => this.#flush());
    }
  }

  /** Writes what waits, and then more, however long that takes; undefined when it failed. */
  async #write<Result>(more: () => Result): Promise<Result | undefined> {
    if (this.#isQuiet) return undefined;
    try {
      return await whileLocked(() => this.#tryWrite(more));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nothing may come between the commit and the note that all was written, so this is not asynchronous. */
  #tryWrite<Result>(more: () => Result): Result {
    const result = this.#database.tryWrite(() => {
      writeRows(this.#database, this.#pending);
      writeAttempts(this.#database, this.#attempts);
      writeManifests(this.#database, this.#manifests);
      for (const [run, { unwritten, fresh }] of this.#runs) {
        if (unwritten > 0) writeFresh(this.#database, run, { count: unwritten, fresh });
      }
      return more();
    });
    this.#settled();
    return result;
  }

  /** Nothing waits any more. */
  #settled(): void {
    this.#timer?.stop();
    this.#timer = undefined;
    this.#pending.clear();
    this.#attempts = [];
    this.#manifests = [];
    for (const open of this.#runs.values()) open.unwritten = 0;
    this.#pendingBytes = 0;
    this.#lockedSinceMs = undefined;
  }

  #fail(error: unknown): void {
    if (this.#isQuiet) return;
    this.#stop();
    this.#onError(
      error instanceof DatabaseError
        ? error.message
        : `Cannot write database '${this.#database.path}': ${systemDetail(error)}`,
    );
  }

  /** From here on nothing is noted any more. */
  #stop(): void {
    this.#isQuiet = true;
    this.#settled();
  }
}
