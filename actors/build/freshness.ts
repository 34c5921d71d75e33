/**
 * Owns the question whether a task must be done: its inputs' digests, its fingerprint, and what the build cache and the
 * artifact in place say to it.
 * It runs nothing and writes nothing but what it learns about files.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import {
  checkMark,
  checkName,
  differences,
  type Inputs,
  isCheckMark,
  type Trace,
  trace,
} from "../../graph/fingerprint.ts";
import { FAILED_LAST } from "../../graph/report/build_report.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import { Waiting } from "../../graph/producers.ts";
import type { BuildCache } from "./build_cache.ts";
import { artifactsIn, type CacheEntry } from "./cache_form.ts";
import type { Task } from "../../graph/task.ts";
import type { TooMuch } from "../storage/file_index.ts";
import type { CopySource, Spoilt } from "../worker/messages.ts";
import { OutputPlaces } from "./output_places.ts";
import type { ModuleGraph } from "./module_graph.ts";
import { NamedVariables } from "../process/inherited_environment.ts";
import type { ToolOutputs } from "./tool_outputs.ts";
import type { DiscoveredInputs } from "./discovered_inputs.ts";
import { problemOf, type Unanswered } from "./unanswered.ts";

/** What was found about one task whose dependencies are completed. */
export type BuildFinding =
  | { readonly kind: "fresh"; readonly entry: CacheEntry; readonly fingerprint: string; readonly trace: Trace }
  | {
    readonly kind: "restore";
    readonly fingerprint: string;
    readonly trace: Trace;
    /** As it was made, elsewhere. */
    readonly entry: CacheEntry;
    /** What is not in its place yet. */
    readonly copies: readonly CopySource[];
  }
  | {
    readonly kind: "run";
    readonly fingerprint: string;
    readonly trace: Trace;
    readonly reason: string;
    /** By path what is wrong with what lies at an output, where that is known. */
    readonly spoilt?: Readonly<Record<string, Spoilt>>;
  }
  | Unanswered;

/** Choices for one run. */
export interface FreshnessOptions {
  /** Everything is to be done again. */
  readonly force: boolean;
  /** There when a task calls a module. */
  readonly modules?: ModuleGraph;
  /** There when a task has a dependency file. */
  readonly discovered?: DiscoveredInputs;
  /** There when a task declares tools. */
  readonly tools?: ToolOutputs;
  /** Others make artifacts in this folder too: those that a task needs are looked at anew. */
  readonly isShared?: boolean;
}

/** Answers for one run. */
export class Freshness {
  /** What each completed task has made. */
  readonly made: (CacheEntry | undefined)[];
  readonly places: OutputPlaces;
  /** Fingerprints of the work done in this run: with `force`, once is enough. */
  readonly #made = new Set<string>();

  /** Task → the files of the module it calls, as of its last check. */
  readonly #modules = new Map<number, readonly string[]>();
  readonly #variables: NamedVariables;
  #waiting: Waiting | undefined;

  constructor(readonly plan: Plan, readonly cache: BuildCache, readonly options: FreshnessOptions) {
    this.made = new Array(plan.size);
    this.places = new OutputPlaces(cache);
    this.#variables = new NamedVariables(cache.files.folder);
  }

  /** Compares what is there with what is remembered. */
  check(task: number): BuildFinding {
    const { cache, plan } = this;
    cache.files.begin();
    const declared = plan.tasks[task];
    if (this.options.isShared) this.places.lookAgain(declared);
    const inputs = this.#inputs(task);
    if ("kind" in inputs) return inputs;
    const last = cache.trace(declared.name);
    let now = trace(declared, inputs, last), isWhole = true;
    if (declared.depfile !== undefined) {
      if (this.options.discovered === undefined) throw new Error("Bug: nobody knows what tasks were found to read");
      const known = this.options.discovered.known(task, now, last);
      if ("kind" in known) return known;
      ({ trace: now, isWhole } = known);
    }
    const found = { fingerprint: now[0], trace: now };
    const entry = isWhole ? cache.get(found.fingerprint, declared.outputs[0]?.path) : undefined;
    if (this.options.force && !this.#made.has(found.fingerprint)) return this.#toRun(task, found, "forced");
    if (entry !== undefined && this.places.fits(declared, entry)) {
      const inPlace = this.places.areInPlace(declared, entry);
      if (inPlace === true) return { ...found, kind: "fresh", entry };
      if (typeof inPlace === "object") return { kind: "tooMuch", path: inPlace.tooMuch };
      const copies = this.places.copies(declared, entry);
      if (copies !== undefined) {
        return "tooMuch" in copies
          ? { kind: "tooMuch", path: copies.tooMuch }
          : { ...found, kind: "restore", entry, copies };
      }
    }
    return this.#toRun(task, found, this.#reason(task, found.trace));
  }

  /**
   * What lies at an output is no artifact, however its task leaves it, if the same work once made another there. After other
   * work that is so only of what is no file: one may have been made by hand as this work would.
   */
  #toRun(task: number, found: { readonly fingerprint: string; readonly trace: Trace }, reason: string): BuildFinding {
    const declared = this.plan.tasks[task];
    const entry = this.cache.get(found.fingerprint, declared.outputs[0]?.path);
    const now = entry === undefined ? undefined : this.places.spoilt(declared, entry);
    if (isTooMuch(now)) return { kind: "tooMuch", path: now.tooMuch };
    const spoilt = now ?? this.#replaced(declared);
    return this.#unloadable(task) ?? { ...found, kind: "run", reason, ...(spoilt ? { spoilt } : {}) };
  }

