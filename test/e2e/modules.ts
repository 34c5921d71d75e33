/**
 * Owns the projects of the tests of module tasks: a module of the test's own and tasks that call its functions, and the
 * reading of how each task ended.
 *
 * @module
 */
import type { Ended, Rig } from "../rig.ts";

/** One task of a config; what it does not say is the same for all. */
export type ModuleTask = Readonly<Record<string, unknown>>;

/** Writes a config of tasks `name` → what it says; each makes `out/{name}` by the exported function of its name. */
export function configure(rig: Rig, tasks: Readonly<Record<string, ModuleTask>>, workers = 2): void {
  rig.write("build.json", {
    num_workers: workers,
    tasks: Object.entries(tasks).map(([name, task]) => ({
      name,
      output: `out/${name}`,
      ...("command" in task || "content" in task ? {} : { module: "tasks.ts", export: name }),
      ...task,
    })),
  });
}

/** Name of each task that failed → the sentence why. */
export function errors({ stdout }: Pick<Ended, "stdout">): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name, error] of stdout.matchAll(/^\S.*: Failed task '(.+)' after \S+ \(error: (.+)\)$/gm)) {
    found[name] = error;
  }
  return found;
}
