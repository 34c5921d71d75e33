/**
 * Owns the expansion of one task's `source_files` after another: what each entry adds and each exclusion takes out, in
 * their order, so that the last word counts. Folders are walked by glob_walk.ts; nothing is opened.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import { Glob } from "../../graph/glob.ts";
import { Producers, type RealPlace } from "../../graph/outputs.ts";
import { isOwnFile, OwnFiles } from "../../graph/own_files.ts";
import { absoluteIn, hasWildcard, isExclusion, isGlob } from "../../graph/paths.ts";
import type { Task } from "../../graph/task.ts";
import type { Breath } from "../process/breath.ts";
import type { FileIndex } from "../storage/file_index.ts";
import type { GlobMemory, KnownGlob } from "./glob_memory.ts";
import { GlobOutputs } from "./glob_outputs.ts";
import { GlobWalk, type Oddity } from "./glob_walk.ts";
import { withLiteralParts } from "./literal_parts.ts";
import { rawNames } from "../machine/raw_names.ts";
import { escapeControls } from "../../graph/text.ts";

/** A name for which there is no path, and the entry of `source_files` that means it. */
export interface Unnameable {
  readonly folder: string;
  /** With the bytes that are no text spelt out. */
  readonly name: string;
  readonly at: number;
}

/** What the entries of one task come to. */
export interface Expansion {
  readonly files: string[];
  /** For each file the index of its entry. */
  readonly origins: number[];
  /** The entries, globs so written that they mean the same to whoever looks at no folder. */
  readonly entries: string[];
  /** Indexes of the entries that are to be looked at no further: exclusions, and files that a later one takes out. */
  readonly excluded: ReadonlySet<number>;
  readonly unnameable: Unnameable[];
  readonly warnings: string[];
}

/** Who knows what builds left behind of tasks that are gone. */
export interface LeftBehind {
  /** Whether a path, relative to the config's folder, is to be left out; it is told of with the glob. */
  leaveOut(path: string): boolean;
  /** The config's name. */
  readonly config: string;
}

/** What expansions are given beside the tasks. */
export interface SourceGlobOptions {
  readonly index: Pick<FileIndex, "folder" | "exists" | "canSee">;
  /** Absolute paths of files that no glob means, and of folders, with a slash at their end. */
  readonly own: Iterable<string>;
  /** Where files really lie; default where their paths say. */
  readonly really?: RealPlace;
  /** Artifacts of tasks that are gone, which no glob means either. */
  readonly stale?: LeftBehind;
  readonly breath: Breath;
  /** What is known from one expansion to the next; default nothing is. */
  readonly memory?: GlobMemory;
}

/** The expansions of one run. */
export class SourceGlobs {
  readonly #index: SourceGlobOptions["index"];
  readonly #own: OwnFiles;
  readonly #stale: SourceGlobOptions["stale"];
  readonly #really: RealPlace;
  readonly #outputs: GlobOutputs;
  readonly #walk: GlobWalk;
  readonly #known: GlobMemory["globs"];
  /** Globs that were looked at in this run. */
  readonly #seen = new Set<string>();
  readonly #globs = new Map<string, Glob>();
  /** What was matched and is left out, by path. */
  readonly #oddities = new Map<string, Oddity>();
  /** Folders that could not be looked into, with the system's words. */
  readonly closed = new Map<string, string>();
  /** Absolute paths of the folders that were looked into. */
  readonly entered = new Set<string>();
  readonly #rewritten = new Map<string, string>();

  constructor(tasks: readonly Task[], { index, own, really = asWritten, stale, breath, memory }: SourceGlobOptions) {
    this.#index = index;
    this.#own = new OwnFiles(own);
    this.#stale = stale;
    this.#really = really;
    this.#outputs = new GlobOutputs(tasks, index.folder, really);
    this.#walk = new GlobWalk(index.folder, breath, memory?.listings);
    this.#known = memory?.globs ?? new Map();
  }

