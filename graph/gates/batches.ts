/**
 * Owns the suggestion of batches: groups that may each run together, one group after another, so that every task comes
 * after what it needs. Few batches, by a greedy choice; the fewest are as hard to find as the colouring of a graph.
 *
 * Each batch takes the most urgent tasks that are ready and fit: first those with the longest way of dependents, or the
 * most rivals for a file, ahead of them. A task that does not fit since something is taken (a file, shared state, a
 * resource) is parked there, and only the most urgent of those parked is looked at for the next batch: so 10 000 writers
 * of one file cost no more than others.
 *
 * @module
 */
import { longestRemainingPath } from "../graph.ts";
import { Heap } from "../heap.ts";
import { cyclesAmong } from "./circular_dependencies.ts";
import { difficultyOf } from "./context_budget.ts";
import { type FileTable, fileTable } from "./files.ts";
import type { PlaceOf } from "./places.ts";
import { GateError, type GateTask } from "./gate_task.ts";
import { amountOf } from "./resource_capacity.ts";
import { shortened } from "../text.ts";

/** What a batch must keep to. */
export interface BatchLimits {
  readonly maxParallelTasks: number;
  readonly maxContextComplexity: number;
  readonly resourceLimits?: Readonly<Record<string, number>>;
  readonly placeOf: PlaceOf;
  /** Begin with small batches, so that what is wrong shows early. */
  readonly progressive?: boolean;
}

/** Sizes of the first batches; the last one goes for all that follow. */
const PROGRESSIVE: readonly number[] = [2, 3, 5];
/** How many tasks are passed over in search of one that is easy enough for what is left of the budget. */
const MOST_PASSED_OVER = 100;

/**
 * Batches of tasks, by name; `chosen` are the indexes of those to put in, and undefined for all. What tasks need that
 * are not chosen counts as done once what it needs itself is.
 *
 * @throws {GateError} When tasks depend on each other in a cycle: then there are no batches.
 */
export function suggestBatches(
  tasks: readonly GateTask[],
  chosen: readonly number[] | undefined,
  limits: BatchLimits,
): string[][] {
  const { cycles: [cycle], ordering: { graph } } = cyclesAmong(tasks);
  if (cycle !== undefined) throw new GateError(`Circular dependency detected: ${shortened(cycle).join(" → ")}`);
  const indexes = [...new Set(chosen ?? tasks.keys())].sort((a, b) => a - b);
  const isChosen = new Uint8Array(tasks.length);
  for (const task of indexes) isChosen[task] = 1;
  const table = fileTable(tasks, indexes, limits.placeOf);
  const queue = new Queue(urgency(indexes, longestRemainingPath(graph, isChosen), { tasks, table }));

  const waitsFor = new Int32Array(tasks.length);
  const released: number[] = [];
  for (let task = 0; task < tasks.length; task++) {
    waitsFor[task] = graph.dependencyStart[task + 1] - graph.dependencyStart[task];
    if (waitsFor[task] === 0) released.push(task);
  }
  const batches: number[][] = [];
  for (let left = indexes.length; left > 0; left -= batches.at(-1)!.length) {
    release();
    const batch = fill(queue, new Batch(tasks, table, limits), sizeOf(batches.length, limits));
    batches.push(batch);
    for (const task of batch) done(task);
  }
  return batches.map((batch) => batch.sort((a, b) => a - b).map((task) => tasks[task].name));

  /** Puts what is ready in the queue; what was not chosen is done at once. */
  function release(): void {
    for (let task = released.pop(); task !== undefined; task = released.pop()) {
      if (isChosen[task]) queue.push(task);
      else done(task);
    }
  }

  function done(task: number): void {
    for (let at = graph.dependentStart[task]; at < graph.dependentStart[task + 1]; at++) {
      if (--waitsFor[graph.dependents[at]] === 0) released.push(graph.dependents[at]);
    }
  }
}

function sizeOf(batch: number, { maxParallelTasks, progressive }: BatchLimits): number {
  return progressive
    ? Math.min(maxParallelTasks, PROGRESSIVE[Math.min(batch, PROGRESSIVE.length - 1)])
    : maxParallelTasks;
}

function fill(queue: Queue, batch: Batch, size: number): number[] {
  const passedOver: number[] = [];
  while (batch.tasks.length < size && passedOver.length < MOST_PASSED_OVER) {
    const task = queue.pop();
    if (task === undefined) break;
    const obstacle = batch.add(task);
    if (obstacle === "budget") passedOver.push(task);
    else if (obstacle !== undefined) queue.park(task, obstacle);
    // Of a resource there may be enough for another one too.
    else for (const name of batch.resourcesOf(task)) queue.unpark(`resource ${name}`);
  }
  for (const task of passedOver) queue.push(task);
  queue.unparkAll();
  return batch.tasks;
}

