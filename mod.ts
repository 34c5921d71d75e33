/**
 * The library: what programs import from troupe.
 *
 * ```ts
 * import { build } from "./mod.ts";
 *
 * const report = await build("fixtures/site/build.json", { workers: 4 });
 * console.log(report.completed, "of", report.total_tasks);
 * ```
 *
 * @module
 */
import { loadBuild } from "./actors/load.ts";
import { Reporter } from "./actors/reporter.ts";
import { runBuild } from "./actors/system.ts";
import type { BuildReport } from "./graph/report.ts";

export { InputError } from "./actors/input.ts";
export { type Contention, predictContention, type TaskFiles } from "./actors/lock_contention.ts";
export { FileLockError, type FileLockErrorKind } from "./actors/lock_error.ts";
export type { LockHolder, LockMode, StaleReason } from "./actors/lock_holder.ts";
export type {
  AcquireOptions,
  FileLock,
  FileLockManagerOptions,
  FileLockStatus,
  LockOwner,
  LockRequest,
} from "./actors/lock_request.ts";
export { FileLockManager } from "./actors/locks.ts";
export type { Liveness } from "./actors/process_identity.ts";
export type { Status } from "./graph/event.ts";
export type { BuildReport, BuildResult } from "./graph/report.ts";

/** Choices for {@linkcode build}. */
export interface BuildOptions {
  /** Number of workers; default `num_workers` of the config, or 8. */
  readonly workers?: number;
  /** Names of the tasks to build, with all they need; default all. */
  readonly tasks?: readonly string[];
  /** Start nothing more after the first failed task; default false. */
  readonly failFast?: boolean;
  /** Do every task again, whatever the build cache says; default false. */
  readonly force?: boolean;
}

/**
 * Builds the artifacts of a config that are not up to date, as `troupe build` does, without writing to the terminal.
 * Failed tasks are in the report; they do not reject.
 *
 * @throws {InputError} When the config or one of the names in `tasks` is wrong; nothing was started then.
 */
export async function build(config: string, options: BuildOptions = {}): Promise<BuildReport> {
  const begunMs = performance.now();
  const loaded = await loadBuild(config, options.tasks);
  const { report } = await runBuild(loaded, {
    workers: options.workers,
    failFast: options.failFast ?? false,
    force: options.force ?? false,
    level: "quiet",
    begunMs,
  }, new Reporter({ lines: "none" }));
  return report;
}
