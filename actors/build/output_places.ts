/**
 * Owns the question what lies where tasks put their outputs: whether it is what a cache entry names, where else that lies,
 * and in which words it is something else.
 * It writes nothing, and runs nothing.
 *
 * @module
 */
import { parseTree, treeDifferences } from "../../graph/artifact.ts";
import { Glob } from "../../graph/glob.ts";
import { Producers } from "../../graph/outputs.ts";
import type { Task } from "../../graph/task.ts";
import { listed } from "../../graph/text.ts";
import type { TooMuch } from "../storage/file_index.ts";
import { matchesOf } from "../storage/output_glob.ts";
import type { CopySource, Spoilt } from "../worker/messages.ts";
import type { BuildCache } from "./build_cache.ts";
import { artifactsIn, type CachedArtifact, type CacheEntry } from "./cache_form.ts";

/** Differences in one folder that a reason names. */
const MOST_NAMED = 3;

/** What lies at the outputs of tasks, in one run. */
export class OutputPlaces {
  readonly #cache: BuildCache;

  constructor(cache: BuildCache) {
    this.#cache = cache;
  }

  /** Looks at them anew when they are next asked for. */
  lookAgain({ outputs }: Task): void {
    for (const { path, kind } of outputs) {
      if (kind === "glob") { for (const match of this.#matches(path)) this.#cache.files.lookAgain(match); }
      else {
        this.#cache.files.lookAgain(path);
        this.#cache.trees.lookAgain(path);
      }
    }
  }

  /** Whether an entry is of such outputs, and has the digests that the task expects. */
  fits({ outputs, expected }: Task, entry: CacheEntry): boolean {
    const artifacts = artifactsIn(entry);
    if (outputs.length !== 1 || outputs[0].kind === "glob") {
      if (!this.#areAlike(outputs, artifacts)) return false;
    } else if (artifacts.length !== 1 || !isOf(outputs[0].kind, artifacts[0])) return false;
    if (expected === undefined) return true;
    return artifacts.every(({ sha256 }, at) => {
      const path = targetOf(outputs, artifacts, at);
      return path === undefined || (expected[path] ?? sha256) === sha256;
    });
  }

  /** With globs the paths are the outputs' own: nobody could tell what another's are to be called. */
  #areAlike(outputs: Task["outputs"], artifacts: readonly CachedArtifact[]): boolean {
    if (!outputs.some(({ kind }) => kind === "glob")) {
      return artifacts.length === outputs.length && artifacts.every((one, at) => isOf(outputs[at].kind, one));
    }
    const makers = new Producers([{ outputs }]), paths = new Set(artifacts.map(({ artifact_path }) => artifact_path));
    return artifacts.every(({ artifact_path: path }) => makers.has(path)) &&
      outputs.every(({ path, kind }) => kind === "glob" || paths.has(path));
  }

  /** Whether all that an entry names lies in its place, and nothing else where the task has a glob. */
  areInPlace({ outputs }: Task, entry: CacheEntry): boolean | TooMuch {
    const artifacts = artifactsIn(entry);
    for (let at = 0; at < artifacts.length; at++) {
      const isHeld = this.#holds(targetOf(outputs, artifacts, at)!, artifacts[at]);
      if (isHeld !== true) return isHeld;
    }
    return !outputs.some(({ kind }) => kind === "glob") || this.#strangers(outputs, artifacts).length === 0;
  }

  /** Where each artifact lies that the task is to have; undefined when not all of them lie anywhere. */
  copies({ outputs }: Task, entry: CacheEntry): readonly CopySource[] | TooMuch | undefined {
    const artifacts = artifactsIn(entry), copies: CopySource[] = [];
    for (let at = 0; at < artifacts.length; at++) {
      const one = artifacts[at], { artifact_path: from } = one, path = targetOf(outputs, artifacts, at);
      if (path === undefined) return undefined;
      const isThere = this.#holds(path, one), isHeld = isThere === true ? true : this.#holds(from, one);
      if (typeof isHeld === "object") return isHeld;
      if (!isHeld) return undefined;
      const { sha256, tree } = one;
      if (isThere !== true) copies.push({ from, path, sha256, ...(tree === undefined ? {} : { tree }) });
    }
    return copies.length === 0 ? undefined : copies;
  }

  /** What an entry names and is not in its place; of an entry that {@linkcode fits}. */
  missing(
    { outputs }: Task,
    entry: CacheEntry,
  ): readonly { readonly path: string; readonly artifact: CachedArtifact }[] | TooMuch {
    const artifacts = artifactsIn(entry), missing: { path: string; artifact: CachedArtifact }[] = [];
    for (const [at, artifact] of artifacts.entries()) {
      const path = targetOf(outputs, artifacts, at)!, isHeld = this.#holds(path, artifact);
      if (typeof isHeld === "object") return isHeld;
      if (!isHeld) missing.push({ path, artifact });
    }
    return missing;
  }

  /** Where the task has the artifacts of an entry. */
  targets({ outputs }: Task, entry: CacheEntry): readonly (string | undefined)[] {
    const artifacts = artifactsIn(entry);
    return artifacts.map((_, at) => targetOf(outputs, artifacts, at));
  }

  /** The same artifacts where the task has them, as an entry of its own. */
  asOwn({ outputs }: Task, entry: CacheEntry): CacheEntry {
    const artifacts = artifactsIn(entry);
    const isOwn = artifacts.every(({ artifact_path }, at) => artifact_path === targetOf(outputs, artifacts, at));
    if (isOwn) return entry;
    const own = artifacts.map((one, at) => ({ ...one, artifact_path: targetOf(outputs, artifacts, at)! }));
    const [first, ...more] = own;
    return more.length === 0 ? first : { ...first, more };
  }

  /** What is wrong with what lies at the outputs, by path, where an entry tells what should. */
  spoilt({ outputs }: Task, entry: CacheEntry): Readonly<Record<string, Spoilt>> | TooMuch | undefined {
    const found: Record<string, Spoilt> = {};
    const artifacts = artifactsIn(entry);
    for (const one of artifacts) {
      const { artifact_path: path, tree, mode } = one;
      if (tree !== undefined || !outputs.some((output) => output.path === path)) continue;
      const isHeld = this.#holds(path, one);
      if (typeof isHeld === "object") return isHeld;
      if (!isHeld) found[path] = { mode, isEdited: !this.#hasOnlyOtherMode(path, one) };
    }
    return Object.keys(found).length === 0 ? undefined : found;
  }

  /** The same where something that is no file was put in the place of what other work made. */
  replaced({ outputs }: Task, entry: CacheEntry): Readonly<Record<string, Spoilt>> | undefined {
    const found: Record<string, Spoilt> = {};
    for (const { artifact_path: path, tree, mode, link } of artifactsIn(entry)) {
      if (tree !== undefined || !outputs.some((output) => output.path === path)) continue;
      if (this.#cache.files.isOther(path, link)) found[path] = { mode, isEdited: false };
    }
    return Object.keys(found).length === 0 ? undefined : found;
  }

  /** All that globs of the task match now. */
  matches({ outputs }: Task): readonly string[] {
    return outputs.flatMap(({ path, kind }) => kind === "glob" ? this.#matches(path) : []);
  }

  /** Files that a glob of the task matches and that a build has put there: what the task makes no more is to go. */
  leftovers({ outputs }: Task): readonly string[] {
    const { files } = this.#cache;
    return outputs.flatMap(({ path, kind }) =>
      kind === "glob" ? this.#matches(path).filter((match) => files.madeFor(match) !== undefined) : []
    );
  }

  /** Why what lies there is not what an entry names, as reasons for the task to run. */
  reasons({ name, outputs }: Task, entry: CacheEntry | undefined): string[] {
    if (entry === undefined || !this.fits({ outputs } as Task, entry)) return this.#missing(outputs);
    const artifacts = artifactsIn(entry), reasons: string[] = [];
    for (const [at, one] of artifacts.entries()) {
      const path = targetOf(outputs, artifacts, at) ?? one.artifact_path;
      const reason = one.tree === undefined ? this.#fileReason(path, one) : this.#folderReason(path, one.tree, name);
      if (reason !== undefined) reasons.push(reason);
    }
    const strangers = this.#strangers(outputs, artifacts);
    if (strangers.length > 0) reasons.push(`artifact edited: ${listed(strangers, MOST_NAMED)} (not made by '${name}')`);
    return reasons;
  }

  #missing(outputs: Task["outputs"]): string[] {
    return outputs.flatMap(({ path, kind }) => {
      if (kind === "glob") return [];
      const isThere = this.#cache.files.exists(path);
      return [`artifact ${isThere ? "edited" : "missing"}: ${path}`];
    }).sort((a, b) => Number(b.startsWith("artifact missing")) - Number(a.startsWith("artifact missing"))).slice(0, 1);
  }

  #fileReason(path: string, artifact: CachedArtifact): string | undefined {
    const digest = this.#cache.files.digest(path);
    if (typeof digest === "object" && "missing" in digest && digest.missing) return `artifact missing: ${path}`;
    return this.#holds(path, artifact) === true ? undefined : `artifact edited: ${path}`;
  }

  #folderReason(path: string, before: string, name: string): string | undefined {
    const now = this.#cache.trees.look(path);
    if ("missing" in now && now.missing) return `artifact missing: ${path}/`;
    if (!("text" in now)) return `artifact edited: ${path}/`;
    if (now.text === before) return undefined;
    const changes = treeDifferences(parseTree(before) ?? [], parseTree(now.text) ?? []);
    const of = (what: string) =>
      changes.filter((change) => change.what === what).map((change) => `${path}/${change.path}`);
    const parts = [
      ...some("artifact missing", of("missing")),
      ...some("artifact edited", of("edited")),
      ...some("artifact edited", of("added"), ` (not made by '${name}')`),
    ];
    return parts.length === 0 ? `artifact edited: ${path}/` : parts.join("; ");
  }

  #holds(path: string, artifact: CachedArtifact): boolean | TooMuch {
    if (artifact.tree === undefined) return this.#cache.files.holds(path, artifact);
    const tree = this.#cache.trees.look(path);
    if ("tooMuch" in tree) return tree;
    return "sha256" in tree && tree.sha256 === artifact.sha256;
  }

  #hasOnlyOtherMode(path: string, artifact: CachedArtifact): boolean {
    const { files } = this.#cache;
    return typeof files.digest(path) === "string" &&
      files.holds(path, { ...artifact, mode: files.facts(path).mode }) === true;
  }

  /** What a glob of the task matches beside its artifacts. */
  #strangers(outputs: Task["outputs"], artifacts: readonly CachedArtifact[]): string[] {
    const known = new Set(artifacts.map(({ artifact_path }) => artifact_path));
    return outputs.flatMap(({ path, kind }) =>
      kind === "glob" ? this.#matches(path).filter((one) => !known.has(one)) : []
    );
  }

  #matches(pattern: string): readonly string[] {
    return matchesOf(this.#cache.files.folder, new Glob(pattern));
  }
}

function some(what: string, paths: readonly string[], end = ""): string[] {
  return paths.length === 0 ? [] : [`${what}: ${listed(paths, MOST_NAMED)}${end}`];
}

/** Where the task has an artifact of an entry that fits; undefined when it has no such output. */
function targetOf(outputs: Task["outputs"], artifacts: readonly CachedArtifact[], at: number): string | undefined {
  if (!outputs.some(({ kind }) => kind === "glob")) return outputs[at]?.path;
  return artifacts[at].artifact_path;
}

function isOf(kind: Task["outputs"][number]["kind"], { tree }: CachedArtifact): boolean {
  return kind === "path" || (kind === "folder") === (tree !== undefined);
}
