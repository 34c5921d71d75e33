/**
 * Owns what each field of a task may hold: one object of the parsed config in, one {@linkcode Task} out, diagnostics collected.
 * It never compares tasks with each other and never throws at what a user got wrong.
 *
 * A config of 100 000 tasks passes through here in one go, so the good path makes nothing but the task itself: labels,
 * paths and sentences come into being with the diagnostic they are for.
 *
 * @module
 */
import { readDeclarations } from "./config_declarations.ts";
import { readCwd } from "./config_command.ts";
import { readDescription, readTags } from "./config_labels.ts";
import { readDepfile, readTools } from "./config_inputs.ts";
import { readModule } from "./config_module.ts";
import { fieldOf, type JsonObject, labelOf, readPaths, readStrings } from "./config_object.ts";
import type { Diagnostic } from "../failure.ts";
import * as say from "../diagnostics.ts";
import { checkOneFile, readExpected, readOutputs } from "./config_outputs.ts";
import { isPlainText } from "../paths.ts";
import { type Action, LONGEST_TIME_MS, MOST_RETRIES, type Task } from "../task.ts";
import { halfIn, lostIn } from "../text.ts";

/** The keys of a task; a declaration says what a task touches and takes, for those who may run it beside others. */
export const TASK_KEYS: ReadonlyMap<string, "field" | "declaration"> = new Map([
  ...[
    "name",
    "for_each",
    "matrix",
    "description",
    "dependencies",
    "after",
    "tags",
    "source_files",
    "output_artifact",
    "output",
    "outputs",
    "command",
    "cwd",
    "content",
    "module",
    "export",
    "args",
    "permissions",
    "isolate",
    "expected_sha256",
    "expected",
    "env",
    "depfile",
    "tools",
    "timeout",
    "grace",
    "retries",
    "store",
  ].map((key) => [key, "field"] as const),
  ...["reads", "writes", "files_affected", "difficulty", "shares", "resources", "requirements"].map((key) =>
    [key, "declaration"] as const
  ),
]);

/** Set by troupe for every command, so not the user's to declare. */
export const RESERVED_ENVIRONMENT: readonly string[] = [
  ...["OUT", "OUTS", "OUT_1", "IN", "IN_FILE", "DEPS", "DEPS_FILE", "TASK", "DEPFILE"],
];

/** The same as a pattern, since there are as many `OUT_n` as outputs. */
const RESERVED = /^(?:OUTS?|OUT_\d+|IN|IN_FILE|DEPS|DEPS_FILE|TASK|DEPFILE)$/;

const CONCATENATE: Action = Object.freeze({ kind: "concatenate" });
const NO_ENVIRONMENT: Readonly<Record<string, string>> = Object.freeze({});

/** A task as far as it could be read: where something was wrong, a diagnostic was added and the field is empty. */
export function readTask(object: JsonObject, index: number, diagnostics: Diagnostic[]): Task {
  let known = true, declares = false;
  for (const name in object) {
    const kind = TASK_KEYS.get(name);
    if (kind === undefined) known = false;
    else if (kind === "declaration") declares = true;
  }
  if (!known) reportUnknownKeys(object, index, diagnostics);
  const name = readName(object, index, diagnostics);
  const outputs = readOutputs(object, index, diagnostics);
  const action = readAction(object, index, diagnostics);
  if (object.outputs !== undefined) checkOneFile(object, index, { action, outputs, diagnostics });
  const task = {
    name,
    action,
    dependencies: readNames(object, index, { key: "dependencies", diagnostics }),
    sourceFiles: readPaths(object, index, { key: "source_files", diagnostics }),
    outputs,
    expected: readExpected(object, index, { outputs, diagnostics }),
    env: readEnvironment(object, index, diagnostics),
    timeoutMs: readTimeout(object, index, diagnostics),
    graceMs: readGrace(object, index, diagnostics),
    retries: readRetries(object, index, diagnostics),
    ...(object.retries === "flaky" ? { retriesIfFlaky: true } : {}),
    ...(object.depfile === undefined ? {} : { depfile: readDepfile(object, index, diagnostics) }),
    ...(object.tools === undefined ? {} : { tools: readTools(object, index, diagnostics) }),
    ...(object.store === undefined ? {} : readStore(object, index, diagnostics)),
  };
  const after = object.after === undefined ? undefined : readAfter(object, index, { task, diagnostics });
  const declared = declares ? readDeclarations(object, index, diagnostics) : undefined;
  const description = object.description === undefined ? undefined : readDescription(object, index, diagnostics);
  const tags = object.tags === undefined ? undefined : readTags(object, index, diagnostics);
  if (declared === undefined && description === undefined && after === undefined && tags === undefined) return task;
  return {
    ...task,
    ...(declared === undefined ? {} : { declared }),
    ...(description ? { description } : {}),
    ...(after === undefined ? {} : { after }),
    ...(tags === undefined ? {} : { tags }),
  };
}

