/**
 * Owns what a safe execution is asked and what it answers. Types only.
 *
 * @module
 */
import type { GateReport } from "../../graph/gates/findings.ts";
import type { GateTask } from "../../graph/gates/gate_task.ts";
import type { GatesOptions } from "./gates.ts";
import type { LogLevel } from "../../graph/gates/settings.ts";

/** What a task's function is told beside the task. */
export interface SafeTaskContext {
  /** Aborted when the execution is; a function that takes long should listen. */
  readonly signal: AbortSignal;
}

/** Does one task. It fails by throwing. */
export type SafeTaskFunction<Result> = (task: GateTask, context: SafeTaskContext) => Result | Promise<Result>;

/** What is kept before an execution, and put back when that comes to nothing. */
export interface CheckpointHooks {
  /** Before the first task, with the names of all. */
  readonly save: (tasks: readonly string[]) => void | Promise<void>;
  /** After tasks failed or their results were refused. */
  readonly rollBack: (tasks: readonly string[]) => void | Promise<void>;
}

/** Choices for {@linkcode SafeParallelExecutor}. */
export interface SafeExecutorOptions<Result = unknown> extends GatesOptions {
  /** Limit for one task in seconds; then its signal is aborted, and it has failed whatever it does. Default none. */
  readonly timeoutSeconds?: number;
  /** Seconds to wait for the file locks of a task; default 30. */
  readonly lockTimeoutSeconds?: number;
  /** Seconds before each further try, for locks and for what else will pass; default 0.1, 0.5, 1 and 2. */
  readonly retryDelays?: readonly number[];
  /** What becomes of tasks that may not run together; default `sequential`: in batches. */
  readonly conflictResolution?: "sequential" | "refuse";
  /** Begin with small batches of 2, then 3, then 5; default false. */
  readonly progressive?: boolean;
  /** Log what runs and what the machine bears while tasks run; default true. */
  readonly enableMonitoring?: boolean;
  /** What to leave out of the log; default INFO. */
  readonly logLevel?: LogLevel;
  /** Hears the log; default it goes to stderr. */
  readonly log?: (level: LogLevel, line: string) => void;
  /** With hooks a failure is rolled back, and then all tasks are run once more, one after another. */
  readonly checkpoint?: CheckpointHooks;
  /** Whether a result is as it should be; one that is not fails its task. Default all are. */
  readonly validateResult?: (task: GateTask, result: Result) => boolean | Promise<boolean>;
}

/** How one task ended. */
export interface SafeTaskResult<Result = unknown> {
  /** `skipped`: a task it needs did not complete. */
  readonly status: "completed" | "failed" | "skipped";
  /** Of a completed task. */
  readonly result?: Result;
  /** Why it failed or was skipped. */
  readonly error?: unknown;
  /** From its start to its end. */
  readonly durationMs: number;
}

/** How an execution went. */
export interface SafeExecutionReport<Result = unknown> {
  /** What the gates said of all tasks at once. */
  readonly report: GateReport;
  /** How they were run in the end. */
  readonly batches: readonly { readonly tasks: readonly string[]; readonly parallel: boolean }[];
  /** By name, in declared order. */
  readonly results: ReadonlyMap<string, SafeTaskResult<Result>>;
  /** Tasks that did what they should. */
  readonly completed: number;
  /** Tasks that threw. */
  readonly failed: number;
  /** Tasks that need one of those. */
  readonly skipped: number;
  /** How often all was put back. */
  readonly rollbacks: number;
  /** From the question to the gates to the last end. */
  readonly durationMs: number;
}
