/**
 * Owns what a task may say of itself to people, and by which words it is asked for together with others.
 *
 * @module
 */
import { fieldOf, type JsonObject, readStrings } from "./config_object.ts";
import type { Diagnostic } from "../failure.ts";
import * as say from "../diagnostics.ts";
import { isPlainText } from "../paths.ts";

/** What a task is for; undefined when it is wrong. */
export function readDescription(object: JsonObject, index: number, diagnostics: Diagnostic[]): string | undefined {
  const { description } = object;
  if (typeof description === "string") return description;
  diagnostics.push(say.wrongValue(fieldOf(object, index, "description"), "a string", description));
}

/** The tags of a task, each once; undefined when there are none. */
export function readTags(object: JsonObject, index: number, diagnostics: Diagnostic[]): readonly string[] | undefined {
  const list = readStrings(object, index, { key: "tags", diagnostics });
  list.forEach((tag, at) => {
    const rule = tag === ""
      ? "must not be empty"
      : isPlainText(tag)
      ? undefined
      : "must not contain control characters";
    if (rule !== undefined) diagnostics.push(say.badText(fieldOf(object, index, "tags", at), rule));
  });
  return list.length === 0 ? undefined : [...new Set(list)];
}
