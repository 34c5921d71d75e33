/**
 * Owns what a template is made for: each file of a `for_each`, each combination of a `matrix`, or each of both. The values of
 * one are made when they are asked for. It finds no files; it is given them.
 *
 * @module
 */
import type { Values, Variables } from "./template.ts";

/** The names of a file that a task is made for: `src/a/b.tar.gz` → whole, `src/a`, `b.tar.gz`, `b.tar`, `.gz`. */
export const FILE_VARIABLES = ["path", "dir", "name", "stem", "ext"] as const;

/** What a template is made for. */
export interface Combinations extends Variables {
  readonly size: number;
  /** The values of one, by its number. */
  at(index: number): Values;
}

/** Lists of values by name. */
export type Matrix = readonly (readonly [name: string, values: readonly string[]])[];

/** The combinations of files, if it is for each of some, and a matrix: the last name changes fastest. */
export function combinationsOf(files: readonly string[] | undefined, matrix: Matrix): Combinations {
  const fromFiles = files === undefined ? 0 : FILE_VARIABLES.length;
  const names = [...(files === undefined ? [] : FILE_VARIABLES), ...matrix.map(([name]) => name)];
  const inner = matrix.reduce((product, [, values]) => product * values.length, 1);
  return {
    names,
    fromFiles,
    size: (files?.length ?? 1) * inner,
    at(index) {
      let rest = index % inner;
      const chosen = new Array<string>(matrix.length);
      for (let at = matrix.length - 1; at >= 0; at--) {
        const values = matrix[at][1];
        chosen[at] = values[rest % values.length];
        rest = Math.floor(rest / values.length);
      }
      return files === undefined ? chosen : [...namesOf(files[Math.floor(index / inner)]), ...chosen];
    },
  };
}

/** The values of a template that nothing is there for: what can be checked of it then. */
export function sampleValues({ names }: Variables): Values {
  return names.map(() => "x");
}

/** The names of a file, in the order of {@linkcode FILE_VARIABLES}. */
export function namesOf(path: string): string[] {
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  const dot = name.lastIndexOf(".");
  const isBare = dot <= 0;
  // In a list of sources a name that begins so would take out files.
  const whole = path.startsWith("!") ? `./${path}` : path;
  const dir = slash < 0 ? "." : path.slice(0, Math.max(slash, 1));
  return [whole, dir, name, isBare ? name : name.slice(0, dot), isBare ? "" : name.slice(dot)];
}
