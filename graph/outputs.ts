/**
 * Owns what a task says that it makes: the declared outputs, their places in a config, and which task makes what lies at
 * a path. What an output has come to is artifact.ts. It looks at no file.
 *
 * @module
 */
import type { JsonPath } from "./failure.ts";
import { Glob } from "./glob.ts";
import { StringIndex } from "./string_index.ts";
import type { DeclaredOutput, Task } from "./task.ts";

/** An output as a config writes it. */
export function outputText({ path, kind }: DeclaredOutput): string {
  return kind === "folder" ? `${path}/` : path;
}

/** The outputs of a task as lines show them, `none` for a check. */
export function outputsText(outputs: readonly DeclaredOutput[]): string {
  if (outputs.length === 1) return outputText(outputs[0]);
  return outputs.length === 0 ? "none" : outputs.map(outputText).join(", ");
}

/** The paths of all outputs of some tasks but globs. */
export function* outputPaths(tasks: Iterable<Pick<Task, "outputs">>): Generator<string> {
  for (const { outputs } of tasks) for (const { path, kind } of outputs) if (kind !== "glob") yield path;
}

/** Whether a task makes one file, as most do. */
export function isOneFile(outputs: readonly DeclaredOutput[]): boolean {
  return outputs.length === 1 && outputs[0].kind === "file";
}

/** Whether a task makes nothing, and hands on its fingerprint. */
export function isCheck({ outputs }: Pick<Task, "outputs">): boolean {
  return outputs.length === 0;
}

/** Where an output stands in a config: the task by its index, the output by its place among those of the task. */
export function placeOfOutput(task: number, { kind }: DeclaredOutput, at: number): JsonPath {
  return kind === "file" ? ["tasks", task, "output_artifact"] : ["tasks", task, "outputs", at];
}

/** Which task makes what lies at a path: the one that declares it, or a folder that it lies in, or a glob that means it. */
export class Producers {
  readonly #tasks: readonly Pick<Task, "outputs">[];
  /** Paths of outputs but globs → their number. */
  readonly #exact: StringIndex;
  /** The number of an output → its task. */
  readonly #owners: Int32Array;
  /** Outputs that may be folders. */
  readonly #folders = new Set<string>();
  /** What globs begin with → those that do. */
  readonly #globs = new Map<string, { readonly glob: Glob; readonly task: number }[]>();
  /** How long these beginnings are: few lengths, so that a path is compared with few globs. */
  readonly #lengths = new Set<number>();

  constructor(tasks: readonly Pick<Task, "outputs">[]) {
    this.#tasks = tasks;
    let count = 0;
    for (let task = 0; task < tasks.length; task++) count += tasks[task].outputs.length;
    this.#exact = new StringIndex(count);
    this.#owners = new Int32Array(count);
    let number = 0;
    for (let task = 0; task < tasks.length; task++) {
      const { outputs } = tasks[task];
      for (let at = 0; at < outputs.length; at++) {
        const { path, kind } = outputs[at];
        if (kind === "glob") {
          this.#addGlob(new Glob(path), task);
          continue;
        }
        this.#owners[number] = task;
        this.#exact.add(path, number++);
        if (kind !== "file") this.#folders.add(path);
      }
    }
  }

  /** The task that makes what lies at a path, by its index. */
  get(path: string): number | undefined {
    const exact = this.#exact.get(path);
    if (exact >= 0) return this.#owners[exact];
    if (this.#folders.size > 0) {
      for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
        const folder = path.slice(0, slash);
        if (this.#folders.has(folder)) return this.#owners[this.#exact.get(folder)];
      }
    }
    for (const length of this.#lengths) {
      if (length > path.length) continue;
      const found = this.#globs.get(path.slice(0, length))?.find(({ glob }) => glob.matches(path));
      if (found !== undefined) return found.task;
    }
  }

  /** The task that makes a folder whole, by its index, as it is or as a part of one above it. */
  ofFolder(path: string): number | undefined {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const folder = path.slice(0, end);
      if (this.#folders.has(folder)) return this.#owners[this.#exact.get(folder)];
    }
  }

  /** Whether any task makes what lies at a path. */
  has(path: string): boolean {
    return this.get(path) !== undefined;
  }

  /** The paths of all outputs that have one of their own. */
  paths(): Iterable<string> {
    return outputPaths(this.#tasks);
  }

  #addGlob(glob: Glob, task: number): void {
    const { prefix } = glob, known = this.#globs.get(prefix);
    this.#lengths.add(prefix.length);
    if (known === undefined) this.#globs.set(prefix, [{ glob, task }]);
    else known.push({ glob, task });
  }
}
