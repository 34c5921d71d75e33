/**
 * Owns the question which artifacts are stale: put there by a build for a task that no config has any more, and left as
 * they were since. It deletes none: a command may still read one, and only people know.
 *
 * All that is known of files is looked through only when the config has changed, since that takes time in proportion to
 * all tasks that there ever were.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { outputText, Producers, type RealPlace } from "../../graph/outputs.ts";
import { sha256 } from "../../graph/digest.ts";
import type { Task } from "../../graph/task.ts";
import type { BuildCache } from "./build_cache.ts";
import type { ConfigRecord } from "./cache_form.ts";
import type { ConfigShape } from "../input/config_shape.ts";
import { realFolders } from "../machine/real_folders.ts";
import type { LeftBehind } from "../input/source_globs.ts";
import { isThere } from "../machine/regular_file.ts";
import { lookAt } from "../machine/stamp.ts";

/** The config of a build, with all tasks it declares. */
export interface DeclaredBuild {
  /** Absolute path of the config. */
  readonly source: string;
  readonly folder: string;
  readonly declared: readonly Task[];
  /** There when the config comes to what it does by other files as well. */
  readonly shape?: ConfigShape;
}

/** What was found. Paths are relative to the config's folder. */
export interface StaleFound {
  readonly all: readonly string[];
  /** Stale artifacts that no build has told of. */
  readonly untold: readonly string[];
  /** Has what was found remembered; whether the untold ones are told by then. */
  readonly remember: (isTold: boolean) => void;
}

/** The stale artifacts of one folder, as one config sees them. */
export class StaleArtifacts implements LeftBehind {
  /** The config's name. */
  readonly config: string;
  readonly #build: DeclaredBuild;
  readonly #cache: BuildCache;
  readonly #really: RealPlace;
  readonly #areThere = new Map<string, boolean>();
  /** What other configs have no task for any more. */
  readonly #letGo = new Map<string, ReadonlySet<string>>();
  /** Stale artifacts that globs left out, which is told with the globs. */
  readonly #leftOut = new Set<string>();
  #outputs: Producers | undefined;
  #readByName: ReadonlySet<string> | undefined;

  /** What a task makes by another name, which `really` tells, is not stale. */
  constructor(build: DeclaredBuild, cache: BuildCache, really: RealPlace = realFolders(build.folder)) {
    this.config = basename(build.source);
    this.#build = build;
    this.#cache = cache;
    this.#really = really;
  }

  /** Whether a path holds a stale artifact. */
  has(path: string): boolean {
    return this.#ownersWithout(path)?.every((owner) => this.#isDone(owner) || this.#letGoBy(owner).has(path)) ?? false;
  }

  /** Whether this config is the one to remember it: it had a task for it, or nobody else is left who had. */
  #isConcernedBy(path: string): boolean {
    return this.#ownersWithout(path)?.some((owner) => this.#isDone(owner)) ?? false;
  }

  /** The configs an artifact was made for, if this one has no task for it. */
  #ownersWithout(path: string): readonly string[] | undefined {
    this.#outputs ??= new Producers(this.#build.declared, this.#really);
    return this.#outputs.has(path) ? undefined : this.#cache.files.madeFor(path);
  }

  #isDone(owner: string): boolean {
    return owner === this.config || !this.#isThere(owner);
  }

  /** Whether a glob is to leave out a path. */
  leaveOut(path: string): boolean {
    const isStale = this.has(path);
    if (isStale) this.#leftOut.add(path);
    return isStale;
  }

  /** What a config makes that is expanded hangs on more than its own file. */
  #outputStamp(): number[] {
    const { shape, declared } = this.#build;
    if (shape === undefined) return [];
    const digest = sha256(declared.flatMap(({ outputs }) => outputs.map(outputText)).sort().join("\0"));
    return [declared.length, Number.parseInt(digest.slice(0, 12), 16)];
  }

  /** All that are stale and that no task names as a file it reads, sorted, and what is news of it. */
  find(): StaleFound {
    const before = this.#cache.configRecord(this.config);
    const stamp = [...stampOf(this.#build.source), ...this.#outputStamp()];
    const isAsBefore = before !== undefined && areSame(before.stamp, stamp);
    const candidates = isAsBefore ? letGoIn(before) : this.#cache.files.artifacts();
    const own = [...candidates].filter((path) => this.#isConcernedBy(path) && !this.#isReadByName(path)).sort();
    const all = own.filter((path) => this.has(path));
    const known = new Set(before?.stale);
    return {
      all,
      untold: all.filter((path) => !known.has(path) && !this.#leftOut.has(path)),
      remember: (isTold) => {
        const stale = isTold ? all : all.filter((path) => known.has(path));
        const told = new Set(stale), untold = own.filter((path) => !told.has(path));
        if (isAsBefore && areSame(stale, before.stale) && areSame(untold, before.untold ?? [])) return;
        // Where no artifact is known there is nothing that looking through would save.
        if (before === undefined && this.#cache.files.artifacts().next().done) return;
        this.#cache.rememberConfig(this.config, { stamp, stale, ...(untold.length === 0 ? {} : { untold }) });
      },
    };
  }

  /** Whether a file was made a source, and so is nothing to tell of. */
  #isReadByName(path: string): boolean {
    this.#readByName ??= new Set(
      this.#build.declared.flatMap(({ sourceFiles, action }) =>
        action.kind === "module" ? [...sourceFiles, action.module] : sourceFiles
      ),
    );
    return this.#readByName.has(path);
  }

  /** What another config had no task for when it was last built. */
  #letGoBy(config: string): ReadonlySet<string> {
    let letGo = this.#letGo.get(config);
    if (letGo === undefined) {
      const record = this.#cache.configRecord(config);
      this.#letGo.set(config, letGo = new Set(record === undefined ? [] : letGoIn(record)));
    }
    return letGo;
  }

  #isThere(config: string): boolean {
    let isConfigThere = this.#areThere.get(config);
    if (isConfigThere === undefined) {
      isConfigThere = isThere(`${this.#build.folder}/${config}`);
      this.#areThere.set(config, isConfigThere);
    }
    return isConfigThere;
  }
}

/** What a config had no task for. */
function letGoIn({ stale, untold = [] }: ConfigRecord): readonly string[] {
  return [...stale, ...untold];
}

function areSame<Part>(before: readonly Part[], now: readonly Part[]): boolean {
  return before.length === now.length && before.every((part, at) => part === now[at]);
}

/** How a config looks; one that is gone meanwhile looks like nothing. */
function stampOf(source: string): readonly number[] {
  try {
    const { size, mtimeMs, inode, ctimeMs } = lookAt(source);
    return [size, mtimeMs, inode, ctimeMs];
  } catch {
    return [];
  }
}
