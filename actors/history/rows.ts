/**
 * Owns the writing of rows: how a run, its definitions and its tasks become columns.
 * It begins no transaction; the caller does, so that many rows share one.
 *
 * @module
 */
import { sha256 } from "../../graph/digest.ts";
import { moveRuns } from "./moves.ts";
import type { Database } from "../storage/database.ts";
import { storedOutput } from "./output.ts";
import type { RecordedStatus, TaskDefinition } from "./records.ts";
import type { TaskSet } from "./task_set.ts";
import { thisProcess } from "../machine/process_identity.ts";
import type { Captured, Output, Usage } from "../process/output.ts";

/** A run that begins. */
export interface NewRun {
  readonly kind: "run" | "build";
  /** Absolute path of the task file or config. */
  readonly source: string;
  /** Absolute path of the folder where commands run. */
  readonly folder: string;
  /** What was selected, in the order of the file. */
  readonly tasks: readonly TaskDefinition[];
  /** The run that this one retries. */
  readonly retryOf?: number;
  /** The names that were asked for, patterns among them; absent for all. */
  readonly asked?: readonly string[];
  /** Limit for one attempt of a task that has none of its own. */
  readonly timeoutMs?: number;
  /** `performance.now()` at which it counts as begun. */
  readonly begunMs: number;
}

/** How a task ended. */
export interface TaskEnd {
  readonly status: RecordedStatus;
  /** Of a skipped one: it was begun, and ended as the run was. */
  readonly isCancelled?: boolean;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly durationMs?: number;
  readonly output?: Output;
  /** Why it failed or was skipped. */
  readonly error?: string;
  /** How often it was tried; once unless told, and never if skipped. */
  readonly attempts?: number;
}

/** One attempt at a task, and how it ended. */
export interface AttemptEnd {
  /** Counted from 1. */
  readonly attempt: number;
  readonly outcome: "passed" | "failed" | "timeout" | "cancelled";
  /** How a passed one came by what it makes. */
  readonly how?: "executed" | "copied" | "restored";
  readonly durationMs: number;
  readonly worker: number | null;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason?: string;
  readonly error?: string;
  readonly output?: Output;
  readonly usage?: Usage;
  /** What names its work, as histories keep it. */
  readonly fingerprint?: string;
}

/** One row of `attempts`. */
export interface AttemptRow {
  readonly run: number;
  readonly task: string;
  readonly endedUs: number;
  readonly end: AttemptEnd;
}

/** One row of `tasks` as it is known so far. */
export interface HistoryRow {
  readonly run: number;
  readonly task: TaskDefinition;
  readonly startedAt: number | null;
  end?: TaskEnd;
  /** Unix seconds. */
  finishedAt?: number;
}

const INSERT_RUN = `insert into runs (started_at, total_tasks, kind, source, folder, retry_of, host, pid, process_birth,
  asked, timeout_ms, home, defined_by, definitions_digest) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** A build whose definitions are the same; further back are those of other configs. */
const DEFINED_ALIKE =
  `select coalesce(defined_by, id) id from runs where id > (select max(id) from runs) - 50 and kind = 'build'
  and definitions_digest = ? and exists (select 1 from definitions where run_id = coalesce(defined_by, runs.id))
  order by runs.id desc limit 1`;

const INSERT_DEFINITION = `insert into definitions (run_id, position, name, command, dependencies, timeout_ms,
  grace_ms, retries, env, declared) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const WRITE_TASK = `insert into tasks (run_id, name, command, status, exit_code, started_at, finished_at, duration_ms,
  stdout, stderr, error, attempts, cancelled, signal) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (run_id, name) do update set status = excluded.status, exit_code = excluded.exit_code,
  finished_at = excluded.finished_at, duration_ms = excluded.duration_ms, stdout = excluded.stdout,
  stderr = excluded.stderr, error = excluded.error, attempts = excluded.attempts, cancelled = excluded.cancelled,
  signal = excluded.signal`;

