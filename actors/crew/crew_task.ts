/**
 * Owns what a task is to a crew's users, and what cannot be one.
 *
 * @module
 */
import { nearest } from "../../graph/suggest.ts";
import { CrewError } from "./store/crew_error.ts";
import type { CrewTaskEntry } from "./store/registration.ts";
import { lostIn, quote } from "../../graph/text.ts";

/** A task as a program describes it. All but its id may be left out. */
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
    checkText("Task id", id);
    const unknown = Object.keys(init).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) throw unknownKey(id, unknown, MEANT.get(unknown) ?? nearest(unknown, KEYS));
    this.id = id;
    this.data = data as Data;
    this.dependencies = texts(id, "dependencies", dependencies);
    this.requirements = texts(id, "requirements", requirements);
    if (this.dependencies.includes(id)) throw wrong(`Task ${quote(id)} depends on itself`);
    if (!Number.isSafeInteger(maxParallelWorkers) || maxParallelWorkers < 1) {
      const what = `maxParallelWorkers of task ${quote(id)}`;
      throw wrong(`${what} must be a whole number from 1, not ${shown(maxParallelWorkers)}`);
    }
    this.maxParallelWorkers = maxParallelWorkers;
    if (fingerprint !== undefined) texts(id, "fingerprint", [fingerprint]);
    this.fingerprint = fingerprint;
  }
}

/** The keys of a description. */
const KEYS = ["id", "data", "dependencies", "requirements", "maxParallelWorkers", "fingerprint"];

/** Keys that say how the task is to be done; one that is misspelt must not pass for data. */
const RULES = KEYS.slice(2);

/** Words that others use for the same. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["deps", "dependencies"],
  ["dependsOn", "dependencies"],
  ["depends_on", "dependencies"],
  ["requires", "requirements"],
]);

/**
 * An item of an iterable as a task: itself, a description with an `id`, or anything else, which is then its data. What
 * has an `id` and other fields, but no `data`, is its own data.
 *
 * @throws {CrewError} When no task can be so.
 */
export function crewTaskOf(item: unknown, position: number): CrewTask {
  if (item instanceof CrewTask) return item;
  if (typeof item !== "object" || item === null || !("id" in item)) {
    return new CrewTask({ id: String(position), data: item });
  }
  const { id, data, dependencies, requirements, maxParallelWorkers, fingerprint } = item as CrewTaskInit;
  checkText("Task id", id, `an item with another id is given as {id: "…", data: item}`);
  const others = Object.keys(item).filter((key) => !KEYS.includes(key));
  for (const key of others) {
    const meant = MEANT.get(key) ?? nearest(key, RULES);
    if (meant !== undefined || "data" in item) throw unknownKey(id, key, meant);
  }
  const isRecord = others.length > 0 || !isPlain(item);
  const own = "data" in item || !isRecord ? data : item;
  return new CrewTask({ id, data: own, dependencies, requirements, maxParallelWorkers, fingerprint });
}

/** The task as it is registered. */
export function entryOf(task: CrewTask, rank: number): CrewTaskEntry {
  const { id, dependencies, requirements, maxParallelWorkers, fingerprint } = task;
  return { id, rank, dependencies, requirements, maxParallelWorkers, fingerprint };
}

/**
 * Checks a text that the database must give back as it is.
 *
 * @throws {CrewError} When it would not, or when it is none.
 */
export function checkText(what: string, value: unknown, hint?: string): void {
  if (typeof value !== "string" || value === "") {
    throw wrong(`${what} must be a text, not ${shown(value)}${hint === undefined ? "" : `: ${hint}`}`);
  }
  const lost = lostIn(value);
  if (lost !== undefined) throw wrong(`${what} must not contain ${lost}, as ${shown(value)} does`);
}

/** The texts of a list, each once; a single text is none, or its letters would be taken for them. */
function texts(id: string, what: string, values: unknown): string[] {
  const owner = `The ${what} of task ${quote(id)}`;
  if (!isList(values)) {
    const one = values instanceof CrewTask ? `task ${quote(values.id)}` : shown(values);
    const isOne = typeof values === "string" || values instanceof CrewTask;
    throw wrong(`${owner} must be a list, not ${one}${isOne ? ": put it in brackets" : ""}`);
  }
  const list = Array.from(values, (value) => value instanceof CrewTask ? value.id : value);
  for (const value of list) {
    if (typeof value !== "string" || value === "") throw wrong(`${owner} must be texts, not ${shown(value)}`);
    const lost = lostIn(value);
    if (lost !== undefined) throw wrong(`${owner} must not contain ${lost}, as ${shown(value)} does`);
  }
  return [...new Set(list as string[])];
}

function isList(values: unknown): values is Iterable<unknown> {
  return typeof values === "object" && values !== null && Symbol.iterator in values && !(values instanceof String);
}

function isPlain(item: object): boolean {
  const prototype = Object.getPrototypeOf(item);
  return prototype === null || prototype === Object.prototype;
}

function unknownKey(id: string, key: string, meant: string | undefined): CrewError {
  const hint = meant === undefined ? `; what is the task's own goes into 'data'` : `, did you mean ${quote(meant)}?`;
  return wrong(`Unknown key ${quote(key)} in task ${quote(id)}${hint}`);
}

function wrong(sentence: string): CrewError {
  return new CrewError("task", sentence);
}

function shown(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
