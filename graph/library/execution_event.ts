/**
 * Owns the words in which an execution tells of its progress. Types only.
 *
 * @module
 */
import type { ExecutionResult } from "./execution_report.ts";

/**
 * One thing that happened in an execution. Between the first, `executionStarted`, and the last, `executionEnded`, every task
 * ends exactly once: `taskCompleted`, `taskFailed` or `taskSkipped`.
 */
export type ExecutionEvent =
  /** Nothing has started yet. */
  | {
    readonly kind: "executionStarted";
    readonly executionId: string;
    readonly totalTasks: number;
    readonly totalWaves: number;
  }
  /** The first task of a wave is about to start. */
  | { readonly kind: "waveStarted"; readonly waveNumber: number; readonly taskIds: readonly string[] }
  /** An attempt, from 1, has begun. */
  | { readonly kind: "taskStarted"; readonly taskId: string; readonly waveNumber: number; readonly attempt: number }
  /** An attempt failed, and there will be another. */
  | {
    readonly kind: "attemptFailed";
    readonly taskId: string;
    readonly attempt: number;
    readonly error: Error;
    readonly retryInMs: number;
  }
  | {
    readonly kind: "taskCompleted";
    readonly taskId: string;
    /** How many attempts it took. */
    readonly attempts: number;
    readonly durationMs: number;
    readonly result: unknown;
  }
  /** Its last attempt failed. */
  | {
    readonly kind: "taskFailed";
    readonly taskId: string;
    readonly attempts: number;
    readonly durationMs: number;
    readonly error: Error;
  }
  /** The task will not be started, or not again: a task it needs failed, or the execution was cut short. */
  | { readonly kind: "taskSkipped"; readonly taskId: string; readonly error: Error }
  /** All tasks of a wave have ended. */
  | { readonly kind: "waveEnded"; readonly waveNumber: number; readonly durationMs: number; readonly failed: boolean }
  /** Everything has ended. */
  | { readonly kind: "executionEnded"; readonly result: ExecutionResult };
