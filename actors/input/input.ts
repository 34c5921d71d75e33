/**
 * Owns what all input has in common: which kind of file it is, reading it, choosing tasks from it by name, and the error
 * that ends it. It knows no format.
 *
 * @module
 */
import type { Diagnostic, Place } from "../../graph/failure.ts";
import { buildGraph, type Graph, type NamedTask, transitiveDependencies } from "../../graph/graph.ts";
import { type FoundSpan, renderDiagnostic, type Source } from "../../graph/input/source.ts";
import type { ReadConfig } from "./config_shape.ts";
import { later } from "../machine/later.ts";
import { meaningOf } from "../../graph/input/task_names.ts";
import { decodeUtf8 } from "../../graph/input/utf8.ts";
import { counted, listed, quote } from "../../graph/text.ts";
import { readRegular, readRegularStart } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { Task } from "../../graph/task.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { UnknownTaskError } from "../../graph/input/unknown_task_error.ts";

/** So much of a file tells whether it is a config: words of a command line may be the names of any files. */
const START_BYTES = 4096;

/** More diagnostics than anyone reads at once. */
const MISTAKES_SHOWN = 100;

/** Diagnostics as an error, each with its line and a caret; `moreOf` tells in how many more tasks the same is wrong. */
export function diagnosticsError(
  diagnostics: readonly Diagnostic[],
  source: Source,
  find?: (place: Place) => FoundSpan | undefined,
  moreOf: (diagnostic: Diagnostic) => number = () => 0,
): InputError {
  const shown = diagnostics.slice(0, MISTAKES_SHOWN).map((diagnostic) => {
    const more = moreOf(diagnostic), text = renderDiagnostic(diagnostic, source, find);
    return more === 0 ? text : `${text}\n  and the same in ${counted(more, "more task")}`;
  });
  if (diagnostics.length > shown.length) shown.push(`… and ${diagnostics.length - shown.length} more mistakes`);
  return new InputError(shown.join("\n\n"));
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
  return await later<typeof import("../../graph/input/config_places.ts")>(
    "../../graph/input/config_places.ts",
    import.meta.url,
  );
}

/**
 * Whether a file is a build config rather than a task file: by its name, `.json` or `.jsonc` against `.txt`, and where
 * that says nothing by what it begins with, since no line of a task file can begin with a brace.
 */
export function isConfig(path: string): boolean {
  if (/\.jsonc?$/i.test(path)) return true;
  if (/\.txt$/i.test(path)) return false;
  try {
    return /^\ufeff?\s*(?:\/[/*]|\{)/.test(new TextDecoder().decode(readRegularStart(path, START_BYTES)));
  } catch {
    // Whoever reads it says why that cannot be.
    return false;
  }
}

/**
 * The text of an input file; `what` names its kind, e.g. `Build configuration`.
 *
 * @throws {InputError} When there is none or it cannot be read.
 */
export function readInput(path: string, what: string): string {
  const text = decodeUtf8(readBytes(path, what));
  if (typeof text === "string") return text;
  const { line, column } = text;
  throw new InputError(`Cannot read ${what.toLowerCase()} '${path}': not UTF-8 at line ${line}, column ${column}`);
}

function readBytes(path: string, what: string): Uint8Array {
  try {
    return readRegular(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (error instanceof Deno.errors.NotFound) throw new InputError(`${what} not found at path: ${path}`);
    throw new InputError(`Cannot read ${what.toLowerCase()} '${path}': ${systemDetail(error)}`);
  }
}

/**
 * The named tasks and all they need, with the index each had; undefined for all, which is what no names mean. A name may be
 * a pattern, see task_names.ts.
 *
 * @throws {UnknownTaskError} When there is no task of a name.
 */
export function chooseTasks<Kind extends NamedTask & Partial<Pick<Task, "tags">>>(
  tasks: readonly Kind[],
  graph: Graph,
  only: readonly string[],
): { tasks: Kind[]; graph: Graph; indexes: number[] } | undefined {
  if (only.length === 0) return undefined;
  const named = indexesOf(only, tasks);
  const marks = transitiveDependencies(graph, named);
  for (const index of named) marks[index] = 1;
  const indexes = [...tasks.keys()].filter((index) => marks[index] === 1);
  const chosen = indexes.map((index) => tasks[index]);
  return { tasks: chosen, graph: buildGraph(chosen).graph, indexes };
}

/**
 * The tasks that words mean, by index, each once.
 *
 * @throws {UnknownTaskError} When a word means none.
 */
export function indexesOf(
  words: readonly string[],
  tasks: readonly { readonly name: string; readonly tags?: readonly string[] }[],
): number[] {
  const names = tasks.map(({ name }) => name);
  const { indexes, unknown } = meaningOf(words, names, (index) => tasks[index].tags);
  if (unknown.length > 0) {
    throw new UnknownTaskError(unknown, names, [], [...new Set(tasks.flatMap(({ tags = [] }) => tags))]);
  }
  return [...new Set(indexes)];
}

/**
 * The one task that a word means, by index.
 *
 * @throws {InputError} When it means none, or several.
 */
export function indexOf(word: string, tasks: Parameters<typeof indexesOf>[1]): number {
  const [index, ...more] = indexesOf([word], tasks);
  if (more.length === 0) return index;
  const names = listed([index, ...more].map((at) => tasks[at].name), 3);
  throw new InputError(`${quote(word)} means ${more.length + 1} tasks, and one is to be named: ${names}`);
}