  /** Whether all globs of earlier runs come to the same as they did: those of which that is not sure are looked for anew. */
  async areAsBefore(): Promise<boolean> {
    let isSame = true;
    for (const [pattern, before] of this.#known) {
      if (await this.#look(pattern) !== before.matches) isSame = false;
    }
    return isSame;
  }

  /** Expands the entries of one task. */
  async expand({ name, outputs, sourceFiles }: Task): Promise<Expansion> {
    const own = new Producers([{ outputs }], this.#really);
    const chosen = new Map<string, number>();
    const entries = sourceFiles.map((entry) => this.#rewrite(entry));
    const excluded = new Set<number>();
    const warnings: string[] = [];
    for (let at = 0; at < entries.length; at++) {
      const entry = entries[at];
      if (isExclusion(entry)) {
        excluded.add(at);
        const isOut = this.#test(entry.slice(1), sourceFiles[at].slice(1));
        let count = 0;
        for (const path of chosen.keys()) if (isOut(path) && chosen.delete(path)) count++;
        if (count === 0 && !isGlob(entry)) warnings.push(`Warning: '${entry}' of task '${name}' leaves out nothing`);
      } else if (this.#isPlain(sourceFiles[at])) {
        if (!chosen.has(sourceFiles[at])) chosen.set(sourceFiles[at], at);
      } else {
        let count = 0;
        for (const path of await this.#match(entry)) {
          if (own.has(path)) continue;
          count++;
          if (!chosen.has(path)) chosen.set(path, at);
        }
        if (count === 0) warnings.push(this.#nothingMatched(name, { entry, written: sourceFiles[at] }));
      }
    }
    sourceFiles.forEach((entry, at) => {
      if (!isExclusion(entry) && this.#isPlain(entry) && !chosen.has(entry)) excluded.add(at);
    });
    const { unnameable, sentences } = this.#takeOddities(chosen, sourceFiles);
    warnings.push(...sentences);
    return { files: [...chosen.keys()], origins: [...chosen.values()], entries, excluded, unnameable, warnings };
  }

  /**
   * An entry that means a file by its very name: because it is no glob, or because there is, or will be, such a file. With a
   * wildcard it means that file as well: `s/*.c` is not to mean one file alone since a mistyped command has made it.
   */
  #isPlain(entry: string): boolean {
    return !isGlob(entry) || this.#outputs.isNamed(entry) || (!hasWildcard(entry) && this.#index.canSee(entry));
  }

  #rewrite(entry: string): string {
    if (!isGlob(entry)) return entry;
    let rewritten = this.#rewritten.get(entry);
    if (rewritten === undefined) {
      const mark = isExclusion(entry) ? "!" : "";
      rewritten = mark + withLiteralParts(this.#relative(entry.slice(mark.length)), (path) => this.#isFolder(path));
      this.#rewritten.set(entry, rewritten);
    }
    return rewritten;
  }

  /** Whether a folder is there, or outputs will lie in it. */
  #isFolder(path: string): boolean {
    return this.#index.canSee(path) || this.#outputs.areIn(path);
  }

  /** Whether a path is left out. `written` is what the config has. */
  #test(exclusion: string, written: string): (path: string) => boolean {
    if (this.#isPlain(written)) {
      const excluded = this.#relative(written);
      return (path) => path === excluded || this.#relative(path) === excluded;
    }
    const key = `!${exclusion}`;
    const glob = this.#globs.get(key) ?? new Glob(exclusion, { isUnbarred: true });
    this.#globs.set(key, glob);
    return (path) => glob.matches(this.#relative(path));
  }

  /** What tasks make by globs is no source, there or not. */
  #nothingMatched(task: string, { entry, written }: { readonly entry: string; readonly written: string }): string {
    const maker = this.#outputs.makerOfSome(new Glob(entry)), isOwn = maker === task;
    const made = maker === undefined
      ? ""
      : isOwn
      ? " but what it makes itself"
      : ` but what task '${maker}' makes: depend on it, and find that in DEPS`;
    return `Warning: pattern '${written}' of task '${task}' matches no file${made}`;
  }

  /** Sorted matches of one glob. */
  async #match(pattern: string): Promise<readonly string[]> {
    return this.#seen.has(pattern) ? this.#known.get(pattern)!.matches : await this.#look(pattern);
  }

  /** The very list that is known when it comes to the same. */
  async #look(pattern: string): Promise<readonly string[]> {
    const before = this.#known.get(pattern);
    const known = before?.isSure ? before : await this.#find(pattern, before);
    this.#seen.add(pattern);
    this.#known.set(pattern, known);
    for (const folder of known.entered) this.entered.add(folder);
    for (const [folder, detail] of known.closed) this.closed.set(folder, detail);
    for (const [path, oddity] of known.oddities) this.#oddities.set(path, oddity);
    return known.matches;
  }

