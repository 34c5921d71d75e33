/**
 * Owns what a task may say of inputs that are not files it names: the dependency file by which its command tells what it
 * has read, and the commands that tell which tools are used.
 *
 * @module
 */
import { fieldOf, type JsonObject, labelOf, readStrings } from "./config_object.ts";
import type { Diagnostic } from "../failure.ts";
import * as say from "../diagnostics.ts";
import { depfileTaken } from "../graph_diagnostics.ts";
import { normaliseOutput, tooLong } from "../paths.ts";
import { OWN_DEPFILE, type Task } from "../task.ts";
import { lostIn, quote } from "../text.ts";

/** The dependency file, which is there. */
export function readDepfile(object: JsonObject, index: number, diagnostics: Diagnostic[]): string | undefined {
  const { depfile, command } = object;
  if (command === undefined) diagnostics.push(say.withoutCommand(labelOf(object, index), "depfile"));
  if (depfile === OWN_DEPFILE) return depfile;
  const field = fieldOf(object, index, "depfile");
  if (typeof depfile !== "string") {
    diagnostics.push(say.wrongValue(field, `"${OWN_DEPFILE}" or a path`, depfile));
    return undefined;
  }
  if (depfile.includes("$")) {
    diagnostics.push(say.badText(field, `must be "${OWN_DEPFILE}" or a path without '$'`));
    return undefined;
  }
  const path = normaliseOutput(depfile);
  const broken = typeof path === "string" ? tooLong(path) : path;
  if (typeof path === "string" && broken === undefined) return path;
  diagnostics.push(say.badText(field, broken!.rule));
}

/** The commands that tell of tools, which are there; undefined when there are none. */
export function readTools(object: JsonObject, index: number, diagnostics: Diagnostic[]): readonly string[] | undefined {
  const tools = readStrings(object, index, { key: "tools", diagnostics });
  tools.forEach((command, at) => {
    const lost = lostIn(command);
    const rule = command === "" ? "must not be empty" : lost === undefined ? undefined : `must not contain ${lost}`;
    if (rule !== undefined) diagnostics.push(say.badText(fieldOf(object, index, "tools", at), rule));
  });
  return tools.length === 0 ? undefined : [...new Set(tools)];
}

/** No dependency file lies where an artifact, a source of its task or another dependency file does. */
export function checkDepfiles(
  tasks: readonly Pick<Task, "name" | "depfile" | "sourceFiles">[],
  outputsOf: (task: number) => Iterable<string>,
  diagnostics: Diagnostic[],
): void {
  if (tasks.every(({ depfile }) => depfile === undefined || depfile === OWN_DEPFILE)) return;
  const taken = new Map<string, string>();
  tasks.forEach(({ name }, task) => {
    for (const output of outputsOf(task)) taken.set(output, `the output artifact of task ${quote(name)}`);
  });
  tasks.forEach(({ name, depfile, sourceFiles }, index) => {
    if (depfile === undefined || depfile === OWN_DEPFILE) return;
    const how = sourceFiles.includes(depfile) ? "is also one of its sources" : placeOf(depfile);
    if (how !== undefined) diagnostics.push(depfileTaken({ index, name }, depfile, how));
    else taken.set(depfile, `that of task ${quote(name)}`);
  });

  function placeOf(path: string): string | undefined {
    const same = taken.get(path);
    if (same !== undefined) return `is also ${same}`;
    // What is put into a folder is put there with it, as a whole.
    for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
      const outer = taken.get(path.slice(0, slash));
      if (outer !== undefined) return `lies inside ${outer}`;
    }
  }
}
