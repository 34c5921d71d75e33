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
 * `**` takes in no folder `.git` or `node_modules` unless the glob names it: hardly anybody means those.
 *
 * A glob may leave out what others match: `src/** !src/gen/**`. Of two such globs, and of `!(…)`, which is taken for `*`,
 * it may find a path in common where there is none, never the other way round.
 *
 * @module
 */
import { EXCEPT } from "./paths.ts";
import { ANY, others, parseSegment, type Part, type Segment, SLASH, type Units } from "./glob_syntax.ts";

interface Automaton {
  /** For each state where it goes on without a unit, and with one. */
  readonly free: number[][];
  readonly steps: { readonly units: Units; readonly to: number }[][];
  readonly end: number;
}

/** Folders that `**` does not enter unless they are named. */
const BARRED = [".git", "node_modules"];

/** Choices for a {@linkcode Glob}. */
export interface GlobOptions {
  /** `**` enters every folder; default all but those that are named by hardly anybody. */
  readonly isUnbarred?: boolean;
}

/** Text as a glob, or a part of one, that matches just this text. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]{}()|,!@+]/g, "\\$&");
}

/** One glob, ready to be compared. */
export class Glob {
  readonly text: string;
  /** What each of its paths begins with. */
  readonly prefix: string;
  /** What each of its paths ends with. */
  readonly suffix: string;
  /** `/`, or as many `../` as its paths begin with. Wildcards match no `..`, so that is settled before anything else. */
  readonly root: string;
  readonly segments: readonly Segment[];
  /** Names of folders that `**` does not enter. */
  readonly barred: readonly string[];
  /** What it leaves out of its paths. */
  readonly #exceptions: readonly Glob[];
  /** How many states of the automaton the prefix leads through, one unit each. */
  readonly #literal: number;
  #regExp: RegExp | undefined;
  #automaton: Automaton | undefined;

