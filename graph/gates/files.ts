/**
 * Owns who touches which file: the declared paths and globs of all tasks, each once however it is written, and which of
 * them mean a common file. What follows for the tasks is pairs.ts and the gates.
 *
 * A path that another one lies in stands for all in it. Globs are compared as globs, not by what they match today. Two can
 * only have a file in common when what stands before the first wildcard of one begins with that of the other, so sorting
 * by these beginnings leaves few pairs to compare.
 *
 * @module
 */
import type { GateTask } from "./gate_task.ts";
import { Glob } from "../glob.ts";
import { allInside, type FilePlace, nameOf, type PlaceOf } from "./places.ts";

/** How a task touches something. */
export const NONE = 0, READS = 1, WRITES = 2;

/** Something several tasks touch. */
export interface FileGroup {
  /** The file or the glob. */
  readonly name: string;
  /** Indexes of tasks, each once. */
  readonly members: readonly number[];
  /** How each of them touches it: by name, and in all; see {@linkcode touchOf}. */
  readonly touches: readonly number[];
}

/** The declared paths of some tasks. */
export interface FileTable {
  /** As they are compared. */
  readonly paths: readonly string[];
  /** As the first task writes each. */
  readonly names: readonly string[];
  /** By every way in which a task writes a path. */
  readonly idOf: ReadonlyMap<string, number>;
  /** By path the indexes of the tasks that write it. */
  readonly writers: readonly (readonly number[])[];
  /** By path the indexes of the tasks that only read it. */
  readonly readers: readonly (readonly number[])[];
  /** By path the other paths that have a file in common with it; absent for none. */
  readonly overlaps: ReadonlyMap<number, readonly number[]>;
  readonly globs: ReadonlyMap<number, Glob>;
  /** Paths that are no globs, but hold others: they stand for all in them. */
  readonly folders: ReadonlySet<number>;
  readonly placeOf: PlaceOf;
}

const NOBODY: readonly number[] = [];

/** A touch by the very name of something, and the strongest by all paths that take it in. */
export function touchOf(own: number, inAll: number): number {
  return own * 3 + inAll;
}

/** Gathers what tasks declare; `chosen` are the indexes of those that count. */
export function fileTable(tasks: readonly GateTask[], chosen: Iterable<number>, placeOf: PlaceOf): FileTable {
  const idOf = new Map<string, number>(), idAt = new Map<string, number>();
  const paths: string[] = [], names: string[] = [], writers: number[][] = [], readers: number[][] = [];
  const globs = new Map<number, Glob>();
  const folders = new Set<number>();
  const all = [...chosen];
  for (const task of all) tasks[task].writes?.forEach(placeOf);
  for (const task of all) {
    for (const path of tasks[task].writes ?? []) add(writers, path, task);
    for (const path of tasks[task].reads ?? []) add(readers, path, task, writers);
  }
  const overlaps = new Map<number, number[]>();
  const lowest = { paths, globs, idAt, writers, overlaps };
  linkFolders(lowest, folders);
  linkGlobs(lowest);
  for (const folder of folders) linkFolder(folder, lowest);
  return { paths, names, idOf, writers, readers, globs, folders, overlaps, placeOf };

  function add(to: number[][], name: string, task: number, stronger?: number[][]): void {
    const id = idOf.get(name) ?? enter(name);
    // A task is added to the end, so being there already means being last.
    if (to[id].at(-1) === task || stronger?.[id].at(-1) === task) return;
    to[id].push(task);
  }

  function enter(name: string): number {
    const place = placeOf(name), key = keyOf(place);
    let id = idAt.get(key);
    if (id === undefined) {
      id = paths.push(place.path) - 1;
      idAt.set(key, id);
      names.push(place.isGlob ? name : nameOf(name) ?? name);
      writers.push([]);
      readers.push([]);
      if (place.isGlob) globs.set(id, new Glob(place.path));
      else if (place.isFolder) folders.add(id);
    }
    idOf.set(name, id);
    return id;
  }
}

/**
 * Every file and glob that several tasks touch, with all their ways to do so. Those who touch it by way of another path
 * meet those who name it; among themselves they meet at that other path.
 *
 * Of two globs that overlap, the more specific one names what they have in common.
 */
