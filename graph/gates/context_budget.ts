/**
 * Owns the gate of the context budget: how difficult the tasks of a group are together. Whoever runs or watches them has
 * to keep all of them in mind.
 *
 * @module
 */
import type { GateTask } from "./gate_task.ts";

/** In the words of the report. */
export interface ContextBudget {
  /** Sum of the difficulties. */
  readonly total_complexity: number;
  /** What they may add up to. */
  readonly max_complexity: number;
  /** Whether they do not exceed it. */
  readonly within_budget: boolean;
}

/** What a task counts. */
export function difficultyOf({ difficulty = 1 }: GateTask): number {
  return difficulty;
}

/** Adds up the difficulties of some tasks. */
export function checkBudget(group: readonly GateTask[], maxComplexity: number): ContextBudget {
  const total = group.reduce((sum, task) => sum + difficultyOf(task), 0);
  return { total_complexity: total, max_complexity: maxComplexity, within_budget: total <= maxComplexity };
}
