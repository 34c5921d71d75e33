/**
 * Owns the shapes in which runs and their tasks are stored, shown and reported. Types only; the words are run_report.ts's.
 *
 * Their fields keep the names and units of the database, so that what is stored, what `--json` shows and what is printed
 * are one thing.
 *
 * @module
 */

/**
 * How a task ended, as the history writes it.
 *
 * @example
 * ```ts
 * import { run, type RunStatus } from "./mod.ts";
 *
 * const bad: readonly RunStatus[] = ["failed", "timeout"];
 * const { tasks } = await run("fixtures/tasks/failing.txt");
 * console.log(tasks.filter(({ status }) => bad.includes(status)).map(({ name }) => name)); // [ "unit_tests" ]
 * ```
 */
export type RunStatus = "passed" | "failed" | "timeout" | "skipped";

/**
 * How many tasks ended how, as the table `runs` counts them.
 *
 * @example
 * ```ts
 * import { run, type RunCounts } from "./mod.ts";
 *
 * const { passed, skipped }: RunCounts = await run("fixtures/tasks/pipeline.txt");
 * console.log(passed, skipped); // 6 0
 * ```
 */
export interface RunCounts {
  /** Exit code 0. */
  readonly passed: number;
  /** Those that ran out of time included. */
  readonly failed: number;
  /** Of the failed, those that ran out of time. */
  readonly timeout: number;
  /** Never begun, as a task they need did not pass or the run was stopped. */
  readonly skipped: number;
}

/**
 * One task of a run.
 *
 * @example
 * ```ts
 * import { run, type TaskRecord } from "./mod.ts";
 *
 * const { tasks } = await run("fixtures/tasks/pipeline.txt");
 * const first: TaskRecord = tasks[0];
 * console.log(first.name, first.exit_code); // fetch 0
 * ```
 */
export interface TaskRecord {
  /** Unique in its run. */
  readonly name: string;
  /** As it was run. */
  readonly command: string;
  /** How it ended. */
  readonly status: RunStatus;
  /** Null when there is none: skipped, not started, or ended by a signal. */
  readonly exit_code: number | null;
  /** Unix seconds; null when it never started. */
  readonly started_at: number | null;
  /** Unix seconds; null when it never started. */
  readonly finished_at: number | null;
  /** Null when it never started. */
  readonly duration_ms: number | null;
  /** Why it was skipped, if not for a failed dependency, e.g. `interrupted`. */
  readonly skip_reason?: string;
}

/**
 * One task with what it printed, as `show --task --json` shows it.
 *
 * @example
 * ```ts
 * import { run, show, type TaskReport } from "./mod.ts";
 *
 * await run("fixtures/tasks/failing.txt");
 * const task: TaskReport = await show("last", { task: "unit_tests" });
 * console.log(task.exit_code, task.stderr);
 * ```
 */
export interface TaskReport extends TaskRecord {
  /** The number of its run. */
  readonly run_id: number;
  /** What it printed. */
  readonly stdout: string;
  /** What it printed there. */
  readonly stderr: string;
}

/**
 * One run without its tasks.
 *
 * @example
 * ```ts
 * import { history, run, type RunRecord } from "./mod.ts";
 *
 * await run("fixtures/tasks/pipeline.txt");
 * const newest: RunRecord = (await history({ limit: 1 })).runs[0];
 * console.log(newest.total_tasks, newest.interrupted); // 6 false
 * ```
 */
export interface RunRecord extends RunCounts {
  /** Null when it could not be saved. */
  readonly id: number | null;
  /** Unix seconds. */
  readonly started_at: number;
  /** Unix seconds; null while it goes on, and for ever when it was killed. */
  readonly finished_at: number | null;
  /** Null as long as `finished_at` is. */
  readonly duration_ms: number | null;
  /** All tasks that were asked for. */
  readonly total_tasks: number;
  /** Whether a signal ended it. */
  readonly interrupted: boolean;
}

/**
 * A run with its tasks, as `run --json` and `show --json` show it.
 *
 * @example
 * ```ts
 * import { run, type RunReport } from "./mod.ts";
 *
 * const report: RunReport = await run("fixtures/tasks/pipeline.txt");
 * console.log(report.duration_ms, report.tasks.length);
 * ```
 */
export interface RunReport extends RunRecord {
  /** In the order of the file. */
  readonly tasks: readonly TaskRecord[];
}

/**
 * What `history --json` shows, newest first.
 *
 * @example
 * ```ts
 * import { history, type HistoryReport, run } from "./mod.ts";
 *
 * await run("fixtures/tasks/pipeline.txt");
 * const { runs }: HistoryReport = await history();
 * console.log(runs.length > 0); // true
 * ```
 */
export interface HistoryReport {
  /** How many runs were deleted first; absent where that was not asked for. */
  readonly deleted?: number;
  /** Without their tasks. */
  readonly runs: readonly RunRecord[];
}
