/**
 * Owns the map of what the tasks of a watched config read, as it changes: with the config, with what a build finds, and with
 * what modules and commands come to read. It tells the watcher each time what to follow. It decides nothing about builds.
 *
 * @module
 */
import type { ChangedPath, InputMap } from "../../graph/input_map.ts";
import type { SourcesFollower } from "../build/prepare.ts";
import type { ExpandedSources } from "../build/expanded_sources.ts";
import type { LoadedBuild } from "../input/load.ts";
import { type FoundInputs, mapInputs } from "./inputs.ts";
import type { Watcher } from "./watcher.ts";

/** What a watched config reads; whoever builds lets it see the sources. */
export class FollowedInputs implements SourcesFollower {
  readonly #watcher: Pick<Watcher, "follow">;
  /** Absolute paths of files that builds write themselves. */
  readonly #own: readonly string[];
  #build: LoadedBuild;
  #map: InputMap;
  /** Where globs were looked for when that was last done. */
  #folders: ReadonlySet<string> = new Set();
  /** When the build that goes on began, in milliseconds since the epoch. */
  #begunMs = Infinity;
  /** What a build of all tasks has found, until the map has it all. */
  #found: FoundInputs | undefined;
  /** The sources that the map was made of. */
  #mapped: ExpandedSources | undefined;
  /** Task → what it was found to read, as the map knows it. */
  #discovered: readonly (readonly string[] | undefined)[] = [];

  constructor(build: LoadedBuild, watcher: Pick<Watcher, "follow">, own: readonly string[]) {
    this.#build = build;
    this.#watcher = watcher;
    this.#own = own;
    this.#map = this.#follow();
  }

  /** What all tasks read. */
  get map(): InputMap {
    return this.#map;
  }

  /** Those of the paths that matter to a build, as a person knows them, sorted. */
  meant(changes: readonly ChangedPath[]): string[] {
    const isMeant = (change: ChangedPath) => {
      const { edited, reshaped } = this.#map.changeBy([change]);
      return edited.length + reshaped.length > 0 || this.#map.reshapes(change);
    };
    return changes.filter(isMeant).map(({ path }) => this.#map.shown(path)).sort();
  }

  /** A build begins now. */
  begin(): void {
    this.#begunMs = Date.now();
  }

  /** The config is another one. */
  reload(build: LoadedBuild): void {
    this.#build = build;
    this.#map = this.#follow();
  }

  onSources(sources: ExpandedSources, cache: Parameters<SourcesFollower["onSources"]>[1]): void {
    const { tasks } = this.#build;
    const discovered = (task: number) => {
      const { name, depfile } = tasks[task];
      return depfile === undefined ? undefined : cache.trace(name)?.[7]?.discovery?.files;
    };
    this.#found = { sources, files: cache.files, discovered };
    if (sources !== this.#mapped) this.#map = this.#follow(this.#found);
  }

  /** What modules import by now is followed from here on; answers whether any of that has changed since it was read. */
  refresh(): boolean {
    const found = this.#found, before = this.#map;
    this.#found = undefined;
    if (found === undefined || !this.#hasFoundMore(found)) return false;
    this.#map = this.#follow(found);
    return [...this.#map.paths].some((path) =>
      !before.reads(path) && this.#map.namesOf(path).some((name) => found.files.hasChanged(name))
    );
  }

  /** Whether tasks may read by now what they did not read when the map was made. */
  #hasFoundMore({ discovered }: FoundInputs): boolean {
    return this.#build.tasks.some(({ action, depfile }, task) =>
      action.kind === "module" || (depfile !== undefined && discovered(task) !== this.#discovered[task])
    );
  }

  #follow(found?: FoundInputs): InputMap {
    const map = mapInputs(this.#build, this.#own, found);
    this.#folders = (found?.sources.folders ?? this.#folders).union(this.#build.shape?.folders ?? new Set());
    this.#mapped = found?.sources;
    this.#discovered = this.#build.tasks.map((_, task) => found?.discovered(task));
    this.#watcher.follow(map, this.#folders, this.#begunMs);
    return map;
  }
}
