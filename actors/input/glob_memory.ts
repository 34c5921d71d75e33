/**
 * Owns what is known of globs from one expansion to the next: what each has found, until something changes in a folder that
 * it was looked for in. It reads no folder.
 *
 * @module
 */
import { FolderListings } from "./folder_listings.ts";
import type { Walked } from "./glob_walk.ts";

/** What one glob has come to. */
export interface KnownGlob extends Pick<Walked, "oddities" | "closed" | "entered"> {
  /** Sorted; the same list as before when it holds the same. */
  readonly matches: readonly string[];
  /** Whether it comes to the same now. */
  isSure: boolean;
}

/** The memory of one config's globs. */
export class GlobMemory {
  readonly listings: FolderListings;
  /** By pattern. */
  readonly globs = new Map<string, KnownGlob>();

  /** `tells` answers whether all that happens in a folder from now on is told, and is asked before it is looked into. */
  constructor(tells: (folder: string) => boolean) {
    this.listings = new FolderListings(tells);
  }

  /** Something has happened at these paths, and nobody has told what in the `lost` folders. All are absolute. */
  renew(changed: Iterable<string>, lost: Iterable<string>): void {
    const folders = this.listings.update(changed);
    for (const folder of lost) {
      this.listings.drop(folder);
      folders.add(folder);
    }
    if (folders.size === 0) return;
    for (const glob of this.globs.values()) glob.isSure &&= glob.entered.isDisjointFrom(folders);
  }

  /** What was found is no longer what is looked for. */
  forgetGlobs(): void {
    this.globs.clear();
  }

  /** Anything may have happened. */
  forget(): void {
    this.globs.clear();
    this.listings.clear();
  }
}
