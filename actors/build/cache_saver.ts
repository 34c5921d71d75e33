/**
 * Owns when a build's cache is written: now and then while it runs, and at the end. A disk that refuses is told of once
 * and stops nothing.
 *
 * All of a large cache takes longer to write than a small build takes. So of a cache that is kept for further builds the
 * disk gets the lines of its journal alone, until these are many.
 *
 * @module
 */
import { type BuildCache, CACHE_FILE } from "./build_cache.ts";
import { quote } from "../../graph/text.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { UnsyncedFolders } from "../storage/unsynced_folders.ts";

/** A build spends at most one part in this many on writing its cache. */
const SAVE_SHARE = 50;

/** The writer of one build's cache. */
export class CacheSaver {
  readonly #cache: BuildCache;
  readonly #reporter: Reporter;
  readonly #folders: Pick<UnsyncedFolders, "sync"> | undefined;
  readonly #checkpointEvery: number;
  #lastEndMs = performance.now();
  #lastCostMs = 0;
  #completed = 0;
  #hasFailed = false;

  /**
   * With `checkpointEvery` the cache is on the disk whenever so many more tasks were completed. The names in `folders` are
   * durable before the cache is written.
   */
  constructor(
    cache: BuildCache,
    { reporter, checkpointEvery = Infinity, folders }: {
      readonly reporter: Reporter;
      readonly checkpointEvery?: number;
      readonly folders?: Pick<UnsyncedFolders, "sync">;
    },
  ) {
    this.#cache = cache;
    this.#folders = folders;
    this.#reporter = reporter;
    this.#checkpointEvery = checkpointEvery;
    if (checkpointEvery < Infinity) cache.keepJournal();
  }

  /** A task was done, and is entered in the cache. */
  noteCompleted(): void {
    if (++this.#completed % this.#checkpointEvery !== 0 || this.#hasFailed) return;
    this.#syncFolders();
    try {
      this.#cache.checkpoint();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Writes the cache if that has not been done for long enough, and is worth it while tasks run. */
  saveIfDue(): void {
    if (this.#cache.hasNews && performance.now() - this.#lastEndMs >= SAVE_SHARE * this.#lastCostMs) this.save();
  }

  /** Writes the cache; `isWhole` says that all tasks were completed, so that what is of no use any more can be dropped. */
  save({ isWhole = false }: { readonly isWhole?: boolean } = {}): void {
    const begun = performance.now();
    this.#syncFolders();
    try {
      if (!this.#hasCheckpointed()) {
        if (isWhole && this.#cache.isDirty) this.#cache.prune();
        this.#cache.save();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#lastEndMs = performance.now();
    this.#lastCostMs = this.#lastEndMs - begun;
  }

  /** Where the journal cannot be written the whole cache perhaps can. */
  #hasCheckpointed(): boolean {
    if (!this.#cache.isCheckpointEnough) return false;
    try {
      this.#cache.checkpoint();
      return true;
    } catch {
      return false;
    }
  }

  /** Of what a power cut could take away the next build is to know nothing. */
  #syncFolders(): void {
    for (const { folder, detail } of this.#folders?.sync() ?? []) {
      this.#cache.dropIn(folder);
      this.#reporter.error(
        `Cannot sync folder ${quote(folder)}: ${detail}; the next build will repeat what was made there`,
      );
    }
  }

  #fail(error: unknown): void {
    if (!this.#hasFailed) {
      this.#reporter.error(
        `Cannot write build cache '${CACHE_FILE}': ${systemDetail(error)}; the next build will repeat work`,
      );
    }
    this.#hasFailed = true;
  }
}
