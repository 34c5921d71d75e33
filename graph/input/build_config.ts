/**
 * Owns the build config as a whole: its text in, checked tasks or every diagnostic in it out.
 * It reads no file. What one field may hold is config_fields.ts; what tasks mean to each other as a graph is graph.ts.
 *
 * All diagnostics are reported in one go, so a config that cannot be used is still read to its end and its graph looked at.
 *
 * @module
 */
import { checkResources, readResourceLimits } from "./config_declarations.ts";
import { readTask } from "./config_fields.ts";
import { checkDepfiles } from "./config_inputs.ts";
import { checkOutputs } from "./output_overlap.ts";
import { parseBytes } from "../bytes.ts";
import { isObject, type JsonObject } from "./config_object.ts";
import type { Diagnostic } from "../failure.ts";
import { buildGraph, cycleDiagnostics, findCycles } from "../graph.ts";
import { outputPaths } from "../outputs.ts";
import { parseJsonText } from "./json_text.ts";
import * as say from "../diagnostics.ts";
import { duplicateName } from "../graph_diagnostics.ts";
import { StringIndex } from "../string_index.ts";
import { MOST_WORKERS, type Task } from "../task.ts";

/** What a build is told to do. */
export interface BuildConfig {
  readonly numWorkers?: number;
  /** How much of each resource there is; absent when nothing limits any. */
  readonly resourceLimits?: Readonly<Record<string, number>>;
  /** How many bytes the store may keep, and for how many days what is not used. */
  readonly storeLimit?: number;
  readonly storeDays?: number;
  /** In declared order, so that a task's index is its index in the text. */
  readonly tasks: readonly Task[];
}

/** A config without diagnostics, or diagnostics without a config. */
export interface ParsedBuildConfig {
  readonly config?: BuildConfig;
  readonly diagnostics: Diagnostic[];
}

const CONFIG_KEYS: readonly string[] = [
  "num_workers",
  "resource_limits",
  "store_limit",
  "store_days",
  "tasks",
  "$schema",
];

/** Parses and checks the text of a build config. */
export async function parseBuildConfig(text: string): Promise<ParsedBuildConfig> {
  const json = await parseJsonText(text);
  if ("diagnostic" in json) return { diagnostics: [json.diagnostic] };
  const checked = checkBuildConfig(json.value);
  return json.diagnostics.length === 0 ? checked : { diagnostics: [...json.diagnostics, ...checked.diagnostics] };
}

/** Checks a parsed build config. */
export function checkBuildConfig(value: unknown): ParsedBuildConfig {
  const diagnostics: Diagnostic[] = [];
  if (!isObject(value)) return { diagnostics: [say.notAnObject([], "The build configuration", value)] };
  for (const key of Object.keys(value)) {
    if (!CONFIG_KEYS.includes(key)) {
      diagnostics.push(say.unknownKey(key, { path: [] }, CONFIG_KEYS.filter((name) => !Object.hasOwn(value, name))));
    }
  }
  const schema = value.$schema;
  if (schema !== undefined && typeof schema !== "string") {
    diagnostics.push(say.wrongValue({ path: ["$schema"], name: "$schema" }, "a string", schema));
  }
  const numWorkers = readNumWorkers(value.num_workers, diagnostics);
  const resourceLimits = readResourceLimits(value.resource_limits, diagnostics);
  const store = readStoreSettings(value, diagnostics);
  const list = value.tasks;
  if (list === undefined) diagnostics.push(say.noTasks(true));
  else if (!Array.isArray(list)) diagnostics.push(say.wrongValue({ path: ["tasks"], name: "tasks" }, "a list", list));
  else if (list.length === 0) diagnostics.push(say.noTasks(false));
  const tasks = Array.isArray(list) ? readTasks(list, diagnostics) : [];
  checkResources(tasks, resourceLimits, diagnostics);
  if (diagnostics.length > 0) return { diagnostics };
  const config = { numWorkers, ...(resourceLimits === undefined ? {} : { resourceLimits }), ...store, tasks };
  return { config, diagnostics };
}

function readNumWorkers(value: unknown, diagnostics: Diagnostic[]): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_WORKERS) return value as number;
  const field = { path: ["num_workers"], name: "num_workers" };
  diagnostics.push(say.wrongValue(field, `an integer from 1 to ${MOST_WORKERS}`, value));
  return undefined;
}

function readStoreSettings(
  { store_limit: limit, store_days: days }: JsonObject,
  diagnostics: Diagnostic[],
): Pick<BuildConfig, "storeLimit" | "storeDays"> {
  const storeLimit = typeof limit === "string" ? parseBytes(limit) : limit;
  if (
    storeLimit !== undefined && !(Number.isSafeInteger(storeLimit) && (storeLimit as number) >= 0) ||
    (typeof limit === "string" && storeLimit === undefined)
  ) {
    const field = { path: ["store_limit"], name: "store_limit" };
    diagnostics.push(say.wrongValue(field, `a number of bytes, or a size such as "5GB"`, limit));
  }
  if (days !== undefined && !(typeof days === "number" && days >= 0)) {
    diagnostics.push(say.wrongValue({ path: ["store_days"], name: "store_days" }, "a number of days", days));
  }
  return {
    ...(storeLimit === undefined ? {} : { storeLimit: storeLimit as number }),
    ...(days === undefined ? {} : { storeDays: days as number }),
  };
}

function readTasks(list: readonly unknown[], diagnostics: Diagnostic[]): Task[] {
  const tasks: Task[] = [];
  for (let index = 0; index < list.length; index++) {
    const object = list[index];
    if (isObject(object)) tasks.push(readTask(object, index, diagnostics));
    else diagnostics.push(say.notAnObject(["tasks", index], `Task ${index + 1}`, object));
  }
  // Past a task that is no object, indexes would no longer agree with the text.
  if (tasks.length < list.length) return tasks;
  const objects = list as readonly JsonObject[];
  checkNames(tasks, diagnostics);
  checkOutputs(tasks, objects, diagnostics);
  checkDepfiles(tasks, (task) => outputPaths([tasks[task]]), diagnostics);
  // With diagnostics there will be no build, and nobody else to look at the graph. A task without a name may be the very
  // one that others depend on, so then nothing is said about them.
  if (diagnostics.length > 0 && tasks.every((task) => task.name !== "")) {
    const { graph, diagnostics: unknown } = buildGraph(tasks);
    diagnostics.push(...unknown, ...cycleDiagnostics(tasks, findCycles(graph)));
  }
  return tasks;
}

function checkNames(tasks: readonly Task[], diagnostics: Diagnostic[]): void {
  const owners = new StringIndex(tasks.length);
  for (let index = 0; index < tasks.length; index++) {
    const name = tasks[index].name;
    const owner = owners.add(name, index);
    if (owner >= 0 && name !== "") diagnostics.push(duplicateName(name, owner, index));
  }
}
