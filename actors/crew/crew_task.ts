/**
 * Owns what a task is to a crew's users, and what cannot be one.
 *
 * @module
 */
import { CrewError } from "./crew_error.ts";
import type { CrewTaskEntry } from "./registration.ts";

/**
 * A task as a program describes it. All but its id may be left out.
 *
 * @example
 * ```ts
 * import { Crew, type CrewTaskInit } from "./mod.ts";
 *
 * const page: CrewTaskInit<URL> = { id: "page", data: new URL("https://example.org"), requirements: ["network"] };
 * await using crew = new Crew([page], { db: "init.sqlite", labels: ["network"] });
 * for await (const task of crew) console.log(task.data?.host);
 * ```
 */
export interface CrewTaskInit<Data = unknown> {
  /** Unique in its workflow, and the same in all members. */
  readonly id: string;
  /** Whatever the loop needs; it stays in this process. */
  readonly data?: Data;
  /** Tasks, or their ids, that must be completed first, also such that are given later or by another member. */
  readonly dependencies?: Iterable<string | CrewTask>;
  /** Labels that a member must have to be given the task. */
  readonly requirements?: Iterable<string>;
  /** How many members may be at it at once; default 1. */
  readonly maxParallelWorkers?: number;
  /** Names its content; another one than at the last completion means that it must be done again. */
  readonly fingerprint?: string;
}

/**
 * A task of a crew.
 *
 * @example
 * ```ts
 * import { Crew, CrewTask } from "./mod.ts";
 *
 * const fetch = new CrewTask({ id: "fetch", data: 1 });
 * const parse = new CrewTask({ id: "parse", data: 2, dependencies: [fetch] });
 * await using crew = new Crew([parse, fetch], { db: "tasks.sqlite" });
 * for await (const task of crew) console.log(task.id); // fetch, then parse
 * ```
 */
export class CrewTask<Data = unknown> {
  /** Unique in its workflow. */
  readonly id: string;
  /** Whatever the loop needs. */
  readonly data: Data;
  /** Ids of the tasks that must be completed first. */
  readonly dependencies: readonly string[];
  /** Labels that a member must have to be given it. */
  readonly requirements: readonly string[];
  /** How many members may be at it at once. */
  readonly maxParallelWorkers: number;
  /** Names its content. */
  readonly fingerprint: string | undefined;

  /**
   * Checks the description and fills in what it leaves out.
   *
   * @throws {CrewError} When no task can be so.
   */
  constructor(init: CrewTaskInit<Data>) {
    const { id, data, dependencies = [], requirements = [], maxParallelWorkers = 1, fingerprint } = init;
    if (typeof id !== "string" || id === "") throw new CrewError("task", `Task id must be a text, not ${shown(id)}`);
    this.id = id;
    this.data = data as Data;
    this.dependencies = texts(id, "dependencies", Array.from(dependencies, (one) => idOf(one)));
    this.requirements = texts(id, "requirements", [...requirements]);
    if (this.dependencies.includes(id)) throw new CrewError("task", `Task '${id}' depends on itself`);
    if (!Number.isSafeInteger(maxParallelWorkers) || maxParallelWorkers < 1) {
      const what = `maxParallelWorkers of task '${id}'`;
      throw new CrewError("task", `${what} must be a whole number from 1, not ${shown(maxParallelWorkers)}`);
    }
    this.maxParallelWorkers = maxParallelWorkers;
    if (fingerprint !== undefined) texts(id, "fingerprint", [fingerprint]);
    this.fingerprint = fingerprint;
  }
}

/** An item of an iterable as a task: itself, a description with an `id`, or anything else, which is then its data. */
export function crewTaskOf<Item>(item: Item, position: number): CrewTask {
  if (item instanceof CrewTask) return item;
  const isDescription = typeof item === "object" && item !== null && "id" in item && typeof item.id === "string";
  return isDescription ? new CrewTask(item as CrewTaskInit) : new CrewTask({ id: String(position), data: item });
}

/** The task as it is registered. */
export function entryOf(task: CrewTask, rank: number): CrewTaskEntry {
  const { id, dependencies, requirements, maxParallelWorkers, fingerprint } = task;
  return { id, rank, dependencies, requirements, maxParallelWorkers, fingerprint };
}

function idOf(task: unknown): unknown {
  return task instanceof CrewTask ? task.id : task;
}

function texts(id: string, what: string, values: readonly unknown[]): string[] {
  const wrong = values.findIndex((value) => typeof value !== "string" || value === "");
  if (wrong >= 0) throw new CrewError("task", `The ${what} of task '${id}' must be texts, not ${shown(values[wrong])}`);
  return [...new Set(values as string[])];
}

function shown(value: unknown): string {
  return typeof value === "string" ? `'${value}'` : String(value);
}
