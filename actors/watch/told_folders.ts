/**
 * Owns the question in which folders of a config everything that happens is told. It is so where the system tells at once
 * and of everything, no link is on the way, and nobody else writes to the disk.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { areFilesLocal } from "../machine/local_files.ts";
import type { FolderWatch } from "./folder_watch.ts";

/** The folders of one config's folder. */
export class ToldFolders {
  readonly #home: string;
  /** Folders that are told of until they are unwatched. */
  readonly #told = new Set<string>();
  /** Others, until that is asked anew. */
  readonly #others = new Set<string>();
  #device: number | undefined;

  /** `home` is the config's folder, absolute; what lies above it, and who gives it its name, is not watched. */
  constructor(home: string) {
    this.#home = home;
  }

  /** Whether everything that happens in a folder is told from now on; `watch` is asked to. */
  has(folder: string, watch: Pick<FolderWatch, "tells">): boolean {
    if (this.#told.has(folder)) return true;
    if (this.#others.has(folder)) return false;
    // A folder is watched before it is looked at: what comes in between is told.
    const isTold = this.#isOwn(folder, watch) && watch.tells(folder) && this.#isAsNamed(folder);
    (isTold ? this.#told : this.#others).add(folder);
    return isTold;
  }

  /** Nothing more is told of a folder. */
  drop(folder: string): void {
    this.#told.delete(folder);
  }

  /** Nothing more is told of any folder. */
  dropAll(): void {
    this.#told.clear();
  }

  /** What was not told of may be by now. */
  askAnew(): void {
    this.#others.clear();
  }

  #isOwn(folder: string, watch: Pick<FolderWatch, "tells">): boolean {
    if (folder === this.#home) return areFilesLocal(folder);
    return folder.startsWith(this.#home === "/" ? "/" : `${this.#home}/`) && this.has(dirname(folder), watch);
  }

  /** Whether it is a folder, and neither a link nor another disk. */
  #isAsNamed(folder: string): boolean {
    try {
      const { isDirectory, dev } = folder === this.#home ? Deno.statSync(folder) : Deno.lstatSync(folder);
      if (folder === this.#home) this.#device = dev;
      return isDirectory && dev === this.#device;
    } catch {
      return false;
    }
  }
}