export function* fileGroups(table: FileTable): Generator<FileGroup> {
  const { paths, names, writers, readers, overlaps } = table;
  for (let id = 0; id < paths.length; id++) {
    const all = overlaps.get(id) ?? NOBODY;
    const others = isWide(id) ? all.filter((other) => isWide(other) && isMoreSpecific(paths, id, other)) : all;
    const named = writers[id].length + readers[id].length;
    if (others.length === 0) {
      if (named < 2) continue;
      const touches = new Array<number>(named).fill(touchOf(READS, READS));
      yield {
        name: names[id],
        members: [...writers[id], ...readers[id]],
        touches: touches.fill(touchOf(WRITES, WRITES), 0, writers[id].length),
      };
      continue;
    }
    const own = new Map<number, number>();
    for (const task of readers[id]) own.set(task, READS);
    for (const task of writers[id]) own.set(task, WRITES);
    const inAll = new Map(own);
    for (const path of others) {
      for (const task of readers[path]) if (!inAll.has(task)) inAll.set(task, READS);
      for (const task of writers[path]) inAll.set(task, WRITES);
    }
    const members = [...inAll.keys()];
    const touches = members.map((task) => touchOf(own.get(task) ?? NONE, inAll.get(task)!));
    if (members.length > 1) yield { name: names[id], members, touches };
  }

  function isWide(id: number): boolean {
    return table.globs.has(id) || table.folders.has(id);
  }
}

/** Of two globs, the one that says more: with the longer text, and one of them always. */
function isMoreSpecific(paths: readonly string[], id: number, other: number): boolean {
  const a = paths[id], b = paths[other];
  return a.length === b.length ? a < b : a.length > b.length;
}

/** What is linked, and where the links are kept. */
interface Links {
  readonly paths: readonly string[];
  readonly globs: ReadonlyMap<number, Glob>;
  readonly idAt: ReadonlyMap<string, number>;
  readonly writers: readonly (readonly number[])[];
  readonly overlaps: Map<number, number[]>;
}

/** A file may be called as a glob is written. */
function keyOf({ path, isGlob }: FilePlace): string {
  return isGlob ? `*${path}` : path;
}

/** Links paths with those inside them, and adds those that hold others to the folders. */
function linkFolders({ paths, globs, idAt, overlaps }: Links, folders: Set<number>): void {
  for (let id = 0; id < paths.length; id++) {
    const begin = globs.get(id)?.prefix ?? paths[id];
    for (let slash = 0; slash >= 0; slash = begin.indexOf("/", slash + 1)) {
      const folder = idAt.get(slash === 0 ? "/" : begin.slice(0, slash));
      if (folder === undefined || folder === id) continue;
      folders.add(folder);
      link(overlaps, folder, id);
    }
  }
}

/** Links a folder with the globs that reach into it without naming it. */
function linkFolder(folder: number, { paths, globs, overlaps }: Links): void {
  const path = paths[folder];
  const inside = allInside(path);
  for (const [id, glob] of globs) {
    const isLinked = glob.prefix.startsWith(path === "/" ? path : `${path}/`) || glob.matches(path);
    if (!isLinked && glob.intersects(inside)) link(overlaps, folder, id);
  }
}

/** Two globs that are only read are not compared: thousands of `**` would take minutes, for what hinders nobody. */
function linkGlobs({ paths, globs, writers, overlaps }: Links): void {
  if (globs.size === 0) return;
  const begins = paths.map((path, id) => globs.get(id)?.prefix ?? path);
  const sorted = [...paths.keys()].sort((a, b) => compare(begins[a], begins[b]) || a - b);
  const position = new Int32Array(paths.length);
  sorted.forEach((id, at) => position[id] = at);
  for (const [id, glob] of globs) {
    const { prefix } = glob;
    let at = lowerBound(sorted, begins, prefix);
    for (; at < sorted.length && begins[sorted[at]].startsWith(prefix); at++) {
      const other = sorted[at];
      const otherGlob = globs.get(other);
      // Two globs that begin alike find each other twice.
      if (other === id || (otherGlob && otherGlob.prefix === prefix && position[other] < position[id])) continue;
      if (otherGlob) {
        const isWritten = writers[id].length + writers[other].length > 0;
        if (isWritten && glob.intersects(otherGlob)) link(overlaps, id, other);
      } else if (paths[other].endsWith(glob.suffix) && glob.matches(paths[other])) link(overlaps, id, other);
    }
  }
}

function link(overlaps: Map<number, number[]>, a: number, b: number): void {
  for (const [from, to] of [[a, b], [b, a]]) {
    const list = overlaps.get(from);
    if (list) list.push(to);
    else overlaps.set(from, [to]);
  }
}

function lowerBound(sorted: readonly number[], begins: readonly string[], prefix: string): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (begins[sorted[middle]] < prefix) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
