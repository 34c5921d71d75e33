/**
 * Owns what each field of a task may hold: one object of the parsed config in, one {@linkcode Task} out, mistakes collected.
 * It never compares tasks with each other and never throws at a user's mistake.
 *
 * A config of 100 000 tasks passes through here in one go, so the good path makes nothing but the task itself: labels,
 * paths and sentences come into being with the mistake they are for.
 *
 * @module
 */
import { readDeclarations } from "./config_declarations.ts";
import { readModule } from "./config_module.ts";
import { fieldOf, type JsonObject, labelOf, readPaths, readStrings } from "./config_object.ts";
import type { Mistake } from "./failure.ts";
import * as say from "./mistakes.ts";
import { isPlainText, normaliseOutput } from "./paths.ts";
import type { Action, Task } from "./task.ts";

export const TASK_KEYS = [
  "name",
  "dependencies",
  "source_files",
  "output_artifact",
  "output",
  "command",
  "content",
  "module",
  "export",
  "args",
  "permissions",
  "expected_sha256",
  "env",
  "timeout",
  "retries",
  "reads",
  "writes",
  "files_affected",
  "difficulty",
  "shares",
  "resources",
  "requirements",
] as const;

/** Set by troupe for every command, so not the user's to declare. */
export const RESERVED_ENVIRONMENT: readonly string[] = ["OUT", "IN", "DEPS", "TASK"];

/** Node-style timers take no longer delay; 24 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const MOST_RETRIES = 1000;

const CONCATENATE: Action = Object.freeze({ kind: "concatenate" });
const NO_ENVIRONMENT: Readonly<Record<string, string>> = Object.freeze({});

/** A task as far as it could be read: where something was wrong, a mistake was added and the field is empty. */
export function readTask(object: JsonObject, index: number, mistakes: Mistake[]): Task {
  let known = true, declares = false;
  for (const name in object) {
    switch (name) {
      case "name":
      case "dependencies":
      case "source_files":
      case "output_artifact":
      case "output":
      case "command":
      case "content":
      case "module":
      case "export":
      case "args":
      case "permissions":
      case "expected_sha256":
      case "env":
      case "timeout":
      case "retries":
        break;
      case "reads":
      case "writes":
      case "files_affected":
      case "difficulty":
      case "shares":
      case "resources":
      case "requirements":
        declares = true;
        break;
      default:
        known = false;
    }
  }
  if (!known) reportUnknownKeys(object, index, mistakes);
  const task = {
    name: readName(object, index, mistakes),
    action: readAction(object, index, mistakes),
    dependencies: readDependencies(object, index, mistakes),
    sourceFiles: readPaths(object, index, { key: "source_files", mistakes }),
    output: readOutput(object, index, mistakes),
    expectedSha256: readSha256(object, index, mistakes),
    env: readEnvironment(object, index, mistakes),
    timeoutMs: readTimeout(object, index, mistakes),
    retries: readRetries(object, index, mistakes),
  };
  const declared = declares ? readDeclarations(object, index, mistakes) : undefined;
  return declared === undefined ? task : { ...task, declared };
}

/** The key an output is given by. */
export function outputKey(object: JsonObject): "output" | "output_artifact" {
  return object.output_artifact === undefined && object.output !== undefined ? "output" : "output_artifact";
}

function reportUnknownKeys(object: JsonObject, index: number, mistakes: Mistake[]): void {
  const known = new Set<string>(TASK_KEYS);
  const parent = { path: ["tasks", index], task: labelOf(object, index) };
  for (const key of Object.keys(object)) {
    // A key that is there already cannot be what was meant.
    const free = TASK_KEYS.filter((name) => !Object.hasOwn(object, name));
    if (!known.has(key)) mistakes.push(say.unknownKey(key, parent, free));
  }
}

function readName(object: JsonObject, index: number, mistakes: Mistake[]): string {
  const name = object.name;
  if (name === undefined) {
    mistakes.push(say.missingName({ index }));
    return "";
  }
  if (typeof name !== "string") {
    mistakes.push(say.wrongValue(fieldOf(object, index, "name"), "a string", name));
    return "";
  }
  if (name === "") mistakes.push(say.badText(fieldOf(object, index, "name"), "must not be empty"));
  else if (!isPlainText(name)) {
    mistakes.push(say.badText(fieldOf(object, index, "name"), "must not contain control characters"));
  }
  return name;
}

