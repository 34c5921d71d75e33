/**
 * Owns the reading of a task file: from a path to checked tasks, or to every diagnostic in it as text.
 * It writes nothing and starts nothing.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { buildGraph, type Graph } from "../../graph/graph.ts";
import { renderDiagnostic, Source } from "../../graph/input/source.ts";
import { parseTaskFile, type ShellTask } from "../../graph/input/task_file.ts";
import { chooseTasks, diagnosticsError, readInput } from "./input.ts";

/** A shell task as it is run. */
export interface ShellWorkTask extends ShellTask {
  readonly env?: Readonly<Record<string, string>>;
}

/** Checked tasks and where they come from. */
export interface TaskRunInput {
  readonly tasks: readonly ShellWorkTask[];
  readonly graph: Graph;
  /** Absolute; where commands run. */
  readonly folder: string;
  /** Absolute path of the task file. */
  readonly source: string;
  /** The run this one retries. */
  readonly retryOf?: number;
  /** The names that were asked for, for its record; absent for all. */
  readonly asked?: readonly string[];
  /** What of the task file is hardly meant, as it is shown. */
  readonly warnings?: readonly string[];
}

/**
 * Loads the task file at a path; `only` names the tasks to run, with all they need, and is empty for all.
 *
 * @throws {InputError} With every diagnostic in the file, or why it cannot be read.
 */
export function loadTasks(path: string, only: readonly string[] = []): TaskRunInput {
  const text = readInput(path, "Task file");
  const { tasks, diagnostics, warnings } = parseTaskFile(text);
  const origin = new Source(path, text);
  if (tasks === undefined) throw diagnosticsError(diagnostics, origin);
  const { graph } = buildGraph(tasks);
  const chosen = chooseTasks(tasks, graph, only);
  const source = resolve(path);
  const odd = warnings.map((warning) => renderDiagnostic(warning, origin));
  return { folder: dirname(source), source, warnings: odd, ...(chosen ?? { tasks, graph }) };
}
