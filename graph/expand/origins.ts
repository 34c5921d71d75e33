/**
 * Owns the way back from a task that was made to where it is written: which config, which of its tasks, and which field or
 * entry of that. It is asked only when there is something to tell.
 *
 * @module
 */
import type { JsonPath, Place } from "../failure.ts";
import type { JsonObject } from "../input/config_object.ts";
import { DEFAULT_KEYS } from "./defaults.ts";
import { isPattern, matches } from "../input/task_names.ts";

/** Tasks that were made of one that is written, one after another. */
export interface Block {
  /** Index of the first. */
  readonly start: number;
  /** The config. */
  readonly file: number;
  /** Index in the config's own list. */
  readonly task: number;
  /** The one of its number, as its own config has it, without defaults. */
  readonly own: (number: number) => unknown;
  /** What its names of other tasks may begin with, the likeliest first; empty where they are whole. */
  readonly scopes: readonly string[];
}

/** The origins of all tasks. */
export class Origins {
  readonly #blocks: readonly Block[];

  /** Blocks in the order of their tasks. */
  constructor(blocks: readonly Block[]) {
    this.#blocks = blocks;
  }

  /** The block of a task. */
  of(task: number): Block {
    let low = 0, high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#blocks[middle].start <= task) low = middle;
      else high = middle - 1;
    }
    return this.#blocks[low];
  }

  /** What names of other tasks may begin with in a task. */
  scopesOf(task: number): readonly string[] {
    return this.of(task).scopes;
  }

  /** A place in what came of the configs, as a place in one of them. */
  place(place: Place): Place {
    if (place.file !== undefined || !("path" in place)) return place;
    const [list, task, ...rest] = place.path;
    if (list !== "tasks" || typeof task !== "number") return { ...place, file: 0 };
    const block = this.of(task);
    const written = block.own(task - block.start);
    return { ...place, file: block.file, path: pathIn(block, written as JsonObject, rest) };
  }
}

function pathIn({ task, scopes }: Block, written: JsonObject | undefined, rest: JsonPath): JsonPath {
  const path = ["tasks", task, ...rest];
  const [field, entry] = rest;
  if (typeof written !== "object" || written === null || typeof field !== "string") return path;
  if (!Object.hasOwn(written, field)) return DEFAULT_KEYS.includes(field) ? ["defaults", ...rest] : path;
  const list = written[field];
  if (typeof entry !== "string" || !Array.isArray(list)) return path;
  const at = list.findIndex((name) => typeof name === "string" && meansName(name, entry, scopes));
  return at < 0 ? path.slice(0, 3) : ["tasks", task, field, at, ...rest.slice(2)];
}

/** Whether what a list has means a task of some name. */
function meansName(written: string, name: string, scopes: readonly string[]): boolean {
  return [...scopes, ""].some((scope) =>
    scope + written === name || (isPattern(written) && matches(scope + written, name))
  );
}
