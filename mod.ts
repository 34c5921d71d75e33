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
import { buildFor, type BuildOptions } from "./actors/commands/build.ts";
import { asLibrary } from "./actors/commands/invocation.ts";
import { openGates } from "./actors/commands/load_gates.ts";
import type { SafeExecutorOptions, SafeTaskFunction } from "./actors/library/safe_execution.ts";
import { SafeParallelExecutor } from "./actors/library/safe_parallel_executor.ts";
import type { GateReport } from "./graph/gates/findings.ts";
import type { ParallelExecutionGates } from "./actors/library/gates.ts";
import type { BuildReport } from "./graph/report/build_report.ts";

export { build, type BuildOptions } from "./actors/commands/build.ts";
export { BuildStatus, type SharedStatus } from "./actors/engine/build_status.ts";
export type { CallOptions } from "./actors/commands/invocation.ts";
export { batches, type BatchesOptions, type BatchesReport, check, type CheckOptions } from "./actors/commands/check.ts";
export { clean, type CleanOptions } from "./actors/commands/clean.ts";
export { dryRun, type DryRunOptions } from "./actors/commands/dry_run.ts";
export { why, type WhyOptions } from "./actors/commands/why.ts";
export { graph, type GraphChoice, type GraphOptions, type GraphReport } from "./actors/commands/graph.ts";
export { history, type HistoryOptions, show, type ShowOptions } from "./actors/commands/history.ts";
export { join, type JoinOptions } from "./actors/commands/join.ts";
export { list, type ListOptions } from "./actors/commands/list.ts";
export { type LockReport, locks, type LocksOptions, type LocksReport } from "./actors/commands/locks.ts";
export { report, type ReportOptions } from "./actors/commands/report.ts";
export { retry, type RetryOptions } from "./actors/commands/retry.ts";
export { run, type RunOptions } from "./actors/commands/run.ts";
export { status, type StatusOptions } from "./actors/commands/status.ts";
export { Crew, HAS_MORE_TTL_MS, type TaskOf } from "./actors/crew/crew.ts";
export { CrewError, type CrewErrorKind, TasksFailedError } from "./actors/crew/store/crew_error.ts";
export type { CrewLock, CrewLockOptions, HeldCrewLock } from "./actors/crew/crew_lock.ts";
export { CrewTask, type CrewTaskInit } from "./actors/crew/crew_task.ts";
export { Monitor, type MonitoredWorker } from "./actors/crew/monitor.ts";
export type { CrewOptions } from "./actors/crew/options.ts";
export type {
  StatusRecord as CrewStatusRecord,
  StoreOptions as CrewViewOptions,
  TaskRecord as CrewTaskRecord,
  WorkerRecord as CrewWorkerRecord,
  WorkflowRecord as CrewWorkflowRecord,
} from "./actors/crew/store/records.ts";
export { DatabaseError, type DatabaseErrorKind } from "./actors/storage/database_error.ts";
export { TransactionError } from "./actors/build/transaction/error.ts";
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
export { type Contention, predictContention, type TaskFiles } from "./actors/library/lock_contention.ts";
export { FileLockError, type FileLockErrorKind } from "./actors/locks/error.ts";
export type { LockHolder, LockMode, StaleReason } from "./actors/locks/holder.ts";
export type {
  AcquireOptions,
  FileLock,
  FileLockManagerOptions,
  FileLockStatus,
  LockOwner,
  LockRequest,
} from "./actors/locks/request.ts";
export { FileLockManager } from "./actors/locks/locks.ts";
export type { Liveness } from "./actors/machine/process_identity.ts";
export type {
  CheckpointHooks,
  SafeExecutionReport,
  SafeExecutorOptions,
  SafeTaskContext,
  SafeTaskFunction,
  SafeTaskResult,
} from "./actors/library/safe_execution.ts";
export { SafeParallelExecutor } from "./actors/library/safe_parallel_executor.ts";
export type { CleanedArtifact, CleanReport, KeptReason } from "./graph/report/clean_report.ts";
export type { CrewReport } from "./graph/crew/member_report.ts";
export type {
  SnapshotReport as CrewStatusReport,
  WorkerReport as CrewWorkerReport,
} from "./graph/crew/overview_report.ts";
export type {
  FailedTask as CrewFailedTask,
  Overview as CrewOverview,
  OverviewWorker as CrewOverviewWorker,
  RunningTask as CrewRunningTask,
} from "./graph/crew/snapshot.ts";
export type { CrewTaskState, CrewTaskStatus, FailurePolicy, WorkerStatus } from "./graph/crew/status.ts";
export type { CompletedBy, Status } from "./graph/schedule/event.ts";
export type { ContextBudget } from "./graph/gates/context_budget.ts";
export type { FileConflict, Severity } from "./graph/gates/file_conflicts.ts";
export type { GateReport } from "./graph/gates/findings.ts";
export { GateError, type GateTask } from "./graph/gates/gate_task.ts";
export { ConflictDetector, type GatesOptions, ParallelExecutionGates } from "./actors/library/gates.ts";
export type { HeldLock, LockIssue } from "./graph/gates/lock_availability.ts";
export type { HostLoad, ResourceCapacity } from "./graph/gates/resource_capacity.ts";
export type { LogLevel } from "./graph/gates/settings.ts";
export type { LoadLimits } from "./graph/schedule/headroom.ts";
export {
  CircularDependencyError,
  TaskNotFoundError,
  TaskSkippedError,
  WaveExecutionError,
} from "./graph/library/execution_error.ts";
export type { ExecutionEvent } from "./graph/library/execution_event.ts";
export { ExecutionResult, type TaskStatus, type Wave, type WaveSummary } from "./graph/library/execution_report.ts";
export type { ModuleTask, ModuleTaskFile } from "./graph/module_task.ts";
export type {
  AttemptRecord,
  HistoryReport,
  RunCounts,
  RunRecord,
  RunReport,
  RunStatus,
  TaskRecord,
  TaskReport,
} from "./graph/report/run_records.ts";
export type { InputDifference } from "./graph/manifest.ts";
export type { Flakiness } from "./graph/report/flaky.ts";
export type { LastTime, WhyReport } from "./graph/report/why_report.ts";
export type { LastAttempt, ListedTask, ListReport, TaskState } from "./graph/report/task_list.ts";
export { InputError } from "./graph/input/input_error.ts";
export type { ShownArtifact } from "./graph/artifact.ts";
export type { BuildReport, BuildResult, DryRunReport, Prospect } from "./graph/report/build_report.ts";

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
  return (await openGates(config, { settings: options.gates, measures: true })).gates;
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
 * A build as safe as it can be had: the gates are asked about all that is to be built, and kept to in number and difficulty
 * of the tasks that run; conflicting tasks are never run at once, each holds locks on the files it declares, and unless every task succeeds all artifacts are put back as they were and the tasks done once more, one after
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
 * @throws {GateError} When there are conflicts that the settings refuse, or a lock is held too long; nothing was started then.
 * @throws {TransactionError} As {@linkcode build} does.
 */
export async function safeBuild(
  config: string,
  options: BuildOptions = {},
): Promise<{ readonly gates: GateReport; readonly report: BuildReport }> {
  let gates: GateReport | undefined;
  const safely: BuildOptions = { transaction: { fallback: "sequential" }, ...options, validate: true };
  const { report } = await asLibrary(safely, (invocation) => {
    return buildFor(invocation, config, { ...safely, onVerdict: (verdict) => gates = verdict.report });
  });
  return { gates: gates!, report };
}
