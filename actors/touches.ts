/**
 * Owns the choice whether declared files are compared at all: where no task declares to write any, which is most builds,
 * what compares them is not even loaded.
 *
 * @module
 */
import type { TouchingTask } from "../graph/gates/touches.ts";

/** The declared files that tasks touch under other names, by task; see graph/gates/touches.ts. */
export async function touchesOf(
  tasks: readonly TouchingTask[],
): Promise<ReadonlyMap<number, readonly string[]> | undefined> {
  if (tasks.every(({ declared }) => declared?.writes === undefined)) return undefined;
  const { findTouches } = await import("../graph/gates/touches.ts");
  return findTouches(tasks);
}
