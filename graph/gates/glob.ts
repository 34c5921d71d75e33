/**
 * Owns what a glob means as a set of paths: whether it matches a path, and whether two globs have one in common. It
 * looks at no file, so it also answers for files that are yet to be made.
 *
 * A glob becomes a small automaton; two have a path in common when their product reaches an end. Paths are normal:
 * `/`-separated, without empty segments, and a wildcard matches neither `/` nor a segment `..`.
 *
 * ```
 * src/*.c   s─r─c─/─(any)*─.─c      a segment `**` is any number of segments: ((any)+ /)*
 * ```
 *
 * `!(…)` is taken for `*`: it may find a path in common where there is none, never the other way round.
 *
 * @module
 */
import { ANY, parseSegment, type Part, type Segment, SLASH, type Units } from "./glob_syntax.ts";

interface Automaton {
  /** For each state where it goes on without a unit, and with one. */
  readonly free: number[][];
  readonly steps: { readonly units: Units; readonly to: number }[][];
  readonly end: number;
}

const WILDCARD = /[*?[\]{}]/;

/** Whether a declared path is a glob, by the characters that make one in `source_files`. */
export function isGlob(path: string): boolean {
  return WILDCARD.test(path);
}

/** One glob, ready to be compared. */
export class Glob {
  readonly text: string;
  /** What each of its paths begins with. */
  readonly prefix: string;
  /** What each of its paths ends with. */
  readonly suffix: string;
  readonly #segments: readonly Segment[];
  readonly #root: string;
  #regExp: RegExp | undefined;
  #automaton: Automaton | undefined;

  constructor(text: string) {
    this.text = text;
    // Wildcards match no `..`, so how many a path begins with is settled before anything is compared.
    this.#root = /^(?:\/|(?:\.\.\/)*)/.exec(text)![0];
    this.#segments = text.slice(this.#root.length).split("/").map(parseSegment);
    this.prefix = text.slice(0, text.search(/[*?[{@+!\\]|$/));
    this.suffix = /[^/*?[\]{}()\\]*$/.exec(text)![0];
  }

  /** Whether a path, which is no glob, is one of this glob's. */
  matches(path: string): boolean {
    this.#regExp ??= new RegExp(`^${escape(this.#root)}${this.#segments.map(segmentSource).join("")}$`);
    return this.#regExp.test(path);
  }

  /** Whether there is a path that is this glob's and another's. */
  intersects(other: Glob): boolean {
    if (this.text === other.text) return true;
    if (this.#root !== other.#root || !agree(this, other)) return false;
    this.#automaton ??= automatonOf(this.#segments);
    other.#automaton ??= automatonOf(other.#segments);
    return haveCommonPath(this.#automaton, other.#automaton);
  }
}

/** What settles most pairs: beginnings and ends that differ. */
function agree(a: Glob, b: Glob): boolean {
  return (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
    (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix));
}

function segmentSource(segment: Segment, at: number, all: readonly Segment[]): string {
  const isLast = at === all.length - 1;
  if (segment === "**") return `(?:[^/]+/)*${isLast ? "[^/]+" : ""}`;
  return segment.map(partSource).join("") + (isLast ? "" : "/");
}

function partSource(part: Part): string {
  switch (part.kind) {
    case "any":
      return "[^/]*";
    case "unit":
      return `[${part.units.map(([first, last]) => `${unitSource(first)}-${unitSource(last)}`).join("")}]`;
    case "group":
      return `(?:${part.choices.map((choice) => choice.map(partSource).join("")).join("|")})${part.times}`;
  }
}

function unitSource(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

function escape(text: string): string {
  return text.replaceAll(".", "\\.");
}

function automatonOf(segments: readonly Segment[]): Automaton {
  const free: number[][] = [], steps: Automaton["steps"] = [];
  let end = state();
  segments.forEach((segment, at) => {
    const isLast = at === segments.length - 1;
    if (segment === "**") {
      const start = end, inside = state();
      step(start, ANY, inside);
      step(inside, ANY, inside);
      step(inside, [[SLASH, SLASH]], start);
      if (isLast) end = inside;
      return;
    }
    end = sequence(segment, end);
    if (!isLast) end = step(end, [[SLASH, SLASH]], state());
  });
  return { free, steps, end };

  function state(): number {
    steps.push([]);
    return free.push([]) - 1;
  }

  function step(from: number, units: Units, to: number): number {
    steps[from].push({ units, to });
    return to;
  }

  function sequence(parts: readonly Part[], from: number): number {
    let at = from;
    for (const part of parts) {
      if (part.kind === "unit") at = step(at, part.units, state());
      else if (part.kind === "any") {
        const loop = state();
        free[at].push(loop);
        at = step(loop, ANY, loop);
      } else at = group(part, at);
    }
    return at;
  }

  function group({ choices, times }: Part & { kind: "group" }, from: number): number {
    const start = state(), end = state();
    free[from].push(start);
    for (const choice of choices) free[sequence(choice, start)].push(end);
    if (times === "?" || times === "*") free[start].push(end);
    if (times === "+" || times === "*") free[end].push(start);
    const after = state();
    free[end].push(after);
    return after;
  }
}

/** Searches the pairs of states, each with whether a segment has just begun: none may be empty. */
function haveCommonPath(a: Automaton, b: Automaton): boolean {
  const columns = b.free.length;
  const seen = new Uint8Array(2 * a.free.length * columns);
  const pending: number[] = [];
  visit(0, 0, 1);
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    const isFresh = key & 1, pair = key >> 1;
    const left = Math.floor(pair / columns), right = pair % columns;
    if (left === a.end && right === b.end && !isFresh) return true;
    for (const to of a.free[left]) visit(to, right, isFresh);
    for (const to of b.free[right]) visit(left, to, isFresh);
    for (const first of a.steps[left]) {
      for (const second of b.steps[right]) {
        if (!overlap(first.units, second.units)) continue;
        const isSlash = first.units[0][0] === SLASH || second.units[0][0] === SLASH;
        if (!isSlash || !isFresh) visit(first.to, second.to, isSlash ? 1 : 0);
      }
    }
  }
  return false;

  function visit(left: number, right: number, isFresh: number): void {
    const key = 2 * (left * columns + right) + isFresh;
    if (seen[key]) return;
    seen[key] = 1;
    pending.push(key);
  }
}

function overlap(a: Units, b: Units): boolean {
  for (const [first, last] of a) for (const [low, high] of b) if (first <= high && low <= last) return true;
  return false;
}
