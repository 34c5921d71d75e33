/**
 * Owns what is remembered of files from one run to the next: its form on disk, when a file is still the one that was
 * remembered, and what of it may not be believed by the next run.
 * It looks at no file.
 *
 * @module
 */
import type { Stamp } from "../machine/stamp.ts";

/** Kernels stamp files with a clock that ticks every 1–10 ms. */
export const CLOCK_TICK_MS = 20;

/** Deno gives the ctime in whole seconds. */
export const CTIME_MS = 1000;

/**
 * What is remembered of a file; the tuple is the form on disk. `link` is there only where the path is a link, `madeFor` only
 * where the file is an artifact that was put there: the names of the configs that have a task for it, with slashes between.
 */
export type FileEntry = readonly [
  size: number,
  mtimeMs: number,
  inode: number,
  sha256: string,
  ctimeMs: number,
  mode: number,
  link?: string | null,
  madeFor?: string,
];

/** What is remembered of all files, by their paths. */
export class RememberedFiles {
  readonly #entries: Record<string, FileEntry>;
  /** Files that were modified so shortly before they were read that their entry must not be kept for the next run. */
  readonly #racy = new Set<string>();
  /** Of how many files the next run would have to find out anew what is known by now. */
  news = 0;

  /** `entries` must have no prototype; it is changed, and may hold anything. */
  constructor(entries: Record<string, FileEntry>) {
    this.#entries = entries;
  }

  get(path: string): FileEntry | undefined {
    const entry = this.#entries[path];
    return Array.isArray(entry) && entry.length >= 6 && typeof entry[3] === "string" ? entry : undefined;
  }

  /** Puts in place of what was remembered, `before`, what has just been read. */
  note(path: string, entry: FileEntry, before: FileEntry | undefined): void {
    this.#entries[path] = entry;
    if (entry[1] > Date.now() - CLOCK_TICK_MS) this.#racy.add(path);
    else this.#racy.delete(path);
    // What would have to be read again all the same is no news
    const isUnsettled = entry[4] >= unsettledFrom(Date.now());
    if (!isUnsettled || before === undefined || !areSame(before, withoutTime(entry))) this.news++;
  }

  /** Puts in what was just written, of which nothing had to be read. */
  put(path: string, entry: FileEntry): void {
    this.#racy.delete(path);
    this.own(path, entry);
  }

  /** The same file as before, with other owners. */
  own(path: string, entry: FileEntry): void {
    this.#entries[path] = entry;
    this.news++;
  }

  /** Takes in what was not written down with all others: the file is read again all the same. */
  recall(path: string, entry: FileEntry): void {
    this.#entries[path] = entry;
    const known = this.get(path);
    if (known === undefined) delete this.#entries[path];
    else this.#entries[path] = withoutTime(known);
    this.news++;
  }

  /** Has a file read again, whatever its stamp will say. */
  doubt(path: string): void {
    const known = this.get(path);
    if (known !== undefined) this.#entries[path] = withoutTime(known);
  }

  /** The entry of a file as the next run would find it. */
  beginAnew(path: string, nowMs: number): void {
    const entry = this.#entries[path];
    if (entry !== undefined && !this.#isLasting(path, entry, unsettledFrom(nowMs))) {
      this.#entries[path] = withoutTime(entry);
    }
  }

  drop(path: string): void {
    delete this.#entries[path];
  }

  /** Drops all files for which that holds. */
  dropAll(isGone: (path: string) => boolean): void {
    for (const path in this.#entries) {
      if (!isGone(path)) continue;
      delete this.#entries[path];
      this.news++;
    }
  }

  /** The paths of all files that were put there as artifacts, whether or not they still are. */
  *artifacts(): Generator<string> {
    for (const path in this.#entries) if (ownersOf(this.get(path)) !== undefined) yield path;
  }

  /** What is to be kept for the next run, if it is written now. */
  lasting(nowMs: number): Record<string, FileEntry> {
    const unsettled = unsettledFrom(nowMs);
    const isLasting = (path: string, entry: FileEntry) => this.#isLasting(path, entry, unsettled);
    const entries = Object.entries(this.#entries);
    if (entries.every(([path, entry]) => isLasting(path, entry))) return this.#entries;
    return Object.fromEntries(
      entries.filter(([path]) => !this.#racy.has(path))
        .map(([path, entry]) => [path, isLasting(path, entry) ? entry : withoutTime(entry)]),
    );
  }

  #isLasting(path: string, entry: FileEntry, unsettled: number): boolean {
    return !this.#racy.has(path) && !(entry[4] >= unsettled);
  }
}

export function entryOf(
  { size, mtimeMs, inode, ctimeMs, mode, link }: Stamp,
  sha256: string,
  owners?: string,
): FileEntry {
  if (owners !== undefined) return [size, mtimeMs, inode, sha256, ctimeMs, mode, link ?? null, owners];
  return link === undefined
    ? [size, mtimeMs, inode, sha256, ctimeMs, mode]
    : [size, mtimeMs, inode, sha256, ctimeMs, mode, link];
}

export function ownedEntry(
  [size, mtimeMs, inode, sha256, ctimeMs, mode, link = null]: FileEntry,
  owners: string,
): FileEntry {
  return [size, mtimeMs, inode, sha256, ctimeMs, mode, link, owners];
}

/** The names of the configs a file is an artifact of; undefined for any other file. */
export function ownersOf(entry: FileEntry | undefined): string | undefined {
  const owners = entry?.[7];
  return typeof owners === "string" ? owners : undefined;
}

/** The names of configs hold no slash, as all of them lie in one folder. */
export function withOwner(owners: string | undefined, config: string): string {
  if (owners === undefined || owners === config) return config;
  return owners.split("/").includes(config) ? owners : `${owners}/${config}`;
}

export function linkOf(entry: FileEntry): string | undefined {
  return entry[6] ?? undefined;
}

/** So that the file is read again, but what it held is known. */
function withoutTime([size, mtimeMs, inode, sha256, , mode, ...rest]: FileEntry): FileEntry {
  return [size, mtimeMs, inode, sha256, -1, mode, ...rest];
}

function areSame(a: FileEntry, b: FileEntry): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

export function matches(entry: FileEntry, stat: Stamp): boolean {
  return entry[4] === stat.ctimeMs && isPutThere(entry, stat);
}

/** Whether a file is the artifact that was put there; a link is as long as it leads to the same, whatever that is now. */
export function isArtifactAsPut(entry: FileEntry, stat: Stamp): boolean {
  const link = linkOf(entry);
  return link === undefined ? isPutThere(entry, stat) : stat.link === link;
}

/** Whether a file is the one that was put there, all but for what only the ctime shows. */
function isPutThere(entry: FileEntry, stat: Stamp): boolean {
  return entry[0] === stat.size && entry[1] === stat.mtimeMs && entry[2] === stat.inode && entry[5] === stat.mode &&
    linkOf(entry) === stat.link;
}

/** The digest of a file as a fingerprint holds it: marked when the file may be executed. */
export function marked(entry: FileEntry): string {
  return (entry[5] & 0o100) === 0 ? entry[3] : `x${entry[3]}`;
}

/** From which ctime on a later change could carry the same one. */
function unsettledFrom(nowMs: number): number {
  return Math.floor((nowMs - CLOCK_TICK_MS) / CTIME_MS) * CTIME_MS;
}
