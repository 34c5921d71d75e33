/**
 * Owns the translation of what tasks declare into what the scheduler never gives away twice: resources in amounts,
 * shared state to one task at a time, and files to one writer or any number of readers.
 * It decides nothing; admission.ts keeps the books.
 *
 * @module
 */
import type { Needs } from "./admission.ts";
import type { Task } from "../task.ts";

/** A file's writer takes so much of it that nobody who touches it, and takes one unit, has room beside it. */
const WHOLE_FILE = 1e9;

/** What there is, and what cannot be seen in a task's own declarations. */
export interface Restraints {
  /** How much there is of each resource; one without a limit limits nobody. */
  readonly limits?: Readonly<Record<string, number>>;
  /** For each task, by index, declared files of others that it touches under another name; see gates/touches.ts. */
  readonly touches?: ReadonlyMap<number, readonly string[]>;
  /** What the difficulties of running tasks may add up to; one that is beyond it runs alone. Default they are not added up. */
  readonly budget?: number;
}

/** What the tasks need, or undefined when none needs anything. */
export function needsOf(
  tasks: readonly Pick<Task, "declared">[],
  { limits = {}, touches, budget }: Restraints = {},
): Needs | undefined {
  const books = new Holdings();
  const start = new Int32Array(tasks.length + 1);
  tasks.forEach(({ declared }, task) => {
    if (budget !== undefined) books.enter("budget", budget, declared?.difficulty ?? 1);
    if (declared !== undefined) {
      const { resources = {}, shares = [], writes = [], reads = [] } = declared;
      for (const name of Object.keys(resources)) {
        if (Object.hasOwn(limits, name)) books.enter(`resource ${name}`, limits[name], resources[name]);
      }
      for (const name of new Set(shares)) books.enter(`state ${name}`, 1, 1);
      for (const path of new Set(writes)) books.enter(`file ${path}`, WHOLE_FILE, WHOLE_FILE);
      for (const path of new Set(reads)) if (!writes.includes(path)) books.enter(`file ${path}`, WHOLE_FILE, 1);
    }
    for (const path of touches?.get(task) ?? []) books.enter(`file ${path}`, WHOLE_FILE, 1);
    start[task + 1] = books.size;
  });
  return books.size === 0 ? undefined : { start, ...books.columns() };
}

/** The columns in the making. */
class Holdings {
  readonly #indexes = new Map<string, number>();
  readonly #limits: number[] = [];
  readonly #resource: number[] = [];
  readonly #amount: number[] = [];

  get size(): number {
    return this.#resource.length;
  }

  enter(key: string, limit: number, amount: number): void {
    let index = this.#indexes.get(key);
    if (index === undefined) {
      this.#indexes.set(key, index = this.#limits.length);
      this.#limits.push(limit);
    }
    this.#resource.push(index);
    this.#amount.push(amount);
  }

  columns(): Omit<Needs, "start"> {
    return {
      resource: Int32Array.from(this.#resource),
      amount: Float64Array.from(this.#amount),
      limits: Float64Array.from(this.#limits),
    };
  }
}
