/**
 * Owns the writing of rows: how a run, its definitions and its tasks become columns.
 * It begins no transaction; the caller does, so that many rows share one.
 *
 * @module
 */
import type { Database } from "./database.ts";
import { storedOutput } from "./history_output.ts";
import type { TaskDefinition, TaskStatus } from "./history_queries.ts";
import type { Output } from "./messages.ts";
import { thisProcess } from "./process_identity.ts";

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
}

/** How a task ended. */
export interface TaskEnd {
  readonly status: TaskStatus;
  readonly exitCode?: number;
  readonly durationMs?: number;
  readonly output?: Output;
  /** Why it failed or was skipped. */
  readonly error?: string;
  /** 1 unless it was tried again. */
  readonly attempts?: number;
}

/** One row of `tasks` as it is known so far. */
export interface Row {
  readonly run: number;
  readonly task: TaskDefinition;
  readonly startedAt: number | null;
  end?: TaskEnd & { readonly finishedAt: number };
}

const INSERT_RUN = `insert into runs (started_at, total_tasks, kind, source, folder, retry_of, host, pid, process_birth)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const INSERT_DEFINITION = `insert into definitions (run_id, position, name, command, dependencies, timeout_ms,
  retries, env, declared) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const WRITE_TASK = `insert into tasks (run_id, name, command, status, exit_code, started_at, finished_at, duration_ms,
  stdout, stderr, error, attempts) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (run_id, name) do update set status = excluded.status, exit_code = excluded.exit_code,
  finished_at = excluded.finished_at, duration_ms = excluded.duration_ms, stdout = excluded.stdout,
  stderr = excluded.stderr, error = excluded.error, attempts = excluded.attempts`;

const COUNT = `update runs set passed = passed + ?, failed = failed + ?, skipped = skipped + ?, timeouts = timeouts + ?
  where id = ?`;

/** What nobody told the end of when the run was over: never started, or started. */
const SKIP_REST = `insert into tasks (run_id, name, command, status, error, attempts)
  select d.run_id, d.name, d.command, 'skipped', 'Not started', 0 from definitions d where d.run_id = ?
  and not exists (select 1 from tasks t where t.run_id = d.run_id and t.name = d.name)`;
const FAIL_REST = `update tasks set status = 'failed', finished_at = ?, error = 'Not ended'
  where run_id = ? and status is null`;

const FINISH = "update runs set finished_at = ?, duration_ms = ?, interrupted = ? where id = ?";

/** Enters a run with its definitions and gives its number. */
export function insertRun(database: Database, { kind, source, folder, tasks, retryOf }: NewRun): number {
  const { host, pid, birth } = thisProcess();
  const about = [kind, source, folder, retryOf ?? null, host, pid, birth];
  const id = database.run(INSERT_RUN, unixSeconds(), tasks.length, ...about).lastId;
  tasks.forEach(({ name, command, dependencies, timeoutMs, retries, env, declared }, position) => {
    const how = [JSON.stringify(dependencies), timeoutMs ?? null, retries, JSON.stringify(env)];
    const about = declared === undefined ? null : JSON.stringify(declared);
    database.run(INSERT_DEFINITION, id, position, name, command, ...how, about);
  });
  return id;
}

/** Enters or completes rows, and counts those that have ended. */
export function writeRows(database: Database, rows: Iterable<Row>): void {
  const counts = new Map<number, Record<TaskStatus, number>>();
  for (const row of rows) {
    writeRow(database, row);
    if (row.end === undefined) continue;
    let count = counts.get(row.run);
    if (count === undefined) counts.set(row.run, count = { passed: 0, failed: 0, skipped: 0, timeout: 0 });
    count[row.end.status]++;
  }
  for (const [run, { passed, failed, skipped, timeout }] of counts) {
    database.run(COUNT, passed, failed + timeout, skipped, timeout, run);
  }
}

/** Enters the end of a run, and one for every task that has none. */
export function closeRun(
  database: Database,
  run: number,
  end: { finishedAt: number; durationMs: number; interruptedBy?: string },
): void {
  const failed = database.run(FAIL_REST, end.finishedAt, run).changes;
  const skipped = database.run(SKIP_REST, run).changes;
  if (failed + skipped > 0) database.run(COUNT, 0, failed, skipped, 0, run);
  database.run(FINISH, end.finishedAt, end.durationMs, end.interruptedBy ?? null, run);
}

function writeRow(database: Database, { run, task, startedAt, end }: Row): void {
  const isSkipped = end?.status === "skipped";
  database.run(
    WRITE_TASK,
    run,
    task.name,
    task.command,
    end?.status ?? null,
    isSkipped ? null : end?.exitCode ?? null,
    startedAt,
    isSkipped ? null : end?.finishedAt ?? null,
    end?.durationMs === undefined ? null : Math.round(end.durationMs),
    end?.output ? storedOutput(end.output.stdout) : null,
    end?.output ? storedOutput(end.output.stderr) : null,
    end?.error ?? null,
    isSkipped ? 0 : end?.attempts ?? 1,
  );
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
