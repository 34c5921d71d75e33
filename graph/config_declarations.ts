/**
 * Owns what a task may declare for the gates, and the limits of the config: what each field may hold, and whether what
 * tasks ask for is to be had. What the declarations lead to is gates/.
 *
 * Few tasks declare anything, so a list that is empty is as good as none.
 *
 * @module
 */
import { fieldOf, isObject, type JsonObject, labelOf, readPaths, readStrings } from "./config_object.ts";
import type { Mistake } from "./failure.ts";
import * as say from "./mistakes.ts";
import type { Field } from "./mistakes.ts";
import { isPlainText } from "./paths.ts";
import type { Declarations, Task } from "./task.ts";

export const MOST_DIFFICULT = 10;

/** The declarations of a task, if they say anything. */
export function readDeclarations(object: JsonObject, index: number, mistakes: Mistake[]): Declarations | undefined {
  if (object.writes !== undefined && object.files_affected !== undefined) {
    mistakes.push(say.bothKeys(labelOf(object, index), "writes", "files_affected"));
  }
  const reads = readPaths(object, index, { key: "reads", mistakes });
  const writes = readPaths(object, index, { key: writesKey(object), mistakes });
  const difficulty = readDifficulty(object, index, mistakes);
  const shares = readNames(object, index, { key: "shares", mistakes });
  const requirements = readNames(object, index, { key: "requirements", mistakes });
  const resources = readAmounts(object.resources, fieldOf(object, index, "resources"), mistakes);
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
export function readResourceLimits(value: unknown, mistakes: Mistake[]): Readonly<Record<string, number>> | undefined {
  return readAmounts(value, { path: ["resource_limits"], name: "resource_limits" }, mistakes);
}

/**
 * Where there are limits, every resource has one: a name without is more likely misspelt than unlimited. And who asks
 * for more than there is could never run.
 */
export function checkResources(
  tasks: readonly Task[],
  limits: Readonly<Record<string, number>> | undefined,
  mistakes: Mistake[],
): void {
  if (limits === undefined) return;
  tasks.forEach(({ name, declared }, index) => {
    for (const [resource, amount] of Object.entries(declared?.resources ?? {})) {
      const task = { index, name };
      if (!Object.hasOwn(limits, resource)) mistakes.push(say.unlimitedResource(task, resource, Object.keys(limits)));
      else if (amount > limits[resource]) {
        mistakes.push(say.overResourceLimit(task, resource, [amount, limits[resource]]));
      }
    }
  });
}

function writesKey(object: JsonObject): "writes" | "files_affected" {
  return object.writes === undefined ? "files_affected" : "writes";
}

function readDifficulty(object: JsonObject, index: number, mistakes: Mistake[]): number | undefined {
  const value = object.difficulty;
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_DIFFICULT) return value as number;
  mistakes.push(say.wrongValue(fieldOf(object, index, "difficulty"), `an integer from 1 to ${MOST_DIFFICULT}`, value));
  return undefined;
}

function readNames(
  object: JsonObject,
  index: number,
  { key, mistakes }: { key: "shares" | "requirements"; mistakes: Mistake[] },
): readonly string[] {
  const names = readStrings(object, index, { key, mistakes });
  names.forEach((name, at) => {
    const rule = brokenRule(name);
    if (rule !== undefined) mistakes.push(say.badText(fieldOf(object, index, key, at), rule));
  });
  return new Set(names).size === names.length ? names : [...new Set(names)];
}

function readAmounts(value: unknown, field: Field, mistakes: Mistake[]): Record<string, number> | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) {
    mistakes.push(say.wrongValue(field, "an object", value, 'write {"name": amount}'));
    return undefined;
  }
  const entries: [string, number][] = [];
  for (const [name, amount] of Object.entries(value)) {
    const own = { ...field, path: [...field.path, name], name: `${field.name}.${name}` };
    const rule = brokenRule(name);
    if (rule !== undefined) mistakes.push(say.badName(own, `A name in '${field.name}'`, rule));
    if (typeof amount === "number" && amount > 0) entries.push([name, amount]);
    else mistakes.push(say.wrongValue(own, "a positive number", amount));
  }
  // From entries, as a resource may be called __proto__.
  return entries.length > 0 || field.task === undefined ? Object.fromEntries(entries) : undefined;
}

function brokenRule(name: string): string | undefined {
  if (name === "") return "must not be empty";
  return isPlainText(name) ? undefined : "must not contain control characters";
}
