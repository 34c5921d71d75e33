/**
 * Owns the forecast of which locks tasks would wait for if they ran together.
 * It looks at no lock and opens no file.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import { fileGroups, fileTable, touchOf, WRITES } from "../../graph/gates/files.ts";
import { placesIn } from "../machine/places.ts";

/** What a task wants to lock while it runs. */
export interface TaskFiles {
  /** Its name. */
  readonly task: string;
  /** Files it reads: locked `shared`. */
  readonly reads?: readonly string[];
  /** Files it writes: locked `exclusive`. */
  readonly writes?: readonly string[];
}

/** A file for which tasks would wait for each other: one of them writes it, and another reads or writes it. */
export interface Contention {
  /** As the first of them names it. */
  readonly path: string;
  /** Names of those that want it exclusive, in the order given. */
  readonly writers: readonly string[];
  /** Names of those that only want it shared, in the order given. */
  readonly readers: readonly string[];
  /** Turns it takes for all to have had it: each writer one, the readers one together. */
  readonly turns: number;
}

/**
 * The files that tasks would contend for if they ran together, sorted by path. A folder is all that is in it. Relative
 * paths start at `folder`, by default the current one.
 *
 * @example
 * ```ts
 * import { predictContention } from "./mod.ts";
 *
 * const found = predictContention([
 *   { task: "seed", writes: ["db"] },
 *   { task: "test", reads: ["db"] },
 *   { task: "lint", reads: ["src"] },
 * ]);
 * console.log(found.map(({ path }) => path)); // [ "db" ]
 * ```
 */
export function predictContention(
  tasks: Iterable<TaskFiles>,
  { folder }: { readonly folder?: string } = {},
): Contention[] {
  const wanted = Array.from(tasks, ({ task: name, reads, writes }) => ({ name, reads, writes }));
  const contended: Contention[] = [];
  for (const { name, members, touches } of fileGroups(fileTable(wanted, wanted.keys(), placesIn(folder)))) {
    const writers = new Set<string>(), readers = new Set<string>();
    const inOrder = [...members.keys()].sort((a, b) => members[a] - members[b]);
    for (const at of inOrder) (isWriter(touches[at]) ? writers : readers).add(wanted[members[at]].name);
    const onlyReaders = [...readers].filter((task) => !writers.has(task));
    if (writers.size === 0 || writers.size + onlyReaders.length < 2) continue;
    const turns = writers.size + (onlyReaders.length > 0 ? 1 : 0);
    contended.push({ path: join(name), writers: [...writers], readers: onlyReaders, turns });
  }
  return contended.sort((a, b) => a.path < b.path ? -1 : 1);
}

function isWriter(touch: number): boolean {
  return touch % touchOf(1, 0) === WRITES;
}
