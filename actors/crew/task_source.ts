/**
 * Owns the way of tasks from a member's iterable to the database: what was taken from it, what is known by which id,
 * and what is left.
 *
 * A list is taken whole, so that all of its fingerprints count before the first task is given out; what a loop adds to it
 * is taken after that. A generator may be slow, endless, or give what the loop has found meanwhile, so its items are
 * taken one at a time, and only while there is nothing else to do: one that was asked too early has ended for good.
 *
 * @module
 */
import { type CrewTask, crewTaskOf, entryOf } from "./crew_task.ts";
import { CrewError } from "./store/crew_error.ts";
import type { CrewTaskEntry } from "./store/registration.ts";

/** What tasks come from: tasks, descriptions with an `id`, or any items, which are then named by their position. */
export type Items = Iterable<unknown> | AsyncIterable<unknown>;

/** Lists: their length is known, and what is added to one is seen. */
type List = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;

/** One pass through the items. */
export class TaskSource {
  /** Whether another pass would begin again; a generator goes on where it stopped. */
  readonly canBeginAgain: boolean;
  readonly #source: ListSource | StreamSource;
  readonly #tasks = new Map<string, CrewTask>();

  /** @throws {CrewError} When these are no items. */
  constructor(items: Items) {
    checkItems(items);
    this.#source = isList(items) ? new ListSource(items) : new StreamSource(items);
    this.canBeginAgain = this.#source.canBeginAgain;
  }

  /** How many there are in all; null when nobody knows. */
  get total(): number | null {
    return this.#source.total;
  }

  /** Whether everything was taken that there is by now. */
  get isDone(): boolean {
    return this.#source.isDone;
  }

  /** How many were taken. */
  get taken(): number {
    return this.#tasks.size;
  }

  /** What was taken, by id. */
  get tasks(): ReadonlyMap<string, CrewTask> {
    return this.#tasks;
  }

  /** What was taken under an id. */
  task(id: string): CrewTask | undefined {
    return this.#tasks.get(id);
  }

  /** Nothing more will be taken: a generator may end what it has open. */
  async end(): Promise<void> {
    if (this.#source instanceof StreamSource) await this.#source.end();
  }

  /** Takes the rest of a list, or the next item of anything else, waiting for it. */
  async more(): Promise<CrewTaskEntry[]> {
    const first = this.#tasks.size;
    const tasks = (await this.#source.more()).map((item, i) => crewTaskOf(item, first + i));
    // A list is taken whole or not at all, so that it can be mended and begun again
    const ids = new Set(this.#tasks.keys());
    for (const { id } of tasks) {
      if (ids.has(id)) throw new CrewError("task", `Task '${id}' is given twice`);
      ids.add(id);
    }
    return tasks.map((task, i) => {
      this.#tasks.set(task.id, task);
      return entryOf(task, first + i);
    });
  }
}

/** Items of a list, which may grow. */
class ListSource {
  readonly canBeginAgain = true;
  readonly #items: List;
  /** By position, or by key: what was deleted meanwhile moves no position. */
  #count = 0;
  readonly #keys = new Set<unknown>();

  constructor(items: List) {
    this.#items = items;
  }

  get total(): number {
    return "length" in this.#items ? this.#items.length : this.#items.size;
  }

  get isDone(): boolean {
    if ("length" in this.#items) return this.#count >= this.#items.length;
    return this.#items.keys().every((key) => this.#keys.has(key));
  }

  more(): Promise<unknown[]> {
    const items = this.#items;
    if ("length" in items) {
      const rest = Array.from(items.slice(this.#count));
      this.#count += rest.length;
      return Promise.resolve(rest);
    }
    const keys = [...items.keys()].filter((key) => !this.#keys.has(key));
    for (const key of keys) this.#keys.add(key);
    return Promise.resolve("get" in items ? keys.map((key) => [key, items.get(key)]) : keys);
  }
}

/** Items of anything else. */
class StreamSource {
  readonly canBeginAgain: boolean;
  readonly total = null;
  readonly #isAsync: boolean;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  #isDone = false;
  #isAsked = false;

  constructor(items: Items) {
    this.#isAsync = Symbol.asyncIterator in items;
    this.#iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.canBeginAgain = this.#iterator as unknown !== items;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  async more(): Promise<unknown[]> {
    this.#isAsked = true;
    try {
      const next = this.#iterator.next();
      const { done, value } = this.#isAsync ? await next : next as IteratorResult<unknown>;
      if (!done) return [value];
      this.#isDone = true;
      return [];
    } finally {
      this.#isAsked = false;
    }
  }

  /** One that is asked for an item may not answer for long, and is not waited for. */
  async end(): Promise<void> {
    if (this.#isDone || this.#isAsked) return;
    this.#isDone = true;
    await this.#iterator.return?.();
  }
}

function isList(items: Items): items is List & Items {
  return Array.isArray(items) || items instanceof Set || items instanceof Map;
}

/**
 * Whether tasks can come from it. A text can be iterated, but its letters are not what was meant.
 *
 * @throws {CrewError} When they cannot.
 */
export function checkItems(items: unknown): void {
  const isIterable = typeof items === "object" && items !== null &&
    (Symbol.iterator in items || Symbol.asyncIterator in items) && !(items instanceof String);
  if (isIterable) return;
  const hint = typeof items === "string" || items instanceof String
    ? "a text: put it in brackets"
    : items instanceof Promise
    ? "a promise: await it"
    : typeof items === "function"
    ? "a function: call it"
    : items === null || typeof items !== "object"
    ? String(items)
    : "an object";
  throw new CrewError("task", `The tasks of a crew must be a list, or something else to iterate, not ${hint}`);
}
