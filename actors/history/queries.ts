/**
 * Owns every question that is asked of the history, in SQL and as values.
 * It changes nothing in the file.
 *
 * @module
 */
import type { Database } from "../storage/database.ts";
import { USUAL_TIMES, usualOf } from "../../graph/report/usual.ts";
import { comparable, type Flakiness, flakiness, FLAKY_ATTEMPTS, type Try } from "../../graph/report/flaky.ts";
import type { Manifest } from "../../graph/manifest.ts";
import { definitionOf, type DefinitionRow, ofOneFile } from "./definitions.ts";
import { readManifest } from "./manifests.ts";
import { moved, moveOf, storedPath } from "./moves.ts";
import type {
  AttemptAt,
  EndedAttempt,
  RetrySet,
  RunFilter,
  RunRecord,
  RunState,
  StoredAttempt,
  TaskRecord,
  TaskWithOutput,
} from "./records.ts";
import { ATTEMPT, DEFINITION, RUN_ROW, TASK } from "./row_shapes.ts";
import { freshTasks, type Placed, withFresh } from "./fresh_tasks.ts";
import { HISTORY_SCHEMA } from "./schema.ts";
import { type Liveness, livenessOf } from "../machine/process_identity.ts";
import { isTexts, storedJson, storedRow } from "../storage/stored_json.ts";
import { openDatabase } from "../storage/open_database.ts";

/** Whether a run on another host, or in another container, lives cannot be told: for so long it is believed to. */
const BELIEVED_SECONDS = 86_400;

/** The usual is what was so of late: among so many runs, of so many executions at most, and of so many of each task. */
const USUAL_RUNS = 200, USUAL_ROWS = 20_000;
/** Further back nothing tells how long a task takes today. */
const MOST_RUNS_RECALLED = 500;

const RUN = `select id, started_at startedAt, finished_at finishedAt, duration_ms durationMs, total_tasks totalTasks,
  passed, failed, skipped, timeouts, cancelled, interrupted interruptedBy, kind, source, folder, retry_of retryOf,
  host, pid, process_birth birth, asked, timeout_ms timeoutMs from runs`;

const TASK_COLUMNS = `d.position, d.name, d.command, t.status, t.exit_code exitCode, t.started_at startedAt,
  t.finished_at finishedAt, t.duration_ms durationMs, t.error, t.signal, coalesce(t.attempts, 0) attempts, d.retries,
  coalesce(t.cancelled, 0) isCancelled`;

const DEFINED = `from runs r join definitions d on d.run_id = coalesce(r.defined_by, r.id)
  left join tasks t on t.run_id = r.id and t.name = d.name where r.id = ?`;

const QUERIES = {
  recent: `${RUN} where (? is null or failed > 0) and (? is null or started_at >= ?)
    and (? is null or exists (select 1 from attempts where run_id = runs.id and task = ?)) order by id desc limit ?`,
  run: `${RUN} where id = ?`,
  last: `${RUN} order by id desc limit 1`,
  tasks: `select ${TASK_COLUMNS} ${DEFINED} order by d.position`,
  failedTasks: `select ${TASK_COLUMNS} ${DEFINED} and t.status in ('failed', 'timeout') order by d.position`,
  task:
    `select ${TASK_COLUMNS}, cast(t.stdout as blob) stdout, cast(t.stderr as blob) stderr ${DEFINED} and d.name = ?`,
  retry:
    `select d.position, d.name, d.command, d.dependencies, d.timeout_ms timeoutMs, d.grace_ms graceMs, d.retries, d.env, d.declared, t.status,
    t.started_at startedAt, coalesce(t.cancelled, 0) isCancelled ${DEFINED}
    and t.status is not 'passed' order by d.position`,
  attempts: `select attempt, outcome, how, started_us, ended_us, worker, host, exit_code, signal, reason, error,
    fingerprint, cpu_us, max_rss_kb, cast(stdout as blob) stdout, cast(stderr as blob) stderr from attempts where run_id = ? and task = ?
    order by attempt, id`,
  usual: `select a.task, a.ended_us - a.started_us us from runs r cross join attempts a on a.run_id = r.id
    where r.id > (select max(id) from runs) - ? and r.source = ? and a.outcome = 'passed' and a.how = 'executed'
    order by r.id desc limit ?`,
  tries: `select a.task, r.id run, r.kind, a.fingerprint, a.outcome from runs r cross join attempts a on a.run_id = r.id
    where r.id > (select max(id) from runs) - ? and r.source = ? and a.outcome in ('passed', 'failed', 'timeout')
    and coalesce(a.how, '') not in ('copied', 'restored') order by r.id desc, a.task, a.attempt limit ?`,
  upTo: `select r.id run, r.source, a.attempt, a.outcome, a.how, a.reason, a.started_us startedUs, a.ended_us endedUs,
    a.fingerprint from runs r cross join attempts a on a.run_id = r.id and a.task = ? where r.id <= ? and (? is null or r.source = ?)
    order by r.id desc, a.attempt desc limit 1`,
  attempted: `select d.name, d.dependencies, a.reason from runs r cross join definitions d
    on d.run_id = coalesce(r.defined_by, r.id) cross join attempts a on a.run_id = r.id and a.task = d.name
    where r.id = ? order by d.position`,
  runsOf: "select id from runs where source = ? and kind = ? order by id desc limit ?",
  ended:
    `select task, run_id run, outcome, how, fingerprint, (ended_us - started_us) / 1e6 duration, ended_us / 1e6 endedAt, error
    from attempts where run_id = ? order by task, attempt`,
  names: "select distinct name from definitions",
  begun: "select count(*) count from tasks where run_id = ? and status is null",
} as const;

