/**
 * Owns what a program can get wrong with its tasks, and why one of them was not run: an error each, with its data.
 * It finds none of them.
 *
 * @module
 */
import type { ExecutionResult } from "./execution_report.ts";
import { quote, shortened } from "../text.ts";
import { circularDependency, unknownDependency } from "../graph_diagnostics.ts";

/**
 * Tasks need each other in a cycle, so none of them could ever start. The message shows the cycle as a list; `arrows` is
 * the same sentence with arrows, `Circular dependency detected: a → b → a`.
 *
 * @example
 * ```ts
 * import { CircularDependencyError, DependencyAwareScheduler } from "./mod.ts";
 *
 * const scheduler = new DependencyAwareScheduler();
 * scheduler.addTask("a", () => 1, ["b"]);
 * scheduler.addTask("b", () => 2, ["a"]);
 * try {
 *   scheduler.schedule();
 * } catch (error) {
 *   if (!(error instanceof CircularDependencyError)) throw error;
 *   console.log(error.message); // Circular dependency detected: ['a', 'b', 'a']
 *   console.log(error.arrows); // Circular dependency detected: a → b → a
 * }
 * ```
 */
export class CircularDependencyError extends Error {
  /** For those who cannot use `instanceof`. */
  override readonly name = "CircularDependencyError";
  /** The cycle in depends-on direction, from the task added first back to it. */
  readonly cyclePath: readonly string[];
  /** The message with arrows. */
  readonly arrows: string;

  /** The path starts and ends with the same task. */
  constructor(cyclePath: readonly string[]) {
    super(`Circular dependency detected: [${shortened(cyclePath, quote).join(", ")}]`);
    this.cyclePath = cyclePath;
    this.arrows = circularDependency(cyclePath, 0).message;
  }
}

/**
 * A task depends on one that was never added.
 *
 * @example
 * ```ts
 * import { DependencyAwareScheduler, TaskNotFoundError } from "./mod.ts";
 *
 * const scheduler = new DependencyAwareScheduler();
 * scheduler.addTask("assets", () => 1);
 * scheduler.addTask("site", () => 2, ["asets"]);
 * try {
 *   scheduler.schedule();
 * } catch (error) {
 *   if (!(error instanceof TaskNotFoundError)) throw error;
 *   console.log(error.message); // Task 'site' depends on unknown task 'asets', did you mean 'assets'?
 * }
 * ```
 */
export class TaskNotFoundError extends Error {
  /** For those who cannot use `instanceof`. */
  override readonly name = "TaskNotFoundError";
  /** The task with the dependency. */
  readonly taskId: string;
  /** What it names. */
  readonly missingDependency: string;
  /** All tasks there are. */
  readonly availableTasks: readonly string[];

  /** Guesses what was meant. */
  constructor(
    taskId: string,
    { missingDependency, availableTasks }: {
      readonly missingDependency: string;
      readonly availableTasks: readonly string[];
    },
  ) {
    const diagnostic = unknownDependency(
      { index: 0, name: taskId },
      { key: "dependencies", name: missingDependency },
      availableTasks,
    );
    super(diagnostic.hint === undefined ? diagnostic.message : `${diagnostic.message}, ${diagnostic.hint}`);
    this.taskId = taskId;
    this.missingDependency = missingDependency;
    this.availableTasks = availableTasks;
  }
}

/**
 * An execution that was to end with the first failed task (`failFast`) did so. Its `cause` is that task's error.
 *
 * @example
 * ```ts
 * import { DependencyAwareScheduler, WaveExecutionError } from "./mod.ts";
 *
 * const scheduler = new DependencyAwareScheduler();
 * scheduler.addTask("a", () => Promise.reject(new Error("No such file")));
 * try {
 *   await scheduler.execute({ failFast: true });
 * } catch (error) {
 *   if (!(error instanceof WaveExecutionError)) throw error;
 *   console.log(error.message); // Wave 1 failed: task 'a': No such file
 *   console.log(error.result.failedTasks); // 1
 * }
 * ```
 */
export class WaveExecutionError extends Error {
  /** For those who cannot use `instanceof`. */
  override readonly name = "WaveExecutionError";
  /** The wave of the task that failed first. */
  readonly waveNumber: number;
  /** The task that failed first. */
  readonly taskId: string;
  /** How everything went until then. */
  readonly result: ExecutionResult;

  /** Takes the cause from the result. */
  constructor(
    waveNumber: number,
    { taskId, result }: { readonly taskId: string; readonly result: ExecutionResult },
  ) {
    const cause = result.taskErrors[taskId];
    super(`Wave ${waveNumber} failed: task ${quote(taskId)}: ${cause.message}`, { cause });
    this.waveNumber = waveNumber;
    this.taskId = taskId;
    this.result = result;
  }
}

/**
 * Why a task was not run, or not tried again: the reason is not its own.
 *
 * @example
 * ```ts
 * import { DependencyAwareScheduler, TaskSkippedError } from "./mod.ts";
 *
 * const scheduler = new DependencyAwareScheduler();
 * scheduler.addTask("a", () => Promise.reject(new Error("No such file")));
 * scheduler.addTask("b", () => 2, ["a"]);
 * const { taskErrors } = await scheduler.execute();
 * console.log(taskErrors.b instanceof TaskSkippedError, taskErrors.b.message); // true Skipped because task 'a' failed
 * ```
 */
export class TaskSkippedError extends Error {
  /** For those who cannot use `instanceof`. */
  override readonly name = "TaskSkippedError";
}

/** A task that needs the failed one or, where the first failure ends all, comes after it. */
export function skippedAfter(failed: string, cause: unknown): TaskSkippedError {
  return new TaskSkippedError(`Skipped because task ${quote(failed)} failed`, { cause });
}

/** A task that was not running when the execution was cancelled. */
export function skippedByCancel(reason: unknown): TaskSkippedError {
  return new TaskSkippedError("Skipped because the execution was cancelled", { cause: reason });
}

/** A task that could never start, in an execution that was not checked for this before. */
export function skippedInCycle(): TaskSkippedError {
  return new TaskSkippedError("Skipped because of a circular dependency: it is part of one, or needs a task that is");
}
