/**
 * Owns the folders of artifacts whose names are not durable yet: they are synced together, before anything on the disk
 * tells of what lies in them. On a file system with a journal a sync waits for a commit, and a task would wait for a
 * second one after that of its file.
 *
 * There are few, as the main thread syncs them: in all further ones whoever puts an artifact there does so.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { systemDetail } from "../machine/system_error.ts";
import { syncFolder } from "./atomic_file.ts";

/** With some milliseconds each signals are still heard soon. */
const MOST_FOLDERS = 8;

/** A folder that cannot be synced, and why. */
export interface SyncFailure {
  /** Relative to the config's folder. */
  readonly folder: string;
  readonly detail: string;
}

/** The folders of one build. */
export class UnsyncedFolders {
  /** Absolute; where relative paths start. */
  readonly #root: string;
  /** Those whose sync is awaited here. */
  readonly #taken = new Set<string>();
  /** Those of them in which names are not durable. */
  readonly #unsynced = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Whether the name of an artifact, relative to the config's folder, is made durable by {@linkcode sync}. */
  take(path: string): boolean {
    const folder = dirname(path);
    if (!this.#taken.has(folder) && this.#taken.size >= MOST_FOLDERS) return false;
    this.#taken.add(folder);
    return true;
  }

  /** An artifact was put in place. */
  note(path: string): void {
    const folder = dirname(path);
    if (this.#taken.has(folder)) this.#unsynced.add(folder);
  }

  /** Makes all names durable; answers with the folders of which that is not known. */
  sync(): SyncFailure[] {
    const failures: SyncFailure[] = [];
    for (const folder of this.#unsynced) {
      try {
        syncFolder(`${join(this.#root, folder)}/.`); // what is no folder is not opened, which could take for ever
      } catch (error) {
        // One that is gone holds no names.
        if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) continue;
        failures.push({ folder, detail: systemDetail(error) });
      }
    }
    this.#unsynced.clear();
    return failures;
  }
}
