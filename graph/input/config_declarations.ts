/**
 * Owns what a task may declare for the gates, and the limits of the config: what each field may hold, and whether what
 * tasks ask for is to be had. What the declarations lead to is gates/.
 *
 * Few tasks declare anything, so a list that is empty is as good as none.
 *
 * @module
 */
import { fieldOf, isObject, type JsonObject, labelOf, readPaths, readStrings } from "./config_object.ts";
import type { Diagnostic } from "../failure.ts";
import * as say from "../diagnostics.ts";
import type { Field } from "../diagnostics.ts";
import { isPlainText } from "../paths.ts";
import type { Declarations, Task } from "../task.ts";

const MOST_DIFFICULT = 10;

/** The declarations of a task, if they say anything. */
export function readDeclarations(
  object: JsonObject,
  index: number,
  diagnostics: Diagnostic[],
): Declarations | undefined {
  if (object.writes !== undefined && object.files_affected !== undefined) {
    diagnostics.push(say.bothKeys(labelOf(object, index), "writes", "files_affected"));
  }
  const reads = readPaths(object, index, { key: "reads", diagnostics });
  const writes = readPaths(object, index, { key: writesKey(object), diagnostics });
  const difficulty = readDifficulty(object, index, diagnostics);
  const shares = readNames(object, index, { key: "shares", diagnostics });
  const requirements = readNames(object, index, { key: "requirements", diagnostics });
  const resources = readAmounts(object.resources, fieldOf(object, index, "resources"), diagnostics);
  const declared: Declarations = {
    ...(reads.length > 0 ? { reads } : {}),
    ...(writes.length > 0 ? { writes } : {}),
    ...(difficulty === undefined ? {} : { difficulty }),
    ...(shares.length > 0 ? { shares } : {}),
    ...(resources === undefined ? {} : { resources }),
    ...(requirements.length > 0 ? { requirements } : {}),
  };
  return Object.keys(declared).length > 0 ? declared : undefined;
}

/** The limits of a config, if it has any. */
export function readResourceLimits(
  value: unknown,
  diagnostics: Diagnostic[],
): Readonly<Record<string, number>> | undefined {
  return readAmounts(value, { path: ["resource_limits"], name: "resource_limits" }, diagnostics);
}

/**
 * Where there are limits, every resource has one: a name without is more likely misspelt than unlimited. And who asks
 * for more than there is could never run.
 */
export function checkResources(
  tasks: readonly Task[],
  limits: Readonly<Record<string, number>> | undefined,
  diagnostics: Diagnostic[],
): void {
  if (limits === undefined) return;
  tasks.forEach(({ name, declared }, index) => {
    for (const [resource, amount] of Object.entries(declared?.resources ?? {})) {
      const task = { index, name };
      if (!Object.hasOwn(limits, resource)) {
        diagnostics.push(say.unlimitedResource(task, resource, Object.keys(limits)));
      } else if (amount > limits[resource]) {
        diagnostics.push(say.overResourceLimit(task, resource, [amount, limits[resource]]));
      }
    }
  });
}

function writesKey(object: JsonObject): "writes" | "files_affected" {
  return object.writes === undefined ? "files_affected" : "writes";
}

function readDifficulty(object: JsonObject, index: number, diagnostics: Diagnostic[]): number | undefined {
  const value = object.difficulty;
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_DIFFICULT) return value as number;
  diagnostics.push(
    say.wrongValue(fieldOf(object, index, "difficulty"), `an integer from 1 to ${MOST_DIFFICULT}`, value),
  );
  return undefined;
}

function readNames(
  object: JsonObject,
  index: number,
  { key, diagnostics }: { key: "shares" | "requirements"; diagnostics: Diagnostic[] },
): readonly string[] {
  const names = readStrings(object, index, { key, diagnostics });
  names.forEach((name, at) => {
    const rule = brokenRule(name);
    if (rule !== undefined) diagnostics.push(say.badText(fieldOf(object, index, key, at), rule));
  });
  return new Set(names).size === names.length ? names : [...new Set(names)];
}

function readAmounts(value: unknown, field: Field, diagnostics: Diagnostic[]): Record<string, number> | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) {
    diagnostics.push(say.wrongValue(field, "an object", value, 'write {"name": amount}'));
    return undefined;
  }
  const entries: [string, number][] = [];
  for (const [name, amount] of Object.entries(value)) {
    const own = { ...field, path: [...field.path, name], name: `${field.name}.${name}` };
    const rule = brokenRule(name);
    if (rule !== undefined) diagnostics.push(say.badName(own, `A name in '${field.name}'`, rule));
    if (typeof amount === "number" && amount > 0) entries.push([name, amount]);
    else diagnostics.push(say.wrongValue(own, "a positive number", amount));
  }
  // From entries, as a resource may be called __proto__.
  return entries.length > 0 || field.task === undefined ? Object.fromEntries(entries) : undefined;
}

function brokenRule(name: string): string | undefined {
  if (name === "") return "must not be empty";
  return isPlainText(name) ? undefined : "must not contain control characters";
}
