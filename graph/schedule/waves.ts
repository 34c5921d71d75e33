/**
 * Owns the grouping of tasks into waves: every dependency of a task lies in an earlier wave, every wave is as early as
 * it can be. It is for showing a plan and for strict barriers; a build starts each task as soon as it is ready instead.
 *
 * @module
 */
import { type Graph, topologicalOrder } from "../graph.ts";

/** Tasks by level, each level in declared order. The graph must have no cycles. */
export function waves(graph: Graph): number[][] {
  const { size, dependencyStart, dependencies } = graph;
  const levels = new Int32Array(size);
  let depth = size > 0 ? 1 : 0;
  for (const task of topologicalOrder(graph)) {
    let level = 0;
    for (let at = dependencyStart[task]; at < dependencyStart[task + 1]; at++) {
      level = Math.max(level, levels[dependencies[at]] + 1);
    }
    levels[task] = level;
    depth = Math.max(depth, level + 1);
  }
  const groups: number[][] = Array.from({ length: depth }, () => []);
  for (let task = 0; task < size; task++) groups[levels[task]].push(task);
  return groups;
}
