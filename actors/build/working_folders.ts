/**
 * Owns the question whether the folders that commands are to run in are there and within the config's, before anything
 * starts. Where a task that is done before may still make one, its turn will tell.
 *
 * @module
 */
import type { Diagnostic } from "../../graph/failure.ts";
import { missingFolder, strangeFolder } from "../../graph/graph_diagnostics.ts";
import { awaitedBy, type Task } from "../../graph/task.ts";
import { type NoFolder, workingFolder } from "../machine/working_folder.ts";

/** What is wrong with the folders of commands. */
export function checkWorkingFolders(tasks: readonly Task[], folder: string): Diagnostic[] {
  const known = new Map<string, NoFolder | undefined>();
  return tasks.flatMap((task, index) => {
    const cwd = task.action.kind === "command" ? task.action.cwd : undefined;
    if (cwd === undefined) return [];
    if (!known.has(cwd)) {
      const found = workingFolder(folder, cwd);
      known.set(cwd, "detail" in found ? found : undefined);
    }
    const problem = known.get(cwd), label = { index, name: task.name };
    if (problem === undefined) return [];
    if (problem.kind !== "missing") return [strangeFolder(label, problem.detail)];
    return awaitedBy(task).length > 0 ? [] : [missingFolder(label, cwd)];
  });
}
