/**
 * Owns the choice whether declared files are compared at all: where no task declares to write any, which is most builds,
 * what compares them is not even loaded.
 *
 * @module
 */
import type { TouchingTask } from "../../graph/gates/touches.ts";
import { later } from "../machine/later.ts";

/**
 * The declared files that tasks touch under other names, by task, where paths start at a folder; see
 * graph/gates/touches.ts. `entries` are their `source_files` where these are better known than the tasks have them.
 */
export async function touchesOf(
  tasks: readonly TouchingTask[],
  folder: string,
  entries?: readonly (readonly string[])[],
): Promise<ReadonlyMap<number, readonly string[]> | undefined> {
  if (tasks.every(({ declared }) => declared?.writes === undefined)) return undefined;
  const [{ findTouches }, { placesIn }] = await Promise.all([
    later<typeof import("../../graph/gates/touches.ts")>("../../graph/gates/touches.ts", import.meta.url),
    later<typeof import("../machine/places.ts")>("../machine/places.ts", import.meta.url),
  ]);
  const known = entries === undefined ? tasks : tasks.map((task, at) => ({ ...task, sourceFiles: entries[at] }));
  return findTouches(known, placesIn(folder));
}
