/**
 * Owns the reading of a build config: from a path to checked tasks, or to every mistake in it as text.
 * It writes nothing and starts nothing.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { parseBuildConfig } from "../graph/build_config.ts";
import type { Mistake, Place } from "../graph/failure.ts";
import { buildGraph, cycleMistakes, findCycles, type Graph } from "../graph/graph.ts";
import { outputIsConfig } from "../graph/mistakes.ts";
import { Source } from "../graph/source.ts";
import type { Task } from "../graph/task.ts";
import { chooseTasks, type InputError, mistakesError, readInput } from "./input.ts";

/** A config that can be built. */
export interface LoadedBuild {
  /** Absolute; where relative paths start and commands run. */
  readonly folder: string;
  /** Absolute path of the config. */
  readonly source: string;
  readonly numWorkers?: number;
  /** How much of each resource there is. */
  readonly resourceLimits?: Readonly<Record<string, number>>;
  /** All tasks or, where some were chosen, these and what they need. */
  readonly tasks: readonly Task[];
  readonly graph: Graph;
  /** Shows mistakes found later, which have places in this config. */
  readonly explain: (mistakes: readonly Mistake[]) => Promise<InputError>;
}

/**
 * Loads the config at a path; `only` names the tasks to build, with all they need, and is empty for all.
 *
 * @throws {InputError} With every mistake in the config, or why it cannot be read.
 */
export async function loadBuild(path: string, only: readonly string[] = []): Promise<LoadedBuild> {
  const text = readInput(path, "Build configuration");
  const source = new Source(path, text);
  const { config, mistakes } = await parseBuildConfig(text);
  if (config === undefined) throw await explain(source, mistakes);
  const { graph, mistakes: unknown } = buildGraph(config.tasks);
  const found = [...overwritten(config.tasks, path), ...unknown, ...cycleMistakes(config.tasks, findCycles(graph))];
  if (found.length > 0) throw await explain(source, found);
  const chosen = chooseTasks(config.tasks, graph, only);
  return {
    folder: dirname(resolve(path)),
    source: resolve(path),
    numWorkers: config.numWorkers,
    resourceLimits: config.resourceLimits,
    ...(chosen ?? { tasks: config.tasks, graph }),
    explain: (later) => explain(source, later, chosen?.indexes),
  };
}

/** Tasks whose artifact would replace the config. */
function overwritten(tasks: readonly Task[], path: string): Mistake[] {
  const name = basename(path);
  const index = tasks.findIndex((task) => task.output === name);
  if (index < 0) return [];
  return [outputIsConfig({ index, name: tasks[index].name }, ["tasks", index, "output_artifact"], name)];
}

/** Renders mistakes; `indexes` gives the place in the config of tasks that were chosen from it. */
export async function explain(
  source: Source,
  mistakes: readonly Mistake[],
  indexes?: readonly number[],
): Promise<InputError> {
  const { placeFinder } = await import("../graph/config_places.ts");
  const find = placeFinder(source.text);
  const findChosen = (place: Place) => {
    if (indexes === undefined || "start" in place) return find(place);
    const [tasks, index, ...rest] = place.path;
    return find({ ...place, path: [tasks, indexes[index as number], ...rest] });
  };
  return mistakesError(mistakes, source, findChosen);
}
