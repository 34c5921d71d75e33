/**
 * Owns what is known of an execution by a program: the words for a task's status, its waves, and the result of all of it,
 * with the names JSON has for them.
 * It measures nothing; durations are told to it.
 *
 * @module
 */
import { plainJson } from "./plain_json.ts";

/** How far a task, or a wave, is. */
export type TaskStatus = "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED";

/** Tasks whose dependencies all lie in earlier waves; each wave is as early as it can be. */
export interface Wave {
  /** From 1. */
  readonly waveNumber: number;
  /** In the order in which they were added. */
  readonly taskIds: readonly string[];
  /** Completed when all its tasks are, failed when all have ended and one of them failed. */
  readonly status: TaskStatus;
  /** From the start of its first task to the end of its last one; 0 before that. Without a barrier waves overlap. */
  readonly durationMs: number;
  /** When it was scheduled. */
  readonly createdAt: Date;
}

/** What a result says of one wave. */
export interface WaveSummary {
  /** From 1. */
  readonly waveNumber: number;
  /** How many tasks there are in it. */
  readonly taskCount: number;
  /** As in {@linkcode Wave}. */
  readonly durationMs: number;
  /** In the order in which they were added. */
  readonly taskIds: readonly string[];
}

/**
 * How an execution went. `JSON.stringify` writes it with the names `execution_id`, `total_tasks` and so on, and errors as
 * their messages.
 *
 * @example
 * ```ts
 * import { DependencyAwareScheduler, type ExecutionResult } from "./mod.ts";
 *
 * const scheduler = new DependencyAwareScheduler();
 * scheduler.addTask("a", () => 20);
 * scheduler.addTask("b", ({ dependencyResults }) => Number(dependencyResults.a) + 1, ["a"]);
 * const result: ExecutionResult = await scheduler.execute();
 * console.log(result.successfulTasks, result.taskResults); // 2 { a: 20, b: 21 }
 * ```
 */
export class ExecutionResult {
  /** A UUID. */
  readonly executionId: string;
  /** All tasks; each is either successful or failed. */
  readonly totalTasks: number;
  /** How many were completed. */
  readonly successfulTasks: number;
  /** How many were not: failed, skipped since one they need failed, or cancelled. */
  readonly failedTasks: number;
  /** How many waves there were. */
  readonly totalWaves: number;
  /** By the clock on the wall. */
  readonly totalDurationMs: number;
  /** The durations of all tasks together: what they would have taken one after another. */
  readonly sequentialDurationMs: number;
  /** `sequentialDurationMs / totalDurationMs`. */
  readonly speedupRatio: number;
  /** What the completed tasks returned, by id. */
  readonly taskResults: Readonly<Record<string, unknown>>;
  /** Why the failed tasks failed, by id. */
  readonly taskErrors: Readonly<Record<string, Error>>;
  /** Its waves, in order. */
  readonly waveSummary: readonly WaveSummary[];

  /** Adds the ratio to the figures. */
  constructor(figures: Omit<ExecutionResult, "speedupRatio" | "toJSON">) {
    this.executionId = figures.executionId;
    this.totalTasks = figures.totalTasks;
    this.successfulTasks = figures.successfulTasks;
    this.failedTasks = figures.failedTasks;
    this.totalWaves = figures.totalWaves;
    this.totalDurationMs = figures.totalDurationMs;
    this.sequentialDurationMs = figures.sequentialDurationMs;
    this.speedupRatio = speedupRatio(figures.sequentialDurationMs, figures.totalDurationMs);
    this.taskResults = figures.taskResults;
    this.taskErrors = figures.taskErrors;
    this.waveSummary = figures.waveSummary;
  }

  /** What `JSON.stringify` writes: of results a BigInt as its digits, and what holds itself as `[Circular]`. */
  toJSON(): Record<string, unknown> {
    return {
      execution_id: this.executionId,
      total_tasks: this.totalTasks,
      successful_tasks: this.successfulTasks,
      failed_tasks: this.failedTasks,
      total_waves: this.totalWaves,
      total_duration_ms: this.totalDurationMs,
      sequential_duration_ms: this.sequentialDurationMs,
      speedup_ratio: this.speedupRatio,
      task_results: Object.fromEntries(
        Object.entries(this.taskResults).map(([id, value]) => [id, plainJson(value)]),
      ),
      task_errors: Object.fromEntries(Object.entries(this.taskErrors).map(([id, { message }]) => [id, message])),
      wave_summary: this.waveSummary.map(({ waveNumber, taskCount, durationMs, taskIds }) => ({
        wave_number: waveNumber,
        task_count: taskCount,
        duration_ms: durationMs,
        task_ids: taskIds,
      })),
    };
  }
}

/** How many times faster than one after another; 1 when nothing took any time. */
function speedupRatio(sequentialMs: number, totalMs: number): number {
  return totalMs > 0 ? sequentialMs / totalMs : 1;
}
