/**
 * Owns the task graph: who depends on whom, by index, and the orders and reachabilities that follow from it.
 * It knows no statuses and no clock; tasks appear only to be named.
 *
 * The graph is compressed adjacency, both ways, in typed arrays: no object a task, so 100 000 tasks are a few megabytes
 * and every walk is a loop over integers. Nothing here recurses: a chain of 100 000 tasks must not overflow the stack.
 *
 * ```
 * tasks            0: a    1: b → a    2: c → b, a
 * dependencyStart  0       0           1           3
 * dependencies             0           1  0
 * ```
 *
 * @module
 */
import type { Diagnostic } from "./failure.ts";
import { StringIndex } from "./string_index.ts";
import type { Task } from "./task.ts";
import { circularDependency, unknownDependency, type WaitKey } from "./graph_diagnostics.ts";

/** All the graph needs to know of a task, whatever kind of task it is. */
export type NamedTask = Pick<Task, "name" | "dependencies" | "after">;

/** Compressed adjacency: the neighbours of task `t` lie from `start[t]` to `start[t + 1]`. */
export interface Graph {
  /** Number of tasks. */
  readonly size: number;
  readonly dependencyStart: Int32Array;
  /** What each task waits for, in declared order: what it depends on, then what it only comes after. */
  readonly dependencies: Int32Array;
  /** Where of that the part ends that a task depends on; what follows is order alone, and no input. */
  readonly inputEnd: Int32Array;
  readonly dependentStart: Int32Array;
  /** What depends on each task, in declared order. */
  readonly dependents: Int32Array;
}

/** Comparisons spent on "did you mean" in all, so that a config full of unknown names is still answered at once. */
const MOST_COMPARISONS = 1_000_000;

/** A name that no task has, where another must be done first. */
export interface UnknownName {
  readonly task: number;
  readonly key: WaitKey;
  readonly name: string;
}

/** Builds the graph of tasks. A dependency on an unknown task is a diagnostic and is left out. */
export function buildGraph(tasks: readonly NamedTask[]): { graph: Graph; diagnostics: Diagnostic[] } {
  const { graph, unknown } = linkGraph(tasks);
  return { graph, diagnostics: unknownDiagnostics(tasks, unknown) };
}

/** A diagnostic for each name that no task has. */
export function unknownDiagnostics(tasks: readonly NamedTask[], unknown: readonly UnknownName[]): Diagnostic[] {
  return unknown.map(({ task, key, name }, at) => {
    const known = (at + 1) * tasks.length <= MOST_COMPARISONS ? tasks.map((known) => known.name) : [];
    return unknownDependency({ index: task, name: tasks[task].name }, { key, name }, known);
  });
}

/** Builds the graph of tasks, and tells which names no task has; they are left out. */
export function linkGraph(tasks: readonly NamedTask[]): { graph: Graph; unknown: UnknownName[] } {
  const unknown: UnknownName[] = [];
  const size = tasks.length;
  const indexes = new StringIndex(size);
  let declared = 0;
  for (let task = 0; task < size; task++) {
    indexes.add(tasks[task].name, task);
    const { dependencies, after } = tasks[task];
    declared += dependencies.length + (after === undefined ? 0 : after.length);
  }

  const dependencyStart = new Int32Array(size + 1);
  const found = new Int32Array(declared);
  let inputEnd: Int32Array | undefined;
  let count = 0;
  for (let task = 0; task < size; task++) {
    const { dependencies, after } = tasks[task];
    enter(task, "dependencies", dependencies);
    if (after !== undefined) {
      // Most graphs have none of these: then an end is where the next task's begin.
      inputEnd ??= dependencyStart.slice(1);
      inputEnd[task] = count;
      enter(task, "after", after);
    }
    dependencyStart[task + 1] = count;
    if (inputEnd !== undefined && after === undefined) inputEnd[task] = count;
  }
  const dependencies = found.subarray(0, count);
  const half = { size, dependencyStart, dependencies, inputEnd: inputEnd ?? dependencyStart.subarray(1) };
  return { graph: withDependents(half), unknown };

  function enter(task: number, key: WaitKey, names: readonly string[]): void {
    for (let at = 0; at < names.length; at++) {
      const dependency = indexes.get(names[at]);
      if (dependency >= 0) found[count++] = dependency;
      else unknown.push({ task, key, name: names[at] });
    }
  }
}

/** Adds the other direction: a counting sort of the dependencies. */
function withDependents(half: Omit<Graph, "dependentStart" | "dependents">): Graph {
  const { size, dependencyStart, dependencies } = half;
  const dependentStart = new Int32Array(size + 1);
  for (let at = 0; at < dependencies.length; at++) dependentStart[dependencies[at] + 1]++;
  for (let task = 0; task < size; task++) dependentStart[task + 1] += dependentStart[task];
  const next = dependentStart.slice();
  const dependents = new Int32Array(dependencies.length);
  for (let task = 0; task < size; task++) {
    for (let at = dependencyStart[task]; at < dependencyStart[task + 1]; at++) {
      dependents[next[dependencies[at]]++] = task;
    }
  }
  return { ...half, dependentStart, dependents };
}

/**
 * One cycle for each knot of tasks that depend on each other (a strongly connected component), in declared order: a
 * closed path in depends-on direction, from the task declared first, the shortest through it, that task again at the end.
 *
 * Depth-first search after Tarjan, on a stack of its own.
 */
