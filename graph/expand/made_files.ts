/**
 * Owns the question which of some tasks, as they are written, makes a file: by its name, in a folder, or by a glob. What is
 * no path at all makes nothing; whoever checks the tasks tells of it.
 *
 * @module
 */
import { Glob } from "../glob.ts";
import { isObject } from "../input/config_object.ts";
import { isGlob, normaliseSource } from "../paths.ts";

/** What all the tasks make. */
export class MadeFiles {
  /** Path of a file or a folder → the first task that makes it. */
  readonly #paths = new Map<string, number>();
  /** The folder that what a glob matches lies in or below → those that make such. */
  readonly #globs = new Map<string, { readonly glob: Glob; readonly task: number }[]>();

  constructor(tasks: readonly unknown[]) {
    tasks.forEach((task, index) => {
      if (!isObject(task)) return;
      for (const key of ["output_artifact", "output", "outputs"]) {
        const outputs: unknown[] = Array.isArray(task[key]) ? task[key] : [task[key]];
        for (const output of outputs) if (typeof output === "string") this.#enter(output, index);
      }
    });
  }

  /** The task that makes a file, relative to the config's folder. */
  makerOf(path: string): number | undefined {
    for (let at = path; at !== ""; at = folderOf(at)) {
      const maker = this.#paths.get(at) ?? this.#globs.get(at)?.find(({ glob }) => glob.matches(path))?.task;
      if (maker !== undefined) return maker;
    }
    return this.#globs.get("")?.find(({ glob }) => glob.matches(path))?.task;
  }

  #enter(output: string, task: number): void {
    const path = normaliseSource(output);
    if (typeof path !== "string") return;
    if (!isGlob(path)) {
      if (!this.#paths.has(path)) this.#paths.set(path, task);
      return;
    }
    const glob = new Glob(path), folder = folderOf(glob.prefix + "x");
    const known = this.#globs.get(folder);
    if (known === undefined) this.#globs.set(folder, [{ glob, task }]);
    else known.push({ glob, task });
  }
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}
