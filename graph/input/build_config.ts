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
import { isObject, type JsonObject, labelOf } from "./config_object.ts";
import { outputPlace } from "./config_outputs.ts";
import type { Diagnostic } from "../failure.ts";
import { outputPaths, outputText } from "../outputs.ts";
import { cycleDiagnostics, findCycles, type Graph, linkGraph, unknownDiagnostics } from "../graph.ts";
import { parseJsonText } from "./json_text.ts";
import { isPattern } from "./task_names.ts";
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
  /** The address of a remote cache, and how long work must have taken to be sent there, in milliseconds. */
  readonly remoteUrl?: string;
  readonly remoteMinMs?: number;
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
  "remote",
  "remote_min_ms",
  "include",
  "defaults",
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

/** Whether a task is a template: one for several. */
export function isTemplate(task: JsonObject): boolean {
  return task.for_each !== undefined || task.matrix !== undefined;
}

/** Whether a config is to be expanded before it is checked. */
export function needsExpansion(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  if (value.include !== undefined || value.defaults !== undefined) return true;
  return Array.isArray(value.tasks) && value.tasks.some((task) => isObject(task) && isTemplate(task));
}

/** Checks a parsed build config, of which all tasks are written out. */
export function checkBuildConfig(value: unknown): ParsedBuildConfig {
  const diagnostics: Diagnostic[] = [];
  if (!isObject(value)) return { diagnostics: [say.notAnObject([], "The build configuration", value)] };
  const settings = checkSettings(value, diagnostics);
  const list = Array.isArray(value.tasks) ? value.tasks : [];
  const tasks = checkTasks(list, { resourceLimits: settings.resourceLimits, diagnostics });
  return diagnostics.length > 0 ? { diagnostics } : { config: { ...settings, tasks }, diagnostics };
}

/** Reads all of a config but its tasks, of which it looks whether there is a list. */
export function checkSettings(value: JsonObject, diagnostics: Diagnostic[]): Omit<BuildConfig, "tasks"> {
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
  const store = { ...readStoreSettings(value, diagnostics), ...readRemote(value, diagnostics) };
  const list = value.tasks;
  const mayBringTasks = value.include !== undefined;
  if (list === undefined) {
    if (!mayBringTasks) diagnostics.push(say.noTasks(true));
  } else if (!Array.isArray(list)) {
    diagnostics.push(say.wrongValue({ path: ["tasks"], name: "tasks" }, "a list", list));
  } else if (list.length === 0 && !mayBringTasks) diagnostics.push(say.noTasks(false));
  return { numWorkers, ...(resourceLimits === undefined ? {} : { resourceLimits }), ...store };
}

/** What tasks are checked with. */
export interface TaskChecks {
  readonly resourceLimits: Readonly<Record<string, number>> | undefined;
  readonly diagnostics: Diagnostic[];
  /** What else than whole names others may have, and finds all that these mean; default whoever builds looks. */
  readonly link?: (tasks: readonly Task[], samples: readonly string[]) => { tasks: Task[]; graph: Graph };
  /** So many at the end are checked and left out; default none. */
  readonly samples?: number;
  /** Whether all tasks are there, so that names of others can be looked up; default they are. */
  readonly isWhole?: boolean;
}

/** Reads tasks, and checks each and all of them together. */
export function checkTasks(list: readonly unknown[], checks: TaskChecks): Task[] {
  const { diagnostics, samples = 0, isWhole = true, link } = checks;
  const all = readTasks(list, diagnostics);
  const tasks = samples === 0 ? all : all.slice(0, all.length - samples);
  checkResources(all, checks.resourceLimits, diagnostics);
  // Past a task that is no object, indexes would no longer agree with the text.
  if (all.length < list.length) return tasks;
  checkNames(tasks, diagnostics);
  const objects = list as readonly JsonObject[];
  const named = (task: number, at: number) => ({
    task: labelOf(objects[task], task),
    path: outputPlace(objects[task], task, at),
    output: outputText(tasks[task].outputs[at]),
  });
  checkOutputs(tasks, named, diagnostics);
  checkDepfiles(tasks, (task) => outputPaths([tasks[task]]), diagnostics);
  // A task without a name may be the very one that others depend on, so then nothing is said about them.
  if (!isWhole || tasks.some((task) => task.name === "")) return tasks;
  // Whoever builds looks at the graph; with diagnostics there will be no build.
  if (link === undefined && diagnostics.length === 0) return tasks;
  const { graph, tasks: linked } = link?.(tasks, all.slice(tasks.length).map(({ name }) => name)) ?? linkNames();
  if (diagnostics.length > 0) diagnostics.push(...cycleDiagnostics(linked, findCycles(graph)));
  return linked;

  function linkNames(): { readonly tasks: Task[]; readonly graph: Graph } {
    const { graph, unknown } = linkGraph(tasks);
    const untold = unknown.filter(({ name }) => !isPattern(name));
    // One at a time: there may be more than a call takes.
    for (const diagnostic of unknownDiagnostics(tasks, untold)) diagnostics.push(diagnostic);
    return { tasks, graph };
  }
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
    diagnostics.push(say.wrongText(field, `a number of bytes, or a size such as "5GB"`, limit));
  }
  if (days !== undefined && !(typeof days === "number" && days >= 0)) {
    diagnostics.push(say.wrongValue({ path: ["store_days"], name: "store_days" }, "a number of days", days));
  }
  return {
    ...(storeLimit === undefined ? {} : { storeLimit: storeLimit as number }),
    ...(days === undefined ? {} : { storeDays: days as number }),
  };
}

function readRemote(
  { remote, remote_min_ms: minMs }: JsonObject,
  diagnostics: Diagnostic[],
): Pick<BuildConfig, "remoteUrl" | "remoteMinMs"> {
  if (minMs !== undefined && !(typeof minMs === "number" && minMs >= 0)) {
    const field = { path: ["remote_min_ms"], name: "remote_min_ms" };
    diagnostics.push(say.wrongValue(field, "a number of milliseconds", minMs));
  }
  const rest = minMs === undefined ? {} : { remoteMinMs: minMs as number };
  if (remote === undefined) return rest;
  if (!isObject(remote)) {
    diagnostics.push(
      say.wrongValue({ path: ["remote"], name: "remote" }, 'an object such as {"url": "http://…"}', remote),
    );
    return rest;
  }
  for (const key of Object.keys(remote)) {
    if (key !== "url") diagnostics.push(say.unknownKey(key, { path: ["remote"], name: "remote" }, ["url"]));
  }
  const { url } = remote, field = { path: ["remote", "url"], name: "remote.url" };
  if (typeof url === "string" && /^https?:\/\/[^\s/]/.test(url) && URL.canParse(url)) {
    return { ...rest, remoteUrl: url };
  }
  if (url === undefined) {
    diagnostics.push(say.wrongValue({ path: ["remote"], name: "remote" }, 'an object with "url"', remote));
  } else diagnostics.push(say.wrongText(field, "an http or https address", url));
  return rest;
}

function readTasks(list: readonly unknown[], diagnostics: Diagnostic[]): Task[] {
  const tasks: Task[] = [];
  for (let index = 0; index < list.length; index++) {
    const object = list[index];
    if (isObject(object)) tasks.push(readTask(object, index, diagnostics));
    else diagnostics.push(say.notAnObject(["tasks", index], `Task ${index + 1}`, object));
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