function reportUnknownKeys(object: JsonObject, index: number, diagnostics: Diagnostic[]): void {
  const parent = { path: ["tasks", index], task: labelOf(object, index) };
  for (const key of Object.keys(object)) {
    // A key that is there already cannot be what was meant.
    const free = [...TASK_KEYS.keys()].filter((name) => !Object.hasOwn(object, name));
    if (!TASK_KEYS.has(key)) diagnostics.push(say.unknownKey(key, parent, free));
  }
}

function readName(object: JsonObject, index: number, diagnostics: Diagnostic[]): string {
  const name = object.name;
  if (name === undefined) {
    diagnostics.push(say.missingName({ index }));
    return "";
  }
  if (typeof name !== "string") {
    diagnostics.push(say.wrongValue(fieldOf(object, index, "name"), "a string", name));
    return "";
  }
  if (name === "") diagnostics.push(say.badText(fieldOf(object, index, "name"), "must not be empty"));
  else if (!isPlainText(name)) {
    diagnostics.push(say.badText(fieldOf(object, index, "name"), "must not contain control characters"));
  } else if (!name.isWellFormed()) {
    diagnostics.push(say.badText(fieldOf(object, index, "name"), "must not contain half of a surrogate pair"));
  }
  return name;
}

function readAction(object: JsonObject, index: number, diagnostics: Diagnostic[]): Action {
  const { command, content } = object;
  if (object.cwd !== undefined && typeof command !== "string") readCwd(object, index, diagnostics);
  if (object.module !== undefined || object.export !== undefined || object.args !== undefined) {
    return readModule(object, index, diagnostics) ?? CONCATENATE;
  }
  for (const key of ["permissions", "isolate"]) {
    if (object[key] !== undefined) diagnostics.push(say.withoutModule(labelOf(object, index), key));
  }
  if (command === undefined && content === undefined) return CONCATENATE;
  if (command !== undefined && content !== undefined) {
    diagnostics.push(say.bothKeys(labelOf(object, index), "command", "content"));
  }
  if (content !== undefined) {
    if (typeof content === "string") {
      refuseLost(halfIn(content), fieldOf(object, index, "content"), diagnostics);
      return { kind: "content", content };
    }
    diagnostics.push(say.wrongValue(fieldOf(object, index, "content"), "a string", content));
    return CONCATENATE;
  }
  if (typeof command !== "string") {
    diagnostics.push(say.wrongValue(fieldOf(object, index, "command"), "a string", command));
    return CONCATENATE;
  }
  if (command === "") diagnostics.push(say.badText(fieldOf(object, index, "command"), "must not be empty"));
  refuseLost(lostIn(command), fieldOf(object, index, "command"), diagnostics);
  const cwd = object.cwd === undefined ? undefined : readCwd(object, index, diagnostics);
  return cwd === undefined ? { kind: "command", command } : { kind: "command", command, cwd };
}

/** A text that would come out as another one. */
function refuseLost(lost: string | undefined, field: ReturnType<typeof fieldOf>, diagnostics: Diagnostic[]): void {
  if (lost !== undefined) diagnostics.push(say.badText(field, `must not contain ${lost}`));
}

