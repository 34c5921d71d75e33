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
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { build, type BuildOptions } from "./actors/commands/build.ts";
import { openGates } from "./actors/load_gates.ts";
import type { SafeExecutorOptions, SafeTaskFunction } from "./actors/safe_execution.ts";
import { SafeParallelExecutor } from "./actors/safe_parallel_executor.ts";
import type { GateReport } from "./graph/gates/findings.ts";
import { GateError } from "./graph/gates/gate_task.ts";
import type { ParallelExecutionGates } from "./graph/gates/gates.ts";
import { hasConflicts } from "./graph/gates/resolution.ts";
import type { BuildReport } from "./graph/report.ts";

export { build, type BuildOptions } from "./actors/commands/build.ts";
export type { CallOptions } from "./actors/commands/caller.ts";
export { batches, type BatchesOptions, type BatchesReport, check, type CheckOptions } from "./actors/commands/check.ts";
export { dryRun, type DryRunOptions } from "./actors/commands/dry_run.ts";
export { history, type HistoryOptions, show, type ShowOptions } from "./actors/commands/history.ts";
export { join, type JoinOptions } from "./actors/commands/join.ts";
export { type LockReport, locks, type LocksOptions, type LocksReport } from "./actors/commands/locks.ts";
export { retry, type RetryOptions } from "./actors/commands/retry.ts";
export { run, type RunOptions } from "./actors/commands/run.ts";
export { status, type StatusOptions } from "./actors/commands/status.ts";
export { Crew, HAS_MORE_TTL_MS, type TaskOf } from "./actors/crew/crew.ts";
export { CrewError, type CrewErrorKind, TasksFailedError } from "./actors/crew/crew_error.ts";
export type { CrewLock, CrewLockOptions, HeldCrewLock } from "./actors/crew/crew_lock.ts";
export { CrewTask, type CrewTaskInit } from "./actors/crew/crew_task.ts";
export { Monitor, type MonitoredWorker } from "./actors/crew/monitor.ts";
export type { CrewOptions } from "./actors/crew/options.ts";
export type {
  StatusRecord as CrewStatusRecord,
  TaskRecord as CrewTaskRecord,
  WorkerRecord as CrewWorkerRecord,
  WorkflowRecord as CrewWorkflowRecord,
} from "./actors/crew/records.ts";
export type { StoreOptions as CrewViewOptions } from "./actors/crew/view.ts";
export { DatabaseError, type DatabaseErrorKind } from "./actors/database_error.ts";
export { InputError } from "./actors/input.ts";
export { TransactionError } from "./actors/transaction_error.ts";
export {
  DependencyAwareScheduler,
  type ExecuteOptions,
  type SchedulerOptions,
} from "./actors/library/dependency_aware_scheduler.ts";
export {
  ModuleExecutor,
  moduleExecutor,
  type ModuleExecutorOptions,
  type ModulePermissions,
} from "./actors/library/module_executor.ts";
export type { ScheduledTask, TaskExecutor, TaskOptions } from "./actors/library/scheduled_task.ts";
export type { TaskContext } from "./actors/library/task_context.ts";
export { ThreadSafeState } from "./actors/library/thread_safe_state.ts";
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
export type {
  CheckpointHooks,
  SafeExecutionReport,
  SafeExecutorOptions,
  SafeTaskContext,
  SafeTaskFunction,
  SafeTaskResult,
} from "./actors/safe_execution.ts";
export { SafeParallelExecutor } from "./actors/safe_parallel_executor.ts";
export type { CrewReport } from "./graph/crew/member_report.ts";
export type {
  SightReport as CrewStatusReport,
  WorkerReport as CrewWorkerReport,
} from "./graph/crew/overview_report.ts";
export type {
  FailedTask as CrewFailedTask,
  Overview as CrewOverview,
  OverviewWorker as CrewOverviewWorker,
  RunningTask as CrewRunningTask,
} from "./graph/crew/sight.ts";
export type { CrewTaskState, CrewTaskStatus, FailurePolicy, WorkerStatus } from "./graph/crew/status.ts";
export type { Status } from "./graph/event.ts";
export type { ContextBudget } from "./graph/gates/context_budget.ts";
export type { FileConflict, Severity } from "./graph/gates/file_conflicts.ts";
export type { GateReport } from "./graph/gates/findings.ts";
export { GateError, type GateTask } from "./graph/gates/gate_task.ts";
export { ConflictDetector, type GatesOptions, ParallelExecutionGates } from "./graph/gates/gates.ts";
export type { HeldLock, LockIssue } from "./graph/gates/lock_availability.ts";
export type { HostLoad, ResourceCapacity } from "./graph/gates/resource_capacity.ts";
export type { LogLevel } from "./graph/gates/settings.ts";
export type { LoadLimits } from "./graph/headroom.ts";
export {
  CircularDependencyError,
  TaskNotFoundError,
  TaskSkippedError,
  WaveExecutionError,
} from "./graph/library/execution_error.ts";
export type { ExecutionEvent } from "./graph/library/execution_event.ts";
export { ExecutionResult, type TaskStatus, type Wave, type WaveSummary } from "./graph/library/execution_report.ts";
export type { ModuleTask, ModuleTaskFile } from "./graph/module_task.ts";
export type { BuildReport, BuildResult, DryRunReport, Prospect } from "./graph/report.ts";
export type {
  HistoryReport,
  RunCounts,
  RunRecord,
  RunReport,
  RunStatus,
  TaskRecord,
  TaskReport,
} from "./graph/run_records.ts";