function readAction(object: JsonObject, index: number, mistakes: Mistake[]): Action {
  const { command, content } = object;
  if (object.module !== undefined || object.export !== undefined || object.args !== undefined) {
    return readModule(object, index, mistakes) ?? CONCATENATE;
  }
  if (object.permissions !== undefined) mistakes.push(say.withoutModule(labelOf(object, index), "permissions"));
  if (command === undefined && content === undefined) return CONCATENATE;
  if (command !== undefined && content !== undefined) {
    mistakes.push(say.bothKeys(labelOf(object, index), "command", "content"));
  }
  if (content !== undefined) {
    if (typeof content === "string") return { kind: "content", content };
    mistakes.push(say.wrongValue(fieldOf(object, index, "content"), "a string", content));
    return CONCATENATE;
  }
  if (typeof command !== "string") {
    mistakes.push(say.wrongValue(fieldOf(object, index, "command"), "a string", command));
    return CONCATENATE;
  }
  if (command === "") mistakes.push(say.badText(fieldOf(object, index, "command"), "must not be empty"));
  if (command.includes("\0")) mistakes.push(say.badText(fieldOf(object, index, "command"), "must not contain NUL"));
  return { kind: "command", command };
}

function readDependencies(object: JsonObject, index: number, mistakes: Mistake[]): readonly string[] {
  const list = readStrings(object, index, { key: "dependencies", mistakes });
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

function readOutput(object: JsonObject, index: number, mistakes: Mistake[]): string {
  if (object.output_artifact !== undefined && object.output !== undefined) {
    mistakes.push(say.bothKeys(labelOf(object, index), "output", "output_artifact"));
  }
  const key = outputKey(object);
  const output = object[key];
  if (output === undefined) {
    mistakes.push(say.missingOutput(labelOf(object, index)));
    return "";
  }
  if (typeof output !== "string") {
    mistakes.push(say.wrongValue(fieldOf(object, index, key), "a string", output));
    return "";
  }
  const path = normaliseOutput(output);
  if (typeof path === "string") return path;
  mistakes.push(say.badText(fieldOf(object, index, key), path.rule));
  return "";
}

function readSha256(object: JsonObject, index: number, mistakes: Mistake[]): string | undefined {
  const digest = object.expected_sha256;
  if (digest === undefined) return undefined;
  if (typeof digest !== "string") {
    mistakes.push(say.wrongValue(fieldOf(object, index, "expected_sha256"), "64 hexadecimal digits", digest));
    return undefined;
  }
  if (/^[0-9a-fA-F]{64}$/.test(digest)) return digest.toLowerCase();
  mistakes.push(say.badText(fieldOf(object, index, "expected_sha256"), "must be 64 hexadecimal digits"));
  return undefined;
}

function readEnvironment(object: JsonObject, index: number, mistakes: Mistake[]): Readonly<Record<string, string>> {
  const env = object.env;
  if (env === undefined) return NO_ENVIRONMENT;
  if (typeof env !== "object" || env === null || Array.isArray(env)) {
    mistakes.push(say.wrongValue(fieldOf(object, index, "env"), "an object", env));
    return NO_ENVIRONMENT;
  }
  for (const [name, value] of Object.entries(env)) {
    const isReserved = RESERVED_ENVIRONMENT.includes(name);
    if (isReserved || name === "" || name.includes("=") || name.includes("\0")) {
      mistakes.push(say.environmentName(labelOf(object, index), name, isReserved));
    }
    if (typeof value !== "string") {
      mistakes.push(say.wrongValue(fieldOf(object, index, "env", name), "a string", value));
    } else if (value.includes("\0")) {
      mistakes.push(say.badText(fieldOf(object, index, "env", name), "must not contain NUL"));
    }
  }
  return env as Readonly<Record<string, string>>;
}

function readTimeout(object: JsonObject, index: number, mistakes: Mistake[]): number | undefined {
  const seconds = object.timeout;
  if (seconds === undefined) return undefined;
  if (typeof seconds === "number" && seconds > 0) {
    return Math.min(Math.max(1, Math.round(seconds * 1000)), LONGEST_TIMEOUT_MS);
  }
  mistakes.push(say.wrongValue(fieldOf(object, index, "timeout"), "a positive number of seconds", seconds));
  return undefined;
}

function readRetries(object: JsonObject, index: number, mistakes: Mistake[]): number {
  const retries = object.retries;
  if (retries === undefined) return 0;
  if (Number.isInteger(retries) && (retries as number) >= 0 && (retries as number) <= MOST_RETRIES) {
    return retries as number;
  }
  mistakes.push(say.wrongValue(fieldOf(object, index, "retries"), `an integer from 0 to ${MOST_RETRIES}`, retries));
  return 0;
}
