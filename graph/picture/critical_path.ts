/**
 * Owns the critical path: of tasks that are to be done the longest chain by how long each usually takes, of a run the chain
 * of those that each waited for the one before, up to the one that ended last.
 *
 * @module
 */
import { type Graph, longestRemainingPath } from "../graph.ts";

/** The longest chain, what is needed first; empty where nothing has a weight. */
export function longestChain(graph: Graph, weights: ArrayLike<number>): number[] {
  const lengths = longestRemainingPath(graph, weights);
  let at = -1;
  for (let task = 0; task < graph.size; task++) {
    if (lengths[task] > 0 && (at < 0 || lengths[task] > lengths[at])) at = task;
  }
  const chain: number[] = [];
  while (at >= 0) {
    chain.push(at);
    at = highest(lengths, graph.dependents, graph.dependentStart[at], graph.dependentStart[at + 1]);
  }
  return chain;
}

/** The chain that a run took its time for, what was begun first first; `ends` has -1 for a task without an end in it. */
export function waitedChain(graph: Graph, ends: ArrayLike<number>): number[] {
  let at = -1;
  for (let task = 0; task < graph.size; task++) if (ends[task] > (at < 0 ? -1 : ends[at])) at = task;
  const chain: number[] = [];
  while (at >= 0) {
    chain.push(at);
    const before = highest(ends, graph.dependencies, graph.dependencyStart[at], graph.dependencyStart[at + 1]);
    // A clock that was set back must not make the chain endless.
    at = before >= 0 && ends[before] >= 0 ? before : -1;
  }
  return chain.reverse();
}

/** The one of some tasks with the highest value; -1 when there are none. */
function highest(values: ArrayLike<number>, tasks: Int32Array, start: number, end: number): number {
  let best = -1;
  for (let i = start; i < end; i++) if (best < 0 || values[tasks[i]] > values[best]) best = tasks[i];
  return best;
}

/** The shortest way from one task along what it needs to another, both included; undefined when there is none. */
export function shortestPath(graph: Graph, from: number, to: number): number[] | undefined {
  const reachedFrom = new Int32Array(graph.size).fill(-1);
  reachedFrom[from] = from;
  const queue = [from];
  for (let head = 0; head < queue.length; head++) {
    const task = queue[head];
    if (task === to) break;
    for (let i = graph.dependencyStart[task]; i < graph.dependencyStart[task + 1]; i++) {
      const next = graph.dependencies[i];
      if (reachedFrom[next] >= 0) continue;
      reachedFrom[next] = task;
      queue.push(next);
    }
  }
  if (reachedFrom[to] < 0) return undefined;
  const path = [to];
  for (let at = to; at !== from; at = reachedFrom[at]) path.push(reachedFrom[at]);
  return path.reverse();
}
