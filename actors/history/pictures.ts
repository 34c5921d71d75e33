/**
 * Owns the questions that pictures of runs ask of the history: all tasks and all attempts of one run, what each last came
 * to, and the newest runs of a file. It changes nothing in the file.
 *
 * @module
 */
import type { Database } from "../storage/database.ts";
import { openDatabase } from "../storage/open_database.ts";
import { isTexts, storedJson, storedRow } from "../storage/stored_json.ts";
import { ofOneFile } from "./definitions.ts";
import type { TaskRecord } from "./records.ts";
import { storedPath } from "./moves.ts";
import { freshTasks, type Placed, withFresh } from "./fresh_tasks.ts";
import { HistoryView } from "./queries.ts";
import { ATTEMPT, TASK } from "./row_shapes.ts";
import { HISTORY_SCHEMA } from "./schema.ts";

const QUERIES = {
  tasks:
    `select d.position, d.name, d.command, d.dependencies, d.retries, t.status, t.exit_code exitCode, t.started_at startedAt,
    t.error, t.signal, coalesce(t.attempts, 0) attempts, coalesce(t.cancelled, 0) isCancelled
    from runs r join definitions d on d.run_id = coalesce(r.defined_by, r.id)
    left join tasks t on t.run_id = r.id and t.name = d.name where r.id = ? order by d.position`,
  attempts:
    `select task, attempt, outcome, how, started_us startedUs, ended_us endedUs, worker, host, reason, fingerprint,
    cpu_us, max_rss_kb from attempts where run_id = ? order by started_us, id`,
  output: `select attempt, cast(stdout as blob) stdout, cast(stderr as blob) stderr from attempts
    where run_id = ? and task = ? order by attempt, id`,
  runs:
    `select id, started_at startedAt, duration_ms durationMs, total_tasks total, passed, failed, skipped, finished_at finishedAt
    from runs where source = ? and kind = ? order by id desc limit ?`,
  dataVersion: "pragma data_version",
} as const;

/** A task of a run, as it is stored. */
export interface StoredTask
  extends Pick<TaskRecord, "name" | "command" | "status" | "exitCode" | "startedAt" | "error" | "signal" | "attempts"> {
  readonly dependencies: readonly string[];
  readonly retries: number;
  readonly isCancelled: boolean;
}

/** The same as a row. */
type TaskRow = Omit<StoredTask, "isCancelled" | "dependencies"> & Placed & {
  readonly dependencies: string;
  readonly isCancelled: number;
};

/** An attempt of a run, as it is stored. */
export interface StoredTry {
  readonly task: string;
  readonly attempt: number;
  readonly outcome: "passed" | "failed" | "timeout" | "cancelled";
  readonly how: "executed" | "restored" | "copied" | "fresh" | null;
  readonly startedUs: number;
  readonly endedUs: number;
  readonly worker: number | null;
  readonly host: string | null;
  readonly reason: string | null;
  readonly fingerprint: string | null;
  readonly cpu_us: number | null;
  readonly max_rss_kb: number | null;
}

/** A run as a plot of many shows it. */
export interface StoredRunPoint {
  readonly id: number;
  /** Unix seconds. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly durationMs: number | null;
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What an attempt printed. */
export interface StoredOutput {
  readonly attempt: number;
  readonly stdout: Uint8Array | null;
  readonly stderr: Uint8Array | null;
}

/** A history that pictures are made of. */
export class PictureView implements Disposable {
  readonly #database: Database;
  /** The other questions about the same file. */
  readonly history: HistoryView;

  private constructor(database: Database) {
    this.#database = database;
    this.history = new HistoryView(database);
  }

  /**
   * Opens a history to look at it.
   *
   * @throws {DatabaseError} Also when there is none: it is not made.
   */
  static async open(path: string): Promise<PictureView> {
    return new PictureView(await openDatabase(path, { schema: HISTORY_SCHEMA, access: "look" }));
  }

  /** Every task of a run, in the order of its file; the dependencies of a build seldom change, so they are read on demand. */
  tasks(run: number): readonly StoredTask[] {
    const where = { path: this.#database.path, column: "definitions.dependencies" };
    const rows = this.#database.all<TaskRow>(QUERIES.tasks, run), fresh = freshTasks(this.#database, run);
    const tasks = rows.map((row) => withFresh(row, fresh)).map((row) => ({
      ...storedRow(row, TASK, this.#database.path),
      dependencies: storedJson(row.dependencies, isTexts, where),
      isCancelled: row.isCancelled === 1,
    }));
    return ofOneFile(tasks, this.#database.path);
  }

  /** Every attempt of a run without what it printed, in the order in which they were begun. */
  attempts(run: number): StoredTry[] {
    return this.#database.all<StoredTry>(QUERIES.attempts, run)
      .map((row) => storedRow(row, ATTEMPT, this.#database.path));
  }

  /** What each attempt at a task printed. */
  output(run: number, task: string): StoredOutput[] {
    return this.#database.all<StoredOutput>(QUERIES.output, run, task);
  }

  /** The newest runs of a file, newest first. */
  runs(source: string, kind: "run" | "build", limit: number): StoredRunPoint[] {
    return this.#database.all<StoredRunPoint>(QUERIES.runs, storedPath(source, this.#database), kind, limit);
  }

  /** Another number whenever another process has written since. */
  version(): number {
    return Number(this.#database.get<{ data_version: number }>(QUERIES.dataVersion)!.data_version);
  }

  [Symbol.dispose](): void {
    this.history.close();
  }
}
