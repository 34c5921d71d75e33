/**
 * Owns the looking at a history as commands, typed or called: recorded runs, one of them, one of its tasks. The questions
 * are history/queries.ts's, the words graph/report/run_report.ts's.
 *
 * @module
 */
import type { HistoryReport, RunRecord, RunReport, TaskRecord, TaskReport } from "../../graph/report/run_records.ts";
import { History } from "../history/history.ts";
import { HistoryView } from "../history/queries.ts";
import { NOT_STARTED } from "../history/rows.ts";
import type { RunRecord as StoredRun, StoredAttempt, TaskRecord as StoredTask } from "../history/records.ts";
import { asLibrary, type CallOptions, checkWhole } from "./invocation.ts";
import { findRun, statusOf } from "./recorded_run.ts";
import { DEFAULT_HISTORY } from "../../graph/report/typed_commands.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { unknownTaskLine } from "../../graph/report/history_lines.ts";

const DEFAULT_LIMIT = 20;
/** More runs than anyone lists. */
export const MOST_RUNS = 1_000_000;

/** Choices for {@linkcode history}. */
export interface HistoryOptions extends Pick<CallOptions, "log"> {
  /** How many runs, at most; default 20. */
  readonly limit?: number;
  /** Only runs of which a task failed or timed out; default all. */
  readonly failed?: boolean;
  /** Only runs in which this task was tried; default all. */
  readonly task?: string;
  /** Only runs begun at this time or later, in Unix seconds; default all. */
  readonly since?: number;
  /** First delete all runs but the newest so many; default none is deleted. */
  readonly prune?: number;
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
}

/** Choices for {@linkcode show}. */
export interface ShowOptions {
  /** Only tasks that failed or timed out; default all. */
  readonly failed?: boolean;
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
}

/**
 * The recorded runs, newest first: the report of `troupe history --json`.
 *
 * @example
 * ```ts
 * import { history, run } from "./mod.ts";
 *
 * await run("fixtures/tasks/pipeline.txt");
 * for (const { id, passed, total_tasks } of (await history()).runs) console.log(id, passed, "of", total_tasks);
 * ```
 *
 * @throws {InputError} When an option is wrong, or no recorded run has the task.
 * @throws {DatabaseError} When there is no such history, or it cannot be read or pruned.
 */
export async function history(options: HistoryOptions = {}): Promise<HistoryReport> {
  const { limit = DEFAULT_LIMIT, prune, failed, task, since, db = DEFAULT_HISTORY } = options;
  checkWhole("limit", limit, 1, MOST_RUNS);
  checkWhole("prune", prune, 0, Number.MAX_SAFE_INTEGER);
  return await asLibrary({ log: options.log }, async ({ reporter }) => {
    const deleted = prune === undefined ? {} : { deleted: await pruned(db, prune, (line) => reporter.error(line)) };
    using view = await HistoryView.open(db);
    const runs = view.recent(limit, { hasFailed: failed, since, task });
    if (task !== undefined && runs.length === 0) checkKnown(view, task, db);
    return { ...deleted, runs: runs.map(listedRun) };
  });
}

/** A task that no run has tried may be one that they had, or a slip of the fingers. */
function checkKnown(view: HistoryView, task: string, db: string): void {
  const known = view.taskNames();
  if (known.size > 0 && !known.has(task)) throw new InputError(unknownTaskLine(task, db, known));
}

/**
 * One task of a recorded run with what it printed: the report of `troupe show RUN --task NAME --json`.
 *
 * @example
 * ```ts
 * import { run, show } from "./mod.ts";
 *
 * const { id } = await run("fixtures/tasks/pipeline.txt");
 * console.log((await show(id!, { task: "fetch" })).stdout);
 * ```
 *
 * @throws {InputError} When there is no such run or task.
 * @throws {DatabaseError} When there is no such history, or it cannot be read.
 */
export function show(
  which: number | "last",
  options: ShowOptions & {
    /** Its name. */
    readonly task: string;
  },
): Promise<TaskReport>;
/**
 * One recorded run with its tasks: the report of `troupe show RUN --json`.
 *
 * @example
 * ```ts
 * import { run, show } from "./mod.ts";
 *
 * await run("fixtures/tasks/pipeline.txt");
 * for (const { name, status } of (await show("last")).tasks) console.log(name, status);
 * ```
 *
 * @throws {InputError} When there is no such run.
 * @throws {DatabaseError} When there is no such history, or it cannot be read.
 */
export function show(which: number | "last", options?: ShowOptions): Promise<RunReport>;
export async function show(
  which: number | "last",
  { failed, task: name, db = DEFAULT_HISTORY }: ShowOptions & { readonly task?: string } = {},
): Promise<RunReport | TaskReport> {
  using view = await HistoryView.open(db);
  const run = findRun(view, which, db);
  if (name === undefined) {
    return {
      ...wireRun(run),
      tasks: view.tasks(run.id, failed ? "failed" : undefined).map((task) => wireTask(task, run)),
    };
  }
  const task = view.task(run.id, name);
  if (task === undefined) {
    throw new InputError(unknownTaskLine(name, run.id, view.tasks(run.id).map((other) => other.name)));
  }
  const decoder = new TextDecoder();
  const printed = ({ stdout, stderr }: Pick<StoredAttempt, "stdout" | "stderr">) => ({
    stdout: decoder.decode(stdout ?? undefined),
    stderr: decoder.decode(stderr ?? undefined),
  });
  return {
    ...wireTask(task, run),
    run_id: run.id,
    ...printed(task),
    attempt_records: view.attempts(run.id, name).map((attempt) => ({ ...attempt, ...printed(attempt) })),
  };
}

async function pruned(database: string, keep: number, onWarning: (sentence: string) => void): Promise<number> {
  // Opening it for looking first, so that asking for a history that is not there does not make one.
  (await HistoryView.open(database)).close();
  using history = await History.open(database, onWarning);
  return (await history.prune(keep)).runs;
}

/** A run as `--json` shows it. */
function listedRun(run: StoredRun): RunRecord {
  return { ...wireRun(run), kind: run.kind, source: run.source, asked: run.asked };
}

export function wireRun(run: StoredRun): RunRecord {
  return {
    id: run.id,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    duration_ms: run.durationMs,
    total_tasks: run.totalTasks,
    passed: run.passed,
    failed: run.failed,
    timeout: run.timeouts,
    skipped: run.skipped,
    ...(run.cancelled > 0 ? { cancelled: run.cancelled } : {}),
    ...(run.state === "running" ? { running: run.running, pending: run.pending } : {}),
    interrupted: run.state === "interrupted",
  };
}

function wireTask(task: StoredTask, run: StoredRun): TaskRecord {
  const status = statusOf(task, run);
  // What never came to its turn stands there without an end, or as closed with the run.
  const skipReason = task.status === null || task.error === NOT_STARTED ? "interrupted" : task.error;
  return {
    name: task.name,
    command: task.command,
    status,
    exit_code: task.exitCode,
    started_at: task.startedAt,
    finished_at: task.finishedAt,
    duration_ms: task.durationMs,
    signal: task.signal,
    error: status === "skipped" ? null : task.error,
    attempts: task.attempts,
    max_attempts: 1 + task.retries,
    ...(status === "skipped" && skipReason !== null ? { skip_reason: skipReason } : {}),
  };
}
