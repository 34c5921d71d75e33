/**
 * Owns what is known of the entries of folders from one walk to the next: of those folders whose changes are told, so that
 * only what has changed is looked at again. It reads no folder and knows no glob.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { dirname } from "@std/path/posix/dirname";

/** What there is under a name, links not followed. */
export type Entry = Pick<Deno.DirEntry, "name" | "isFile" | "isDirectory" | "isSymlink">;

/** Some entries of a folder by name; undefined where nothing is. */
type Names = Map<string, Entry | undefined>;

/** The listings of many folders, by absolute path. */
export class FolderListings {
  readonly #tells: (folder: string) => boolean;
  /** Folders of which all entries are known. */
  readonly #whole = new Map<string, Names>();
  /** Folders of which the entries are known that were asked for. */
  readonly #named = new Map<string, Names>();

  /** `tells` answers whether all that happens in a folder from now on is told, and is asked before it is looked into. */
  constructor(tells: (folder: string) => boolean) {
    this.#tells = tells;
  }

  /** Whether what is found in a folder now may be kept. */
  tells(folder: string): boolean {
    return this.#tells(folder);
  }

  /** All entries of a folder, if they are known. */
  all(folder: string): Iterable<Entry> | undefined {
    return this.#whole.get(folder)?.values() as Iterable<Entry> | undefined;
  }

  /** Keeps all entries of a folder. */
  keepAll(folder: string, entries: readonly Entry[]): void {
    this.#whole.set(folder, new Map(entries.map((entry) => [entry.name, entry])));
  }

  /** What lies under a name, undefined when nothing does; `look` is asked if that is not known. */
  named(folder: string, name: string, look: () => Entry | undefined): Entry | undefined {
    const all = this.#whole.get(folder);
    if (all !== undefined) return all.get(name);
    let names = this.#named.get(folder);
    if (names === undefined) this.#named.set(folder, names = new Map());
    if (!names.has(name)) names.set(name, look());
    return names.get(name);
  }

  /** Takes note of paths at which something has happened; answers with the folders that hold something else than before. */
  update(paths: Iterable<string>): Set<string> {
    const changed = new Set<string>();
    for (const path of paths) {
      if (this.drop(path)) changed.add(path);
      const folder = dirname(path), name = basename(path);
      const whole = this.#whole.get(folder), named = this.#named.get(folder);
      const isNamed = named?.has(name) ?? false;
      if (whole === undefined && !isNamed) continue;
      const now = look(path), before = whole?.get(name), asked = named?.get(name);
      if (whole !== undefined && !areAlike(before, now)) changed.add(folder);
      if (isNamed && !areAlike(asked, now)) changed.add(folder);
      if (now === undefined) whole?.delete(name);
      else whole?.set(name, now);
      if (isNamed) named!.set(name, now);
    }
    return changed;
  }

  /** Forgets one folder; answers whether anything was known of it. */
  drop(folder: string): boolean {
    const hadAll = this.#whole.delete(folder), hadSome = this.#named.delete(folder);
    return hadAll || hadSome;
  }

  /** Forgets all. */
  clear(): void {
    this.#whole.clear();
    this.#named.clear();
  }
}

function look(path: string): Entry | undefined {
  try {
    const { isFile, isDirectory, isSymlink } = Deno.lstatSync(path);
    return { name: basename(path), isFile, isDirectory, isSymlink };
  } catch {
    return undefined;
  }
}

function areAlike(a: Entry | undefined, b: Entry | undefined): boolean {
  return a?.isFile === b?.isFile && a?.isDirectory === b?.isDirectory && a?.isSymlink === b?.isSymlink;
}
