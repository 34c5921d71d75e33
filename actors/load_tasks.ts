/**
 * Owns the reading of a task file: from a path to checked tasks, or to every mistake in it as text.
 * It writes nothing and starts nothing.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { buildGraph } from "../graph/graph.ts";
import { Source } from "../graph/source.ts";
import { parseTaskFile } from "../graph/task_file.ts";
import { chooseTasks, mistakesError, readInput } from "./input.ts";
import type { TaskRunInput } from "./task_run.ts";

/**
 * Loads the task file at a path; `only` names the tasks to run, with all they need, and is empty for all.
 *
 * @throws {InputError} With every mistake in the file, or why it cannot be read.
 */
export function loadTasks(path: string, only: readonly string[] = []): TaskRunInput {
  const text = readInput(path, "Task file");
  const { tasks, mistakes } = parseTaskFile(text);
  if (tasks === undefined) throw mistakesError(mistakes, new Source(path, text));
  const { graph } = buildGraph(tasks);
  const chosen = chooseTasks(tasks, graph, only);
  const source = resolve(path);
  return { folder: dirname(source), source, ...(chosen ?? { tasks, graph }) };
}