export function findCycles(graph: Graph): number[][] {
  const { size, dependencyStart, dependencies } = graph;
  // Order of discovery from 1 while a task may still be in a knot, 0 before it is met, DONE after.
  const DONE = 2 ** 31 - 1;
  const discovered = new Int32Array(size);
  const lowest = new Int32Array(size);
  const cursor = dependencyStart.slice(0, size);
  const path = new Int32Array(size);
  const open = new Int32Array(size);
  const cycles: number[][] = [];
  let clock = 0;
  for (let root = 0; root < size; root++) {
    if (discovered[root] !== 0) continue;
    let depth = 0;
    let opened = 0;
    path[depth++] = open[opened++] = root;
    discovered[root] = lowest[root] = ++clock;
    while (depth > 0) {
      const task = path[depth - 1];
      if (cursor[task] < dependencyStart[task + 1]) {
        const dependency = dependencies[cursor[task]++];
        if (discovered[dependency] === 0) {
          path[depth++] = open[opened++] = dependency;
          discovered[dependency] = lowest[dependency] = ++clock;
        } else if (discovered[dependency] < lowest[task]) {
          lowest[task] = discovered[dependency];
        }
        continue;
      }
      depth--;
      if (depth > 0 && lowest[task] < lowest[path[depth - 1]]) lowest[path[depth - 1]] = lowest[task];
      if (lowest[task] !== discovered[task]) continue;
      const end = opened;
      while (open[--opened] !== task);
      for (let at = opened; at < end; at++) discovered[open[at]] = DONE;
      if (end - opened > 1 || dependsOnItself(graph, task)) {
        cycles.push(shortestCycle(graph, open.subarray(opened, end)));
      }
    }
  }
  return cycles.sort((a, b) => a[0] - b[0]);
}

/** A diagnostic for each cycle, at the dependency that closes it. */
export function cycleDiagnostics(tasks: readonly NamedTask[], cycles: readonly (readonly number[])[]): Diagnostic[] {
  return cycles.map((cycle) => {
    const [first, last] = [tasks[cycle[0]], tasks[cycle.at(-2)!]];
    const key = last.dependencies.includes(first.name) ? "dependencies" : "after";
    return circularDependency(cycle.map((task) => tasks[task].name), cycle.at(-2)!, key);
  });
}

function dependsOnItself({ dependencyStart, dependencies }: Graph, task: number): boolean {
  for (let at = dependencyStart[task]; at < dependencyStart[task + 1]; at++) {
    if (dependencies[at] === task) return true;
  }
  return false;
}

/** Breadth-first search within one knot, from its task declared first back to it. */
function shortestCycle({ dependencyStart, dependencies }: Graph, knot: Int32Array): number[] {
  const start = knot.reduce((a, b) => Math.min(a, b));
  const members = new Set(knot);
  const reachedFrom = new Map<number, number>();
  const queue = [start];
  for (let head = 0; head < queue.length; head++) {
    const task = queue[head];
    for (let at = dependencyStart[task]; at < dependencyStart[task + 1]; at++) {
      const dependency = dependencies[at];
      if (dependency === start) {
        const cycle = [start];
        for (let back = task; back !== start; back = reachedFrom.get(back)!) cycle.push(back);
        return [...cycle, start].reverse();
      }
      if (!members.has(dependency) || reachedFrom.has(dependency)) continue;
      reachedFrom.set(dependency, task);
      queue.push(dependency);
    }
  }
  throw new Error("Bug: a strongly connected component without a cycle");
}

/** Every task after its dependencies, otherwise in order of readiness (Kahn). The graph must have no cycles. */
export function topologicalOrder(graph: Graph): Int32Array {
  const { size, dependencyStart, dependentStart, dependents } = graph;
  const waitsFor = new Int32Array(size);
  const order = new Int32Array(size);
  let tail = 0;
  for (let task = 0; task < size; task++) {
    waitsFor[task] = dependencyStart[task + 1] - dependencyStart[task];
    if (waitsFor[task] === 0) order[tail++] = task;
  }
  for (let head = 0; head < tail; head++) {
    const task = order[head];
    for (let at = dependentStart[task]; at < dependentStart[task + 1]; at++) {
      if (--waitsFor[dependents[at]] === 0) order[tail++] = dependents[at];
    }
  }
  if (tail < size) throw new Error("Bug: topological order of a graph with a cycle");
  return order;
}

/**
 * For each task the length of the longest path from it to a task nothing depends on, its own weight included: how much
 * must still happen, one after another, once it starts. Without weights every task counts 1.
 */
export function longestRemainingPath(graph: Graph, weights?: ArrayLike<number>): Float64Array {
  const { size, dependentStart, dependents } = graph;
  const lengths = new Float64Array(size);
  const order = topologicalOrder(graph);
  for (let position = size - 1; position >= 0; position--) {
    const task = order[position];
    let longest = 0;
    for (let at = dependentStart[task]; at < dependentStart[task + 1]; at++) {
      if (lengths[dependents[at]] > longest) longest = lengths[dependents[at]];
    }
    lengths[task] = longest + (weights ? weights[task] : 1);
  }
  return lengths;
}

/** Marks (1) the roots and everything they depend on, directly or through others. */
export function transitiveDependencies(graph: Graph, roots: Iterable<number>): Uint8Array {
  const { size, dependencyStart, dependencies } = graph;
  const marks = new Uint8Array(size);
  const pending: number[] = [];
  for (const root of roots) visit(root);
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    for (let at = dependencyStart[task]; at < dependencyStart[task + 1]; at++) visit(dependencies[at]);
  }
  return marks;

  function visit(task: number): void {
    if (marks[task]) return;
    marks[task] = 1;
    pending.push(task);
  }
}
