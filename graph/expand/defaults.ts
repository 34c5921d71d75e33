/**
 * Owns the `defaults` of a config: values for every task of it that does not say otherwise. What each may hold is what a
 * task's own field may hold.
 *
 * @module
 */
import { OF_DEFAULTS, unknownKey, wrongValue } from "../diagnostics.ts";
import type { Diagnostic } from "../failure.ts";
import { readTask, TASK_KEYS } from "../input/config_fields.ts";
import { isObject, type JsonObject } from "../input/config_object.ts";

/** What there may be a default of. */
export const DEFAULT_KEYS: readonly string[] = ["env", "timeout", "grace", "retries", "tools", "cwd"].filter((key) =>
  TASK_KEYS.has(key)
);

/** The defaults of a config, as far as they are right; undefined when there are none. */
export function readDefaults(value: unknown, diagnostics: Diagnostic[]): JsonObject | undefined {
  if (value === undefined) return undefined;
  const field = { path: ["defaults"], name: "defaults" };
  if (!isObject(value)) {
    diagnostics.push(wrongValue(field, "an object", value));
    return undefined;
  }
  const known: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (DEFAULT_KEYS.includes(key)) known[key] = item;
    else diagnostics.push(notOfAll(key, value));
  }
  const found: Diagnostic[] = [];
  // A task that has nothing else is read for them.
  readTask({ name: "defaults", output_artifact: "defaults", command: ":", ...known }, OF_DEFAULTS, found);
  const wrong = new Set<unknown>();
  for (const diagnostic of found) {
    const places = diagnostic.places.map((place) =>
      "path" in place ? { ...place, path: ["defaults", ...place.path.slice(2)] } : place
    );
    for (const place of places) if ("path" in place) wrong.add(place.path[1]);
    diagnostics.push({ ...diagnostic, places });
  }
  return Object.fromEntries(Object.entries(known).filter(([key]) => !wrong.has(key)));
}

function notOfAll(key: string, defaults: JsonObject): Diagnostic {
  const free = DEFAULT_KEYS.filter((name) => !Object.hasOwn(defaults, name));
  const diagnostic = unknownKey(key, { path: ["defaults"], name: "defaults" }, free);
  if (!TASK_KEYS.has(key)) return diagnostic;
  return { ...diagnostic, hint: `there are defaults for ${DEFAULT_KEYS.join(", ")}` };
}

/** A task with the defaults for what it does not say: of `env` for each variable. */
export function withDefaults(task: JsonObject, defaults: JsonObject | undefined): JsonObject {
  if (defaults === undefined) return task;
  const whole: Record<string, unknown> = { ...defaults, ...task };
  if (isObject(defaults.env) && isObject(task.env)) whole.env = { ...defaults.env, ...task.env };
  // Only a command runs in a folder.
  if (task.cwd === undefined && typeof task.command !== "string") delete whole.cwd;
  return whole;
}
