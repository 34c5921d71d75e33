/**
 * Owns the way from tasks with dependencies to what the rules of scheduling go by: the plan, and the wave of each task.
 * It runs nothing. Every walk is O(tasks + dependencies), but for sorting by urgency.
 *
 * @module
 */
import { buildGraph, findCycles, type Graph } from "../graph.ts";
import { schedulable } from "../schedule/plan.ts";
import type { Schedulable } from "../schedule/state.ts";
import { waves } from "../schedule/waves.ts";
import { CircularDependencyError, TaskNotFoundError } from "./execution_error.ts";

/** All that matters here of a task. */
export interface ArrangedTask {
  readonly taskId: string;
  /** Each once. */
  readonly dependencies: readonly string[];
  readonly retryCount: number;
}

/** How tasks are to be arranged. */
export interface ArrangementOptions {
  /** A cycle is an error; otherwise the tasks that it keeps from ever starting are set apart. */
  readonly detectDeadlock: boolean;
  /** Of those that are ready, those with the longest way to the end come first; otherwise those added first. */
  readonly longestFirst: boolean;
  /** No wave before the one before it has ended. */
  readonly barrier: boolean;
}

/** Tasks in the order of their indexes, which are those of the plan, the graph and the waves. */
export interface Arrangement<Task extends ArrangedTask> {
  readonly tasks: readonly Task[];
  /** Tasks that can never start. */
  readonly stuck: readonly Task[];
  readonly graph: Graph;
  readonly plan: Schedulable;
  readonly waves: readonly (readonly number[])[];
  /** Task → its wave, from 0. */
  readonly waveOf: Int32Array;
}

/**
 * Arranges tasks with different ids.
 *
 * @throws {TaskNotFoundError} When a dependency is not among them.
 * @throws {CircularDependencyError} When they depend on each other in a cycle and that is to be detected.
 */
export function arrange<Task extends ArrangedTask>(
  all: readonly Task[],
  { detectDeadlock, longestFirst, barrier }: ArrangementOptions,
): Arrangement<Task> {
  const whole = graphOf(all);
  refuseUnknown(all, whole);
  if (detectDeadlock) {
    const [cycle] = findCycles(whole);
    if (cycle !== undefined) throw new CircularDependencyError(cycle.map((task) => all[task].taskId));
  }
  const isStuck = detectDeadlock ? undefined : findStuck(whole);
  const stuck = isStuck === undefined ? [] : all.filter((_, task) => isStuck[task]);
  // What can start needs nothing that cannot, so the rest is whole.
  const tasks = stuck.length === 0 ? all : all.filter((_, task) => !isStuck![task]);
  const graph = stuck.length === 0 ? whole : graphOf(tasks);
  const groups = waves(graph);
  const waveOf = new Int32Array(tasks.length);
  groups.forEach((group, wave) => group.forEach((task) => waveOf[task] = wave));
  const plan = schedulable(tasks.map(({ retryCount }) => ({ retries: retryCount })), graph);
  const order = longestFirst ? plan.order : plan.order.slice().sort();
  // With a barrier nothing of a later wave may be looked at before everything of this one; `sort` is stable.
  if (barrier) order.sort((a, b) => waveOf[a] - waveOf[b]);
  return { tasks, stuck, graph, plan: { ...plan, order }, waves: groups, waveOf };
}

/** Whether tasks depend on each other in a cycle. Unknown dependencies are left out of account. */
export function hasCycle(tasks: readonly ArrangedTask[]): boolean {
  return findCycles(graphOf(tasks)).length > 0;
}

function graphOf(tasks: readonly ArrangedTask[]): Graph {
  return buildGraph(tasks.map(({ taskId, dependencies }) => ({ name: taskId, dependencies }))).graph;
}

function refuseUnknown(tasks: readonly ArrangedTask[], { dependencies }: Graph): void {
  const declared = tasks.reduce((sum, task) => sum + task.dependencies.length, 0);
  if (declared === dependencies.length) return;
  const known = tasks.map(({ taskId }) => taskId);
  const ids = new Set(known);
  for (const task of tasks) {
    const missingDependency = task.dependencies.find((dependency) => !ids.has(dependency));
    if (missingDependency !== undefined) {
      throw new TaskNotFoundError(task.taskId, { missingDependency, availableTasks: known });
    }
  }
}

/** Marks (1) the tasks that are part of a cycle or need one that is: those an order of readiness never comes to. */
function findStuck({ size, dependencyStart, dependentStart, dependents }: Graph): Uint8Array {
  const isStuck = new Uint8Array(size).fill(1);
  const waitsFor = new Int32Array(size);
  const ready: number[] = [];
  for (let task = 0; task < size; task++) {
    waitsFor[task] = dependencyStart[task + 1] - dependencyStart[task];
    if (waitsFor[task] === 0) ready.push(task);
  }
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    isStuck[task] = 0;
    for (let at = dependentStart[task]; at < dependentStart[task + 1]; at++) {
      if (--waitsFor[dependents[at]] === 0) ready.push(dependents[at]);
    }
  }
  return isStuck;
}
