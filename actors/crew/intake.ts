/**
 * Owns the way of tasks from a member's iterable to the database: what was taken from it, what is known by which id,
 * and what is left.
 *
 * A list is taken whole, so that all of its fingerprints count before the first task is given out. From a generator,
 * which may be slow or endless, only so much is taken as is needed for something to do.
 *
 * @module
 */
import { type CrewTask, crewTaskOf, entryOf } from "./crew_task.ts";
import { CrewError } from "./crew_error.ts";
import type { CrewTaskEntry } from "./registration.ts";

/** What tasks come from: tasks, descriptions with an `id`, or any items, which are then named by their position. */
export type Items = Iterable<unknown> | AsyncIterable<unknown>;

/** Items taken at once from a generator that answers at once. */
const AT_ONCE = 100;

/** One pass through the items. */
export class Intake {
  /** How many there are in all; null when nobody knows. */
  readonly total: number | null;
  /** Whether another pass would begin again; a generator goes on where it stopped. */
  readonly canBeginAgain: boolean;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #isAsync: boolean;
  readonly #tasks = new Map<string, CrewTask>();
  #isDone = false;

  constructor(items: Items) {
    this.total = lengthOf(items);
    this.#isAsync = Symbol.asyncIterator in items;
    this.#iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.canBeginAgain = this.#iterator as unknown !== items;
  }

  /** Whether everything was taken. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** What was taken under an id. */
  task(id: string): CrewTask | undefined {
    return this.#tasks.get(id);
  }

  /** Takes some more, waiting for the first of them. */
  async more(): Promise<CrewTaskEntry[]> {
    const entries: CrewTaskEntry[] = [];
    const most = this.total !== null ? Infinity : this.#isAsync ? 1 : AT_ONCE;
    while (entries.length < most) {
      const next = this.#iterator.next();
      const { done, value } = next instanceof Promise ? await next : next as IteratorResult<unknown>;
      if (done) {
        this.#isDone = true;
        break;
      }
      entries.push(this.#know(crewTaskOf(value, this.#tasks.size)));
    }
    return entries;
  }

  #know(task: CrewTask): CrewTaskEntry {
    if (this.#tasks.has(task.id)) throw new CrewError("task", `Task '${task.id}' is given twice`);
    this.#tasks.set(task.id, task);
    return entryOf(task, this.#tasks.size - 1);
  }
}

function lengthOf(items: Items): number | null {
  if (Array.isArray(items)) return items.length;
  return items instanceof Set || items instanceof Map ? items.size : null;
}
