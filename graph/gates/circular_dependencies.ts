/**
 * Owns the gate against circular dependencies: tasks in a cycle can never run, together or apart. For each knot of
 * tasks that depend on each other it names one shortest cycle.
 *
 * It also gives the ordering that the other gates go by, which a cycle must not keep from answering.
 *
 * @module
 */
import { buildGraph, findCycles, type Graph, topologicalOrder } from "../graph.ts";
import type { GateTask } from "./gate_task.ts";
import type { Ordering } from "./pairs.ts";

/** What the dependencies of tasks come to. */
export interface Cycles {
  /** Names in depends-on direction, the first again at the end; in declared order. */
  readonly cycles: readonly (readonly string[])[];
  /** Without the dependencies that close cycles. */
  readonly ordering: Ordering;
}

/** Looks for cycles; dependencies on tasks that are not there count for nothing. */
export function cyclesAmong(tasks: readonly GateTask[]): Cycles {
  const named = tasks.map(({ name, dependencies = [] }) => ({ name, dependencies }));
  const { graph } = buildGraph(named);
  const cycles = findCycles(graph);
  const acyclic = cycles.length === 0 ? graph : withoutCycles(tasks, graph);
  return {
    cycles: cycles.map((cycle) => cycle.map((task) => tasks[task].name)),
    ordering: { graph: acyclic, order: topologicalOrder(acyclic) },
  };
}

/** Depth-first search that leaves out what leads back to the path it is on. */
function withoutCycles(tasks: readonly GateTask[], { size, dependencyStart, dependencies }: Graph): Graph {
  const NEW = 0, OPEN = 1, DONE = 2;
  const state = new Uint8Array(size);
  const cursor = dependencyStart.slice(0, size);
  const kept = tasks.map((): string[] => []);
  for (let root = 0; root < size; root++) {
    const path = state[root] === NEW ? [root] : [];
    while (path.length > 0) {
      const task = path[path.length - 1];
      state[task] = OPEN;
      if (cursor[task] === dependencyStart[task + 1]) {
        state[task] = DONE;
        path.pop();
        continue;
      }
      const dependency = dependencies[cursor[task]++];
      if (state[dependency] !== OPEN) kept[task].push(tasks[dependency].name);
      if (state[dependency] === NEW) path.push(dependency);
    }
  }
  return buildGraph(tasks.map(({ name }, task) => ({ name, dependencies: kept[task] }))).graph;
}
