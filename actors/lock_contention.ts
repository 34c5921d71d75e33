/**
 * Owns the forecast of which locks tasks would wait for if they ran together.
 * It looks at no lock and no file: paths are told apart as they are written, once they are normalised.
 *
 * @module
 */
import { join } from "@std/path/posix/join";

/**
 * What a task wants to lock while it runs.
 *
 * @example
 * ```ts
 * import { predictContention, type TaskFiles } from "./mod.ts";
 *
 * const tasks: TaskFiles[] = [{ task: "a", writes: ["log"] }, { task: "b", reads: ["log"] }];
 * console.log(predictContention(tasks).length); // 1
 * ```
 */
export interface TaskFiles {
  /** Its name. */
  readonly task: string;
  /** Files it reads: locked `shared`. */
  readonly reads?: readonly string[];
  /** Files it writes: locked `exclusive`. */
  readonly writes?: readonly string[];
}

/**
 * A file for which tasks would wait for each other: one of them writes it, and another reads or writes it.
 *
 * @example
 * ```ts
 * import { type Contention, predictContention } from "./mod.ts";
 *
 * const [found]: Contention[] = predictContention([{ task: "a", writes: ["log"] }, { task: "b", writes: ["log"] }]);
 * console.log(found.path, found.turns); // log 2
 * ```
 */
export interface Contention {
  /** As the tasks name it. */
  readonly path: string;
  /** Names of those that want it exclusive, in the order given. */
  readonly writers: readonly string[];
  /** Names of those that only want it shared, in the order given. */
  readonly readers: readonly string[];
  /** Turns it takes for all to have had it: each writer one, the readers one together. */
  readonly turns: number;
}

/**
 * The files that tasks would contend for if they ran together, sorted by path.
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
export function predictContention(tasks: Iterable<TaskFiles>): Contention[] {
  const files = new Map<string, { writers: Set<string>; readers: Set<string> }>();
  const at = (path: string) => {
    const normal = join(path);
    const known = files.get(normal) ?? { writers: new Set(), readers: new Set() };
    files.set(normal, known);
    return known;
  };
  for (const { task, reads = [], writes = [] } of tasks) {
    for (const path of writes) at(path).writers.add(task);
    for (const path of reads) at(path).readers.add(task);
  }
  const contended: Contention[] = [];
  for (const [path, { writers, readers }] of files) {
    const onlyReaders = [...readers].filter((task) => !writers.has(task));
    if (writers.size === 0 || writers.size + onlyReaders.length < 2) continue;
    const turns = writers.size + (onlyReaders.length > 0 ? 1 : 0);
    contended.push({ path, writers: [...writers], readers: onlyReaders, turns });
  }
  return contended.sort((a, b) => a.path < b.path ? -1 : 1);
}