/** One batch as it fills. */
class Batch {
  readonly tasks: number[] = [];
  readonly #taken = new Set<string>();
  readonly #amounts = new Map<string, number>();
  #complexity = 0;
  readonly #all: readonly GateTask[];
  readonly #table: FileTable;
  readonly #limits: BatchLimits;

  constructor(all: readonly GateTask[], table: FileTable, limits: BatchLimits) {
    this.#all = all;
    this.#table = table;
    this.#limits = limits;
  }

  /** Takes a task in, or tells what keeps it out. Alone, a task always fits. */
  add(index: number): string | undefined {
    const task = this.#all[index];
    const obstacle = this.tasks.length > 0 ? this.#obstacle(task) : undefined;
    if (obstacle !== undefined) return obstacle;
    this.tasks.push(index);
    this.#complexity += difficultyOf(task);
    for (const path of task.writes ?? []) {
      const id = this.#table.idOf.get(path)!;
      this.#taken.add(`file ${id}`);
      for (const other of this.#table.overlaps.get(id) ?? []) this.#taken.add(`file ${other}`);
    }
    for (const name of task.shares ?? []) this.#taken.add(`state ${name}`);
    for (const name of Object.keys(task.resources ?? {})) {
      this.#amounts.set(name, (this.#amounts.get(name) ?? 0) + amountOf(task, name));
    }
    return undefined;
  }

  resourcesOf(task: number): string[] {
    return Object.keys(this.#all[task].resources ?? {});
  }

  #obstacle(task: GateTask): string | undefined {
    for (const path of task.writes ?? []) {
      const file = `file ${this.#table.idOf.get(path)}`;
      if (this.#taken.has(file)) return file;
    }
    for (const name of task.shares ?? []) if (this.#taken.has(`state ${name}`)) return `state ${name}`;
    for (const name of Object.keys(task.resources ?? {})) {
      const limit = this.#limits.resourceLimits?.[name] ?? Infinity;
      if ((this.#amounts.get(name) ?? 0) + amountOf(task, name) > limit) return `resource ${name}`;
    }
    return this.#complexity + difficultyOf(task) > this.#limits.maxContextComplexity ? "budget" : undefined;
  }
}

/** Ready tasks by urgency, and those that wait for something that was taken. */
class Queue {
  readonly #ready = new Heap();
  readonly #parked = new Map<string, Heap>();
  readonly #byRank: readonly number[];
  readonly #rankOf: ReadonlyMap<number, number>;

  /** Tasks in order of urgency. */
  constructor(byRank: readonly number[]) {
    this.#byRank = byRank;
    this.#rankOf = new Map(byRank.map((task, rank) => [task, rank]));
  }

  push(task: number): void {
    this.#ready.push(this.#rankOf.get(task)!);
  }

  pop(): number | undefined {
    const rank = this.#ready.pop();
    return rank === undefined ? undefined : this.#byRank[rank];
  }

  park(task: number, at: string): void {
    let heap = this.#parked.get(at);
    if (!heap) this.#parked.set(at, heap = new Heap());
    heap.push(this.#rankOf.get(task)!);
  }

  /** The most urgent of those parked somewhere has another try. */
  unpark(at: string): void {
    const heap = this.#parked.get(at);
    if (heap === undefined) return;
    this.#ready.push(heap.pop()!);
    if (heap.size === 0) this.#parked.delete(at);
  }

  unparkAll(): void {
    for (const at of this.#parked.keys()) this.unpark(at);
  }
}

/** The most urgent first: by what must still come one after another, then the most difficult, then in declared order. */
function urgency(
  indexes: readonly number[],
  remaining: ArrayLike<number>,
  { tasks, table }: { readonly tasks: readonly GateTask[]; readonly table: FileTable },
): number[] {
  const sharers = new Map<string, number>();
  for (const index of indexes) {
    for (const name of tasks[index].shares ?? []) sharers.set(name, (sharers.get(name) ?? 0) + 1);
  }
  const rivals = table.writers.map((own, path) =>
    (table.overlaps.get(path) ?? []).reduce((sum, other) => sum + table.writers[other].length, own.length)
  );
  const ahead = new Map(indexes.map((index) => {
    let most = remaining[index];
    for (const path of tasks[index].writes ?? []) most = Math.max(most, rivals[table.idOf.get(path)!]);
    for (const name of tasks[index].shares ?? []) most = Math.max(most, sharers.get(name)!);
    return [index, most];
  }));
  return indexes.toSorted((a, b) =>
    ahead.get(b)! - ahead.get(a)! || difficultyOf(tasks[b]) - difficultyOf(tasks[a]) || a - b
  );
}
