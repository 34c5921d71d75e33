/**
 * Owns the check that a task which reads another task's artifact also waits for it: a source that is an output of a
 * task that is no dependency, direct or transitive, is read before, while or after it is made, as chance has it.
 * It expands no globs and looks at no files: it is given the sources as they were found.
 *
 * @module
 */
import type { Diagnostic, JsonPath } from "./failure.ts";
import { type Graph, topologicalOrder } from "./graph.ts";
import { Producers } from "./outputs.ts";
import type { Action, Task } from "./task.ts";
import { ownOutputAsSource, undeclaredProducer } from "./graph_diagnostics.ts";

/** One word of reachability bits a task and sweep. */
const BATCH = 32;

/** Stands for the module a task calls, which is read like a source. */
const MODULE = -1;

/** A source that another task makes and that no direct dependency accounts for. */
interface Question extends Reading {
  readonly producer: number;
}

/** A source of a task. */
interface Reading {
  readonly task: number;
  /** Which of the task's expanded sources, or {@linkcode MODULE}. */
  readonly at: number;
}

/**
 * Checks the expanded sources of each task against all outputs. `origins` tells for each expanded source the index of
 * its entry in the task's `source_files`, so that the diagnostic can point at it; without it, at the list. Where some tasks
 * of a config were chosen with all they need, `others` are those that were not, for which none of them waits.
 * `producers`, of the tasks, and `unchosen`, of the others, may know more of places than paths say.
 * The graph must have no cycles.
 */
export function checkProducers(
  tasks: readonly Task[],
  graph: Graph,
  sources: readonly (readonly string[])[],
  { origins, others = [], producers = new Producers(tasks), unchosen = new Producers(others) }: {
    readonly origins?: readonly (ArrayLike<number> | undefined)[];
    readonly others?: readonly Pick<Task, "name" | "outputs">[];
    readonly producers?: Producers;
    readonly unchosen?: Producers;
  } = {},
): Diagnostic[] {
  const strange: (Reading & { readonly by: string })[] = [];
  const own: Question[] = [];
  const questions: Question[] = [];
  for (let task = 0; task < sources.length; task++) {
    const list = sources[task];
    const { action } = tasks[task];
    for (let at = action.kind === "module" ? MODULE : 0; at < list.length; at++) {
      const path = pathOf(action, list, at), producer = producers.get(path);
      if (producer === undefined) {
        const other = unchosen.get(path);
        if (other !== undefined) strange.push({ task, by: others[other].name, at });
      } else if (!isDirect(graph, task, producer)) (producer === task ? own : questions).push({ task, producer, at });
    }
  }
  if (own.length === 0 && questions.length === 0 && strange.length === 0) return [];

  const found = [...own, ...unreachable(graph, questions)].map((one) => ({ ...one, by: tasks[one.producer].name }));
  return [...found, ...strange]
    .sort((a, b) => a.task - b.task || a.at - b.at)
    .map(({ task, by, at }) => {
      const label = { index: task, name: tasks[task].name };
      const origin = origins?.[task]?.[at];
      const list: JsonPath = ["tasks", task, at === MODULE ? "module" : "source_files"];
      const path = pathOf(tasks[task].action, sources[task], at);
      const source = { path, real: producers.placeOf(path), place: origin === undefined ? list : [...list, origin] };
      return by === label.name ? ownOutputAsSource(label, source) : undeclaredProducer(label, by, source);
    });
}

/** Answers whether one task waits for another, directly or through others: one walk for each that is asked about. */
export class Waiting {
  readonly #graph: Graph;
  /** Task → a one for each task that waits for it. */
  readonly #dependents = new Map<number, Uint8Array>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Whether `task` waits for `other`. */
  isFor(task: number, other: number): boolean {
    if (isDirect(this.#graph, task, other)) return true;
    let found = this.#dependents.get(other);
    if (found === undefined) this.#dependents.set(other, found = this.#dependentsOf(other));
    return found[task] === 1;
  }

  #dependentsOf(task: number): Uint8Array {
    const { size, dependentStart, dependents } = this.#graph;
    const found = new Uint8Array(size);
    const pending = [task];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (let at = dependentStart[next]; at < dependentStart[next + 1]; at++) {
        if (found[dependents[at]] === 1) continue;
        found[dependents[at]] = 1;
        pending.push(dependents[at]);
      }
    }
    return found;
  }
}

function pathOf(action: Action, sources: readonly string[], at: number): string {
  return at === MODULE && action.kind === "module" ? action.module : sources[at];
}

function isDirect({ dependencyStart, dependencies }: Graph, task: number, producer: number): boolean {
  for (let at = dependencyStart[task]; at < dependencyStart[task + 1]; at++) {
    if (dependencies[at] === producer) return true;
  }
  return false;
}

/**
 * The questions whose task does not depend on the producer even through others.
 *
 * One search a question would be quadratic in a long chain. So 32 producers at a time, neighbours in topological order,
 * share one sweep: a bit each, handed on from dependency to dependent, over the stretch of the order between the first
 * producer and the last task that asks.
 */
function unreachable(graph: Graph, questions: Question[]): Question[] {
  if (questions.length === 0) return [];
  const { dependencyStart, dependencies } = graph;
  const order = topologicalOrder(graph);
  const position = new Int32Array(graph.size);
  for (let at = 0; at < order.length; at++) position[order[at]] = at;

  const askedOf = new Map<number, Question[]>();
  for (const question of questions) {
    const list = askedOf.get(question.producer);
    if (list) list.push(question);
    else askedOf.set(question.producer, [question]);
  }
  const producers = [...askedOf.keys()].sort((a, b) => position[a] - position[b]);
  const reached = new Int32Array(graph.size);
  const unanswered: Question[] = [];
  for (let start = 0; start < producers.length; start += BATCH) {
    const batch = producers.slice(start, start + BATCH);
    const first = position[batch[0]];
    let last = first;
    for (const producer of batch) {
      for (const { task } of askedOf.get(producer)!) last = Math.max(last, position[task]);
    }
    for (let at = first; at <= last; at++) reached[order[at]] = 0;
    batch.forEach((producer, bit) => {
      if (position[producer] <= last) reached[producer] = 1 << bit;
    });
    for (let at = first; at <= last; at++) {
      const task = order[at];
      let bits = reached[task];
      for (let next = dependencyStart[task]; next < dependencyStart[task + 1]; next++) {
        if (position[dependencies[next]] >= first) bits |= reached[dependencies[next]];
      }
      reached[task] = bits;
    }
    batch.forEach((producer, bit) => {
      for (const question of askedOf.get(producer)!) {
        const isAfter = position[question.task] > position[producer];
        if (!isAfter || !(reached[question.task] & (1 << bit))) unanswered.push(question);
      }
    });
  }
  return unanswered;
}
