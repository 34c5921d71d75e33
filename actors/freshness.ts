/**
 * Owns the question whether a task must be done: its inputs' digests, its fingerprint, and what the build cache and the
 * artifact in place say to it.
 * It runs nothing and writes nothing but what it learns about files.
 *
 * @module
 */
import type { TaskFailure } from "../graph/failure.ts";
import { differences, type Inputs, type Trace, trace } from "../graph/fingerprint.ts";
import type { Plan } from "../graph/plan.ts";
import { Waiting } from "../graph/producers.ts";
import type { BuildCache } from "./build_cache.ts";
import type { FileIndex, TooMuch, Unreadable } from "./file_index.ts";
import type { ModuleGraph } from "./module_graph.ts";

/** What was found about one task whose dependencies are completed. */
export type BuildFinding =
  | { readonly kind: "fresh"; readonly sha256: string; readonly fingerprint: string; readonly trace: Trace }
  | {
    readonly kind: "restore";
    readonly fingerprint: string;
    readonly trace: Trace;
    readonly from: string;
    readonly sha256: string;
  }
  | { readonly kind: "run"; readonly fingerprint: string; readonly trace: Trace; readonly reason: string }
  | { readonly kind: "unreadable"; readonly failure: TaskFailure }
  /** This file must be read slowly before the question can be answered. */
  | { readonly kind: "tooMuch"; readonly path: string };

/** Choices for one run. */
export interface FreshnessOptions {
  /** Everything is to be done again. */
  readonly force: boolean;
  /** There when a task calls a module. */
  readonly modules?: ModuleGraph;
  /** Others make artifacts in this folder too: those that a task needs are looked at anew. */
  readonly isShared?: boolean;
}

/** Answers for one run. */
export class Freshness {
  /** Digest of each completed task's artifact. */
  readonly artifacts: (string | undefined)[];
  /** Fingerprints of the work done in this run: with `force`, once is enough. */
  readonly #made = new Set<string>();

  /** Task → the files of the module it calls, as of its last check. */
  readonly #modules = new Map<number, readonly string[]>();
  #waiting: Waiting | undefined;

  constructor(readonly plan: Plan, readonly cache: BuildCache, readonly options: FreshnessOptions) {
    this.artifacts = new Array(plan.size);
  }

  /** Compares what is there with what is remembered. */
  check(task: number): BuildFinding {
    const { cache, plan } = this;
    cache.files.begin();
    if (this.options.isShared) cache.files.isStill(plan.tasks[task].output);
    const inputs = this.#inputs(task);
    if ("kind" in inputs) return inputs;
    const declared = plan.tasks[task];
    const now = trace(declared, inputs, cache.trace(declared.name));
    const found = { fingerprint: now[0], trace: now };
    if (this.options.force && !this.#made.has(found.fingerprint)) {
      return this.#unloadable(task) ?? { ...found, kind: "run", reason: "forced" };
    }
    const entry = cache.get(found.fingerprint);
    if (entry !== undefined && (declared.expectedSha256 ?? entry.sha256) === entry.sha256) {
      const { artifact_path: from, sha256 } = entry;
      const inPlace = cache.files.digest(declared.output);
      if (inPlace === sha256) return { ...found, kind: "fresh", sha256 };
      if (isTooMuch(inPlace)) return { kind: "tooMuch", path: declared.output };
      const elsewhere = from === declared.output ? undefined : cache.files.digest(from);
      if (elsewhere === sha256) return { ...found, kind: "restore", from, sha256 };
      if (isTooMuch(elsewhere)) return { kind: "tooMuch", path: from };
    }
    return this.#unloadable(task) ?? { ...found, kind: "run", reason: this.#reason(task, found.trace) };
  }

  /** Takes note that the work of a fingerprint was done in this run. */
  noteMade(fingerprint: string): void {
    if (this.options.force) this.#made.add(fingerprint);
  }

  /** The files of the module a task calls, as of its last check; none when it calls none. */
  moduleFiles(task: number): readonly string[] {
    return this.#modules.get(task) ?? [];
  }

  /** Whether the sources a task was started with are still the same. */
  sourcesUnchanged(task: number): boolean {
    let unchanged = true;
    for (const paths of [this.plan.sources[task], this.moduleFiles(task)]) {
      for (const path of paths) {
        if (!this.plan.producers.has(path)) unchanged = this.cache.files.isStill(path) && unchanged;
      }
    }
    return unchanged;
  }

