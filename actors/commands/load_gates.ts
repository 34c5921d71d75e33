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
import type { Diagnostic } from "../../graph/failure.ts";
import { type GateTask, gateTaskOf, shellGateTaskOf } from "../../graph/gates/gate_task.ts";
import { ParallelExecutionGates } from "../library/gates.ts";
import {
  type GateSettings,
  mergeSettings,
  type ParsedSettings,
  parseSettings,
  readEnvironment,
} from "../../graph/gates/settings.ts";
import { outputPaths } from "../../graph/outputs.ts";
import { absoluteIn, isGlob } from "../../graph/paths.ts";
import { Source } from "../../graph/input/source.ts";
import type { Task } from "../../graph/task.ts";
import { lockingTasks, recordedTasks } from "./active_tasks.ts";
import { DEFAULT_DATABASE } from "../crew/options.ts";
import { FileLockError } from "../locks/error.ts";
import { heldLocks } from "../locks/held_locks.ts";
import { HostMeter } from "../machine/host_load.ts";
import { identityOf } from "../machine/regular_file.ts";
import { unreadable } from "../machine/system_error.ts";
import { chooseTasks, explainIn, isConfig, readInput } from "../input/input.ts";
import type { LoadedBuild } from "../input/load.ts";
import { linkRead, readConfig } from "../input/read_config.ts";
import { loadTasks, type TaskRunInput } from "../input/load_tasks.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { DEFAULT_HISTORY } from "../../graph/report/typed_commands.ts";

/** Beside the config, or else where assistants keep their settings. */
const SETTINGS_FILES = ["parallel-execution.json", ".claude/config/parallel-execution.json"] as const;

/** Choices for {@linkcode openGates}. */
export interface OpenGatesOptions {
  /** Path of the settings; default `parallel-execution.json` beside the config, where there is one. */
  readonly settings?: string;
  /** Only these tasks and what they need. */
  readonly only?: readonly string[];
  /** Path of the history or the crew's database that tells what runs; default `taskrun.db` and `crew.sqlite`, if there. */
  readonly db?: string;
  /** The way to the folder of these two, with a slash at its end; default the current one. */
  readonly home?: string;
  /** Wait until it can be told how busy the CPUs are, which takes a fifth of a second; default false. */
  readonly measures?: boolean;
  /** What counts over the environment and the file. */
  readonly overrides?: Partial<GateSettings>;
}

/** Gates, and what they go by. */
export interface OpenedGates {
  readonly gates: ParallelExecutionGates;
  /** With the tags by which they can be named. */
  readonly tasks: readonly (GateTask & Pick<Task, "tags">)[];
  readonly settings: GateSettings;
  /** How much of each resource there is. */
  readonly resourceLimits?: Readonly<Record<string, number>>;
  /** Asked as the gates are, but without the files that tasks declare: those they lock themselves, when they run. */
  readonly undeclared: ParallelExecutionGates;
}

/** A file with tasks: its path, or what was read of it already. */
export type TasksSource = string | LoadedBuild | TaskRunInput;

/** The folder that a file with tasks lies in, absolute. */
export function folderOf(source: TasksSource): string {
  return typeof source === "string" ? dirname(resolve(source)) : source.folder;
}

/** Tasks as they are in a file. */
interface ReadTasks extends Pick<OpenedGates, "tasks" | "resourceLimits"> {
  /** The same without the files that they declare. */
  readonly undeclared: readonly GateTask[];
}

/**
 * The gates of the tasks in a file: a build config or a task file, see {@linkcode isConfig}. Of what was read already, the
 * tasks that were chosen count; `only` chooses them where it is read here.
 *
 * @throws {InputError} With every diagnostic in the file, the settings or the environment.
 */
export async function openGates(source: TasksSource, options: OpenGatesOptions = {}): Promise<OpenedGates> {
  const meter = new HostMeter();
  const { tasks, undeclared, resourceLimits } = await readTasks(source, options.only);
  const folder = folderOf(source);
  const settings = await loadSettings(folder, options);
  const { maxParallelTasks, maxContextComplexity } = settings;
  const { db, home = "" } = options;
  const recorded = await recordedTasks({
    history: db ?? `${home}${DEFAULT_HISTORY}`,
    crew: db ?? `${home}${DEFAULT_DATABASE}`,
  });
  const setting = {
    folder,
    maxParallelTasks,
    maxContextComplexity,
    resourceLimits,
    load: () => ({ ...meter.load(), activeTasks: Math.max(recorded, told(() => lockingTasks(folder))) }),
    heldLocks: () => told(() => heldLocks(folder)),
  };
  if (options.measures) await meter.ready();
  return {
    gates: new ParallelExecutionGates(tasks, setting),
    undeclared: new ParallelExecutionGates(undeclared, setting),
    tasks,
    settings,
    resourceLimits,
  };
}