  async #find(pattern: string, before: KnownGlob | undefined): Promise<KnownGlob> {
    const glob = new Glob(pattern);
    const found = new Set<string>(), oddities = new Map<string, Oddity>();
    const walked = await this.#walk.find(glob);
    for (const path of walked.paths) {
      const relative = this.#relative(path);
      // What lies in a folder that a task makes is that task's artifact, and not known before it was made.
      if (this.#isOwn(relative) || this.#outputs.isMadeUnnamed(relative)) continue;
      found.add(relative);
      const oddity = walked.oddities.get(path) ?? this.#staleness(relative);
      if (oddity !== undefined) oddities.set(relative, oddity);
    }
    for (const output of this.#outputs.matching(glob, walked.links)) found.add(this.#relative(output));
    const sorted = [...found].sort();
    const isSame = oddities.size === 0 && before?.oddities.size === 0 && areSame(sorted, before.matches);
    const { entered, closed, isSure } = walked;
    return {
      matches: isSame ? before.matches : sorted,
      oddities,
      closed,
      entered,
      isSure: isSure && oddities.size === 0,
    };
  }

  #staleness(path: string): Oddity | undefined {
    if (this.#stale === undefined || !this.#stale.leaveOut(this.#really(path))) return undefined;
    return { kind: "leftOut", why: `no task of '${escapeControls(this.#stale.config)}' makes it any more` };
  }

  #isOwn(path: string): boolean {
    if (this.#outputs.has(path)) return false;
    return isOwnFile(path) || this.#own.has(absoluteIn(this.#index.folder, path));
  }

  /** A path as the config's folder has it, whichever way it came to be. */
  #relative(path: string): string {
    const { folder } = this.#index;
    const prefix = folder.endsWith("/") ? folder : `${folder}/`;
    const isOut = path.startsWith("../") || path.startsWith("/");
    if (!isOut && !path.includes("/../")) return path;
    const absolute = path.startsWith("/") ? path : join(folder, path);
    if (absolute.startsWith(prefix)) return absolute.slice(prefix.length);
    return path.includes("/../") && path.startsWith("/") ? absolute : path;
  }

  /** Takes out what was matched and is not to be read, unless an entry names it. */
  #takeOddities(
    chosen: Map<string, number>,
    entries: readonly string[],
  ): { readonly unnameable: Unnameable[]; readonly sentences: string[] } {
    const unnameable: Unnameable[] = [];
    const leftOut = new Map<number, string[]>();
    if (this.#oddities.size === 0) return { unnameable, sentences: [] };
    for (const [path, at] of chosen) {
      const oddity = this.#oddities.get(path);
      if (oddity === undefined || this.#isPlain(entries[at])) continue;
      const plain = entries.indexOf(path);
      if (plain >= 0) {
        chosen.set(path, plain);
        continue;
      }
      chosen.delete(path);
      if (oddity.kind === "unnameable") {
        const folder = this.#relative(`${oddity.folder}/`).replace(/\/$/, "") || ".";
        const name = rawNames(oddity.folder, oddity.name) ?? escapeControls(oddity.name);
        unnameable.push({ folder, name, at });
      } else if (leftOut.has(at)) leftOut.get(at)!.push(path);
      else leftOut.set(at, [`'${escapeControls(path)}': ${oddity.why}`]);
    }
    const sentences = [...leftOut].map(([at, [first, ...others]]) =>
      `Warning: pattern '${entries[at]}' leaves out ${first}` +
      (others.length === 0 ? "" : ` (and ${others.length} more)`)
    );
    return { unnameable, sentences };
  }
}

/** Knows of no links. */
function asWritten(path: string): string {
  return path;
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((path, at) => path === b[at]);
}
