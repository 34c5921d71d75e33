/**
 * Owns the rules for what becomes of a task when an attempt at it ends.
 *
 *     ready ──► running ──► completed
 *       ▲          │ failed, killed: within retries
 *       ├──────────┤ cancelled
 *       │          └──► failed, killed: no retries allowed · abandoned: used up
 *
 * With several members on one task it stays `running` until the last of them ends; one that completes it completes it
 * for all, and nobody new joins after that.
 *
 * @module
 */
import type { CrewTaskState, RetryLimits } from "./status.ts";

/** How an attempt ended. */
export type Ending = "completed" | "failed" | "killed" | "cancelled";

/** What counts about a task when an attempt ends; the attempt is still among its `activeWorkers`. */
export interface Attempted {
  readonly activeWorkers: number;
  readonly maxParallelWorkers: number;
  /** Another member has completed it already. */
  readonly hasCompleted: boolean;
  /** Attempts that failed before. */
  readonly failures: number;
  /** Attempts that died with their member before. */
  readonly kills: number;
}

/** The same afterwards. */
export interface Settled {
  readonly state: CrewTaskState;
  readonly activeWorkers: number;
  /** Whether a member may take it. */
  readonly isClaimable: boolean;
  readonly hasCompleted: boolean;
  readonly failures: number;
  readonly kills: number;
}

/** What becomes of the task. */
export function afterEnding(task: Attempted, ending: Ending, limits: RetryLimits): Settled {
  const activeWorkers = task.activeWorkers - 1;
  const hasCompleted = task.hasCompleted || ending === "completed";
  const failures = task.failures + (ending === "failed" ? 1 : 0);
  const kills = task.kills + (ending === "killed" ? 1 : 0);
  const state = stateAfter();
  const hasRoom = state === "ready" || state === "running" && activeWorkers < task.maxParallelWorkers;
  return {
    state,
    activeWorkers,
    isClaimable: hasRoom && !hasCompleted && !isSpent(),
    hasCompleted: hasCompleted && state === "running",
    failures,
    kills,
  };

  function stateAfter(): CrewTaskState {
    if (activeWorkers > 0) return "running";
    if (hasCompleted) return "completed";
    if (!isSpent()) return "ready";
    const most = ending === "failed" ? limits.maxFailedRetries : limits.maxKilledRetries;
    return most > 0 ? "abandoned" : ending === "failed" ? "failed" : "killed";
  }

  function isSpent(): boolean {
    if (ending === "failed") return failures > limits.maxFailedRetries;
    return ending === "killed" && kills > limits.maxKilledRetries;
  }
}
