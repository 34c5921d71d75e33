/**
 * Owns what a task may say of what it is made for: `for_each` and `matrix`, as values without mistakes. It makes no task
 * and looks for no file.
 *
 * @module
 */
import { badText, type TaskLabel, wrongValue } from "../diagnostics.ts";
import type { Diagnostic } from "../failure.ts";
import { fieldOf, isObject, type JsonObject, labelOf } from "../input/config_object.ts";
import { isExclusion, normaliseEntry } from "../paths.ts";
import { FILE_VARIABLES, type Matrix } from "./combinations.ts";
import { repeatedValue, takenName, tooManyCombinations } from "./expand_diagnostics.ts";

/** So many tasks one template may stand for. */
export const MOST_COMBINATIONS = 1_000_000;

/** The entries of a `for_each`, as those of `source_files`; undefined when there is none or it is wrong. */
export function readForEach(
  task: JsonObject,
  index: number,
  diagnostics: Diagnostic[],
): readonly string[] | undefined {
  const given = task.for_each;
  if (given === undefined) return undefined;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  let isGood = true;
  const wrong = (diagnostic: Diagnostic) => {
    isGood = false;
    diagnostics.push(diagnostic);
  };
  const entries = list.map((entry, at) => {
    const field = Array.isArray(given) ? fieldOf(task, index, "for_each", at) : fieldOf(task, index, "for_each");
    if (typeof entry !== "string") {
      wrong(wrongValue(field, "a glob", entry));
      return "";
    }
    const path = normaliseEntry(entry);
    if (typeof path === "string") return path;
    wrong(badText(field, path.rule));
    return "";
  });
  if (isGood && entries.every(isExclusion)) {
    wrong(badText(fieldOf(task, index, "for_each"), "must have an entry that does not begin with '!'"));
  }
  return isGood ? entries : undefined;
}

/** The matrix of a task, empty when there is none; undefined when it is wrong. */
export function readMatrix(task: JsonObject, index: number, diagnostics: Diagnostic[]): Matrix | undefined {
  const given = task.matrix;
  if (given === undefined) return [];
  const before = diagnostics.length, label = labelOf(task, index);
  if (!isObject(given)) {
    const hint = 'write {"name": ["value", "other"]}';
    diagnostics.push(wrongValue(fieldOf(task, index, "matrix"), "an object", given, hint));
    return undefined;
  }
  const names = Object.keys(given);
  if (names.length === 0) diagnostics.push(badText(fieldOf(task, index, "matrix"), "must have at least one list"));
  const matrix = names.map((name): [string, readonly string[]] => {
    const field = fieldOf(task, index, "matrix", name);
    if (!/^[A-Za-z_][\w-]*$/.test(name)) {
      diagnostics.push({
        ...badText(field, "must have a name of letters, digits, '_' and '-', as placeholders have"),
        places: [{ path: field.path, of: "key" }],
      });
    } else if (task.for_each !== undefined && FILE_VARIABLES.some((taken) => taken === name)) {
      diagnostics.push(takenName(label, name));
    }
    const values = given[name];
    if (Array.isArray(values) && values.length > 0) {
      return [name, readValues(task, index, { name, values, diagnostics })];
    }
    diagnostics.push(
      Array.isArray(values) ? badText(field, "must have at least one value") : wrongValue(field, "a list", values),
    );
    return [name, []];
  });
  if (diagnostics.length > before) return undefined;
  const size = matrix.reduce((product, [, values]) => product * values.length, 1);
  if (size <= MOST_COMBINATIONS) return matrix;
  diagnostics.push(tooManyCombinations(label, size, MOST_COMBINATIONS));
}

function readValues(
  task: JsonObject,
  index: number,
  { name, values, diagnostics }: {
    readonly name: string;
    readonly values: readonly unknown[];
    readonly diagnostics: Diagnostic[];
  },
): string[] {
  const label: TaskLabel = labelOf(task, index), seen = new Set<string>();
  return values.map((value, at) => {
    if (!["string", "number", "boolean"].includes(typeof value)) {
      diagnostics.push(wrongValue(fieldOf(task, index, "matrix", name, at), "a text, a number or a boolean", value));
      return "";
    }
    const text = String(value);
    if (seen.has(text)) diagnostics.push(repeatedValue(label, name, [text, at]));
    seen.add(text);
    return text;
  });
}
