/**
 * Owns what the readers of a task's fields share: the object they read, how a field is named, and lists of strings and
 * paths. What each field may hold is config_fields.ts and config_declarations.ts.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import * as say from "../diagnostics.ts";
import type { Field, TaskLabel } from "../diagnostics.ts";
import { isExclusion, normaliseEntry } from "../paths.ts";

/** A JSON object; its keys may be any, `__proto__` included. */
export type JsonObject = Readonly<Record<string, unknown>>;

const NO_STRINGS: readonly string[] = Object.freeze([]);

/** A task for the sentences: by name where that is usable. */
export function labelOf(object: JsonObject, index: number): TaskLabel {
  const name = object.name;
  return typeof name === "string" && name !== "" ? { index, name } : { index };
}

/** A field of a task for the sentences. */
export function fieldOf(object: JsonObject, index: number, ...keys: (string | number)[]): Field {
  const name = keys.map((key, at) => typeof key === "number" ? `[${key}]` : at === 0 ? key : `.${key}`).join("");
  return { path: ["tasks", index, ...keys], name, task: labelOf(object, index) };
}

/** Whether a value is an object with keys. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A list of strings; none when it is absent or wrong. */
export function readStrings(
  object: JsonObject,
  index: number,
  { key, diagnostics }: { key: string; diagnostics: Diagnostic[] },
): readonly string[] {
  const list = object[key];
  if (list === undefined) return NO_STRINGS;
  if (!Array.isArray(list)) {
    const hint = typeof list === "string" ? "put it in [ ]" : undefined;
    diagnostics.push(say.wrongValue(fieldOf(object, index, key), "a list of strings", list, hint));
    return NO_STRINGS;
  }
  let isGood = true;
  for (let at = 0; at < list.length; at++) {
    if (typeof list[at] === "string") continue;
    isGood = false;
    diagnostics.push(say.wrongValue(fieldOf(object, index, key, at), "a string", list[at]));
  }
  return isGood ? list : NO_STRINGS;
}

/** A list of files and globs, normalised. */
export function readPaths(
  object: JsonObject,
  index: number,
  { key, diagnostics }: { key: string; diagnostics: Diagnostic[] },
): readonly string[] {
  const list = readStrings(object, index, { key, diagnostics });
  let normalised: string[] | undefined;
  for (let at = 0; at < list.length; at++) {
    const path = key === "source_files" ? normaliseEntry(list[at]) : normaliseDeclared(list[at]);
    if (path === list[at]) continue;
    if (typeof path === "string") (normalised ??= list.slice())[at] = path;
    else diagnostics.push(say.badText(fieldOf(object, index, key, at), path.rule));
  }
  return normalised ?? list;
}

/** What is declared to be read or written is known by its names, and has no exceptions. */
function normaliseDeclared(path: string): ReturnType<typeof normaliseEntry> {
  return isExclusion(path)
    ? { rule: "must not begin with '!', by which only 'source_files' leaves out files" }
    : normaliseEntry(path);
}
