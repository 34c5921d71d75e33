/**
 * Owns what all input has in common: reading it, choosing tasks from it by name, and the error that ends it.
 * It knows no format.
 *
 * @module
 */
import type { Mistake, Place } from "../graph/failure.ts";
import { buildGraph, type Graph, type NamedTask, transitiveDependencies } from "../graph/graph.ts";
import { renderMistake, type Source, type Span } from "../graph/source.ts";
import { nearest } from "../graph/suggest.ts";
import { systemDetail } from "./system_error.ts";

/** More mistakes than anyone reads at once. */
const MISTAKES_SHOWN = 100;

/**
 * The input is wrong: the message is all of it, ready to be shown; exit code 2.
 *
 * @example
 * ```ts
 * import { build, InputError } from "./mod.ts";
 *
 * try {
 *   await build("nowhere.json");
 * } catch (error) {
 *   if (error instanceof InputError) console.log(error.message); // Build configuration not found at path: nowhere.json
 * }
 * ```
 */
export class InputError extends Error {
  /** Tells it from other errors. */
  override readonly name = "InputError";
}

/** Mistakes as an error, each with its line and a caret. */
export function mistakesError(
  mistakes: readonly Mistake[],
  source: Source,
  find?: (place: Place) => Span | undefined,
): InputError {
  const shown = mistakes.slice(0, MISTAKES_SHOWN).map((mistake) => renderMistake(mistake, source, find));
  if (mistakes.length > shown.length) shown.push(`… and ${mistakes.length - shown.length} more mistakes`);
  return new InputError(shown.join("\n\n"));
}

/**
 * The text of an input file; `what` names its kind, e.g. `Build configuration`.
 *
 * @throws {InputError} When there is none or it cannot be read.
 */
export function readInput(path: string, what: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (error instanceof Deno.errors.NotFound) throw new InputError(`${what} not found at path: ${path}`);
    throw new InputError(`Cannot read ${what.toLowerCase()} '${path}': ${systemDetail(error)}`);
  }
}

/**
 * The named tasks and all they need, with the index each had; undefined for all, which is what no names mean.
 *
 * @throws {InputError} When there is no task of a name.
 */
export function chooseTasks<Kind extends NamedTask>(
  tasks: readonly Kind[],
  graph: Graph,
  only: readonly string[],
): { tasks: Kind[]; graph: Graph; indexes: number[] } | undefined {
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
