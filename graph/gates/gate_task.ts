/**
 * Owns what a task is to the gates, whatever file it was declared in: what it waits for, touches and costs.
 *
 * @module
 */
import { escapeGlob } from "../glob.ts";
import { asIncluding, isExclusion, isGlob, isPlainText, normaliseEntry } from "../paths.ts";
import { awaitedBy, type DeclaredOutput, type Task } from "../task.ts";
import type { ShellTask } from "../input/task_file.ts";
import { readsOf } from "./reads.ts";

/** A task as the gates see it. All but its name may be left out. */
export interface GateTask {
  /** Unique among the tasks. */
  readonly name: string;
  /** Names of the tasks that must be done first. */
  readonly dependencies?: readonly string[];
  /** Files and globs it reads. */
  readonly reads?: readonly string[];
  /** Files and globs it writes. */
  readonly writes?: readonly string[];
  /** From 1 (the default) to 10. */
  readonly difficulty?: number;
  /** Names of the mutable state it shares with others. */
  readonly shares?: readonly string[];
  /** How much of each resource it holds while it runs. */
  readonly resources?: Readonly<Record<string, number>>;
}

/**
 * Tasks that declare what cannot be, or a question about tasks that are not there.
 *
 * @example
 * ```ts
 * import { GateError, ParallelExecutionGates } from "./mod.ts";
 *
 * try {
 *   new ParallelExecutionGates([{ name: "a" }, { name: "a" }]);
 * } catch (error) {
 *   if (error instanceof GateError) console.log(error.message); // Two tasks have the same name
 * }
 * ```
 */
export class GateError extends RangeError {
  /** Tells it from other errors. */
  override readonly name = "GateError";
}

/** What there may be of a resource. */
export function isAmount(value: unknown): boolean {
  return typeof value === "number" && value > 0 && value < Infinity;
}

const NO_PATHS: readonly string[] = [];

/** A task of a build config: its sources are read, its artifact is written. */
export function gateTaskOf(task: Task): GateTask {
  const { name, sourceFiles, outputs, declared } = task;
  const sources = readsOf(sourceFiles);
  const reads = declared?.reads === undefined ? sources : [...sources, ...declared.reads];
  return {
    ...declared,
    name,
    dependencies: awaitedBy(task),
    reads,
    writes: [...outputs.map(asWritten), ...(declared?.writes ?? NO_PATHS)],
  };
}

/** An output as a declared path; a name is none of a glob's, whatever it looks like. */
export function asWritten({ path, kind }: DeclaredOutput): string {
  return kind === "glob" ? path : asNamed(path);
}

/** The path of one file, as a declared path that means nothing else. */
export function asNamed(path: string): string {
  return isGlob(path) ? escapeGlob(path) : asIncluding(path);
}

/** A task of a task file. */
export function shellGateTaskOf({ name, dependencies, declared }: ShellTask): GateTask {
  return { ...declared, name, dependencies };
}

/**
 * A task as a program declares it, with its paths normalised.
 *
 * @throws {GateError} When a path, a difficulty or an amount cannot be.
 */
export function checkedGateTask(task: GateTask): GateTask {
  const { name, difficulty = 1, resources = {} } = task;
  if (typeof name !== "string") throw new GateError(`The name of a task must be a text, not ${String(name)}`);
  for (const key of ["dependencies", "reads", "writes", "shares"] as const) {
    if (task[key] === undefined || isListOfTexts(task[key])) continue;
    throw new GateError(`'${key}' of task '${name}' must be a list of texts, not ${JSON.stringify(task[key])}`);
  }
  if (!Number.isInteger(difficulty) || difficulty < 1 || difficulty > 10) {
    throw new GateError(`Difficulty of task '${name}' must be an integer from 1 to 10, not ${difficulty}`);
  }
  for (const [resource, amount] of Object.entries(resources)) {
    if (isAmount(amount)) continue;
    throw new GateError(
      `Resource '${resource}' of task '${name}' must be more than 0 and finite, not ${String(amount)}`,
    );
  }
  if (!isPlainText(name)) throw new GateError("The name of a task must not contain control characters");
  return { ...task, reads: task.reads?.map(normal), writes: task.writes?.map(normal) };

  function normal(path: string): string {
    if (isExclusion(path)) throw new GateError(`Path '${path}' of task '${name}' must not begin with '!'`);
    const normalised = normaliseEntry(path);
    if (typeof normalised === "string") return normalised;
    throw new GateError(`Path '${path}' of task '${name}' ${normalised.rule}`);
  }
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}
