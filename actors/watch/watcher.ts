/**
 * Owns the watch over what the tasks of a config read: it gathers what changes until all is quiet, and hands it on as one
 * change. It knows who reads what only by asking, and starts nothing.
 *
 * @module
 */
import { CLOCK_TICK_MS } from "../storage/file_entry.ts";
import type { ChangedPath, InputMap } from "../../graph/input_map.ts";
import type { Teller, WarmState } from "../build/warm_state.ts";
import { type FolderEvents, type FolderWatch, pathIn, takeIn } from "./folder_watch.ts";
import { GitLock } from "./git_lock.ts";
import { openInotify } from "./inotify.ts";
import { PollingWatch } from "./polling_watch.ts";
import { ToldFolders } from "./told_folders.ts";
import { TreeWatch } from "./tree_watch.ts";

/** Where files change without end, what has changed so far is handed on after this time all the same. */
const MOST_GATHERING_MS = 10_000;

/** Where much changes at once, whoever changes it may falter for longer: so much more quiet a path, up to so many. */
const QUIET_MS_PER_PATH = 0.5, MOST_PATHS = 1000;

/** While git is at work, it is looked for its end this often. */
const GIT_MS = 20;

/** What was gathered. */
export interface Gathered {
  readonly changes: readonly ChangedPath[];
  /** Anything else may have changed as well. */
  readonly isPartial: boolean;
}

/** Choices for one watch. */
export interface WatcherOptions {
  /** How long all must be quiet. */
  readonly quietMs: number;
  /** Look by oneself, whether or not the system would tell. */
  readonly isPolling: boolean;
  /** Absolute path of the config's folder. */
  readonly home: string;
  readonly onChange: (gathered: Gathered) => void;
  readonly onWarning: (sentence: string) => void;
  /** What is known, and taken as it was until something is told of it. */
  readonly known: Pick<WarmState, "invalidate" | "lose" | "forget">;
}

/** The watch over one config and what is read by its tasks. */
export class Watcher implements FolderEvents, Teller, Disposable {
  readonly #options: WatcherOptions;
  readonly #git: GitLock;
  readonly #told: ToldFolders;
  readonly #paths = new Set<string>();
  #isPartial = false;
  #firstMs = 0;
  #lastMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #map: InputMap | undefined;
  #folders: ReadonlySet<string> = new Set();
  #watch: FolderWatch;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#git = new GitLock(options.home);
    this.#told = new ToldFolders(options.home);
    const told = options.isPolling ? undefined : this.#open();
    this.#watch = told ?? new PollingWatch(this);
    if (told === undefined && !options.isPolling) this.#tellOfPolling(whyNotTold());
  }

  #open(): FolderWatch | undefined {
    return Deno.build.os === "linux" ? openInotify(this) : new TreeWatch(this, this.#options.home);
  }

  /**
   * From now on what is read is as a map knows, in its folders and these. What has come into folders that were not watched
   * since a moment (milliseconds since the epoch) is told as well.
   */
  follow(map: InputMap, folders: ReadonlySet<string>, sinceMs = Infinity): void {
    const before = this.#folders;
    this.#map = map;
    this.#folders = folders.union(map.folders);
    this.#watch.follow(this.#folders);
    if (sinceMs < Infinity) { for (const folder of this.#folders.difference(before)) this.#lookInto(folder, sinceMs); }
  }

  /** How many folders it watches. */
  get size(): number {
    return this.#folders.size;
  }

  tells(folder: string): boolean {
    return this.#told.has(folder, this.#watch);
  }

  catchUp(): void {
    this.#told.askAnew();
    this.#watch.catchUp();
  }

  startOver(): void {
    this.#watch.startOver();
  }

  changed(path: string): void {
    this.#options.known.invalidate(path);
    if (this.#paths.has(path) || this.#map?.concerns(path)) this.#gather(path);
  }

  unwatched(folder: string): void {
    this.#told.drop(folder);
    this.#options.known.lose(folder);
  }

  lapsed(): void {
    this.#options.known.forget();
    this.#isPartial = true;
    this.#gather();
  }

  failed(why: string): void {
    this.#watch[Symbol.dispose]();
    this.#told.dropAll();
    this.#tellOfPolling(why);
    this.#watch = new PollingWatch(this);
    this.#watch.follow(this.#folders);
    this.lapsed();
  }

  mayHold(folder: string): boolean {
    return this.#map?.mayHold(folder) ?? false;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#watch[Symbol.dispose]();
  }

  /** A folder that nothing has come into costs one look. */
  #lookInto(folder: string, sinceMs: number): void {
    const isNew = (path: string) => (Deno.lstatSync(path).ctime?.getTime() ?? 0) >= sinceMs - CLOCK_TICK_MS;
    try {
      if (!isNew(folder)) return;
      for (const { name, isDirectory } of Deno.readDirSync(folder)) {
        const path = pathIn(folder, name);
        if (isDirectory) takeIn(path, this, (at) => !this.#folders.has(at));
        else if (isNew(path)) this.changed(path);
      }
    } catch {
      // The folder is gone, and its parent tells of that.
    }
  }

  #tellOfPolling(why: string): void {
    this.#options.onWarning(`Cannot be told of changes: ${why}; looking for them every second`);
  }

  #gather(path?: string): void {
    if (path !== undefined) this.#paths.add(path);
    this.#lastMs = performance.now();
    if (this.#timer !== undefined) return;
    this.#firstMs = this.#lastMs;
    this.#wait(this.#options.quietMs);
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#due(), milliseconds);
  }

  #due(): void {
    const nowMs = performance.now();
    const neededMs = this.#options.quietMs + QUIET_MS_PER_PATH * Math.min(this.#paths.size, MOST_PATHS);
    const quietMs = this.#lastMs + neededMs - nowMs;
    const leftMs = this.#firstMs + Math.max(MOST_GATHERING_MS, neededMs) - nowMs;
    if (quietMs > 0 && leftMs > 0) return this.#wait(Math.min(quietMs, leftMs));
    if (this.#git.isHeld) return this.#wait(GIT_MS);
    // What git did last came before its lock was gone, and may not have been heard yet.
    this.#watch.catchUp();
    this.#timer = undefined;
    for (const path of this.#paths) {
      // a set grows while it is walked, and what is below a folder is no folder
      if (!isFile(path)) { for (const below of this.#map?.below(path) ?? []) this.#paths.add(below); }
    }
    const changes = [...this.#paths].map((path) => ({ path, isThere: isFile(path) }));
    const isPartial = this.#isPartial;
    this.#paths.clear();
    this.#isPartial = false;
    this.#options.onChange({ changes, isPartial });
  }
}

function whyNotTold(): string {
  return Deno.permissions.querySync({ name: "ffi" }).state === "granted"
    ? "the system has no inotify left"
    : "Linux is asked by FFI, which is not allowed";
}

/** Links are what they lead to; one that leads nowhere is no file. */
function isFile(path: string): boolean {
  try {
    return !Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
