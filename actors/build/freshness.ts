/**
 * Owns the question whether a task must be done: its inputs' digests, its fingerprint, and what the build cache and the
 * artifact in place say to it.
 * It runs nothing and writes nothing but what it learns about files.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import { differences, type Inputs, type Trace, trace } from "../../graph/fingerprint.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import { Waiting } from "../../graph/producers.ts";
import type { BuildCache } from "./build_cache.ts";
import type { CacheEntry } from "./cache_form.ts";
import type { FileIndex, TooMuch } from "../storage/file_index.ts";
import type { Spoilt } from "../worker/messages.ts";
import type { ModuleGraph } from "./module_graph.ts";
import { NamedVariables } from "../process/inherited_environment.ts";
import type { ToolOutputs } from "./tool_outputs.ts";
import type { DiscoveredInputs } from "./discovered_inputs.ts";
import { problemOf, type Unanswered } from "./unanswered.ts";

/** What was found about one task whose dependencies are completed. */
export type BuildFinding =
  | { readonly kind: "fresh"; readonly sha256: string; readonly fingerprint: string; readonly trace: Trace }
  | {
    readonly kind: "restore";
    readonly fingerprint: string;
    readonly trace: Trace;
    readonly from: string;
    readonly sha256: string;
    /** What was written to stderr when it was made, as far as that was kept. */
    readonly stderr?: string;
  }
  | {
    readonly kind: "run";
    readonly fingerprint: string;
    readonly trace: Trace;
    readonly reason: string;
    /** There when what lies at the output is known not to be what this work makes. */
    readonly spoilt?: Spoilt;
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
  /** Digest of each completed task's artifact. */
  readonly artifacts: (string | undefined)[];
  /** Fingerprints of the work done in this run: with `force`, once is enough. */
  readonly #made = new Set<string>();

  /** Task → the files of the module it calls, as of its last check. */
  readonly #modules = new Map<number, readonly string[]>();
  readonly #variables: NamedVariables;
  #waiting: Waiting | undefined;

  constructor(readonly plan: Plan, readonly cache: BuildCache, readonly options: FreshnessOptions) {
    this.artifacts = new Array(plan.size);
    this.#variables = new NamedVariables(cache.files.folder);
  }

  /** Compares what is there with what is remembered. */
  check(task: number): BuildFinding {
    const { cache, plan } = this;
    cache.files.begin();
    if (this.options.isShared) cache.files.lookAgain(plan.tasks[task].output);
    const inputs = this.#inputs(task);
    if ("kind" in inputs) return inputs;
    const declared = plan.tasks[task];
    const last = cache.trace(declared.name);
    let now = trace(declared, inputs, last), isWhole = true;
    if (declared.depfile !== undefined) {
      if (this.options.discovered === undefined) throw new Error("Bug: nobody knows what tasks were found to read");
      const known = this.options.discovered.known(task, now, last);
      if ("kind" in known) return known;
      ({ trace: now, isWhole } = known);
    }
    const found = { fingerprint: now[0], trace: now };
    const entry = isWhole ? cache.get(found.fingerprint, declared.output) : undefined;
    if (this.options.force && !this.#made.has(found.fingerprint)) return this.#toRun(task, found, "forced");
    if (entry !== undefined && (declared.expectedSha256 ?? entry.sha256) === entry.sha256) {
      const inPlace = cache.files.holds(declared.output, entry);
      if (inPlace === true) return { ...found, kind: "fresh", sha256: entry.sha256 };
      if (isTooMuch(inPlace)) return { kind: "tooMuch", path: declared.output };
      const { artifact_path: from, sha256 } = entry;
      const elsewhere = from === declared.output ? false : cache.files.holds(from, entry);
      if (elsewhere === true) return { ...found, kind: "restore", from, sha256, stderr: entry.stderr };
      if (isTooMuch(elsewhere)) return { kind: "tooMuch", path: from };
    }
    return this.#toRun(task, found, this.#reason(task, found.trace));
  }

  /**
   * What lies at the output is no artifact, however its task leaves it, if the same work once made another there. After other
   * work that is so only of what is no file: one may have been made by hand as this work would.
   */
  #toRun(task: number, found: { readonly fingerprint: string; readonly trace: Trace }, reason: string): BuildFinding {
    const { output } = this.plan.tasks[task];
    const entry = this.cache.get(found.fingerprint, output);
    const inPlace = entry?.artifact_path === output ? this.cache.files.holds(output, entry) : true;
    if (isTooMuch(inPlace)) return { kind: "tooMuch", path: output };
    const spoilt = inPlace
      ? this.#replaced(task)
      : { mode: entry!.mode, isEdited: !this.#hasOnlyOtherMode(output, entry!) };
    return this.#unloadable(task) ?? { ...found, kind: "run", reason, ...(spoilt ? { spoilt } : {}) };
  }

  /** There when something that is no file was put in the place of what the task last made. */
  #replaced(task: number): Spoilt | undefined {
    const { name, output } = this.plan.tasks[task];
    const before = this.cache.trace(name);
    const last = before === undefined ? undefined : this.cache.get(before[0], output);
    if (last?.artifact_path !== output || !this.cache.files.isOther(output, last.link)) return undefined;
    return { mode: last.mode, isEdited: false };
  }

  #hasOnlyOtherMode(output: string, entry: CacheEntry): boolean {
    const { files } = this.cache;
    return typeof files.digest(output) === "string" &&
      files.holds(output, { ...entry, mode: files.facts(output).mode }) === true;
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
   * Whether the files a task was started with are still the same: sources, modules and artifacts of other tasks, which
   * anybody may have written to meanwhile, the task itself included.
   */
  inputsUnchanged([, , , sources, sourceDigests, artifacts, artifactDigests]: Trace): boolean {
    return this.#areStill(sources, sourceDigests) && this.#areStill(artifacts, artifactDigests);
  }

  #areStill(paths: readonly string[], digests: readonly string[]): boolean {
    const { files } = this.cache;
    return paths.every((path, at) => files.isStill(path, digests[at]));
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
      if (this.options.isShared && plan.producers.has(path)) cache.files.lookAgain(path);
      const digest = cache.files.digest(path);
      if (typeof digest === "object") return problemOf(path, digest);
      sourceDigests[i] = cache.files.marked(path);
    }
    const { dependencyStart, inputEnd, dependencies } = plan.graph;
    const artifacts: string[] = [], artifactDigests: string[] = [];
    for (let i = dependencyStart[task]; i < inputEnd[task]; i++) {
      const dependency = dependencies[i];
      const { output } = plan.tasks[dependency];
      artifacts.push(output);
      if (this.options.isShared) cache.files.lookAgain(output);
      else if (this.artifacts[dependency] === undefined) {
        throw new Error(`Bug: task ${task} is checked before its dependency ${dependency}`);
      }
      // Of one that was changed since, the digest of what the task will read
      const digest = cache.files.digest(output);
      if (typeof digest === "object") return problemOf(output, digest);
      artifactDigests.push(cache.files.marked(output));
    }
    const declared = plan.tasks[task], { action } = declared;
    const tools = declared.tools === undefined ? undefined : this.#tools.of(declared);
    if (tools !== undefined && "kind" in tools) return tools;
    const read = sources.length > 0 ? sources : artifacts;
    const isCopy = action.kind === "concatenate" && read.length === 1;
    const mode = isCopy ? cache.files.facts(read[0]).mode : undefined;
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
    const entry = this.cache.get(after[0], output);
    if (entry !== undefined && this.cache.files.holds(output, entry) === true) return "artifact not the expected one";
    return "artifact edited";
  }
}

function isTooMuch(digest: ReturnType<FileIndex["digest" | "holds"]>): digest is TooMuch {
  return typeof digest === "object" && "tooMuch" in digest;
}