const WRITE_ATTEMPT = `insert into attempts (run_id, task, attempt, started_us, ended_us, worker, host, exit_code,
  signal, outcome, how, reason, error, stdout, stderr, fingerprint, cpu_us, max_rss_kb)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const COUNT = `update runs set passed = passed + ?, failed = failed + ?, skipped = skipped + ?, timeouts = timeouts + ?,
  cancelled = cancelled + ? where id = ?`;

/** Why a task was skipped that never came to its turn. */
export const NOT_STARTED = "Not started";

const COUNT_FRESH = "update runs set passed = passed + ?, fresh = ? where id = ?";

/** What nobody told the end of when the run was over: never started, or started. */
const SKIP = `insert into tasks (run_id, name, command, status, error, attempts)
  values (?, ?, ?, 'skipped', '${NOT_STARTED}', 0) on conflict (run_id, name) do nothing`;
const FAIL_REST = `update tasks set status = 'failed', finished_at = ?, error = 'Not ended'
  where run_id = ? and status is null`;

const FINISH = "update runs set finished_at = ?, duration_ms = ?, interrupted = ? where id = ?";

/** Enters a run with its definitions and gives its number. */
export function insertRun(
  database: Database,
  { kind, source, folder, tasks, retryOf, asked, timeoutMs, begunMs }: NewRun,
): number {
  const { host, pid, birth } = thisProcess();
  const about = [
    kind,
    source,
    folder,
    retryOf ?? null,
    host,
    pid,
    birth,
    asked === undefined ? null : JSON.stringify(asked),
    timeoutMs ?? null,
    moveRuns(database),
  ];
  const rows = tasks.map(definitionRow), digest = sha256(JSON.stringify(rows)).slice(0, 16);
  const definer = kind === "build" ? database.get<{ id: number }>(DEFINED_ALIKE, digest)?.id ?? null : null;
  const id = database.run(INSERT_RUN, secondsAt(begunMs), tasks.length, ...about, definer, digest).lastId;
  if (definer === null) rows.forEach((row, position) => void database.run(INSERT_DEFINITION, id, position, ...row));
  return id;
}

function definitionRow(
  { name, command, dependencies, timeoutMs, graceMs, retries, env, declared }: TaskDefinition,
): (string | number | null)[] {
  const how = [JSON.stringify(dependencies), timeoutMs ?? null, graceMs ?? null, retries, JSON.stringify(env)];
  return [name, command, ...how, declared === undefined ? null : JSON.stringify(declared)];
}

/** Enters or completes rows, and counts those that have ended. */
export function writeRows(database: Database, rows: Iterable<HistoryRow>): void {
  const counts = new Map<number, Record<RecordedStatus | "cancelled", number>>();
  for (const row of rows) {
    writeRow(database, row);
    if (row.end === undefined) continue;
    let count = counts.get(row.run);
    if (count === undefined) {
      counts.set(row.run, count = { passed: 0, failed: 0, skipped: 0, timeout: 0, cancelled: 0 });
    }
    count[row.end.status]++;
    if (row.end.isCancelled) count.cancelled++;
  }
  for (const [run, { passed, failed, skipped, timeout, cancelled }] of counts) {
    database.run(COUNT, passed, failed + timeout, skipped, timeout, cancelled, run);
  }
}

/** Counts so many further tasks that were up to date, and enters which those are in all. */
export function writeFresh(database: Database, run: number, { count, fresh }: { count: number; fresh: TaskSet }): void {
  database.run(COUNT_FRESH, count, fresh.bytes, run);
}

/** Enters attempts. */
export function writeAttempts(database: Database, rows: Iterable<AttemptRow>): void {
  const { host } = thisProcess();
  for (const { run, task, endedUs, end } of rows) {
    const { output, usage } = end;
    database.run(
      WRITE_ATTEMPT,
      run,
      task,
      end.attempt,
      Math.round(endedUs - 1000 * end.durationMs),
      Math.round(endedUs),
      end.worker,
      host,
      end.exitCode ?? null,
      end.signal ?? null,
      end.outcome,
      end.how ?? null,
      end.reason ?? null,
      end.error ?? null,
      stored(output?.stdout),
      stored(output?.stderr),
      end.fingerprint ?? null,
      usage?.cpuUs ?? null,
      usage?.maxRssKb ?? null,
    );
  }
}

/** Enters the end of a run, and one for every task that has none: those that never started are told. */
export function closeRun(
  database: Database,
  run: number,
  end: { finishedAt: number; durationMs: number; interruptedBy?: string; notStarted: Iterable<TaskDefinition> },
): void {
  const failed = database.run(FAIL_REST, end.finishedAt, run).changes;
  let skipped = 0;
  for (const { name, command } of end.notStarted) skipped += database.run(SKIP, run, name, command).changes;
  if (failed + skipped > 0) database.run(COUNT, 0, failed, skipped, 0, 0, run);
  database.run(FINISH, end.finishedAt, end.durationMs, end.interruptedBy ?? null, run);
}

function writeRow(database: Database, { run, task, startedAt, end, finishedAt }: HistoryRow): void {
  const isSkipped = end?.status === "skipped" && !end.isCancelled, output = end?.output;
  database.run(
    WRITE_TASK,
    run,
    task.name,
    task.command,
    end?.status ?? null,
    end?.status === "skipped" ? null : end?.exitCode ?? null,
    startedAt,
    isSkipped ? null : finishedAt ?? null,
    end?.durationMs === undefined ? null : Math.round(end.durationMs),
    stored(output?.stdout),
    stored(output?.stderr),
    end?.error ?? null,
    end?.attempts ?? (isSkipped ? 0 : 1),
    end?.isCancelled ? 1 : 0,
    end?.signal ?? null,
  );
}

function stored(captured: Captured | undefined): string | Uint8Array | null {
  return captured === undefined ? null : storedOutput(captured);
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** A moment of `performance.now()`, by the clock as it goes now. */
function secondsAt(ms: number): number {
  return Math.floor(Math.round(Date.now() - performance.now() + ms) / 1000);
}
