/**
 * Owns what a task may say of its outputs: one file by `output_artifact`, or files, folders and globs by `outputs`, and
 * the digests that they must have.
 * It never compares tasks with each other; that is build_config.ts.
 *
 * @module
 */
import { fieldOf, isObject, type JsonObject, labelOf, readStrings } from "./config_object.ts";
import type { Diagnostic, JsonPath } from "../failure.ts";
import * as say from "../diagnostics.ts";
import { asIncluding, type BrokenRule, EXCEPT, isGlob, normaliseOutput, tooLong } from "../paths.ts";
import type { Action, DeclaredOutput } from "../task.ts";

const NO_OUTPUTS: readonly DeclaredOutput[] = Object.freeze([]);

/** Stands for an output that was complained about. */
const WRONG: DeclaredOutput = Object.freeze({ path: "", kind: "path" });

/** The outputs of a task, as far as they could be read. The path of one that was complained about is empty. */
export function readOutputs(object: JsonObject, index: number, diagnostics: Diagnostic[]): readonly DeclaredOutput[] {
  const { output_artifact: artifact, output, outputs } = object;
  if (artifact !== undefined && output !== undefined) {
    diagnostics.push(say.bothKeys(labelOf(object, index), "output", "output_artifact"));
  }
  const one = oneKey(object);
  if (outputs !== undefined && object[one] !== undefined) {
    diagnostics.push(say.bothKeys(labelOf(object, index), one, "outputs"));
  }
  if (object[one] !== undefined) return readOne(object, index, diagnostics);
  if (outputs !== undefined) return readList(object, index, diagnostics);
  diagnostics.push(say.missingOutput(labelOf(object, index)));
  return NO_OUTPUTS;
}

/** The place in the config of an output, by its place among those of its task. */
export function outputPlace(object: JsonObject, index: number, at: number): JsonPath {
  return object[oneKey(object)] === undefined ? ["tasks", index, "outputs", at] : ["tasks", index, oneKey(object)];
}

/** The key that one output is given by. */
function oneKey(object: JsonObject): "output" | "output_artifact" {
  return object.output_artifact === undefined && object.output !== undefined ? "output" : "output_artifact";
}

function readOne(object: JsonObject, index: number, diagnostics: Diagnostic[]): readonly DeclaredOutput[] {
  const key = oneKey(object);
  const output = object[key];
  if (typeof output !== "string") {
    diagnostics.push(say.wrongValue(fieldOf(object, index, key), "a string", output));
    return NO_OUTPUTS;
  }
  const path = normaliseOutput(output);
  const broken = typeof path === "string" ? tooLong(path) : path;
  if (typeof path === "string" && broken === undefined) return [{ path, kind: "file" }];
  const hint = output.endsWith("/") ? `a folder is made by "outputs": [${JSON.stringify(output)}]` : undefined;
  diagnostics.push(say.badText(fieldOf(object, index, key), broken!.rule, hint));
  return NO_OUTPUTS;
}

/** What is called so is written `./!name`. */
const LEAVES_OUT: BrokenRule = { rule: "must not begin with '!': an output leaves out nothing" };

const GLOB_OF_FOLDERS: BrokenRule = { rule: "must not be a glob of folders: name the folder" };

function readList(object: JsonObject, index: number, diagnostics: Diagnostic[]): readonly DeclaredOutput[] {
  const found: DeclaredOutput[] = [];
  readStrings(object, index, { key: "outputs", diagnostics }).forEach((text, at) => {
    const isFolder = text.length > 1 && text.endsWith("/");
    const written = asEntry(
      text.startsWith("!") ? LEAVES_OUT : normaliseOutput(isFolder ? text.replace(/\/+$/, "") : text),
    );
    const name = typeof written === "string" ? plainName(written) : undefined, path = name ?? written;
    const kind = isFolder ? "folder" : name === undefined ? "glob" : "path";
    const broken = typeof path === "string" ? (isFolder && name === undefined ? GLOB_OF_FOLDERS : tooLong(path)) : path;
    if (broken !== undefined) {
      diagnostics.push(say.badText(fieldOf(object, index, "outputs", at), broken.rule));
      found.push(WRONG);
    } else found.push({ path: path as string, kind });
  });
  return found.length === 0 ? NO_OUTPUTS : found;
}