type RunRow = Omit<RunRecord, "state" | "process" | "running" | "pending" | "asked"> & {
  asked: string | null;
  host: string;
  pid: number;
  birth: string | null;
};

/** The history as those see it who only look. */
export class HistoryView implements Disposable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Opens a history to look at it.
   *
   * @throws {DatabaseError} Also when there is none: it is not made.
   */
  static async open(path: string): Promise<HistoryView> {
    return new HistoryView(await openDatabase(path, { schema: HISTORY_SCHEMA, access: "look" }));
  }

  /** The newest runs, newest first. */
  recent(limit: number, { hasFailed, since, task }: RunFilter = {}): RunRecord[] {
    const filters = [hasFailed ? 1 : null, since ?? null, since ?? null, task ?? null, task ?? null];
    return this.#database.all<RunRow>(QUERIES.recent, ...filters, limit).map((row) => this.#runOf(row));
  }

  /** One run; undefined when there is none of that number, or none at all. */
  run(id: number | "last"): RunRecord | undefined {
    const row = id === "last" ? this.#database.get<RunRow>(QUERIES.last) : this.#database.get<RunRow>(QUERIES.run, id);
    return row && this.#runOf(row);
  }

  /** The tasks of a run in the order of its file. `failed` leaves out all but those that failed or timed out. */
  tasks(run: number, only?: "failed"): TaskRecord[] {
    const query = only === "failed" ? QUERIES.failedTasks : QUERIES.tasks, fresh = freshTasks(this.#database, run);
    return this.#database.all<TaskRecord & Placed>(query, run).map((row) => this.#taskOf(withFresh(row, fresh)));
  }

  /** One task with what it printed; undefined when the run has none of that name. */
  task(run: number, name: string): TaskWithOutput | undefined {
    const row = this.#database.get<TaskWithOutput & Placed>(QUERIES.task, run, name);
    return row && this.#taskOf(withFresh(row, freshTasks(this.#database, run)));
  }

  /** The names of the tasks of all runs. */
  taskNames(): Set<string> {
    const rows = this.#database.all<{ name: string }>(QUERIES.names);
    return new Set(rows.map((row) => storedRow(row, DEFINITION, this.#database.path).name));
  }

  /** All attempts at a task, the first first; none of a run that an older troupe has recorded. */
  attempts(run: number, name: string): StoredAttempt[] {
    return this.#database.all<StoredAttempt>(QUERIES.attempts, run, name).map((row) => this.#attemptOf({ ...row }));
  }

  /** How long each task of a file usually takes, in milliseconds: the median of its last executions. */
  usualDurations(source: string): Map<string, number> {
    const durations = new Map<string, number[]>();
    const rows = this.#database.all<{ task: string; us: number }>(
      QUERIES.usual,
      USUAL_RUNS,
      storedPath(source, this.#database),
      USUAL_ROWS,
    );
    for (const { task, us } of rows) {
      const known = durations.get(task);
      if (known === undefined) durations.set(task, [us]);
      else if (known.length < USUAL_TIMES) known.push(us);
    }
    return new Map([...durations].map(([task, times]) => [task, usualOf(times)! / 1000]));
  }

  /** The attempts of the newest runs of a file, the newest run first; no further run once there are enough. */
  ended(source: string, kind: RunRecord["kind"], enough: number): EndedAttempt[] {
    const runs = this.#database.all<{ id: number }>(
      QUERIES.runsOf,
      storedPath(source, this.#database),
      kind,
      MOST_RUNS_RECALLED,
    );
    const attempts: EndedAttempt[] = [];
    for (const { id } of runs) {
      for (const attempt of this.#database.all<EndedAttempt>(QUERIES.ended, id)) {
        attempts.push(comparable(this.#attemptOf(attempt), kind));
      }
      if (attempts.length >= enough) break;
    }
    return attempts;
  }

  /**
   * The tasks of a file that failed and passed although they were made of the same, by name. `byCommand` takes shell tasks
   * with one command for made of the same, also in runs between which anything may have been edited.
   */
  flaky(source: string, { byCommand = false } = {}): Map<string, Flakiness> {
    const tries = new Map<string, Try[]>();
    const rows = this.#database.all<Try & Pick<RunRecord, "kind"> & { task: string }>(
      QUERIES.tries,
      USUAL_RUNS,
      storedPath(source, this.#database),
      USUAL_ROWS,
    );
    for (const { task, kind, ...tried } of rows) {
      const attempt = byCommand ? tried : comparable(tried, kind);
      const known = tries.get(task);
      if (known === undefined) tries.set(task, [attempt]);
      else if (known.length < FLAKY_ATTEMPTS) known.push(attempt);
    }
    const flaky = new Map<string, Flakiness>();
    for (const [task, all] of tries) {
      const found = flakiness(all);
      if (found !== undefined) flaky.set(task, found);
    }
    return flaky;
  }

  /** The last attempt at a task in the runs up to a number, of any file unless one is told. */
  attemptUpTo(run: number, task: string, source?: string): AttemptAt | undefined {
    const upTo = Math.min(run, Number.MAX_SAFE_INTEGER);
    const wanted = source === undefined ? null : storedPath(source, this.#database);
    const row = this.#database.get<AttemptAt>(QUERIES.upTo, task, upTo, wanted, wanted);
    return row && { ...this.#attemptOf(row), source: moved(row.source, moveOf(this.#database)) };
  }

  /** What a run tried, each with the names it depends on and the reason. */
  attempted(run: number): { name: string; dependencies: string[]; reason: string | null }[] {
    const rows = this.#database.all<{ name: string; dependencies: string; reason: string | null }>(
      QUERIES.attempted,
      run,
    );
    return rows.map((row) => ({
      ...this.#attemptOf(row),
      dependencies: this.#texts(row.dependencies, "definitions.dependencies"),
    }));
  }

  /** What a work was made of; undefined when that is not on record. */
  manifest(fingerprint: string): Manifest | undefined {
    return readManifest(this.#database, fingerprint);
  }

  /** What did not pass: failed, timed out, skipped, or without an end because troupe was killed. */
  retrySet(run: number): RetrySet {
    const { path } = this.#database, fresh = freshTasks(this.#database, run);
    const rows = this.#database.all<DefinitionRow & Placed>(QUERIES.retry, run).map((row) => withFresh(row, fresh));
    const tasks = ofOneFile(
      rows.filter(({ status }) => status !== "passed").map((row) => definitionOf(row, path)),
      path,
    );
    const passed = new Set(tasks.flatMap(({ dependencies }) => dependencies));
    for (const { name } of tasks) passed.delete(name);
    return { tasks, passed };
  }

  #texts(text: string, column: string): string[] {
    return storedJson(text, isTexts, { path: this.#database.path, column });
  }

  /** SQLite has no truth values. */
  #taskOf<Task extends { readonly isCancelled: unknown }>(
    row: Task,
  ): Task & { readonly isCancelled: boolean } {
    return { ...storedRow(row, TASK, this.#database.path), isCancelled: row.isCancelled === 1 };
  }

  #attemptOf<Attempt extends object>(row: Attempt): Attempt {
    return storedRow(row, ATTEMPT, this.#database.path);
  }

  /** What has no end in a run that is over was cut off, or never came to its turn. */
  #runOf(whole: RunRow): RunRecord {
    const { host, pid, birth, asked, ...rest } = storedRow(whole, RUN_ROW, this.#database.path);
    const move = moveOf(this.#database), source = moved(rest.source, move), folder = moved(rest.folder, move);
    const row = { ...rest, source, folder, asked: asked === null ? null : this.#texts(asked, "runs.asked") };
    if (row.finishedAt !== null) {
      return { ...row, state: row.interruptedBy === null ? "finished" : "interrupted", running: 0, pending: 0 };
    }
    const process = { pid, host, liveness: livenessOf({ host, pid, birth }) };
    const state = openState(row.startedAt, process.liveness);
    const open = row.totalTasks - row.passed - row.failed - row.skipped;
    if (open <= 0) return { ...row, state, process, running: 0, pending: 0 };
    const begun = this.#database.get<{ count: number }>(QUERIES.begun, row.id)!.count;
    if (state === "running") return { ...row, state, process, running: begun, pending: open - begun };
    const { skipped, cancelled } = row;
    return { ...row, state, process, skipped: skipped + open, cancelled: cancelled + begun, running: 0, pending: 0 };
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** How a run without an end stands. */
function openState(startedAt: number, liveness: Liveness): RunState {
  const isBelieved = liveness === "unknown" && Date.now() / 1000 - startedAt < BELIEVED_SECONDS;
  return liveness === "alive" || isBelieved ? "running" : "interrupted";
}
