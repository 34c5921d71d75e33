/**
 * Owns what a task that calls a module's function may say: the module, the function, its arguments and its permissions.
 * It never looks at the module.
 *
 * @module
 */
import { fieldOf, isObject, type JsonObject, labelOf } from "./config_object.ts";
import type { Diagnostic } from "../failure.ts";
import * as say from "../diagnostics.ts";
import { normaliseSource } from "../paths.ts";
import { type ModuleAction, PERMISSION_KINDS, type Permissions } from "../task.ts";

const NO_ARGUMENTS = Object.freeze({});
/** What takes arguments apart and puts them together again is recursive: some thousands of levels are beyond it. */
const DEEPEST = 1000;

/** The call, or undefined when there is no module to be called. */
export function readModule(object: JsonObject, index: number, diagnostics: Diagnostic[]): ModuleAction | undefined {
  const task = labelOf(object, index);
  const path = object.module;
  if (path === undefined) {
    for (const key of ["export", "args", "permissions", "isolate"]) {
      if (object[key] !== undefined) diagnostics.push(say.withoutModule(task, key));
    }
    return undefined;
  }
  for (const other of ["command", "content"]) {
    if (object[other] !== undefined) diagnostics.push(say.bothKeys(task, "module", other));
  }
  const module = readPath(object, index, diagnostics);
  const name = object.export === undefined ? "default" : object.export;
  if (typeof name !== "string") {
    diagnostics.push(say.wrongValue(fieldOf(object, index, "export"), "the name of a function", name));
  } else if (name === "") diagnostics.push(say.badText(fieldOf(object, index, "export"), "must not be empty"));
  if (isDeeperThan(DEEPEST, object.args)) {
    diagnostics.push(
      say.badText(fieldOf(object, index, "args"), `must not be nested more than ${DEEPEST} levels deep`),
    );
  }
  const permissions = readPermissions(object, index, diagnostics);
  return {
    kind: "module",
    module,
    export: String(name),
    args: object.args === undefined ? NO_ARGUMENTS : object.args,
    ...(permissions === undefined ? {} : { permissions }),
    ...(isIsolated(object, index, diagnostics) ? { isolate: "process" } : {}),
  };
}

function isIsolated(object: JsonObject, index: number, diagnostics: Diagnostic[]): boolean {
  const { isolate } = object;
  if (isolate === undefined || isolate === "thread" || isolate === "process") return isolate === "process";
  diagnostics.push(say.wrongText(fieldOf(object, index, "isolate"), "'thread' or 'process'", isolate));
  return false;
}

function readPath(object: JsonObject, index: number, diagnostics: Diagnostic[]): string {
  const field = fieldOf(object, index, "module");
  if (typeof object.module !== "string") {
    diagnostics.push(say.wrongValue(field, "a path", object.module));
    return "";
  }
  const path = normaliseSource(object.module);
  if (typeof path === "string") return path;
  diagnostics.push(say.badText(field, path.rule));
  return "";
}

function readPermissions(object: JsonObject, index: number, diagnostics: Diagnostic[]): Permissions | undefined {
  const declared = object.permissions;
  if (declared === undefined) return undefined;
  if (!isObject(declared)) {
    const hint = 'write {"net": ["example.org"]}';
    diagnostics.push(say.wrongValue(fieldOf(object, index, "permissions"), "an object", declared, hint));
    return undefined;
  }
  const permissions: Record<string, true | readonly string[]> = {};
  for (const [kind, value] of Object.entries(declared)) {
    const field = fieldOf(object, index, "permissions", kind);
    if (!PERMISSION_KINDS.some((known) => known === kind)) {
      const parent = { path: ["tasks", index, "permissions"], task: labelOf(object, index) };
      diagnostics.push(say.unknownKey(kind, parent, PERMISSION_KINDS));
    } else if (isRight(value)) permissions[kind] = value;
    else diagnostics.push(say.wrongValue(field, "true or a list of strings that are not empty", value));
  }
  return Object.keys(permissions).length === 0 ? undefined : permissions;
}

function isRight(value: unknown): value is true | readonly string[] {
  return value === true || (Array.isArray(value) && value.every((entry) => typeof entry === "string" && entry !== ""));
}

/** Level by level, since values nested too deeply for recursion are what is looked for. */
function isDeeperThan(levels: number, value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((item) => typeof item === "object" && item !== null ? Object.values(item) : []);
  }
  return false;
}
