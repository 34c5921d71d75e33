/**
 * Owns which folders a walk has still to enter, and in which order. It reads no folder; it looks which of them are one.
 *
 * Links to folders are followed, but no folder is entered again below itself, by whatever name: that would have no end.
 * What a first link leads to is entered by each of its names. By way of a second one a folder is entered only if it has
 * not been yet, the one with the shortest name first: folders that all link to each other have more names than anybody
 * can read.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";

/** A folder on the way. */
export interface Folder {
  /** As the glob says it, with a slash at its end; empty for the config's own. */
  readonly path: string;
  readonly absolute: string;
  /** Absent where the walk begins. */
  readonly parent?: Folder;
  readonly depth: number;
  /** How many links are on the way to it. */
  readonly links: number;
  /** Device and inode, once somebody has asked. */
  id?: string;
}

/** A folder, and the positions in the glob of what is looked for in it. */
export type Visit = readonly [folder: Folder, at: readonly number[]];

/** The folders that one walk has still to enter. */
export class Frontier {
  readonly #above: Map<string, ReadonlySet<string>>;
  readonly #near: Visit[] = [];
  /** Behind several links, by depth. */
  readonly #far: Visit[][] = [];
  #depth = 0;
  /** What was entered and is not among the seen yet: to know one by another name takes a look, which few walks need. */
  readonly #entered: Visit[] = [];
  readonly #seen = new Set<string>();

  /** `above` keeps for further walks what stands above a folder where one begins. */
  constructor(above: Map<string, ReadonlySet<string>>) {
    this.#above = above;
  }

  /** A folder that is named, and not only met, is entered whatever it is: each name is there once. */
  add(visit: Visit, { isNamed = false }: { readonly isNamed?: boolean } = {}): void {
    const [folder] = visit;
    if (!isNamed && folder.links > 0 && this.#isBelowItself(folder)) return;
    if (isNamed || folder.links <= 1) this.#near.push(visit);
    else (this.#far[folder.depth] ??= []).push(visit);
  }

  /** The next one. */
  take(): Visit | undefined {
    const near = this.#near.pop();
    if (near !== undefined) {
      this.#entered.push(near);
      return near;
    }
    for (; this.#depth < this.#far.length; this.#depth++) {
      const level = this.#far[this.#depth] ?? [];
      if (level.length > 0) this.#seeEntered();
      level.sort(([a], [b]) => a.path < b.path ? 1 : -1); // the first is taken from the end
      for (let visit = level.pop(); visit !== undefined; visit = level.pop()) {
        if (this.#see(visit)) return visit;
      }
    }
  }

  #seeEntered(): void {
    for (const visit of this.#entered.splice(0)) this.#see(visit);
  }

  /** Answers whether it had not been. */
  #see([folder, at]: Visit): boolean {
    const { size } = this.#seen;
    return this.#seen.add(`${idOf(folder)} ${at.toSorted()}`).size > size;
  }

  #isBelowItself(folder: Folder): boolean {
    const id = idOf(folder);
    let above = folder.parent;
    for (; above !== undefined; above = above.parent) {
      if (idOf(above) === id) return true;
      if (above.parent === undefined) return this.#idsAbove(above.absolute).has(id);
    }
    return false;
  }

  #idsAbove(path: string): ReadonlySet<string> {
    let ids = this.#above.get(path);
    if (ids === undefined) {
      const found = new Set<string>();
      for (let at = realPath(path); at !== dirname(at);) found.add(idAt(at = dirname(at)));
      this.#above.set(path, ids = found);
    }
    return ids;
  }
}

function idOf(folder: Folder): string {
  return folder.id ??= idAt(folder.absolute);
}

/** What cannot be looked at is like nothing else. */
function idAt(path: string): string {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return path;
  }
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