  /** What is fresh may be of a module that cannot be loaded here; what must be done may not. */
  #unloadable(task: number): BuildFinding | undefined {
    const path = this.options.modules?.unloadable(this.moduleFiles(task));
    return path === undefined ? undefined : { kind: "unreadable", failure: { kind: "typescript", path } };
  }

  #inputs(task: number): Inputs | BuildFinding {
    const { plan, cache } = this;
    const sources = plan.sources[task];
    const sourceDigests: string[] = new Array(sources.length);
    for (let i = 0; i < sources.length; i++) {
      const path = sources[i];
      if (this.options.isShared && plan.producers.has(path)) cache.files.isStill(path);
      const digest = cache.files.digest(path);
      if (typeof digest === "object") return problem(path, digest);
      sourceDigests[i] = digest;
    }
    const { dependencyStart, dependencies } = plan.graph;
    const artifacts: string[] = [], artifactDigests: string[] = [];
    for (let i = dependencyStart[task]; i < dependencyStart[task + 1]; i++) {
      const dependency = dependencies[i];
      artifacts.push(plan.tasks[dependency].output);
      const digest = this.options.isShared ? this.#look(dependency) : this.artifacts[dependency];
      if (typeof digest === "object") return problem(plan.tasks[dependency].output, digest);
      if (digest === undefined) throw new Error(`Bug: task ${task} is checked before its dependency ${dependency}`);
      artifactDigests.push(digest);
    }
    const inputs = { sources, sourceDigests, artifacts, artifactDigests };
    const { action } = plan.tasks[task];
    return action.kind === "module" ? this.#withModule(task, action.module, inputs) : inputs;
  }

  /** The artifact of a task that somebody has completed. */
  #look(task: number): string | Unreadable | TooMuch {
    const { output } = this.plan.tasks[task];
    this.cache.files.isStill(output);
    return this.cache.files.digest(output);
  }

  #withModule(task: number, module: string, inputs: Inputs): Inputs | BuildFinding {
    if (this.options.modules === undefined) throw new Error("Bug: nobody knows what modules import");
    const found = this.options.modules.of(module);
    const failure = this.#unawaited(task, "problem" in found ? [found.path] : found.files);
    if (failure !== undefined) return { kind: "unreadable", failure };
    if ("problem" in found) return problem(found.path, found.problem);
    this.#modules.set(task, found.files);
    return {
      ...inputs,
      sources: [...inputs.sources, ...found.files],
      sourceDigests: [...inputs.sourceDigests, ...found.digests],
      module: { files: found.files.length, externals: found.externals },
    };
  }

  /** What a module imports is known only now; what another task makes of it must have been waited for. */
  #unawaited(task: number, files: readonly string[]): TaskFailure | undefined {
    const { producers, graph, tasks } = this.plan;
    for (const path of files) {
      const producer = producers.get(path);
      if (producer === undefined) continue;
      this.#waiting ??= new Waiting(graph);
      if (this.#waiting.isFor(task, producer)) continue;
      const detail = `it imports '${path}', which task '${tasks[producer].name}' makes, without depending on it`;
      return { kind: "module", detail };
    }
  }

  #reason(task: number, after: Trace): string {
    const { name, output } = this.plan.tasks[task];
    const before = this.cache.trace(name);
    if (before === undefined) return "new";
    const nameOf = (artifact: string) => {
      const producer = this.plan.producers.get(artifact);
      return producer === undefined ? artifact : this.plan.tasks[producer].name;
    };
    const changes = differences(before, after, nameOf);
    if (changes.length > 0) return changes.join("; ");
    const inPlace = this.cache.files.digest(output);
    if (typeof inPlace === "object" && "missing" in inPlace && inPlace.missing) return "artifact missing";
    if (inPlace === this.cache.get(after[0])?.sha256) return "artifact not the expected one";
    return "artifact edited";
  }
}

function problem(path: string, found: Unreadable | TooMuch): BuildFinding {
  return isTooMuch(found)
    ? { kind: "tooMuch", path }
    : { kind: "unreadable", failure: { kind: "source", path, detail: found.detail } };
}

function isTooMuch(digest: ReturnType<FileIndex["digest"]> | undefined): digest is TooMuch {
  return typeof digest === "object" && "tooMuch" in digest;
}