/** Choices for {@linkcode loadGates}. */
export interface LoadGatesOptions {
  /** Path of the gates' settings; default `parallel-execution.json` beside the config, if there is one. */
  readonly gates?: string;
}

/**
 * The gates of the tasks in a build config or a task file, with the settings, the load of the machine and the held locks
 * that `troupe check` goes by.
 *
 * @example
 * ```ts
 * import { loadGates } from "./mod.ts";
 *
 * const gates = await loadGates("fixtures/site/build.json");
 * for (const batch of gates.suggestExecutionBatches()) {
 *   const [canParallel, report] = gates.validateParallelGroup(batch);
 *   console.log(batch.join(", "), canParallel, report.recommendations);
 * }
 * ```
 *
 * @throws {InputError} When the file, the settings or the environment are wrong.
 */
export async function loadGates(config: string, options: LoadGatesOptions = {}): Promise<ParallelExecutionGates> {
  return (await openGates(config, { settings: options.gates })).gates;
}

/**
 * A safe executor for the tasks in a build config or a task file, by the settings that `troupe check` goes by. `work`
 * does each of them; `options` count over the settings.
 *
 * @example
 * ```ts
 * import { loadExecutor } from "./mod.ts";
 *
 * const executor = await loadExecutor("fixtures/site/build.json", ({ name }) => name.length, { log: () => {} });
 * const { completed, failed } = await executor.execute();
 * console.log(completed, failed);
 * ```
 *
 * @throws {InputError} When the file, the settings or the environment are wrong.
 */
export async function loadExecutor<Result>(
  config: string,
  work: SafeTaskFunction<Result>,
  { gates: path, ...options }: LoadGatesOptions & SafeExecutorOptions<Result> = {},
): Promise<SafeParallelExecutor<Result>> {
  const { tasks, settings, resourceLimits } = await openGates(config, { settings: path });
  return new SafeParallelExecutor(tasks, work, {
    folder: dirname(resolve(config)),
    resourceLimits,
    ...settings,
    ...options,
  });
}

/**
 * A build as safe as it can be had: the gates are asked about all that is to be built, conflicting tasks are never run at
 * once, and unless every task succeeds all artifacts are put back as they were and the tasks done once more, one after
 * another.
 *
 * @example
 * ```ts
 * import { safeBuild } from "./mod.ts";
 *
 * const { gates, report } = await safeBuild("fixtures/site/build.json");
 * console.log(gates.can_parallel, report.completed, report.rolled_back ?? false);
 * ```
 *
 * @throws {InputError} When the config, the settings, the environment or one of the names in `tasks` are wrong.
 * @throws {GateError} When there are conflicts, and the settings refuse these; nothing was started then.
 * @throws {TransactionError} As {@linkcode build} does.
 */
export async function safeBuild(
  config: string,
  options: BuildOptions = {},
): Promise<{ readonly gates: GateReport; readonly report: BuildReport }> {
  const { gates, settings } = await openGates(config, { settings: options.gates, only: options.tasks });
  const verdict = gates.ask();
  if (settings.conflictResolution === "refuse" && hasConflicts(verdict)) {
    throw new GateError('The gates found conflicts, and conflict_resolution is "refuse"');
  }
  const report = await build(config, { transaction: { fallback: "sequential" }, ...options });
  return { gates: verdict.report, report };
}
