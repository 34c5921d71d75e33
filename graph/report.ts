/**
 * Owns the words of a build: the line for each thing that happens, and the report of a whole run.
 * It prints nothing and colours nothing.
 *
 * @module
 */
import type { Status, TaskEnd } from "./event.ts";
import { describeTaskFailure } from "./failure.ts";
import type { Task } from "./task.ts";

/**
 * How one task ended, as `--json` shows it. Times in seconds.
 *
 * @example
 * ```ts
 * import { build, type BuildResult } from "./mod.ts";
 *
 * const { results } = await build("fixtures/site/build.json");
 * const sitemap: BuildResult = results.sitemap;
 * console.log(sitemap.status, sitemap.artifact_path, sitemap.sha256);
 * ```
 */
export interface BuildResult {
  /** Its name. */
  readonly task_name: string;
  /** How it ended. */
  readonly status: Status;
  /** Seconds in the worker; 0 for a task that no worker had. */
  readonly duration: number;
  /** From 1, or null for a task that no worker had. */
  readonly worker_id: number | null;
  /** Relative to the config's folder; null when there is no artifact of this run. */
  readonly artifact_path: string | null;
  /** Digest of the artifact, 64 hex digits. */
  readonly sha256?: string;
  /** True when the build cache answered instead of a worker's work. */
  readonly cache_hit?: boolean;
  /** Why it was run, e.g. `source changed: src/a.c`. */
  readonly reason?: string;
  /** Only of failed tasks. */
  readonly error_message?: string;
}

/**
 * A whole run, as `--json` shows it.
 *
 * @example
 * ```ts
 * import { build, type BuildReport } from "./mod.ts";
 *
 * const report: BuildReport = await build("fixtures/site/build.json");
 * console.log(report.completed, "of", report.total_tasks, "in", report.total_duration);
 * ```
 */
export interface BuildReport {
  /** All tasks that were asked for. */
  readonly total_tasks: number;
  /** Those whose artifacts are in place, made by this build or found to be right. */
  readonly completed: number;
  /** Those that went wrong. */
  readonly failed: number;
  /** Those that need one of these, or were never begun. */
  readonly skipped: number;
  /** Seconds. */
  readonly total_duration: number;
  /** Worker id → busy time / total time, and their mean as `overall`. Empty but for `overall` when none was started. */
  readonly worker_utilization: Readonly<Record<string, number>>;
  /** By task name, in the config's order. */
  readonly results: Readonly<Record<string, BuildResult>>;
  /** True when it was a transaction and came to nothing: all artifacts are as they were before it. */
  readonly rolled_back?: boolean;
}

/**
 * What would become of one task.
 *
 * @example
 * ```ts
 * import { dryRun, type Prospect } from "./mod.ts";
 *
 * const { tasks } = await dryRun("fixtures/site/build.json");
 * const { run, reason }: Prospect = tasks.sitemap;
 * console.log(run ? `would run: ${reason}` : "up to date");
 * ```
 */
export interface Prospect {
  /** False when the build cache has the answer. */
  readonly run: boolean;
  /** Why it would run; absent for one that is up to date. */
  readonly reason?: string;
}

/**
 * What a build would do, as `--dry-run --json` shows it.
 *
 * @example
 * ```ts
 * import { dryRun, type DryRunReport } from "./mod.ts";
 *
 * const { tasks }: DryRunReport = await dryRun("fixtures/site/build.json");
 * console.log(Object.values(tasks).filter(({ run }) => run).length, "would run");
 * ```
 */
export interface DryRunReport {
  /** By task name, each after those it depends on. */
  readonly tasks: Readonly<Record<string, Prospect>>;
}

/** The report of a run from how its tasks ended; `digestOf` gives the digest of a completed task's artifact. */
export function buildReport(
  tasks: readonly Task[],
  ends: readonly TaskEnd[],
  run: {
    readonly totalMs: number;
    readonly utilization: Readonly<Record<string, number>>;
    readonly digestOf: (task: number) => string | undefined;
  },
): BuildReport {
  const counts = { completed: 0, failed: 0, skipped: 0, pending: 0, running: 0 };
  const results = ends.map((end, task): [string, BuildResult] => {
    counts[end.status]++;
    return [tasks[task].name, buildResult(tasks[task], end, run.digestOf(task))];
  });
  const utilization = Object.entries(run.utilization).map(([worker, share]) => [worker, round(share)]);
  return {
    total_tasks: tasks.length,
    completed: counts.completed,
    failed: counts.failed,
    skipped: counts.skipped,
    total_duration: round(run.totalMs / 1000),
    worker_utilization: Object.fromEntries(utilization),
    results: Object.fromEntries(results),
  };
}

function buildResult({ name, output }: Task, end: TaskEnd, sha256: string | undefined): BuildResult {
  const isDone = end.status === "completed";
  return {
    task_name: name,
    status: end.status,
    duration: round(end.durationMs / 1000),
    worker_id: end.worker,
    artifact_path: isDone ? output : null,
    ...(isDone ? { sha256, cache_hit: end.by !== "executed" } : {}),
    ...(end.reason === undefined ? {} : { reason: end.reason }),
    ...(end.failure === undefined ? {} : { error_message: describeTaskFailure(end.failure) }),
  };
}

/** Four decimals are all a clock is good for. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** Seconds with two decimals. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

export function startedLine(worker: number, task: string, dependencies: readonly string[]): string {
  const deps = dependencies.length === 0 ? "none" : dependencies.join(", ");
  return `Worker ${worker}: Started task '${task}' (dependencies: ${deps})`;
}

export function completedLine(worker: number, task: string, durationMs: number, artifact: string): string {
  return `Worker ${worker}: Completed task '${task}' in ${seconds(durationMs)}s (artifact: ${artifact})`;
}

/** A task that no worker had (its source cannot be read) fails at the scheduler. */
export function failedLine(worker: number | null, task: string, durationMs: number, error: string): string {
  const who = worker === null ? "Scheduler" : `Worker ${worker}`;
  return `${who}: Failed task '${task}' after ${seconds(durationMs)}s (error: ${error})`;
}

export function cacheHitLine(task: string, artifact: string): string {
  return `Task '${task}' skipped: cache hit (artifact: ${artifact})`;
}

export function reasonLine(task: string, reason: string): string {
  return `Task '${task}' must run: ${reason}`;
}

export function progressLine(counts: { done: number; total: number; running: number; pending: number }): string {
  const { done, total, running, pending } = counts;
  return `Progress: ${done}/${total} tasks completed, ${running} running, ${pending} pending`;
}

export function summaryLine(report: BuildReport): string {
  return `Build completed in ${
    report.total_duration.toFixed(2)
  }s: ${report.completed} succeeded, ${report.failed} failed, ${report.skipped} skipped`;
}

/** The end of a transaction that came to nothing. */
export function rolledBackLine(artifacts: number): string {
  return `Rolled back: ${asBefore(artifacts)} the build`;
}

/** What a build says first after one that was killed in a transaction. */
export function undoneLine(artifacts: number): string {
  return `Undid an unfinished transaction: ${asBefore(artifacts)} it`;
}

function asBefore(artifacts: number): string {
  return artifacts === 1 ? "1 artifact is as it was before" : `${artifacts} artifacts are as they were before`;
}

/** The line that stands for what was not kept of a command's output. */
export function droppedLine(bytes: number): string {
  return `[${bytes} bytes dropped]`;
}