/** What is a dependency as well is waited for already. */
function readAfter(
  object: JsonObject,
  index: number,
  { task, diagnostics }: { readonly task: Pick<Task, "dependencies">; readonly diagnostics: Diagnostic[] },
): readonly string[] | undefined {
  const dependencies = new Set(task.dependencies);
  const list = readNames(object, index, { key: "after", diagnostics }).filter((name) => !dependencies.has(name));
  return list.length === 0 ? undefined : list;
}

/** Names, each once. */
function readNames(
  object: JsonObject,
  index: number,
  { key, diagnostics }: { readonly key: "dependencies" | "after"; readonly diagnostics: Diagnostic[] },
): readonly string[] {
  const list = readStrings(object, index, { key, diagnostics });
  if (list.length > 16) {
    const unique = new Set(list);
    return unique.size === list.length ? list : [...unique];
  }
  for (let at = 1; at < list.length; at++) {
    for (let before = 0; before < at; before++) {
      if (isSame(list[before], list[at])) return [...new Set(list)];
    }
  }
  return list;
}

/** Names tend to differ at their ends and to agree at their beginnings, which is where `===` would start. */
function isSame(a: string, b: string): boolean {
  return a.length === b.length && a.charCodeAt(a.length - 1) === b.charCodeAt(b.length - 1) && a === b;
}

function readEnvironment(
  object: JsonObject,
  index: number,
  diagnostics: Diagnostic[],
): Readonly<Record<string, string>> {
  const env = object.env;
  if (env === undefined) return NO_ENVIRONMENT;
  if (typeof env !== "object" || env === null || Array.isArray(env)) {
    diagnostics.push(say.wrongValue(fieldOf(object, index, "env"), "an object", env));
    return NO_ENVIRONMENT;
  }
  for (const [name, value] of Object.entries(env)) {
    const isReserved = RESERVED.test(name);
    if (isReserved || name === "" || name.includes("=") || name.includes("\0")) {
      diagnostics.push(say.environmentName(labelOf(object, index), name, isReserved));
    }
    if (typeof value !== "string") {
      diagnostics.push(say.wrongValue(fieldOf(object, index, "env", name), "a string", value));
    } else refuseLost(lostIn(value), fieldOf(object, index, "env", name), diagnostics);
  }
  return env as Readonly<Record<string, string>>;
}

function readTimeout(object: JsonObject, index: number, diagnostics: Diagnostic[]): number | undefined {
  const seconds = object.timeout;
  if (seconds === undefined) return undefined;
  if (typeof seconds === "number" && seconds > 0) {
    return Math.min(Math.max(1, Math.round(seconds * 1000)), LONGEST_TIME_MS);
  }
  diagnostics.push(say.wrongValue(fieldOf(object, index, "timeout"), "a positive number of seconds", seconds));
  return undefined;
}

function readGrace(object: JsonObject, index: number, diagnostics: Diagnostic[]): number | undefined {
  const seconds = object.grace;
  if (seconds === undefined) return undefined;
  if (typeof seconds === "number" && seconds >= 0) return Math.min(Math.round(seconds * 1000), LONGEST_TIME_MS);
  diagnostics.push(say.wrongValue(fieldOf(object, index, "grace"), "a number of seconds", seconds));
  return undefined;
}

function readRetries(object: JsonObject, index: number, diagnostics: Diagnostic[]): number {
  const retries = object.retries;
  if (retries === undefined || retries === "flaky") return 0;
  if (Number.isInteger(retries) && (retries as number) >= 0 && (retries as number) <= MOST_RETRIES) {
    return retries as number;
  }
  diagnostics.push(
    say.wrongText(fieldOf(object, index, "retries"), `an integer from 0 to ${MOST_RETRIES}, or "flaky"`, retries),
  );
  return 0;
}

function readStore(object: JsonObject, index: number, diagnostics: Diagnostic[]): Pick<Task, "isUnstored"> {
  const { store } = object;
  if (typeof store !== "boolean") {
    diagnostics.push(say.wrongValue(fieldOf(object, index, "store"), "true or false", store));
  }
  return store === false ? { isUnstored: true } : {};
}
