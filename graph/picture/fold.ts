/**
 * Owns the folding of many tasks into few boxes by what their names begin with. It knows no picture: whoever draws says how
 * many boxes there may be.
 *
 * All tasks begin as one box. The fullest box is opened, by the next word of its tasks' names (or the next digit or character,
 * where there are few boxes), as long as the boxes stay few enough. Each task is looked at once for each word of its name, so the
 * work grows as the tasks do.
 *
 * @module
 */
import type { Graph } from "../graph.ts";

/** Some tasks drawn as one. */
export interface Box {
  /** The task's name, or what all names in it begin with and a star. */
  readonly label: string;
  /** Indexes of tasks, ascending. */
  readonly members: readonly number[];
}

/** Boxes, and how they depend on each other. */
export interface Folded {
  readonly boxes: readonly Box[];
  /** The box of each task. */
  readonly boxOf: Int32Array;
  /** Each pair of boxes once: who is needed, who needs it, and between how many pairs of their tasks that is so. */
  readonly arrows: readonly (readonly [needed: number, by: number, count: number])[];
}

/** Numbers tell less than words, and characters less: boxes are opened by these only as long as there are so few. */
const FEW = 12;

/** A word of a name: letters, one digit, or what is between. */
const WORD = /\p{L}+|\d|[^\p{L}\d]+/uy;

/** Folds tasks into no more than so many boxes; every task has its own where they are few enough. */
export function foldByPrefix(names: readonly string[], graph: Graph, most: number): Folded {
  const boxes = names.length <= most ? names.map((label, task) => ({ label, members: [task] })) : folded(names, most);
  const boxOf = new Int32Array(names.length);
  boxes.forEach(({ members }, box) => members.forEach((task) => boxOf[task] = box));
  return { boxes, boxOf, arrows: arrowsBetween(graph, boxOf) };
}

interface Prefixed {
  readonly prefix: string;
  readonly members: readonly number[];
}

function folded(names: readonly string[], most: number): Box[] {
  const open: Prefixed[] = [{ prefix: "", members: names.map((_, task) => task) }];
  const closed: Prefixed[] = [];
  let count = 1;
  while (open.length > 0) {
    const fullest = takeFullest(open);
    const parts = fullest.members.length === 1
      ? []
      : partsOf(fullest, names, { room: most - count + 1, isFew: count < FEW });
    if (parts.length === 0) {
      closed.push(fullest);
      continue;
    }
    count += parts.length - 1;
    open.push(...parts);
  }
  return closed.sort((a, b) => a.members[0] - b.members[0]).map(({ prefix, members }) => ({
    label: members.length === 1
      ? names[members[0]]
      : `${names[members[0]].slice(0, sharedStart(members, names, prefix.length))}*`,
    members,
  }));
}

/** There are never more than the boxes that are drawn, so looking at all of them is quick enough. */
function takeFullest(open: Prefixed[]): Prefixed {
  let fullest = 0;
  for (let at = 1; at < open.length; at++) {
    if (open[at].members.length > open[fullest].members.length) fullest = at;
  }
  return open.splice(fullest, 1)[0];
}

/** What a box opens into; nothing when that would be too much. */
function partsOf(
  { prefix, members }: Prefixed,
  names: readonly string[],
  { room, isFew }: { readonly room: number; readonly isFew: boolean },
): Prefixed[] {
  const start = sharedStart(members, names, prefix.length);
  for (const next of [nextWord, nextCharacter]) {
    if (!isFew && (next === nextCharacter || members.some((task) => isDigit(names[task], start)))) continue;
    const parts = new Map<string, number[]>();
    for (const task of members) {
      const key = next(names[task], start);
      const part = parts.get(key);
      if (part === undefined) parts.set(key, [task]);
      else part.push(task);
      if (parts.size > room) break;
    }
    if (parts.size > 1 && parts.size <= room) {
      const common = names[members[0]].slice(0, start);
      return [...parts].map(([key, members]) => ({ prefix: common + key, members }));
    }
  }
  return [];
}

function isDigit(name: string, at: number): boolean {
  const character = name[at];
  return character !== undefined && character >= "0" && character <= "9";
}

function nextWord(name: string, at: number): string {
  WORD.lastIndex = at;
  return WORD.exec(name)?.[0] ?? "";
}

function nextCharacter(name: string, at: number): string {
  return at < name.length ? String.fromCodePoint(name.codePointAt(at)!) : "";
}

/** How many characters all of the names begin with; at least so many they are known to. */
function sharedStart(members: readonly number[], names: readonly string[], known: number): number {
  const first = names[members[0]];
  let shared = first.length;
  for (const task of members) {
    const name = names[task];
    let at = known;
    while (at < shared && name[at] === first[at]) at++;
    shared = at;
  }
  return shared;
}

function arrowsBetween(graph: Graph, boxOf: Int32Array): [number, number, number][] {
  const counts = new Map<number, number>();
  const size = boxOf.length;
  for (let task = 0; task < size; task++) {
    for (let at = graph.dependencyStart[task]; at < graph.dependencyStart[task + 1]; at++) {
      const needed = boxOf[graph.dependencies[at]], by = boxOf[task];
      if (needed !== by) counts.set(needed * size + by, (counts.get(needed * size + by) ?? 0) + 1);
    }
  }
  return [...counts].map(([pair, count]) => [Math.floor(pair / size), pair % size, count]);
}
