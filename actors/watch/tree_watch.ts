/**
 * Owns the watch of folders by `Deno.watchFs`, where the system has no inotify: it tells of whole trees, as macOS does.
 *
 * @module
 */
import { isFolder } from "../machine/regular_file.ts";
import { type FolderEvents, type FolderWatch, pathIn, takeIn } from "./folder_watch.ts";

/** Watches the outermost of the folders, with all that is in them. */
export class TreeWatch implements FolderWatch {
  readonly #events: FolderEvents;
  readonly #home: string;
  #roots: readonly string[] = [];
  #watcher: Deno.FsWatcher | undefined;

  /** Folders above `home` are not watched: too much that nobody reads may lie in them. */
  constructor(events: FolderEvents, home: string) {
    this.#events = events;
    this.#home = home;
  }

  follow(folders: ReadonlySet<string>): void {
    const roots = outermost([...folders].filter((folder) => !isWithin(this.#home, folder) || folder === this.#home));
    if (roots.join("\0") === this.#roots.join("\0")) return;
    this.#roots = roots;
    this.#watcher?.close();
    try {
      this.#watcher = Deno.watchFs(roots.filter(isFolder));
      this.#listen(this.#watcher);
    } catch (error) {
      this.#watcher = undefined;
      this.#events.failed(error instanceof Error ? error.message : `${error}`);
    }
  }

  /** The system tells late, and joins what it tells. */
  tells(): boolean {
    return false;
  }

  catchUp(): void {}

  startOver(): void {}

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const { kind, paths, flag } of watcher) {
        if (flag === "rescan") this.#events.lapsed();
        else if (kind !== "access") { for (const path of paths) this.#happened(path); }
      }
    } catch (error) {
      if (this.#watcher === watcher) this.#events.failed(error instanceof Error ? error.message : `${error}`);
    }
  }

  #happened(path: string): void {
    if (this.#events.mayHold(path) && isFolder(path)) takeIn(path, this.#events, () => true);
    this.#events.changed(path);
  }
}

/** The folders that lie in none of the others. */
function outermost(folders: readonly string[]): string[] {
  const found: string[] = [];
  for (const folder of [...folders].sort()) if (!found.some((root) => isWithin(folder, root))) found.push(folder);
  return found;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(pathIn(folder, ""));
}
