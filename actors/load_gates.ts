/**
 * Owns the way from files to gates: the tasks of a build config or a task file, the settings, and where the figures of
 * the machine and the held locks come from. It judges nothing.
 *
 * A config with circular dependencies is read here too: they are what one of the gates tells of.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { parseBuildConfig } from "../graph/build_config.ts";
import { type GateTask, gateTaskOf, shellGateTaskOf } from "../graph/gates/gate_task.ts";
import { ParallelExecutionGates } from "../graph/gates/gates.ts";
import {
  type GateSettings,
  mergeSettings,
  type ParsedSettings,
  parseSettings,
  readEnvironment,
} from "../graph/gates/settings.ts";
import { buildGraph } from "../graph/graph.ts";
import { Source } from "../graph/source.ts";
import { heldLocks } from "./held_locks.ts";
import { hostLoad } from "./host_load.ts";
import { chooseTasks, InputError, readInput } from "./input.ts";
import { explain } from "./load.ts";
import { loadTasks } from "./load_tasks.ts";

/** Beside the config. */
export const SETTINGS_FILE = "parallel-execution.json";

/** Choices for {@linkcode openGates}. */
export interface OpenGatesOptions {
  /** Path of the settings; default `parallel-execution.json` beside the config, where there is one. */
  readonly settings?: string;
  /** Only these tasks and what they need. */
  readonly only?: readonly string[];
  /** What counts over the environment and the file. */
  readonly overrides?: Partial<GateSettings>;
}

/** Gates, and what they go by. */
export interface OpenedGates {
  readonly gates: ParallelExecutionGates;
  readonly tasks: readonly GateTask[];
  readonly settings: GateSettings;
  /** How much of each resource there is. */
  readonly resourceLimits?: Readonly<Record<string, number>>;
}

/**
 * The gates of the tasks in a file: a build config when its name ends in `.json` or `.jsonc`, else a task file.
 *
 * @throws {InputError} With every mistake in the file, the settings or the environment.
 */
export async function openGates(path: string, options: OpenGatesOptions = {}): Promise<OpenedGates> {
  const { tasks, resourceLimits }: Omit<OpenedGates, "gates" | "settings"> = /\.jsonc?$/.test(path)
    ? await readConfig(path, options.only)
    : { tasks: readTasks(path, options.only) };
  const folder = dirname(resolve(path));
  const settings = await loadSettings(folder, options);
  const { maxParallelTasks, maxContextComplexity } = settings;
  const gates = new ParallelExecutionGates(tasks, {
    maxParallelTasks,
    maxContextComplexity,
    resourceLimits,
    load: hostLoad,
    heldLocks: () => heldLocks(folder),
  });
  return { gates, tasks, settings, resourceLimits };
}

/** The settings in force for a folder: overrides over the environment over the file over the defaults. */
export async function loadSettings(folder: string, options: OpenGatesOptions = {}): Promise<GateSettings> {
  const { settings: environment, mistakes } = readEnvironment((name) => Deno.env.get(name));
  if (mistakes.length > 0) throw new InputError(mistakes.map(({ message }) => message).join("\n"));
  const { settings: file } = await readSettings(folder, options.settings);
  return mergeSettings(options.overrides ?? {}, environment, file);
}

async function readSettings(folder: string, named: string | undefined): Promise<ParsedSettings> {
  const path = named ?? `${folder}/${SETTINGS_FILE}`;
  if (named === undefined && !exists(path)) return { settings: {}, mistakes: [] };
  const text = readInput(path, "Gate settings");
  const parsed = await parseSettings(text);
  if (parsed.mistakes.length > 0) throw await explain(new Source(path, text), parsed.mistakes);
  return parsed;
}

async function readConfig(path: string, only: readonly string[] = []): Promise<{
  readonly tasks: GateTask[];
  readonly resourceLimits?: Readonly<Record<string, number>>;
}> {
  const text = readInput(path, "Build configuration");
  const source = new Source(path, text);
  const { config, mistakes } = await parseBuildConfig(text);
  if (config === undefined) throw await explain(source, mistakes);
  const { graph, mistakes: unknown } = buildGraph(config.tasks);
  if (unknown.length > 0) throw await explain(source, unknown);
  const { tasks } = chooseTasks(config.tasks, graph, only) ?? config;
  return { tasks: tasks.map(gateTaskOf), resourceLimits: config.resourceLimits };
}

function readTasks(path: string, only: readonly string[] | undefined): GateTask[] {
  return loadTasks(path, only).tasks.map(shellGateTaskOf);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
