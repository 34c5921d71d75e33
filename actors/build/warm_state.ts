/**
 * Owns what is kept in memory from one build of a config to the next, for whoever is told of changes meanwhile: the build
 * cache with what is known of files, the sources of the tasks, the plan, and workers that stand ready.
 *
 * What is told: everything that happens in folders which the one who keeps it watches without a gap. Only what lies in
 * them is taken as it was, until something is told of it. All else is looked at by each build as if it were the first one:
 * artifacts, links, files with several names, and whatever lies where nobody tells of everything. And the build cache is
 * the one on the disk only as long as that is as this process left it.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { Producers } from "../../graph/outputs.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import { KeptWorkers } from "../engine/kept_workers.ts";
import type { LoadedBuild } from "../input/load.ts";
import { BuildCache } from "./build_cache.ts";
import { identityOf } from "../machine/regular_file.ts";
import { takeBuildLock } from "../locks/build_lock.ts";
import type { ExpandedSources } from "./expanded_sources.ts";
import { SourceMemory } from "./source_memory.ts";

/** Whoever tells of changes, by {@linkcode WarmState.invalidate} and its like. */
export interface Teller {
  /**
   * Whether all that happens in a folder from now on will be told, until {@linkcode WarmState.lose} says otherwise. It is
   * asked before anybody looks into the folder, and begins to watch it if need be.
   */
  tells(folder: string): boolean;
  /** Tells now what has happened until now. */
  catchUp(): void;
  /** The config's folder is another than it was: what is watched is what has that name now. */
  startOver(): void;
}

/** More changes are as good as any. */
const MOST_CHANGES = 100_000;

/** What has happened. All paths are absolute. */
class Changes {
  readonly paths = new Set<string>();
  /** Folders of which nobody was told any more. */
  readonly lost = new Set<string>();
  /** Anything may have happened. */
  isAll = false;

  get isNone(): boolean {
    return this.paths.size === 0 && this.lost.size === 0 && !this.isAll;
  }
}

/** What a plan was made of. */
interface KnownPlan {
  readonly build: LoadedBuild;
  readonly sources: ExpandedSources;
  readonly plan: Plan;
}

/** What is kept for the builds of one config; a build begins with it and ends with it. */
export class WarmState implements AsyncDisposable {
  readonly sources: SourceMemory;
  readonly workers = new KeptWorkers();
  readonly #teller: Teller;
  /** Since the last build began. */
  #changes = new Changes();
  /** What of that the files do not know yet. */
  #recent = new Changes();
  #home: string | undefined;
  #cache: BuildCache | undefined;
  #outputs = new Producers([]);
  #tasks: LoadedBuild["tasks"] | undefined;
  #plan: KnownPlan | undefined;

  constructor(teller: Teller) {
    this.#teller = teller;
    this.sources = new SourceMemory((folder) => teller.tells(folder));
  }

  /** Something has happened at a path, which is absolute. */
  invalidate(path: string): void {
    if (this.#changes.paths.size >= MOST_CHANGES) return this.forget();
    for (const { paths } of this.#both) paths.add(path);
  }

  /** From now on, and perhaps since some moment before, nobody tells what happens in a folder. */
  lose(folder: string): void {
    for (const { lost } of this.#both) lost.add(folder);
  }

  /** Anything may have happened. */
  forget(): void {
    this.#changes = new Changes();
    this.#recent = new Changes();
    for (const changes of this.#both) changes.isAll = true;
  }

  get #both(): readonly Changes[] {
    return [this.#changes, this.#recent];
  }

  /** Begins a build, which has the config's folder to itself, with the cache that goes on from the last one's. */
  begin(build: LoadedBuild): ReturnType<typeof BuildCache.load> {
    const { folder, tasks } = build;
    this.#teller.catchUp();
    const home = identityOf(folder);
    if (this.#home !== undefined && home !== this.#home) {
      this.#teller.startOver();
      this.forget();
    }
    this.#home = home;
    if (tasks !== this.#tasks) this.#outputs = new Producers(tasks);
    this.#tasks = tasks;
    const loaded = this.#cache?.isCurrent ? { cache: this.#cache } : this.#load(folder);
    this.#renew(folder, loaded.cache);
    return loaded;
  }

  /**
   * Takes note, in the middle of a build, of what its commands have done to files that it has not used yet. Of those that it
   * has used it is told as of any edit.
   */
  refresh({ folder }: Pick<LoadedBuild, "folder">): void {
    this.#teller.catchUp();
    this.#renewFiles(folder, this.#recent);
  }

  /** The plan of a build, if it is the one that is known. */
  planOf(build: LoadedBuild, sources: ExpandedSources): Plan | undefined {
    const known = this.#plan;
    if (known?.sources !== sources || known.build.tasks !== build.tasks) return undefined;
    const { resourceLimits, budget } = known.build;
    return resourceLimits === build.resourceLimits && budget === build.budget ? known.plan : undefined;
  }

  /** Keeps the plan of a build, unless it depends on more than tasks and sources. */
  keepPlan(build: LoadedBuild, sources: ExpandedSources, plan: Plan): void {
    const isOfPlaces = build.tasks.some(({ declared }) => declared?.writes !== undefined);
    this.#plan = isOfPlaces ? undefined : { build, sources, plan };
  }

  /** Ends a build; its cache is on the disk. */
  end(): void {
    this.#cache?.files.rest();
    this.#cache?.trees.rest();
    this.#cache?.keep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.workers[Symbol.asyncDispose]();
    await this.#fold();
  }

  /** What only the journal has goes into the cache's file, unless somebody else builds by now: who does so folds it in. */
  async #fold(): Promise<void> {
    const cache = this.#cache;
    if (!cache?.hasJournal) return;
    try {
      const lock = await takeBuildLock(cache.files.folder, () => {
        throw new Error("Another build has the folder");
      });
      try {
        if (cache.isCurrent) cache.save();
      } finally {
        lock.release(lock.leftBehind ? "unclean" : undefined);
      }
    } catch {
      // The journal is as good.
    }
  }

  #load(folder: string): ReturnType<typeof BuildCache.load> {
    const loaded = BuildCache.load(folder);
    this.#cache = loaded.cache;
    this.sources.forgetAnswers();
    loaded.cache.files.keep((path) => {
      return isPlain(path) && !this.#outputs.has(path) && this.#teller.tells(dirname(`${folder}/${path}`));
    });
    return loaded;
  }

  #renew(folder: string, { files, trees }: BuildCache): void {
    const { paths, lost, isAll } = this.#changes;
    if (isAll) this.sources.forget();
    else this.sources.renew(paths, lost);
    files.rest();
    trees.rest();
    // What the last build had used of it already is not so any more either.
    this.#renewFiles(folder, this.#changes);
    this.#changes = new Changes();
  }

  #renewFiles(folder: string, { paths, lost, isAll, isNone }: Changes): void {
    if (isNone) return;
    const prefix = `${folder}/`, own: string[] = [];
    for (const path of paths) {
      const name = path.startsWith(prefix) ? path.slice(prefix.length) : "";
      // Artifacts are looked at by each build.
      if (name !== "" && !this.#outputs.has(name)) own.push(name);
    }
    const isLost = (path: string) => isAll || lost.has(dirname(`${prefix}${path}`));
    this.#cache?.files.renew(own, isAll || lost.size > 0 ? isLost : undefined);
    this.#recent = new Changes();
  }
}

/** Whether a path says the way from the config's folder downwards, and nothing else. */
function isPlain(path: string): boolean {
  return !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path);
}
