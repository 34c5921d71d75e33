/**
 * Owns what a build knows of its tasks while it runs: what each was found to need, and the digests of the artifacts made.
 * It answers the scheduler from the build cache and enters in it what was done; it starts nothing.
 *
 * @module
 */
import type { Plan } from "../../graph/schedule/plan.ts";
import type { Trace } from "../../graph/fingerprint.ts";
import type { FoundInputs } from "./discovered_inputs.ts";
import { type BuildFinding, Freshness, type FreshnessOptions } from "./freshness.ts";
import { isOneFile } from "../../graph/outputs.ts";
import type { Task } from "../../graph/task.ts";
import type { BuildCache } from "./build_cache.ts";
import type { CacheSaver } from "./cache_saver.ts";
import type { LateStore } from "./late_store.ts";
import { StoredWork } from "./stored_work.ts";
import { warningOf } from "./kept_warning.ts";
import { Restoration } from "./restoration.ts";
import type { FoundFiles } from "../worker/found_files.ts";
import type { RunTask } from "../worker/messages.ts";
import { systemDetail } from "../machine/system_error.ts";
import { keptFolders } from "./foreign_folders.ts";
import type { Transaction } from "./transaction/transaction.ts";
import type { DiscoveryAnswer, MadeOf, Origin, RebuilderAnswer, Work } from "../engine/work.ts";
import type { Output } from "../process/output.ts";
import type { PublishedArtifact } from "../storage/publication.ts";
import type { UnsyncedFolders } from "../storage/unsynced_folders.ts";
import { parseTree, type ShownArtifact } from "../../graph/artifact.ts";
import { artifactsIn, type CachedArtifact, type CacheEntry, entryOfArtifacts, shownArtifact } from "./cache_form.ts";

/** Choices for {@linkcode BuildWork}. */
export interface BuildWorkOptions extends FreshnessOptions {
  /** Writes the cache while the build runs; default it is not written before its end. */
  readonly saver?: Pick<CacheSaver, "noteCompleted" | "saveIfDue">;
  /** Has names of artifacts made durable before the cache is written; default workers do so at once. */
  readonly folders?: Pick<UnsyncedFolders, "take" | "note">;
  /** Keeps artifacts as they are before their tasks start. */
  readonly transaction?: Pick<Transaction, "save" | "saveMatches">;
  /** Whether a permit is wanted before an artifact is put in place. */
  readonly asksPermit?: boolean;
  /** Takes note of what commands have done to files that no task has used yet; default nobody knows before. */
  readonly refresh?: () => void;
  /** Told in a sentence what is done with what is not the build's; default nobody is. */
  readonly tell?: (sentence: string) => void;
  /** Pass on what commands print as it comes; default false. */
  readonly stream?: boolean;
  /** The name of the config, whose artifacts are marked as such; default they are not. */
  readonly config?: string;
  /** Where artifacts are kept that may be wanted again; default nowhere. */
  readonly store?: LateStore;
}

/** The work of one build. */
export class BuildWork implements Work {
  readonly #transaction: BuildWorkOptions["transaction"];
  readonly #asksPermit: boolean;
  readonly #streams: boolean;
  readonly #saver: BuildWorkOptions["saver"];
  readonly #folders: BuildWorkOptions["folders"];
  readonly #refresh: BuildWorkOptions["refresh"];
  readonly #tell: BuildWorkOptions["tell"];
  #hasStarted = false;
  readonly #config: string | undefined;
  readonly #plan: Plan;
  readonly #cache: BuildCache;
  readonly #freshness: Freshness;
  readonly #findings: (BuildFinding | undefined)[];
  readonly #forgotten = new Set<number>();
  readonly #changed = new Map<number, string>();
  readonly #restoration: Restoration | undefined;
  readonly #store: StoredWork | undefined;
  #isOutdated = false;
  /** What tasks were found to read that have not been completed yet. */
  readonly #discovered = new Map<number, FoundInputs & { readonly before: Trace | undefined }>();
  /** What was written to stderr when the artifacts were made, now or before. */
  readonly #warnings = new Map<number, string>();

  constructor(plan: Plan, cache: BuildCache, options: BuildWorkOptions) {
    this.#transaction = options.transaction;
    this.#asksPermit = options.asksPermit ?? false;
    this.#streams = options.stream ?? false;
    this.#saver = options.saver;
    this.#folders = options.folders;
    this.#refresh = options.refresh;
    this.#tell = options.tell;
    this.#config = options.config;
    this.#plan = plan;
    this.#cache = cache;
    this.#freshness = new Freshness(plan, cache, options);
    this.#findings = new Array(plan.size);
    this.#store = options.store && new StoredWork(options.store, plan.tasks);
    this.#restoration = this.#store && new Restoration(this.#store, this.#freshness);
  }