/** The settings in force for a folder: overrides over the environment over the file over the defaults. */
export async function loadSettings(folder: string, options: OpenGatesOptions = {}): Promise<GateSettings> {
  const { settings: environment, diagnostics } = readEnvironment((name) => Deno.env.get(name));
  if (diagnostics.length > 0) throw new InputError(diagnostics.map(({ message }) => message).join("\n"));
  const { settings: file } = await readSettings(folder, options.settings);
  return mergeSettings(options.overrides ?? {}, environment, file);
}

async function readSettings(folder: string, named: string | undefined): Promise<ParsedSettings> {
  const path = named ?? SETTINGS_FILES.map((name) => `${folder}/${name}`).find(mayExist);
  if (path === undefined) return { settings: {}, diagnostics: [] };
  const text = readInput(path, "Gate settings");
  const parsed = await parseSettings(text);
  if (parsed.diagnostics.length > 0) throw await explainIn(new Source(path, text))(parsed.diagnostics);
  return parsed;
}

async function readTasks(source: TasksSource, only: readonly string[] | undefined): Promise<ReadTasks> {
  if (typeof source !== "string") return "explain" in source ? await gated(source) : gatedShell(source);
  return isConfig(source) ? await gated(await readBuild(source, only)) : gatedShell(loadTasks(source, only));
}

/** Unlike a build, the gates take circular dependencies. */
async function readBuild(path: string, only: readonly string[] = []): Promise<BuildTasks> {
  const text = readInput(path, "Build configuration");
  const { config, diagnostics, explain } = await readConfig(path, text);
  if (config === undefined) throw await explain(diagnostics);
  const unknown: Diagnostic[] = [];
  const { tasks: all, graph } = await linkRead(config.tasks, unknown);
  if (unknown.length > 0) throw await explain(unknown);
  const { tasks } = chooseTasks(all, graph, only) ?? { tasks: all };
  return { tasks, folder: folderOf(path), resourceLimits: config.resourceLimits };
}

type BuildTasks = Pick<LoadedBuild, "tasks" | "folder" | "resourceLimits">;

async function gated({ tasks, folder, resourceLimits }: BuildTasks): Promise<ReadTasks> {
  const plain = await withPlainFolders(tasks, folder);
  return {
    tasks: plain.map((task) => task.tags === undefined ? gateTaskOf(task) : { ...gateTaskOf(task), tags: task.tags }),
    undeclared: plain.map((task) => gateTaskOf({ ...task, declared: undefined })),
    resourceLimits,
  };
}

function gatedShell({ tasks }: Pick<TaskRunInput, "tasks">): ReadTasks {
  return {
    tasks: tasks.map(shellGateTaskOf),
    undeclared: tasks.map((task) => shellGateTaskOf({ ...task, declared: undefined })),
  };
}

/** Tasks whose globs mean the same as in a build, which looks whether their leading folders are there by their names. */
async function withPlainFolders(tasks: readonly Task[], folder: string): Promise<readonly Task[]> {
  if (!tasks.some(({ sourceFiles }) => sourceFiles.some(isGlob))) return tasks;
  const { listWithLiteralParts } = await import("../input/literal_parts.ts");
  const outputs = [...outputPaths(tasks)];
  const known = new Map<string, boolean>();
  const isFolder = (inner: string): boolean => {
    const answer = known.get(inner) ?? (identityOf(absoluteIn(folder, inner)) !== "" ||
      outputs.some((output) => output.startsWith(`${inner}/`)));
    known.set(inner, answer);
    return answer;
  };
  return tasks.map((task) => ({ ...task, sourceFiles: listWithLiteralParts(task.sourceFiles, isFolder) }));
}

/**
 * What is read of locks.
 *
 * @throws {InputError} When they cannot be read.
 */
function told<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof FileLockError ? new InputError(error.message) : error;
  }
}

/** Also where that cannot be told: whoever reads it says why. */
function mayExist(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    return !unreadable(error).missing;
  }
}
