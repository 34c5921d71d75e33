/**
 * Owns the reading of a build config: from a path to checked tasks, or to every mistake in it as text.
 * It writes nothing and starts nothing.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { type BuildConfig, parseBuildConfig } from "../graph/build_config.ts";
import type { Mistake, Place } from "../graph/failure.ts";
import { buildGraph, cycleMistakes, findCycles, type Graph, transitiveDependencies } from "../graph/graph.ts";
import { renderMistake, Source } from "../graph/source.ts";
import { nearest } from "../graph/suggest.ts";
import type { Task } from "../graph/task.ts";
import { systemDetail } from "./system_error.ts";

/** More mistakes than anyone reads at once. */
const MISTAKES_SHOWN = 100;

/** A config that can be built. */
export interface LoadedBuild {
  /** Absolute; where relative paths start and commands run. */
  readonly folder: string;
  readonly numWorkers?: number;
  /** All tasks or, where some were chosen, these and what they need. */
  readonly tasks: readonly Task[];
  readonly graph: Graph;
  /** Shows mistakes found later, which have places in this config. */
  readonly explain: (mistakes: readonly Mistake[]) => Promise<InputError>;
}

/** The input is wrong: the message is all of it, ready to be shown; exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/**
 * Loads the config at a path; `only` names the tasks to build, with all they need, and is empty for all.
 *
 * @throws {InputError} With every mistake in the config, or why it cannot be read.
 */
export async function loadBuild(path: string, only: readonly string[] = []): Promise<LoadedBuild> {
  const text = readConfig(path);
  const source = new Source(path, text);
  const { config, mistakes } = await parseBuildConfig(text);
  if (config === undefined) throw await explain(source, mistakes);
  const { graph, mistakes: unknown } = buildGraph(config.tasks);
  const found = [...unknown, ...cycleMistakes(config.tasks, findCycles(graph))];
  if (found.length > 0) throw await explain(source, found);
  const chosen = choose(config, graph, only);
  return {
    folder: dirname(resolve(path)),
    numWorkers: config.numWorkers,
    ...(chosen ?? { tasks: config.tasks, graph }),
    explain: (later) => explain(source, later, chosen?.indexes),
  };
}

function readConfig(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new InputError(`Build configuration not found at path: ${path}`);
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new InputError(`Cannot read build configuration '${path}': ${systemDetail(error)}`);
  }
}

function choose(
  { tasks }: BuildConfig,
  graph: Graph,
  only: readonly string[],
): { tasks: Task[]; graph: Graph; indexes: number[] } | undefined {
  if (only.length === 0) return undefined;
  const byName = new Map(tasks.map((task, index) => [task.name, index]));
  const unknown = only.filter((name) => !byName.has(name));
  if (unknown.length > 0) {
    throw new InputError(
      unknown.map((name) => {
        const guess = nearest(name, byName.keys());
        return `Unknown task '${name}'${guess === undefined ? "" : `, did you mean '${guess}'?`}`;
      }).join("\n"),
    );
  }
  const marks = transitiveDependencies(graph, only.map((name) => byName.get(name)!));
  for (const name of only) marks[byName.get(name)!] = 1;
  const indexes = [...tasks.keys()].filter((index) => marks[index] === 1);
  const chosen = indexes.map((index) => tasks[index]);
  return { tasks: chosen, graph: buildGraph(chosen).graph, indexes };
}

/** Renders mistakes; `indexes` gives the place in the config of tasks that were chosen from it. */
async function explain(
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
  const shown = mistakes.slice(0, MISTAKES_SHOWN).map((mistake) => renderMistake(mistake, source, findChosen));
  if (mistakes.length > shown.length) shown.push(`… and ${mistakes.length - shown.length} more mistakes`);
  return new InputError(shown.join("\n\n"));
}
