/**
 * Owns the reading of a build config: from a path to checked tasks, or to every diagnostic in it as text.
 * It writes nothing and starts nothing.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import type { Diagnostic } from "../../graph/failure.ts";
import { cycleDiagnostics, findCycles, type Graph } from "../../graph/graph.ts";
import { badText } from "../../graph/diagnostics.ts";
import { placeOfOutput, Producers } from "../../graph/outputs.ts";
import { tooLong } from "../../graph/paths.ts";
import type { ModuleAction, Task } from "../../graph/task.ts";
import { chooseTasks, isConfig, readInput } from "./input.ts";
import type { ConfigShape } from "./config_shape.ts";
import { linkRead, readConfig } from "./read_config.ts";
import { later } from "../machine/later.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { outputIsConfig } from "../../graph/graph_diagnostics.ts";

/** A config that can be built. */
export interface LoadedBuild {
  /** Absolute; where relative paths start and commands run. */
  readonly folder: string;
  /** Absolute path of the config. */
  readonly source: string;
  readonly numWorkers?: number;
  /** How much of each resource there is. */
  readonly resourceLimits?: Readonly<Record<string, number>>;
  /** How many bytes the store may keep, and for how many days what is not used. */
  readonly storeLimit?: number;
  readonly storeDays?: number;
  /** The address of a remote cache, and how long work must have taken to be sent there, in milliseconds. */
  readonly remoteUrl?: string;
  readonly remoteMinMs?: number;
  /** What the difficulties of running tasks may add up to; default they are not added up. */
  readonly budget?: number;
  /** All tasks or, where some were chosen, these and what they need. */
  readonly tasks: readonly Task[];
  readonly graph: Graph;
  /** All tasks of the config, whichever were chosen. */
  readonly declared: readonly Task[];
  /** What the config consists of beside itself; there when it was expanded. */
  readonly shape?: ConfigShape;
  /** What of it is no mistake, but hardly meant; absent when nothing is. */
  readonly warnings?: readonly string[];
  /** Shows diagnostics found later, which have places in this config. */
  readonly explain: (diagnostics: readonly Diagnostic[]) => Promise<InputError>;
}

/**
 * Loads the config at a path; `only` names the tasks to build, with all they need, and is empty for all.
 *
 * @throws {InputError} With every diagnostic in the config, or why it cannot be read.
 */
export async function loadBuild(path: string, only: readonly string[] = []): Promise<LoadedBuild> {
  const text = readInput(path, "Build configuration");
  if (!isConfig(path)) throw new InputError(`'${path}' is a task file, not a build config: run it`);
  const { config, diagnostics, shape, warnings, explain } = await readConfig(path, text);
  if (config === undefined) throw await explain(diagnostics);
  const unknown: Diagnostic[] = [];
  const { tasks, graph } = await linkRead(config.tasks, unknown);
  const folder = dirname(resolve(path));
  const found = [
    ...overwritten(tasks, [basename(path), ...(shape?.files ?? []).map((file) => file.slice(folder.length + 1))]),
    ...unreachable(tasks, folder),
    ...unknown,
    ...cycleDiagnostics(tasks, findCycles(graph)),
  ];
  if (found.length > 0) throw await explain(found);
  const chosen = chooseTasks(tasks, graph, only);
  return {
    folder,
    source: resolve(path),
    numWorkers: config.numWorkers,
    resourceLimits: config.resourceLimits,
    storeLimit: config.storeLimit,
    storeDays: config.storeDays,
    remoteUrl: config.remoteUrl,
    remoteMinMs: config.remoteMinMs,
    ...(chosen ?? { tasks, graph }),
    declared: tasks,
    ...(shape === undefined ? {} : { shape }),
    ...(warnings.length === 0 ? {} : { warnings }),
    explain: (later) => explain(later, chosen?.indexes),
  };
}

/**
 * Looks whether the tasks can be run here, before any is.
 *
 * @throws {InputError} When a task calls a module and this process cannot give it a thread or a process.
 */
export async function checkThreads({ tasks }: Pick<LoadedBuild, "tasks">): Promise<void> {
  const modules = tasks.flatMap(({ action }) => action.kind === "module" ? [action] : []);
  if (modules.length === 0) return;
  const { whatProcessesLack, whatThreadsLack } = await later<typeof import("../sandbox/thread_needs.ts")>(
    "../sandbox/thread_needs.ts",
    import.meta.url,
  );
  const isAlone = ({ isolate }: ModuleAction) => isolate === "process";
  const sentence = (modules.every(isAlone) ? undefined : whatThreadsLack()) ??
    (modules.some(isAlone) ? whatProcessesLack() : undefined);
  if (sentence !== undefined) throw new InputError(sentence);
}

/** Tasks whose output has a path that is too long for the system where the config lies. */
function unreachable(tasks: readonly Task[], folder: string): Diagnostic[] {
  const { length } = new TextEncoder().encode(folder);
  const found: Diagnostic[] = [];
  for (let index = 0; index < tasks.length; index++) {
    const { name, outputs } = tasks[index];
    for (let at = 0; at < outputs.length; at++) {
      const output = outputs[at], broken = tooLong(output.path, length);
      if (broken === undefined) continue;
      const path = placeOfOutput(index, output, at);
      const field = {
        path,
        name: output.kind === "file" ? "output_artifact" : `outputs[${at}]`,
        task: { index, name },
      };
      found.push(badText(field, broken.rule));
    }
  }
  return found;
}

/** Tasks whose artifact would replace a config of these names. */
function overwritten(tasks: readonly Task[], configs: readonly string[]): Diagnostic[] {
  const producers = new Producers(tasks);
  return configs.flatMap((name) => {
    const index = producers.get(name);
    if (index === undefined) return [];
    const { outputs, name: task } = tasks[index];
    const at = Math.max(outputs.findIndex((output) => output.path === name), 0);
    return [outputIsConfig({ index, name: task }, placeOfOutput(index, outputs[at], at), name)];
  });
}
