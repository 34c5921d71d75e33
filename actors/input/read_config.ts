/**
 * Owns the way from the text of a config to checked tasks, or to every diagnostic in it: a config that is to be expanded is
 * handed on to expanded_config.ts. It reads no other file itself.
 *
 * @module
 */
import type { Diagnostic, Place } from "../../graph/failure.ts";
import { type Graph, linkGraph, unknownDiagnostics } from "../../graph/graph.ts";
import { isPattern } from "../../graph/input/task_names.ts";
import type { Task } from "../../graph/task.ts";
import { type BuildConfig, checkBuildConfig, needsExpansion } from "../../graph/input/build_config.ts";
import type { InputError } from "../../graph/input/input_error.ts";
import { parseJsonText } from "../../graph/input/json_text.ts";
import { Source } from "../../graph/input/source.ts";
import { later } from "../machine/later.ts";
import { diagnosticsError } from "./input.ts";

/** What a config consists of beside itself: with any of this it comes to something else. Paths are absolute unless told. */
export interface ConfigShape {
  /** The configs that it includes. */
  readonly files: readonly string[];
  /** What was looked for, as entries like those of `source_files`, and the files found; relative to the config's folder. */
  readonly globs: readonly { readonly entries: readonly string[]; readonly files: ReadonlySet<string> }[];
  /** The folders that were looked into. */
  readonly folders: ReadonlySet<string>;
}

/** A config that was read. */
export interface ReadConfig {
  /** Absent when there are diagnostics. */
  readonly config?: BuildConfig;
  readonly diagnostics: readonly Diagnostic[];
  /** There when it was expanded. */
  readonly shape?: ConfigShape;
  /** What is no mistake, but hardly meant. */
  readonly warnings: readonly string[];
  /** Renders diagnostics; `indexes` gives the place among all tasks of those that were chosen from it. */
  readonly explain: (diagnostics: readonly Diagnostic[], indexes?: readonly number[]) => Promise<InputError>;
}

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

/** Renders diagnostics with places in one text. */
export function explainIn(source: Source): ReadConfig["explain"] {
  return async (diagnostics, indexes) => {
    const { placeFinder } = await loadPlaces();
    const find = placeFinder(source.text);
    return diagnosticsError(diagnostics, source, (place) => find(chosenPlace(place, indexes)));
  };
}

/** A place among the chosen tasks as one among all. */
export function chosenPlace(place: Place, indexes: readonly number[] | undefined): Place {
  if (indexes === undefined || "start" in place || place.path[0] !== "tasks") return place;
  const [tasks, index, ...rest] = place.path;
  return { ...place, path: [tasks, indexes[index as number], ...rest] };
}

/** Loaded only where there is a mistake to show. */
export async function loadPlaces(): Promise<typeof import("../../graph/input/config_places.ts")> {
  return await later("../../graph/input/config_places.ts", import.meta.url);
}
