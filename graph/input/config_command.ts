/**
 * Owns where a command may run: the folder that a task names for it.
 *
 * @module
 */
import { fieldOf, type JsonObject, labelOf } from "./config_object.ts";
import type { Diagnostic } from "../failure.ts";
import * as say from "../diagnostics.ts";
import { normaliseFolder } from "../paths.ts";

/** The folder of a command, normalised; undefined when that is the config's own, or is wrong. */
export function readCwd(object: JsonObject, index: number, diagnostics: Diagnostic[]): string | undefined {
  const { cwd } = object;
  if (cwd === undefined) return undefined;
  if (object.command === undefined) diagnostics.push(say.withoutCommand(labelOf(object, index), "cwd"));
  if (typeof cwd !== "string") {
    diagnostics.push(say.wrongValue(fieldOf(object, index, "cwd"), "a folder", cwd));
    return undefined;
  }
  const folder = normaliseFolder(cwd);
  if (typeof folder !== "string") {
    diagnostics.push(say.badText(fieldOf(object, index, "cwd"), folder.rule));
    return undefined;
  }
  return folder === "." ? undefined : folder;
}
