/**
 * Owns the looking at a history as commands, typed or called: recorded runs, one of them, one of its tasks. The questions
 * are history_queries.ts's, the words graph/run_report.ts's.
 *
 * @module
 */
import type { HistoryReport, RunRecord, RunReport, TaskRecord, TaskReport } from "../../graph/run_records.ts";
import { unknownTaskLine } from "../../graph/run_report.ts";
import { History } from "../history.ts";
import { HistoryView, type RunRecord as StoredRun, type TaskRecord as StoredTask } from "../history_queries.ts";
import { InputError } from "../input.ts";
import { type CallOptions, checkWhole, forProgram } from "./caller.ts";
import { DEFAULT_HISTORY, findRun } from "./recorded_run.ts";

const DEFAULT_LIMIT = 20;
/** More runs than anyone lists. */
export const MOST_RUNS = 1_000_000;

/**
 * Choices for {@linkcode history}.
 *
 * @example
 * ```ts
 * import { history, type HistoryOptions, run } from "./mod.ts";
 *
 * const options: HistoryOptions = { db: "listed.db", limit: 5 };
 * await run("fixtures/tasks/pipeline.txt", { db: options.db });
 * console.log((await history(options)).runs.length); // 1
 * ```
 */
export interface HistoryOptions extends Pick<CallOptions, "log"> {
  /** How many runs, at most; default 20. */
  readonly limit?: number;
  /** First delete all runs but the newest so many; default none is deleted. */
  readonly prune?: number;
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
}

/**
 * Choices for {@linkcode show}.
 *
 * @example
 * ```ts
 * import { run, show, type ShowOptions } from "./mod.ts";
 *
 * await run("fixtures/tasks/failing.txt", { db: "failing.db" });
 * const options: ShowOptions = { failed: true, db: "failing.db" };
 * for (const { name, exit_code } of (await show("last", options)).tasks) console.log(name, exit_code);
 * ```
 */
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
 * @throws {InputError} When an option is wrong.
 * @throws {DatabaseError} When there is no such history, or it cannot be read or pruned.
 */
export async function history(options: HistoryOptions = {}): Promise<HistoryReport> {
  const { limit = DEFAULT_LIMIT, prune, db = DEFAULT_HISTORY } = options;
  checkWhole("limit", limit, 1, MOST_RUNS);
  checkWhole("prune", prune, 0, Number.MAX_SAFE_INTEGER);
  return await forProgram({ log: options.log }, async ({ reporter }) => {
    const deleted = prune === undefined ? {} : { deleted: await pruned(db, prune, (line) => reporter.error(line)) };
    using view = await HistoryView.open(db);
    return { ...deleted, runs: view.recent(limit).map(wireRun) };
  });
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
    throw new InputError(unknownTaskLine(name, { id: run.id, known: view.tasks(run.id).map((other) => other.name) }));
  }
  const decoder = new TextDecoder();
  return {
    ...wireTask(task, run),
    run_id: run.id,
    stdout: decoder.decode(task.stdout ?? undefined),
    stderr: decoder.decode(task.stderr ?? undefined),
  };
}

async function pruned(database: string, keep: number, onWarning: (sentence: string) => void): Promise<number> {
  // Opening it for looking first, so that asking for a history that is not there does not make one.
  (await HistoryView.open(database)).close();
  using history = await History.open(database, onWarning);
  return (await history.prune(keep)).runs;
}

function wireRun(run: StoredRun): RunRecord {
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
    interrupted: run.state === "interrupted",
  };
}

/** A task without an end was cut off (it failed) or never came to its turn (it was skipped). */
function wireTask(task: StoredTask, run: StoredRun): TaskRecord {
  const isUnended = task.status === null;
  const why = run.state === "running" ? "not finished" : "interrupted";
  const isInterrupted = task.status === "skipped" && run.interruptedBy !== null;
  return {
    name: task.name,
    command: task.command,
    status: task.status ?? (task.startedAt === null || run.state === "running" ? "skipped" : "failed"),
    exit_code: task.exitCode,
    started_at: task.startedAt,
    finished_at: task.finishedAt,
    duration_ms: task.durationMs,
    ...(isUnended || isInterrupted ? { skip_reason: why } : {}),
  };
}
