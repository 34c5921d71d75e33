/**
 * Owns the way from the text of a config to checked tasks, or to every diagnostic in it: a config that is to be expanded is
 * handed on to expanded_config.ts. It reads no other file itself.
 *
 * @module
 */
import type { Diagnostic } from "../../graph/failure.ts";
import { type Graph, linkGraph, unknownDiagnostics } from "../../graph/graph.ts";
import { isPattern } from "../../graph/input/task_names.ts";
import type { Task } from "../../graph/task.ts";
import { checkBuildConfig, needsExpansion } from "../../graph/input/build_config.ts";
import { parseJsonText } from "../../graph/input/json_text.ts";
import { Source } from "../../graph/input/source.ts";
import { later } from "../machine/later.ts";
import { explainIn } from "./input.ts";
import type { ReadConfig } from "./config_shape.ts";

/** Reads the config at a path, whose text is known. */
export async function readConfig(path: string, text: string): Promise<ReadConfig> {
  const source = new Source(path, text);
  const own = { warnings: [], explain: explainIn(source) };
  const json = await parseJsonText(text);
  if ("diagnostic" in json) return { ...own, diagnostics: [json.diagnostic] };
  if (needsExpansion(json.value)) {
    const { readExpandedConfig } = await later<typeof import("./expanded_config.ts")>(
      "./expanded_config.ts",
      import.meta.url,
    );
    return await readExpandedConfig(source, json.value, json.diagnostics);
  }
  const { config, diagnostics } = checkBuildConfig(json.value);
  if (json.diagnostics.length === 0) return { ...own, config, diagnostics };
  return { ...own, diagnostics: [...json.diagnostics, ...diagnostics] };
}

/**
 * The graph of tasks, and the tasks with the names of all that their names of others mean. Names that mean nothing are
 * diagnostics.
 */
export async function linkRead(
  tasks: readonly Task[],
  diagnostics: Diagnostic[],
): Promise<{ readonly tasks: readonly Task[]; readonly graph: Graph }> {
  const { graph, unknown } = linkGraph(tasks);
  if (!unknown.some(({ name }) => isPattern(name))) {
    for (const diagnostic of unknownDiagnostics(tasks, unknown)) diagnostics.push(diagnostic);
    return { tasks, graph };
  }
  const { linkTasks } = await later<typeof import("../../graph/input/task_references.ts")>(
    "../../graph/input/task_references.ts",
    import.meta.url,
  );
  return linkTasks(tasks, { diagnostics });
}