  constructor(text: string, { isUnbarred = false }: GlobOptions = {}) {
    const [own, ...exceptions] = text.split(EXCEPT);
    this.text = text;
    this.root = /^(?:\/|(?:\.\.\/)*)/.exec(own)![0];
    this.segments = own.slice(this.root.length).split("/").map(parseSegment);
    this.prefix = this.root + literalStart(this.segments);
    this.#literal = this.prefix.length - this.root.length;
    this.suffix = /[^/*?[\]{}()\\]*$/.exec(own)![0];
    this.barred = isUnbarred ? [] : BARRED.filter((name) => !names(own, name));
    this.#exceptions = exceptions.map((exception) => new Glob(exception, { isUnbarred: true }));
  }

  /** Whether a path, which is no glob, is one of this glob's. */
  matches(path: string): boolean {
    this.#regExp ??= new RegExp(
      `^${escape(this.root)}${this.segments.map((segment, at) => this.#sourceOf(segment, at)).join("")}$`,
    );
    return this.#regExp.test(path) && !this.#exceptions.some((exception) => exception.matches(path));
  }

  /** Whether there is a path that is this glob's and another's. */
  intersects(other: Glob): boolean {
    if (this.text === other.text) return true;
    if (this.root !== other.root || !agree(this, other)) return false;
    if (this.#leavesOut(other) || other.#leavesOut(this)) return false;
    this.#automaton ??= automatonOf(this);
    other.#automaton ??= automatonOf(other);
    const known = Math.min(this.#literal, other.#literal);
    const isFresh = known === 0 || this.prefix.charCodeAt(this.root.length + known - 1) === SLASH;
    return haveCommonPath(this.#automaton, other.#automaton, { known, isFresh });
  }

  /** Whether it certainly leaves out all of another's paths: those in a whole folder, or those of the very same glob. */
  #leavesOut(other: Glob): boolean {
    return this.#exceptions.some(({ text }) =>
      text === other.text || (text.endsWith("/**") && other.prefix.startsWith(text.slice(0, -2)))
    );
  }

  #sourceOf(segment: Segment, at: number): string {
    const isLast = at === this.segments.length - 1;
    if (segment !== "**") return segmentSource(segment) + (isLast ? "" : "/");
    const barred = this.barred.length === 0 ? "" : `(?!(?:${this.barred.map(escape).join("|")})/)`;
    return `(?:${barred}[^/]+/)*${isLast ? "[^/]+" : ""}`;
  }
}

/** The expression of one segment, for names. */
export function segmentSource(segment: readonly Part[]): string {
  return segment.map(partSource).join("");
}

/** The only name a segment matches, if there is no more than one. */
export function literalName(segment: Segment): string | undefined {
  if (segment === "**") return undefined;
  let name = "";
  for (const part of segment) {
    if (part.kind !== "unit" || part.units.length !== 1 || part.units[0][0] !== part.units[0][1]) return undefined;
    name += String.fromCharCode(part.units[0][0]);
  }
  return name;
}

/** Whether a glob has a name in it, as a segment or as one of several choices for one. */
function names(text: string, name: string): boolean {
  return new RegExp(`(?:^|[/{(,|])${escape(name)}(?:[/}),|]|$)`).test(text);
}

/** What all paths of the segments begin with. */
function literalStart(segments: readonly Segment[]): string {
  let text = "";
  for (const [at, segment] of segments.entries()) {
    if (at > 0) text += "/";
    if (segment === "**") return text;
    for (const part of segment) {
      if (part.kind !== "unit" || part.units.length !== 1 || part.units[0][0] !== part.units[0][1]) return text;
      text += String.fromCharCode(part.units[0][0]);
    }
  }
  return text;
}

/** What settles most pairs: beginnings and ends that differ. */
function agree(a: Glob, b: Glob): boolean {
  return (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
    (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix));
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

function automatonOf({ segments, barred }: Glob): Automaton {
  const free: number[][] = [], steps: Automaton["steps"] = [];
  let end = state();
  segments.forEach((segment, at) => {
    const isLast = at === segments.length - 1;
    if (segment === "**") {
      end = folders(end);
      if (!isLast) return;
      const inside = step(end, ANY, state());
      step(inside, ANY, inside);
      end = inside;
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

  /** Any folders but the barred ones, whose names are spelt out as far as others begin alike. */
  function folders(from: number): number {
    const start = state(), inside = state();
    free[from].push(start);
    step(inside, ANY, inside);
    step(inside, [[SLASH, SLASH]], start);
    spell("", start);
    return start;

    function spell(begin: string, at: number): void {
      const next = new Set(
        barred.filter((name) => name.startsWith(begin)).map((name) => name.charCodeAt(begin.length)),
      );
      next.delete(NaN);
      step(at, others([...next]), inside);
      for (const code of next) spell(begin + String.fromCharCode(code), step(at, [[code, code]], state()));
      if (begin !== "" && !barred.includes(begin)) step(at, [[SLASH, SLASH]], start);
    }
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

/**
 * Searches the pairs of states, each with whether a segment has just begun: none may be empty. It begins behind the units
 * that both are known to begin with, each of which leads to the next state.
 */
function haveCommonPath(
  a: Automaton,
  b: Automaton,
  start: { readonly known: number; readonly isFresh: boolean },
): boolean {
  const columns = b.free.length - start.known;
  const seen = new Uint8Array(2 * (a.free.length - start.known) * columns);
  const pending: number[] = [];
  visit(start.known, start.known, start.isFresh ? 1 : 0);
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    const isFresh = key & 1, pair = key >> 1;
    const left = start.known + Math.floor(pair / columns), right = start.known + pair % columns;
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
    const key = 2 * ((left - start.known) * columns + right - start.known) + isFresh;
    if (seen[key]) return;
    seen[key] = 1;
    pending.push(key);
  }
}

function overlap(a: Units, b: Units): boolean {
  for (const [first, last] of a) for (const [low, high] of b) if (first <= high && low <= last) return true;
  return false;
}
