/**
 * Owns the search for tasks that touch what another one declares to write without naming it alike: by a glob that takes
 * it in, by a file in its folder or of its glob, or as their source or artifact. A running task is to be alone with what
 * it writes, however the others name it.
 *
 * @module
 */
import type { Task } from "../task.ts";
import { fileTable } from "./files.ts";
import { asWritten, type GateTask } from "./gate_task.ts";
import type { PlaceOf } from "./places.ts";
import { readsOf } from "./reads.ts";

/** As much of a task as says which files it touches; one of a task file has neither sources nor an artifact. */
export type TouchingTask = Pick<Task, "declared"> & Partial<Pick<Task, "sourceFiles" | "outputs">>;

/**
 * For each task that touches any, by index: the paths that others declare to write, as these write them. Those that it
 * declares under the same name are left out.
 */
export function findTouches(tasks: readonly TouchingTask[], placeOf: PlaceOf): Map<number, readonly string[]> {
  const touches = new Map<number, string[]>();
  const written = new Set(tasks.flatMap(({ declared }) => declared?.writes ?? []));
  if (written.size === 0) return touches;
  const { idOf, writers, readers, overlaps } = fileTable(tasks.map(asGateTask), tasks.keys(), placeOf);
  for (const path of written) {
    const id = idOf.get(path)!;
    const touching = new Set<number>();
    for (const other of [id, ...(overlaps.get(id) ?? [])]) {
      for (const task of writers[other]) touching.add(task);
      for (const task of readers[other]) touching.add(task);
    }
    for (const task of touching) {
      const { declared } = tasks[task];
      if (declared?.writes?.includes(path) || declared?.reads?.includes(path)) continue;
      const paths = touches.get(task);
      if (paths === undefined) touches.set(task, [path]);
      else paths.push(path);
    }
  }
  return touches;
}

function asGateTask({ declared, sourceFiles = [], outputs = [] }: TouchingTask): GateTask {
  const { reads = [], writes = [] } = declared ?? {};
  const sources = readsOf(sourceFiles);
  return {
    name: "",
    reads: reads.length === 0 ? sources : [...sources, ...reads],
    writes: outputs.length === 0 ? writes : [...outputs.map(asWritten), ...writes],
  };
}
