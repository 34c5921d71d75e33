/**
 * Owns the words between those who are told by the system what changes in folders and whoever wants to know. It holds no
 * code but the walk through a folder that has just come.
 *
 * @module
 */

/** Who is told. All paths are absolute. */
export interface FolderEvents {
  /** A file or folder of that name has come, was written to, or is gone. */
  changed(path: string): void;
  /** From now on nothing is told of a folder of which all was. */
  unwatched(folder: string): void;
  /** Some of what has changed is not known. */
  lapsed(): void;
  /** Nothing more will be told, for the reason in a sentence. */
  failed(why: string): void;
  /** Whether a folder that comes is to be watched as well. */
  mayHold(folder: string): boolean;
}

/** One way of being told. */
export interface FolderWatch extends Disposable {
  /**
   * Watches these folders; those that are not there are watched once their parents tell that they are. Of the others only
   * those are kept that may hold something: whoever asks may not know yet of one that has just come.
   */
  follow(folders: ReadonlySet<string>): void;
  /** Watches a folder; answers whether everything that happens in it is told from now on, until it is unwatched. */
  tells(folder: string): boolean;
  /** Tells now of all that has happened until now, if it is told of everything. */
  catchUp(): void;
  /** Other folders may have the names of those that are watched: it goes by the names. */
  startOver(): void;
}

/**
 * Takes in a folder that has come: it and the folders in it are watched, and what was put there before that is told. What
 * cannot be entered is left out.
 */
export function takeIn(folder: string, events: FolderEvents, watch: (folder: string) => boolean): void {
  const pending = [folder];
  for (let at; (at = pending.pop()) !== undefined;) {
    if (!events.mayHold(at) || !watch(at)) continue;
    try {
      for (const { name, isDirectory } of Deno.readDirSync(at)) {
        const path = pathIn(at, name);
        if (isDirectory) pending.push(path);
        else events.changed(path);
      }
    } catch {
      // The folder is gone again: then that is told too.
    }
  }
}

/** A name in a folder. */
export function pathIn(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
