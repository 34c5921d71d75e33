/**
 * Owns the search for names by patterns, many of them: names that begin or end as a pattern does are found by bisection, and
 * only those are compared with it.
 *
 * @module
 */
import { prefixRange } from "../prefix_range.ts";
import { matches } from "./task_names.ts";

/** Names in order, and how to read one for that order. */
interface Sorted {
  readonly keys: readonly string[];
  /** The index of each. */
  readonly indexes: readonly number[];
}

/** Names, by their indexes. */
export class NameIndex {
  readonly #names: readonly string[];
  readonly #known = new Map<string, readonly number[]>();
  #forwards: Sorted | undefined;
  #backwards: Sorted | undefined;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The indexes of the names that a pattern matches, ascending; the same list for the same pattern. */
  matching(pattern: string): readonly number[] {
    let found = this.#known.get(pattern);
    if (found === undefined) this.#known.set(pattern, found = this.#find(pattern));
    return found;
  }

  #find(pattern: string): number[] {
    const start = /^[^*?]*/.exec(pattern)![0], end = /[^*?]*$/.exec(pattern)![0];
    if (start === "" && end === "") return [...this.#names.keys()].filter((at) => matches(pattern, this.#names[at]));
    const candidates = start.length >= end.length
      ? beginning(this.#forwards ??= sorted(this.#names), start)
      : beginning(this.#backwards ??= sorted(this.#names.map(reversed)), reversed(end));
    return candidates.filter((at) => matches(pattern, this.#names[at])).sort((a, b) => a - b);
  }
}

function sorted(keys: readonly string[]): Sorted {
  const indexes = [...keys.keys()].sort((a, b) => keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0);
  return { keys: indexes.map((at) => keys[at]), indexes };
}

function beginning({ keys, indexes }: Sorted, start: string): number[] {
  return indexes.slice(...prefixRange(keys, start));
}

/** Units in reverse order: only ever compared with others of that kind. */
function reversed(text: string): string {
  return text.split("").reverse().join("");
}
