/**
 * Owns what a task says that it makes: the declared outputs, their places in a config, and which task makes what lies at
 * a path, by whichever name. What an output has come to is artifact.ts. It looks at no file.
 *
 * @module
 */
import type { JsonPath } from "./failure.ts";
import { escapeGlob, Glob } from "./glob.ts";
import { isGlob } from "./paths.ts";
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

/** Answers where what is called by a path really lies, links in the folders on the way followed; mostly just there. */
export type RealPlace = (path: string) => string;

/** An output by its real place; of a glob the folders that it begins with are followed. */
export function atRealPlace(output: DeclaredOutput, really: RealPlace): DeclaredOutput {
  const { path, kind } = output;
  if (kind !== "glob") {
    const real = really(path);
    return real === path ? output : { ...output, path: real };
  }
  const names = path.split("/"), count = names.findIndex(isGlob);
  if (count <= 0) return output;
  const folder = names.slice(0, count).join("/"), real = folderAt(folder, really);
  if (real === folder) return output;
  return { ...output, path: [...(real === "" ? [] : [escapeGlob(real)]), ...names.slice(count)].join("/") };
}

/** Where a folder really lies, itself followed; empty for the one that paths start from. */
export function folderAt(folder: string, really: RealPlace): string {
  return really(`${folder}/`).slice(0, -1);
}

/** Which task makes what lies at a path: the one that declares it, or a folder that it lies in, or a glob that means it. */
export class Producers {
  readonly #tasks: readonly Pick<Task, "outputs">[];
  /** Paths of outputs but globs → their number. */
  readonly #exact: StringIndex;
  /** The number of an output → its task. */
  readonly #owners: Int32Array;
  readonly #really: RealPlace | undefined;
  /** Where outputs really lie that are called otherwise → their tasks. */
  readonly #elsewhere = new Map<string, number>();
  /** Outputs that may be folders → their tasks. */
  readonly #folders = new Map<string, number>();
  /** What globs begin with → those that do. */
  readonly #globs = new Map<string, { readonly glob: Glob; readonly task: number }[]>();
  /** The texts of globs → the tasks that have them among their outputs. */
  readonly #globTexts = new Map<string, number>();
  /** How long these beginnings are: few lengths, so that a path is compared with few globs. */
  readonly #lengths = new Set<number>();

  /** Without `really` paths are compared as they are written. */
  constructor(tasks: readonly Pick<Task, "outputs">[], really?: RealPlace) {
    this.#tasks = tasks;
    this.#really = really;
    let count = 0;
    for (let task = 0; task < tasks.length; task++) count += tasks[task].outputs.length;
    this.#exact = new StringIndex(count);
    this.#owners = new Int32Array(count);
    let number = 0;
    for (let task = 0; task < tasks.length; task++) {
      const { outputs } = tasks[task];
      for (let at = 0; at < outputs.length; at++) {
        const { path, kind } = outputs[at];
        if (really !== undefined) this.#addElsewhere(outputs[at], { task, really });
        if (kind === "glob") {
          this.#addGlob(new Glob(path), task);
          continue;
        }
        this.#owners[number] = task;
        this.#exact.add(path, number++);
        if (kind !== "file") this.#folders.set(path, task);
      }
    }
  }

  /** The task that makes what lies at a path, by its index. */
  get(path: string): number | undefined {
    const named = this.#named(path);
    if (named !== undefined || this.#really === undefined) return named;
    const real = this.#really(path);
    return real === path && this.#elsewhere.size === 0 ? undefined : this.#elsewhere.get(real) ?? this.#named(real);
  }

  /** Where what is called by a path really lies, as far as that is known. */
  placeOf(path: string): string {
    return this.#really?.(path) ?? path;
  }

  #named(path: string): number | undefined {
    const exact = this.#exact.get(path);
    if (exact >= 0) return this.#owners[exact];
    if (this.#folders.size > 0) {
      for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
        const task = this.#folders.get(path.slice(0, slash));
        if (task !== undefined) return task;
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
    const places = this.#really === undefined || path === "" ? [path] : [path, folderAt(path, this.#really)];
    for (const place of places) {
      for (let end = place.length; end > 0; end = place.lastIndexOf("/", end - 1)) {
        const task = this.#folders.get(place.slice(0, end));
        if (task !== undefined) return task;
      }
    }
  }

  /** The task that has a very glob among its outputs, by whichever name, so that it makes all that the glob means. */
  ofGlob(text: string): number | undefined {
    const found = this.#globTexts.get(text);
    if (found !== undefined || this.#really === undefined || this.#globTexts.size === 0) return found;
    return this.#globTexts.get(atRealPlace({ path: text, kind: "glob" }, this.#really).path);
  }

  /** A task with a glob among its outputs that may mean some of what another one does. */
  meantBy(glob: Glob): number | undefined {
    for (const globs of this.#globs.values()) {
      const found = globs.find((other) => other.glob.intersects(glob));
      if (found !== undefined) return found.task;
    }
  }

  /** Whether any task makes what lies at a path. */
  has(path: string): boolean {
    return this.get(path) !== undefined;
  }

  /** Whether any task makes what lies at a path, and calls it otherwise, so that one may change by the other name. */
  hasElsewhere(path: string): boolean {
    return this.#really !== undefined && (this.#elsewhere.size > 0 || this.#really(path) !== path) &&
      this.#exact.get(path) < 0 && this.has(path);
  }

  /** Whether any output really lies elsewhere than it is written. */
  get areElsewhere(): boolean {
    return this.#elsewhere.size > 0;
  }

  /** The paths of all outputs that have one of their own. */
  paths(): Iterable<string> {
    return outputPaths(this.#tasks);
  }

  #addElsewhere(output: DeclaredOutput, { task, really }: { readonly task: number; readonly really: RealPlace }): void {
    const { path, kind } = atRealPlace(output, really);
    if (path === output.path) return;
    this.#elsewhere.set(path, task);
    if (kind === "glob") this.#addGlob(new Glob(path), task);
    else if (kind !== "file") this.#folders.set(path, task);
  }

  #addGlob(glob: Glob, task: number): void {
    const { prefix } = glob, known = this.#globs.get(prefix);
    this.#globTexts.set(glob.text, task);
    this.#lengths.add(prefix.length);
    if (known === undefined) this.#globs.set(prefix, [{ glob, task }]);
    else known.push({ glob, task });
  }
}
