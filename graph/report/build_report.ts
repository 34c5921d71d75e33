/**
 * Owns the report of a build as scripts read it, and what a dry run tells in its place.
 *
 * @module
 */
import { describeTaskFailure } from "../failure.ts";
import type { CompletedBy, Status, TaskEnd } from "../schedule/event.ts";
import type { ShownArtifact } from "../artifact.ts";
import type { Task } from "../task.ts";

/** How one task ended, as `--json` shows it. Times in seconds. */
export interface BuildResult {
  /** Its name. */
  readonly task_name: string;
  /** How it ended. */
  readonly status: Status;
  /** Seconds in the worker; 0 for a task that no worker had. */
  readonly duration: number;
  /** From 1, or null for a task that no worker had. */
  readonly worker_id: number | null;
  /** Relative to the config's folder, the first of several; null when there is no artifact of this run, or what it made was put back to nothing. */
  readonly artifact_path: string | null;
  /** Digest of the artifact, 64 hex digits; of one that was put back, of what lies there now. Absent for several. */
  readonly sha256?: string;
  /** All artifacts of a task whose outputs are not one file; none of a check. */
  readonly artifacts?: readonly ShownArtifact[];
  /** True when the build cache or the store answered instead of a worker's work. */
  readonly cache_hit?: boolean;
  /** How a completed task came by its artifact: made, copied from an equal one, out of the store, or it lay in place. */
  readonly how?: CompletedBy;
  /** Why it was run, e.g. `source changed: src/a.c`. */
  readonly reason?: string;
  /** Only of failed tasks and of cancelled ones, which are skipped. */
  readonly error_message?: string;
}

/** A whole run, as `--json` shows it. */
export interface BuildReport {
  /** All tasks that were asked for. */
  readonly total_tasks: number;
  /** Tasks whose artifacts are in place, made by this build or found to be right. */
  readonly completed: number;
  /** Tasks that went wrong. */
  readonly failed: number;
  /** Tasks that need one of these, or were not done since the build was stopped. */
  readonly skipped: number;
  /** Of the skipped, those that were begun and then ended before their time, as the build was stopped; absent if none. */
  readonly cancelled?: number;
  /** Seconds. */
  readonly total_duration: number;
  /** Worker id → busy time / total time, and their mean as `overall`. Empty but for `overall` when none was started. */
  readonly worker_utilization: Readonly<Record<string, number>>;
  /** By task name, in the config's order. */
  readonly results: Readonly<Record<string, BuildResult>>;
  /** True when it was a transaction and came to nothing: all artifacts are as they were before it. */
  readonly rolled_back?: boolean;
  /** Paths of artifacts that earlier builds made for tasks the config has no more, and nobody touched since; absent if none. */
  readonly stale_artifacts?: readonly string[];
}

/** Why a task runs that never passed, and has failed. */
export const FAILED_LAST = "failed last";

/** What would become of one task. */
export interface Prospect {
  /** False when the build cache has the answer, or the store. */
  readonly run: boolean;
  /** True when its artifact would be taken out of the store. */
  readonly restore?: boolean;
  /** Why it would run, or be restored; absent for one that is up to date. */
  readonly reason?: string;
}

/** What a build would do, as `--dry-run --json` shows it. */
export interface DryRunReport {
  /** By task name, each after those it depends on. */
  readonly tasks: Readonly<Record<string, Prospect>>;
}

/**
 * The report of a run from how its tasks ended; `digestOf` gives the digest of a completed task's artifact. Its results are
 * made when they are first asked for, as most builds are only told how many there were.
 */
export function buildReport(
  tasks: readonly Task[],
  ends: readonly TaskEnd[],
  run: {
    readonly totalMs: number;
    readonly utilization: Readonly<Record<string, number>>;
    readonly digestOf: (task: number) => string | undefined;
    readonly artifactsOf?: (task: number) => readonly ShownArtifact[] | undefined;
  },
): BuildReport {
  const counts = { completed: 0, failed: 0, skipped: 0, cancelled: 0, pending: 0, running: 0 };
  for (const end of ends) {
    counts[end.status]++;
    if (end.failure?.kind === "cancelled") counts.cancelled++;
  }
  const resultOf = (end: TaskEnd, task: number): [string, BuildResult] => [
    tasks[task].name,
    buildResult(tasks[task], end, { sha256: run.digestOf(task), artifacts: run.artifactsOf?.(task) }),
  ];
  let results: BuildReport["results"] | undefined;
  const utilization = Object.entries(run.utilization).map(([worker, share]) => [worker, round(share)]);
  return {
    total_tasks: tasks.length,
    completed: counts.completed,
    failed: counts.failed,
    skipped: counts.skipped,
    ...(counts.cancelled > 0 ? { cancelled: counts.cancelled } : {}),
    total_duration: round(run.totalMs / 1000),
    worker_utilization: Object.fromEntries(utilization),
    get results() {
      return results ??= Object.fromEntries(ends.map(resultOf));
    },
  };
}

/** The report of a run whose artifacts were put back as they were; `lies` gives the digest of what lies at a path now. */
export function rolledBackReport(report: BuildReport, lies: (path: string) => string | undefined): BuildReport {
  const results = Object.entries(report.results).map(
    ([name, { sha256: _, artifacts: _all, ...result }]): [string, BuildResult] => {
      const sha256 = result.artifact_path === null ? undefined : lies(result.artifact_path);
      return [name, sha256 === undefined ? { ...result, artifact_path: null } : { ...result, sha256 }];
    },
  );
  return { ...report, results: Object.fromEntries(results), rolled_back: true };
}

function buildResult(
  { name, outputs }: Task,
  end: TaskEnd,
  { sha256, artifacts }: Pick<BuildResult, "sha256" | "artifacts">,
): BuildResult {
  const isDone = end.status === "completed";
  return {
    task_name: name,
    status: end.status,
    duration: round(end.durationMs / 1000),
    worker_id: end.worker,
    artifact_path: isDone ? artifacts?.[0]?.path ?? (outputs[0]?.kind === "file" ? outputs[0].path : null) : null,
    ...(isDone ? { sha256, cache_hit: end.by !== "executed", how: end.by } : {}),
    ...(isDone && artifacts !== undefined ? { artifacts } : {}),
    ...(end.reason === undefined ? {} : { reason: end.reason }),
    ...(end.failure === undefined ? {} : { error_message: describeTaskFailure(end.failure) }),
  };
}

/** Four decimals are all a clock is good for. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