  /** Digest of a completed task's artifact, if it has one. */
  digest(task: number): string | undefined {
    const made = this.#freshness.made[task];
    return made === undefined || made.artifact_path === null || made.more !== undefined ? undefined : made.sha256;
  }

  /** What a completed task has made, unless that is one file. */
  artifacts(task: number): readonly ShownArtifact[] | undefined {
    const { outputs } = this.#plan.tasks[task], made = this.#freshness.made[task];
    if (made === undefined || (outputs.length === 1 && outputs[0].kind === "file")) return undefined;
    return artifactsIn(made).map(shownArtifact);
  }

  /** Whether something was edited that nobody knew to be read, so that only another run makes up for it. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** By the name of a task that is to be done again, one file that it reads and that was changed while it ran. */
  get changed(): ReadonlyMap<string, string> {
    return new Map(Array.from(this.#changed, ([task, path]) => [this.#plan.tasks[task].name, path]));
  }

  /** Whether a task was done in this run and is not remembered. */
  isForgotten(task: number): boolean {
    return this.#forgotten.has(task);
  }

  check(task: number): RebuilderAnswer {
    if (this.#hasStarted) this.#refresh?.();
    let finding = this.#freshness.check(task);
    this.#discovered.delete(task);
    const opening = this.#restoration?.opening(task, finding);
    if (opening !== undefined) return { kind: "later", until: opening, isLook: true };
    if (finding.kind === "run") finding = this.#restoration?.find(task, finding) ?? finding;
    this.#findings[task] = finding;
    if (finding.kind === "tooMuch") {
      return { kind: "later", until: this.#cache.files.readSlowly(finding.path), isLook: true };
    }
    if (finding.kind === "waiting") return { kind: "later", until: finding.until, isLook: true };
    if (finding.kind === "fresh") {
      const { name } = this.#plan.tasks[task];
      this.#freshness.made[task] = this.#freshness.places.asOwn(this.#plan.tasks[task], finding.entry);
      this.#cache.remember(name, finding.trace);
      if (this.#config !== undefined) {
        const found = new Set(
          artifactsIn(finding.entry).flatMap(({ artifact_path: path, found }) => found ? [path] : []),
        );
        for (const path of filesIn(finding.entry)) if (!found.has(path)) this.#cache.files.own(path, this.#config);
      }
    }
    const stderr = finding.kind === "restore" ? finding.entry.stderr : undefined;
    if (typeof stderr === "string") this.#warnings.set(task, stderr);
    else this.#warnings.delete(task);
    if (finding.kind === "run" || finding.kind === "restore") return this.#keep(task, finding) ?? finding;
    return finding;
  }

  /** What stands in the way of the task, if it is to be done in a transaction. */
  #keep(task: number, { kind }: { readonly kind: "run" | "restore" }): RebuilderAnswer | undefined {
    if (this.#transaction === undefined) return undefined;
    const declared = this.#plan.tasks[task], isRewritten = kind === "run" && mayRewrite(declared);
    for (const { path, kind } of declared.outputs) {
      try {
        const until = kind === "glob"
          ? this.#keepMatches(declared, path, isRewritten)
          : this.#transaction.save(path, { isRewritten, mayBeFolder: kind !== "file" });
        if (until !== undefined) return { kind: "later", until };
      } catch (error) {
        const detail = systemDetail(error);
        return { kind: "unreadable", failure: { kind: "io", doing: "checkpoint artifact", path, detail } };
      }
    }
  }

  #keepMatches(declared: Task, glob: string, isRewritten: boolean): Promise<void> | undefined {
    const known = this.#freshness.places.matches(declared);
    this.#transaction!.saveMatches(glob, known);
    for (const path of known) {
      const until = this.#transaction!.save(path, { isRewritten });
      if (until !== undefined) return until;
    }
  }

  message(task: number, restore: boolean): RunTask {
    this.#hasStarted = true;
    const plan = this.#plan;
    const declared = plan.tasks[task], { name, action, outputs, env, timeoutMs, graceMs, expected, depfile } = declared;
    const finding = this.#findings[task];
    const { dependencyStart, inputEnd, dependencies } = plan.graph;
    const dependencyArtifacts: string[] = [], makers: string[] = [];
    for (let i = dependencyStart[task]; i < inputEnd[task]; i++) {
      for (const path of this.#freshness.pathsOf(dependencies[i])) {
        dependencyArtifacts.push(path);
        makers.push(plan.tasks[dependencies[i]].name);
      }
    }
    const work = restore && finding?.kind === "restore" ? { kind: "restore" as const, copies: finding.copies } : action;
    const isRestored = work.kind === "restore", { places } = this.#freshness;
    const leftovers = isRestored ? this.#restoration?.strangers(task) ?? [] : places.leftovers(declared);
    const sources = plan.sources[task],
      foreign = keptFolders(declared, places, { folder: this.#cache.files.folder, tell: this.#tell });
    return {
      kind: "run",
      task,
      name,
      work,
      outputs,
      sources,
      dependencyArtifacts,
      env,
      timeoutMs,
      graceMs,
      ...(expected === undefined ? {} : { expected }),
      ...(leftovers.length === 0 ? {} : { leftovers }),
      ...(foreign === undefined ? {} : { foreign }),
      ...(depfile !== undefined && work.kind === "command" ? { depfile } : {}),
      ...(finding?.kind === "run" && finding.spoilt ? { spoilt: finding.spoilt } : {}),
      ...(this.#asksPermit ? { asksPermit: true } : {}),
      ...(isOneFile(outputs) && this.#folders?.take(outputs[0].path) ? { syncsLater: true } : {}),
      ...(this.#streams ? { stream: true } : {}),
      ...this.#restoration?.told(task, isRestored),
      ...(work.kind === "module" ? { call: { dependencies: makers, modules: this.#freshness.moduleFiles(task) } } : {}),
    };
  }

  /** Takes note of what a task was completed with by others; without a trace it is not remembered. */
  protected noteOthers(task: number, trace: Trace | null, entry: CacheEntry): void {
    const declared = this.#plan.tasks[task], { made, places } = this.#freshness;
    if (trace !== null) this.#cache.remember(declared.name, trace);
    made[task] = places.asOwn(declared, entry);
  }

  /** What a task has made in this run, remembered or not. */
  protected entryOf(task: number): CacheEntry | undefined {
    return this.#freshness.made[task];
  }

  /** Takes note that others have done work of this fingerprint in this run. */
  protected noteMade(fingerprint: string): void {
    this.#freshness.noteMade(fingerprint);
  }

  madeOf(task: number): MadeOf | undefined {
    const finding = this.#findings[task];
    if (finding?.kind !== "run") return undefined;
    return { trace: finding.trace, before: this.#cache.trace(this.#plan.tasks[task].name) };
  }

  discovered(task: number, found: FoundFiles): DiscoveryAnswer {
    const finding = this.#findings[task];
    // It has been given up meanwhile.
    if (finding?.kind !== "run") return { kind: "settled" };
    this.#cache.files.begin();
    const answer = this.#freshness.options.discovered!.found(task, finding.trace, found);
    if (!("kind" in answer)) {
      this.#discovered.set(task, { ...answer, before: this.#cache.trace(this.#plan.tasks[task].name) });
      return { kind: "settled" };
    }
    if (answer.kind === "unreadable") return { kind: "settled", failure: answer.failure };
    const until = answer.kind === "waiting" ? answer.until : this.#cache.files.readSlowly(answer.path);
    return { kind: "later", until };
  }

  discoveredOf(task: number): MadeOf | undefined {
    const found = this.#discovered.get(task);
    this.#discovered.delete(task);
    return found;
  }

  arrived(
    task: number,
    published: readonly PublishedArtifact[],
    { durationMs, output }: { readonly durationMs: number; readonly output?: Output },
  ): void {
    this.#restoration?.note(task, { published, durationMs, output });
    const warning = output && warningOf(output.stderr);
    if (warning !== undefined) this.#warnings.set(task, warning);
    if (!isOneFile(this.#plan.tasks[task].outputs)) this.#forgetLast(task, published);
    for (const artifact of published) {
      this.#enterArtifact(artifact);
      this.#folders?.note(artifact.path);
    }
    const finding = this.#findings[task], declared = this.#plan.tasks[task], { made, places } = this.#freshness;
    if (finding?.kind === "restore") {
      made[task] = places.asOwn(declared, finding.entry);
      return;
    }
    const handedOn = finding?.kind === "run" ? finding.fingerprint : "";
    made[task] = entryOfArtifacts(published.map((one) => this.#cached(one)), declared, handedOn);
  }

  /** What the task made when it was last done, and does not make any more, is not there as it was seen. */
  #forgetLast(task: number, published: readonly PublishedArtifact[]): void {
    const { files, trees } = this.#cache, { name, outputs } = this.#plan.tasks[task];
    const last = this.#cache.trace(name), entry = last && this.#cache.get(last[0], outputs[0]?.path);
    const seen = new Set(
      entry === undefined ? [] : filesIn(this.#freshness.places.asOwn(this.#plan.tasks[task], entry)),
    );
    for (const { path } of published) {
      for (const one of parseTree(trees.seen(path)?.text ?? "") ?? []) seen.add(`${path}/${one.path}`);
      trees.forget(path);
    }
    for (const path of seen) files.lookAgain(path);
  }

  /** What a check hands on is what it was done with, files that it was found to read included. */
  #asHandedOn(task: number, fingerprint: string): CacheEntry {
    const made = this.#freshness.made[task]!;
    if (made.artifact_path !== null) return made;
    return this.#freshness.made[task] = { ...made, sha256: fingerprint };
  }

  #enterArtifact(artifact: PublishedArtifact): void {
    const { files, trees } = this.#cache;
    if (!("files" in artifact)) {
      return files.enter(artifact.path, artifact, artifact.isFound ? undefined : this.#config);
    }
    for (const file of artifact.files) files.enter(`${artifact.path}/${file.path}`, file, this.#config);
    trees.enter(artifact.path, { text: artifact.tree, sha256: artifact.sha256, size: artifact.size });
  }

  #cached(artifact: PublishedArtifact): CachedArtifact {
    const { path, sha256, size } = artifact;
    return "files" in artifact ? { artifact_path: path, sha256, size, mode: 0, tree: artifact.tree } : {
      artifact_path: path,
      sha256,
      size,
      ...this.#cache.files.facts(path),
      ...(artifact.isFound ? { found: true } : {}),
    };
  }

  origin(task: number): Origin | undefined {
    const stored = this.#restoration?.origin(task);
    if (stored !== undefined) return stored;
    const text = this.#warnings.get(task);
    if (text === undefined) return undefined;
    const captured = (bytes: Uint8Array<ArrayBuffer>) => ({ bytes, dropped: 0 });
    return {
      isStored: false,
      output: { stdout: captured(new Uint8Array()), stderr: captured(new TextEncoder().encode(text)) },
    };
  }

  unrestorable(task: number): void {
    const finding = this.#findings[task];
    if (this.#restoration?.has(task)) this.#restoration.distrust(task);
    else if (finding?.kind === "restore") this.#cache.drop(finding.fingerprint);
  }

  record(task: number): void {
    this.#enter(task);
    this.#saver?.noteCompleted();
  }

  checkpoint(): void {
    this.#store?.flush();
    this.#saver?.saveIfDue();
  }

  /** A result whose inputs changed while it was made is used, but not remembered: nobody knows which it saw. */
  #enter(task: number): void {
    const finding = this.#findings[task];
    if (finding?.kind !== "run" && finding?.kind !== "restore") throw new Error(`Bug: task ${task} was never checked`);
    this.#findings[task] = undefined;
    const { name } = this.#plan.tasks[task];
    const made = this.#freshness.made[task]!;
    if (finding.kind === "run" || this.#restoration?.has(task)) {
      const { trace = finding.trace, isSure = true, isOutdated = false } = this.#discovered.get(task) ?? {};
      this.#isOutdated ||= isOutdated;
      const changed = this.#freshness.changedInput(trace);
      if (changed !== undefined) {
        this.#restoration?.enter(task, undefined);
        this.#forgotten.add(task);
        this.#changed.set(task, changed);
        return;
      }
      this.#changed.delete(task);
      // What it has read is remembered then, but in a form that no later build finds again.
      if (isSure) this.#forgotten.delete(task);
      else this.#forgotten.add(task);
      const stderr = this.#warnings.get(task);
      const entry = this.#asHandedOn(task, trace[0]);
      this.#cache.insert(trace[0], stderr === undefined ? entry : { ...entry, stderr });
      this.#restoration?.enter(task, isSure ? trace : undefined);
      this.#freshness.noteMade(trace[0]);
      for (const path of filesIn(made)) this.#cache.noteFile(path);
      return this.#cache.remember(name, trace);
    }
    for (const path of filesIn(made)) this.#cache.noteFile(path);
    this.#cache.remember(name, finding.trace);
  }

  /** Without its entry the artifact is made anew, also by a task with equal work. */
  distrust(task: number): void {
    const [fingerprint] = this.#cache.trace(this.#plan.tasks[task].name) ?? [];
    if (fingerprint === undefined) return;
    this.#cache.drop(fingerprint);
    this.#store?.forget(fingerprint);
  }
}

/** The paths of all files of an entry, those in folders included. */
function filesIn(entry: CacheEntry): Iterable<string> {
  return entry.more === undefined && entry.tree === undefined && entry.artifact_path !== null
    ? [entry.artifact_path]
    : allFilesIn(entry);
}

function* allFilesIn(entry: CacheEntry): Generator<string> {
  for (const { artifact_path: path, tree } of artifactsIn(entry)) {
    if (tree === undefined) yield path;
    else for (const one of parseTree(tree) ?? []) if (one.kind === "file") yield `${path}/${one.path}`;
  }
}

/** Whether the task may write its artifact where it lies; troupe itself writes beside it and renames. */
function mayRewrite({ action, declared }: Task): boolean {
  if (action.kind !== "module") return action.kind === "command";
  return action.permissions !== undefined || declared?.writes !== undefined;
}