  /** There when something that is no file was put in the place of what the task last made. */
  #replaced(declared: Task): Readonly<Record<string, Spoilt>> | undefined {
    const before = this.cache.trace(declared.name);
    const last = before === undefined ? undefined : this.cache.get(before[0], declared.outputs[0]?.path);
    return last === undefined ? undefined : this.places.replaced(declared, last);
  }

  /** Takes note that the work of a fingerprint was done in this run. */
  noteMade(fingerprint: string): void {
    if (this.options.force) this.#made.add(fingerprint);
  }

  /** The files of the module a task calls, as of its last check; none when it calls none. */
  moduleFiles(task: number): readonly string[] {
    return this.#modules.get(task) ?? [];
  }

  /**
   * One of the files a task was started with that is not the same any more, if any: sources, modules and artifacts of other
   * tasks, which anybody may have written to meanwhile, the task itself included.
   */
  changedInput([, , , sources, sourceDigests, artifacts, artifactDigests]: Trace): string | undefined {
    return this.#changed(sources, sourceDigests) ?? this.#changed(artifacts, artifactDigests);
  }

  /** What a check hands on does not change, and of a folder all that is in it is looked at. */
  #changed(paths: readonly string[], digests: readonly string[]): string | undefined {
    const { files, trees } = this.cache;
    return paths.find((path, at) => {
      if (isCheckMark(path)) return false;
      return !(trees.seen(path) === undefined ? files.isStill(path, digests[at]) : trees.isStill(path, digests[at]));
    });
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
      const mayBeAnother = this.options.isShared ? plan.producers.has(path) : plan.producers.hasElsewhere(path);
      if (mayBeAnother) cache.files.lookAgain(path);
      const digest = cache.files.digest(path);
      if (typeof digest === "object") return problemOf(path, digest);
      sourceDigests[i] = cache.files.marked(path);
    }
    const { dependencyStart, inputEnd, dependencies } = plan.graph;
    const artifacts: string[] = [], artifactDigests: string[] = [];
    for (let i = dependencyStart[task]; i < inputEnd[task]; i++) {
      const problem = this.#takeIn(dependencies[i], task, { artifacts, artifactDigests });
      if (problem !== undefined) return problem;
    }
    const declared = plan.tasks[task], { action } = declared;
    const tools = declared.tools === undefined ? undefined : this.#tools.of(declared);
    if (tools !== undefined && "kind" in tools) return tools;
    const read = sources.length > 0 ? sources : artifacts;
    const folder = action.kind === "concatenate"
      ? read.find((path) => cache.trees.seen(path) !== undefined)
      : undefined;
    if (folder !== undefined && plan.tasks[task].outputs.length > 0) {
      const detail = "it is a folder, and only files can be joined";
      return { kind: "unreadable", failure: { kind: "source", path: folder, detail } };
    }
    const isCopy = action.kind === "concatenate" && read.length === 1 && plan.tasks[task].outputs.length > 0;
    const mode = isCopy && !isCheckMark(read[0]) ? cache.files.facts(read[0]).mode : undefined;
    const inputs = { sources, sourceDigests, artifacts, artifactDigests, mode, tools };
    if (action.kind === "command") return { ...inputs, inheritedEnv: this.#variables.of(action.command) };
    return action.kind === "module" ? this.#withModule(task, action.module, inputs) : inputs;
  }

  get #tools(): ToolOutputs {
    if (this.options.tools === undefined) throw new Error("Bug: nobody asks the tools");
    return this.options.tools;
  }

  #withModule(task: number, module: string, inputs: Inputs): Inputs | BuildFinding {
    if (this.options.modules === undefined) throw new Error("Bug: nobody knows what modules import");
    const found = this.options.modules.of(module);
    const failure = this.#unawaited(task, "problem" in found ? [found.path] : found.files);
    if (failure !== undefined) return { kind: "unreadable", failure };
    if ("problem" in found) return problemOf(found.path, found.problem);
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

  /** Adds what a task gets from a dependency: the digests of its artifacts or, of a check, of what it has seen. */
  #takeIn(
    dependency: number,
    task: number,
    { artifacts, artifactDigests }: { readonly artifacts: string[]; readonly artifactDigests: string[] },
  ): BuildFinding | undefined {
    const { cache, plan } = this, { name, outputs } = plan.tasks[dependency];
    const isShared = this.options.isShared === true, entry = this.made[dependency];
    if (entry === undefined && !isShared) {
      throw new Error(`Bug: task ${task} is checked before its dependency ${dependency}`);
    }
    if (outputs.length === 1 && outputs[0].kind === "file") return takeFile(outputs[0].path);
    const known = entry ?? this.#lastOf(dependency) ?? this.places.found(plan.tasks[dependency]);
    if (isTooMuch(known)) return { kind: "tooMuch", path: known.tooMuch };
    if (outputs.length === 0) {
      artifacts.push(checkMark(name));
      artifactDigests.push(known.sha256);
      return undefined;
    }
    for (const { artifact_path: path, tree } of artifactsIn(known)) {
      const failure = tree === undefined ? takeFile(path) : takeFolder(path);
      if (failure !== undefined) return failure;
    }

    /** Of one that was changed since, the digest of what the task will read. */
    function takeFile(path: string): BuildFinding | undefined {
      if (isShared) cache.files.lookAgain(path);
      const digest = cache.files.digest(path);
      if (typeof digest === "object") return problemOf(path, digest);
      artifacts.push(path);
      artifactDigests.push(cache.files.marked(path));
    }

    function takeFolder(path: string): BuildFinding | undefined {
      if (isShared) cache.trees.lookAgain(path);
      const tree = cache.trees.look(path);
      if (!("sha256" in tree)) return problemOf(path, tree);
      artifacts.push(path);
      artifactDigests.push(tree.sha256);
    }
  }

  /** Where a completed task's artifacts lie, in order. */
  pathsOf(task: number): readonly string[] {
    const { outputs } = this.plan.tasks[task];
    if (outputs.length === 1 && outputs[0].kind !== "glob") return [outputs[0].path];
    const made = this.made[task] ?? this.#lastOf(task) ?? this.places.found(this.plan.tasks[task]);
    return isTooMuch(made) ? [] : artifactsIn(made).map(({ artifact_path }) => artifact_path);
  }

  /** What a task was last known to make, by whomever. */
  #lastOf(task: number): CacheEntry | undefined {
    const { name, outputs } = this.plan.tasks[task], last = this.cache.trace(name);
    const entry = last === undefined ? undefined : this.cache.get(last[0], outputs[0]?.path);
    return entry === undefined ? undefined : this.places.asOwn(this.plan.tasks[task], entry);
  }

  #reason(task: number, after: Trace): string {
    const declared = this.plan.tasks[task];
    const before = this.cache.trace(declared.name);
    if (before === undefined) return this.cache.hasFailed(declared.name) ? FAILED_LAST : "new";
    const nameOf = (artifact: string) => {
      const producer = this.plan.producers.get(artifact);
      return producer === undefined ? checkName(artifact) : this.plan.tasks[producer].name;
    };
    const changes = differences(before, after, nameOf);
    if (changes.length > 0) return changes.join("; ");
    const entry = this.cache.get(after[0], declared.outputs[0]?.path);
    const reason = this.places.reason(declared, entry);
    if (reason !== undefined) return reason;
    return declared.outputs.length === 0 ? "not known to have passed" : "artifact not the expected one";
  }
}

function isTooMuch(answer: unknown): answer is TooMuch {
  return typeof answer === "object" && answer !== null && "tooMuch" in answer;
}
