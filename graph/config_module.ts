/**
 * Owns what a task that calls a module's function may say: the module, the function, its arguments and its rights.
 * It never looks at the module.
 *
 * @module
 */
import { fieldOf, isObject, type JsonObject, labelOf } from "./config_object.ts";
import type { Mistake } from "./failure.ts";
import * as say from "./mistakes.ts";
import { normaliseSource } from "./paths.ts";
import { type ModuleAction, PERMISSION_KINDS, type Permissions } from "./task.ts";

const NO_ARGUMENTS = Object.freeze({});

/** The call, or undefined when there is no module to be called. */
export function readModule(object: JsonObject, index: number, mistakes: Mistake[]): ModuleAction | undefined {
  const task = labelOf(object, index);
  const path = object.module;
  if (path === undefined) {
    for (const key of ["export", "args", "permissions"]) {
      if (object[key] !== undefined) mistakes.push(say.withoutModule(task, key));
    }
    return undefined;
  }
  for (const other of ["command", "content"]) {
    if (object[other] !== undefined) mistakes.push(say.bothKeys(task, "module", other));
  }
  const module = readPath(object, index, mistakes);
  const name = object.export === undefined ? "default" : object.export;
  if (typeof name !== "string") {
    mistakes.push(say.wrongValue(fieldOf(object, index, "export"), "the name of a function", name));
  } else if (name === "") mistakes.push(say.badText(fieldOf(object, index, "export"), "must not be empty"));
  const permissions = readPermissions(object, index, mistakes);
  return {
    kind: "module",
    module,
    export: String(name),
    args: object.args === undefined ? NO_ARGUMENTS : object.args,
    ...(permissions === undefined ? {} : { permissions }),
  };
}

function readPath(object: JsonObject, index: number, mistakes: Mistake[]): string {
  const field = fieldOf(object, index, "module");
  if (typeof object.module !== "string") {
    mistakes.push(say.wrongValue(field, "a path", object.module));
    return "";
  }
  const path = normaliseSource(object.module);
  if (typeof path === "string") return path;
  mistakes.push(say.badText(field, path.rule));
  return "";
}

function readPermissions(object: JsonObject, index: number, mistakes: Mistake[]): Permissions | undefined {
  const declared = object.permissions;
  if (declared === undefined) return undefined;
  if (!isObject(declared)) {
    const hint = 'write {"net": ["example.org"]}';
    mistakes.push(say.wrongValue(fieldOf(object, index, "permissions"), "an object", declared, hint));
    return undefined;
  }
  const permissions: Record<string, true | readonly string[]> = {};
  for (const [kind, value] of Object.entries(declared)) {
    const field = fieldOf(object, index, "permissions", kind);
    if (!PERMISSION_KINDS.some((known) => known === kind)) {
      const parent = { path: ["tasks", index, "permissions"], task: labelOf(object, index) };
      mistakes.push(say.unknownKey(kind, parent, PERMISSION_KINDS));
    } else if (isRight(value)) permissions[kind] = value;
    else mistakes.push(say.wrongValue(field, "true or a list of strings that are not empty", value));
  }
  return Object.keys(permissions).length === 0 ? undefined : permissions;
}

function isRight(value: unknown): value is true | readonly string[] {
  return value === true || (Array.isArray(value) && value.every((entry) => typeof entry === "string" && entry !== ""));
}
