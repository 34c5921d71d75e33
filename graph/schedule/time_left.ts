/**
 * Owns the estimate of how long a run will still take, from how long its tasks usually do.
 *
 * @module
 */
import type { Schedulable } from "./state.ts";

/** How far a run is. Times in milliseconds. */
export interface Going {
  readonly isOver: (task: number) => boolean;
  /** How long a task usually takes; undefined when that is not known. */
  readonly usualMs: (task: number) => number | undefined;
  /** How long a task has been running; 0 when it is not. */
  readonly elapsedMs: (task: number) => number;
  readonly workers: number;
}

/**
 * The time left: the longest path of what is not over, or all of it shared among the workers, whichever is longer.
 * Undefined when one of the tasks was never done before: a number that leaves out the unknown would promise too much.
 */
export function timeLeft(
  { order, dependentStart, dependents }: Pick<Schedulable, "order" | "dependentStart" | "dependents">,
  { isOver, usualMs, elapsedMs, workers }: Going,
): number | undefined {
  const longest = new Float64Array(order.length);
  let path = 0, work = 0;
  // The order is by longest remaining path, so a task's dependents come after it.
  for (let at = order.length - 1; at >= 0; at--) {
    const task = order[at];
    if (isOver(task)) continue;
    const usual = usualMs(task);
    if (usual === undefined) return undefined;
    const own = Math.max(0, usual - elapsedMs(task));
    let after = 0;
    for (let i = dependentStart[task]; i < dependentStart[task + 1]; i++) {
      after = Math.max(after, longest[dependents[i]]);
    }
    longest[task] = own + after;
    path = Math.max(path, longest[task]);
    work += own;
  }
  return Math.max(path, work / Math.max(1, workers));
}
