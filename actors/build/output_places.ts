/**
 * Owns the question what lies where tasks put their outputs: whether it is what a cache entry names, where else that lies,
 * and in which words it is something else.
 * It writes nothing, and runs nothing.
 *
 * @module
 */
import { parseTree, treeDifferences } from "../../graph/artifact.ts";
import { Glob } from "../../graph/glob.ts";
import { isOneFile, Producers } from "../../graph/outputs.ts";
import type { DeclaredOutput, Task } from "../../graph/task.ts";
import { absoluteIn } from "../../graph/paths.ts";
import { listed } from "../../graph/text.ts";
import type { TooMuch } from "../storage/file_index.ts";
import { isFolder } from "../machine/regular_file.ts";
import { matchesOf } from "../storage/output_glob.ts";
import type { CopySource, Spoilt } from "../worker/messages.ts";
import type { BuildCache } from "./build_cache.ts";
import { artifactsIn, type CachedArtifact, type CacheEntry, entryOfArtifacts } from "./cache_form.ts";

/** Stands for what a check hands on of which nobody knows what it has seen. */
const UNKNOWN = "unknown";

/** Differences in one folder that a reason names. */
const MOST_NAMED = 3;

/** What is not as it should be, by path. */
interface Differences {
  readonly missing: string[];
  readonly edited: string[];
  readonly strange: string[];
}

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
  fits({ outputs, expected }: Pick<Task, "outputs" | "expected">, entry: CacheEntry): boolean {
    if (isOneFile(outputs)) {
      const { artifact_path: path, sha256, more, tree } = entry;
      return path !== null && more === undefined && tree === undefined &&
        (expected === undefined || (expected[outputs[0].path] ?? sha256) === sha256);
    }
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
    if (isOneFile(outputs)) return this.#cache.files.holds(outputs[0].path, entry);
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
    if (isOneFile(outputs) && entry.artifact_path === outputs[0].path) return entry;
    const artifacts = artifactsIn(entry);
    const isOwn = artifacts.every(({ artifact_path }, at) => artifact_path === targetOf(outputs, artifacts, at));
    if (isOwn || !this.fits({ outputs }, entry)) return entry;
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
      if (!outputs.some((output) => output.path === path)) continue;
      if (tree !== undefined) {
        if (this.#cache.files.exists(path) && !isFolder(absoluteIn(this.#cache.files.folder, path))) {
          found[path] = { mode, isEdited: true, isFolder: true };
        }
        continue;
      }
      const isHeld = this.#holds(path, one);
      if (typeof isHeld === "object") return isHeld;
      if (!isHeld) found[path] = { mode, isEdited: !this.#hasOnlyOtherMode(path, one) };
    }
    return Object.keys(found).length === 0 ? undefined : found;
  }

  /**
   * The same where something that is no file was put in the place of what other work made, or only its mode is another: what
   * will be written over it would keep that.
   */
  replaced({ outputs }: Task, entry: CacheEntry): Readonly<Record<string, Spoilt>> | undefined {
    const found: Record<string, Spoilt> = {};
    for (const one of artifactsIn(entry)) {
      const { artifact_path: path, tree, mode, link } = one;
      if (tree !== undefined || !outputs.some((output) => output.path === path)) continue;
      const isSpoilt = this.#cache.files.isOther(path, link) ||
        (link === undefined && this.#hasOnlyOtherMode(path, one) && this.#cache.files.facts(path).mode !== mode);
      if (isSpoilt) found[path] = { mode, isEdited: false };
    }
    return Object.keys(found).length === 0 ? undefined : found;
  }

  /** What lies there now, as an entry; for a check, of which nothing does, one that no check ever hands on. */
  found({ name, outputs }: Task): CacheEntry | TooMuch {
    const { files, trees } = this.#cache, artifacts: CachedArtifact[] = [];
    for (const { path: declared, kind } of outputs) {
      for (const path of kind === "glob" ? this.#matches(declared) : [declared]) {
        const tree = kind === "glob" || kind === "file" ? undefined : trees.look(path);
        if (tree !== undefined && "text" in tree) {
          artifacts.push({ artifact_path: path, sha256: tree.sha256, size: tree.size, mode: 0, tree: tree.text });
          continue;
        }
        const digest = files.digest(path);
        if (typeof digest === "object" && "tooMuch" in digest) return digest;
        if (typeof digest !== "string") continue;
        artifacts.push({ artifact_path: path, sha256: digest, size: files.size(path), ...files.facts(path) });
      }
    }
    return entryOfArtifacts(artifacts, { name, outputs }, UNKNOWN);
  }

  /** All that globs of the task match now. */
  matches({ outputs }: Task): readonly string[] {
    return outputs.flatMap(({ path, kind }) => kind === "glob" ? this.#matches(path) : []);
  }

  /**
   * Files that a glob of the task matches and that a build has put there: what the task makes no more is to go. Of those
   * that it has made last that is so however they were edited since, or what it leaves of them would be its own.
   */
  leftovers({ name, outputs }: Task): readonly string[] {
    if (!outputs.some(({ kind }) => kind === "glob")) return [];
    const { files } = this.#cache, before = this.#cache.trace(name);
    const last = before === undefined ? undefined : this.#cache.get(before[0], outputs[0].path);
    const own = new Set(
      last === undefined ? [] : artifactsIn(last).flatMap(({ artifact_path: path, found }) => found ? [] : [path]),
    );
    return outputs.flatMap(({ path, kind }) =>
      kind === "glob" ? this.#matches(path).filter((match) => own.has(match) || files.madeFor(match) !== undefined) : []
    );
  }

  /** Outputs at which a folder lies that the task has not made before, with a file in it that no build has made. */
  foreignFolders({ name, outputs }: Task): readonly string[] {
    if (!outputs.some(mayBeFolder)) return [];
    const before = this.#cache.trace(name), { folder } = this.#cache.files;
    const last = before === undefined ? undefined : this.#cache.get(before[0], outputs[0].path);
    const own = new Set(last === undefined ? [] : artifactsIn(last).map(({ artifact_path: path }) => path));
    return outputs.filter(mayBeFolder).flatMap(({ path }) => {
      if (own.has(path)) return [];
      return holdsOther(absoluteIn(folder, path), path, (file) => this.#cache.files.wasMade(file)) ? [path] : [];
    });
  }

  /** Why what lies there is not what an entry names, as a reason for the task to run; undefined when it is. */
  reason({ name, outputs }: Task, entry: CacheEntry | undefined): string | undefined {
    const found: Differences = { missing: [], edited: [], strange: [] };
    if (entry === undefined || !this.fits({ outputs, expected: undefined }, entry)) {
      this.#compareUnknown(outputs, found);
    } else {
      const artifacts = artifactsIn(entry);
      for (const [at, one] of artifacts.entries()) this.#compare(targetOf(outputs, artifacts, at)!, one, found);
      found.strange.push(...this.#strangers(outputs, artifacts));
    }
    const parts = [
      ...some("artifact missing", found.missing),
      ...some("artifact edited", found.edited),
      ...some("artifact edited", found.strange, ` (not made by '${name}')`),
    ];
    return parts.length === 0 ? undefined : parts.join("; ");
  }

  /** Nobody knows any more what should be there. */
  #compareUnknown(outputs: Task["outputs"], { missing, edited }: Differences): void {
    for (const { path, kind } of outputs) {
      if (kind !== "glob") (this.#cache.files.exists(path) ? edited : missing).push(path);
    }
  }

  #compare(path: string, artifact: CachedArtifact, found: Differences): void {
    const { missing, edited, strange } = found;
    if (artifact.tree === undefined) {
      const digest = this.#cache.files.digest(path);
      if (typeof digest === "object" && "missing" in digest && digest.missing) missing.push(path);
      else if (this.#holds(path, artifact) !== true) edited.push(path);
      return;
    }
    const now = this.#cache.trees.look(path);
    if (!("text" in now)) ("missing" in now && now.missing ? missing : edited).push(`${path}/`);
    else if (now.text !== artifact.tree) {
      for (const { path: inner, what } of treeDifferences(parseTree(artifact.tree) ?? [], parseTree(now.text) ?? [])) {
        (what === "added" ? strange : what === "edited" ? edited : missing).push(`${path}/${inner}`);
      }
    }
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

function mayBeFolder({ kind }: DeclaredOutput): boolean {
  return kind === "folder" || kind === "path";
}

/** Whether a folder holds anything but folders that nobody knows; links are not followed. */
function holdsOther(folder: string, path: string, isKnown: (path: string) => boolean): boolean {
  for (const { name, isDirectory } of entriesOf(folder)) {
    const inner = `${path}/${name}`;
    if (isDirectory ? holdsOther(`${folder}/${name}`, inner, isKnown) : !isKnown(inner)) return true;
  }
  return false;
}

/** None of what is no folder, or may not be looked into. */
function entriesOf(folder: string): Iterable<Deno.DirEntry> {
  try {
    return Deno.lstatSync(folder).isDirectory ? [...Deno.readDirSync(folder)] : [];
  } catch {
    return [];
  }
}
