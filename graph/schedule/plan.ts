/**
 * Owns the plan: the validated, immutable description of a run, tasks by index.
 * It makes no decision that depends on what is on disk, and nothing changes it after it is made.
 *
 * @module
 */
import { type Graph, longestRemainingPath } from "../graph.ts";
import { Producers } from "../outputs.ts";
import { needsOf, type Restraints } from "./needs.ts";
import type { Schedulable } from "./state.ts";
import type { Task } from "../task.ts";

/** Everything a run knows before it starts. */
export interface Plan extends Schedulable {
  readonly tasks: readonly Task[];
  readonly graph: Graph;
  /** Expanded source files of each task, in order, relative to the config's folder. */
  readonly sources: readonly (readonly string[])[];
  /** Which task makes what lies at a path. */
  readonly producers: Producers;
}

/** Puts the parts together. */
export function makePlan(
  tasks: readonly Task[],
  graph: Graph,
  sources: readonly (readonly string[])[],
  restraints?: Restraints & Expected & { readonly producers?: Producers },
): Plan {
  const producers = restraints?.producers ?? new Producers(tasks);
  return { ...schedulable(tasks, graph, restraints), tasks, graph, sources, producers };
}

/** How long tasks are expected to take, by index, in milliseconds; default all take the same. */
export interface Expected {
  readonly weights?: ArrayLike<number>;
}

/**
 * What the rules of scheduling need of tasks; `restraints` says what of it is limited. The order of urgency is by the longest
 * remaining path, which is time where it is known how long tasks take, then as declared.
 */
export function schedulable(
  tasks: readonly Pick<Task, "retries" | "declared">[],
  graph: Graph,
  restraints?: Restraints & Expected,
): Schedulable {
  const remaining = longestRemainingPath(graph, restraints?.weights);
  const order = Int32Array.from(tasks, (_, task) => task);
  order.sort((a, b) => remaining[b] - remaining[a] || a - b);
  return {
    size: tasks.length,
    dependencyStart: graph.dependencyStart,
    dependentStart: graph.dependentStart,
    dependents: graph.dependents,
    order,
    retries: Int32Array.from(tasks, (task) => task.retries),
    weights: restraints?.weights,
    needs: needsOf(tasks, restraints),
  };
}

/** The plan with some tasks, and all they need, before all others. */
export function withFirst(plan: Plan, first: Iterable<number>): Plan {
  const { dependencyStart, dependencies } = plan.graph;
  const isFirst = new Uint8Array(plan.size), pending = [...first];
  for (let task; (task = pending.pop()) !== undefined;) {
    if (isFirst[task] === 1) continue;
    isFirst[task] = 1;
    for (let at = dependencyStart[task]; at < dependencyStart[task + 1]; at++) pending.push(dependencies[at]);
  }
  const order = Int32Array.from(plan.order);
  let next = 0;
  for (const task of plan.order) if (isFirst[task] === 1) order[next++] = task;
  const urgent = next;
  for (const task of plan.order) if (isFirst[task] === 0) order[next++] = task;
  return { ...plan, order, urgent };
}