/** A glob whose names are written like exceptions, or with ones in it: an output has none. */
function asEntry(path: string | BrokenRule): string | BrokenRule {
  if (typeof path !== "string" || !isGlob(path)) return path;
  return asIncluding(path).replaceAll(EXCEPT, " \\!");
}

/** The one name that a text means, undefined for a glob. A `\` before each bracket and brace makes a name of it. */
function plainName(text: string): string | BrokenRule | undefined {
  if (!isGlob(text)) return text;
  const name = text.replace(/\\(.)/g, "$1");
  return isGlob(text.replace(/\\./g, "")) ? undefined : normaliseOutput(name);
}

/** Literal content, and what others have made joined, is one file. */
export function checkOneFile(
  object: JsonObject,
  index: number,
  { action, outputs, diagnostics }: {
    readonly action: Action;
    readonly outputs: readonly DeclaredOutput[];
    readonly diagnostics: Diagnostic[];
  },
): void {
  if (action.kind !== "content" && action.kind !== "concatenate") return;
  if (!Array.isArray(object.outputs) || outputs.some(({ path }) => path === "")) return;
  const isOne = outputs.length === 1 && (outputs[0].kind === "path" || outputs[0].kind === "file");
  if (isOne || (action.kind === "concatenate" && outputs.length === 0)) return;
  const [what, hint] = action.kind === "content"
    ? ["The content", "write one path that is no folder and no glob"]
    : ["The joining", 'add "command" or "module": without one a task joins its sources to one file'];
  diagnostics.push(say.notOneFile(labelOf(object, index), what, hint));
}

/** The digests that a task declares, by path; undefined for none. */
export function readExpected(
  object: JsonObject,
  index: number,
  { outputs, diagnostics }: { readonly outputs: readonly DeclaredOutput[]; readonly diagnostics: Diagnostic[] },
): Readonly<Record<string, string>> | undefined {
  const { expected_sha256: one, expected: several } = object;
  if (one === undefined && several === undefined) return undefined;
  if (one !== undefined && several !== undefined) {
    diagnostics.push(say.bothKeys(labelOf(object, index), "expected_sha256", "expected"));
  }
  if (one !== undefined) {
    const digest = readDigest(one, fieldOf(object, index, "expected_sha256"), diagnostics);
    const isOne = outputs.length === 1 && outputs[0].kind !== "glob";
    if (!isOne && Array.isArray(object.outputs)) {
      const field = fieldOf(object, index, "expected_sha256");
      diagnostics.push(say.badText(field, "is for a task with one output", 'write "expected": {path: digest}'));
    }
    return digest === undefined || !isOne ? undefined : { [outputs[0].path]: digest };
  }
  if (!isObject(several)) {
    const hint = "write {path: digest}";
    diagnostics.push(say.wrongValue(fieldOf(object, index, "expected"), "an object", several, hint));
    return undefined;
  }
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(several)) {
    const field = { ...fieldOf(object, index, "expected", key), name: `expected.${key}` };
    const digest = readDigest(value, field, diagnostics);
    const path = normaliseOutput(key.length > 1 ? key.replace(/\/+$/, "") : key);
    const isOutput = typeof path === "string" &&
      outputs.some((output) => output.path === path || output.kind === "glob");
    if (!isOutput) diagnostics.push(say.badName(field, `Path '${key}' in 'expected'`, "is no output of the task"));
    else if (digest !== undefined) entries.push([path, digest]);
  }
  return Object.fromEntries(entries);
}

function readDigest(digest: unknown, field: say.Field, diagnostics: Diagnostic[]): string | undefined {
  if (typeof digest !== "string") {
    diagnostics.push(say.wrongValue(field, "64 hexadecimal digits", digest));
    return undefined;
  }
  if (/^[0-9a-fA-F]{64}$/.test(digest)) return digest.toLowerCase();
  diagnostics.push(say.badText(field, "must be 64 hexadecimal digits"));
  return undefined;
}
