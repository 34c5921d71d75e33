/**
 * Owns what is known of files: path → size, time, inode and digest, so that an unchanged file costs one stat.
 * It knows neither tasks nor fingerprints. Within one run each file is looked at once, unless it is said to have changed.
 *
 * A file counts as unchanged when size, modification time (milliseconds: Deno gives no more) and inode are as recorded.
 * One that was modified so shortly before it was read that a later edit could carry the same time is not remembered
 * beyond the run ("racily clean", as git calls it).
 *
 * @module
 */
import { beginSha256 } from "../graph/digest.ts";
import type { Published } from "./messages.ts";
import { systemDetail } from "./system_error.ts";

/** What is remembered of a file; the tuple is the form on disk. */
export type FileEntry = readonly [size: number, mtimeMs: number, inode: number, sha256: string];

/** A file that cannot be read, in the system's words. */
export interface Unreadable {
  readonly detail: string;
  readonly missing: boolean;
}

/** A file that is too much to read now: read it with {@linkcode FileIndex.readSlowly}, then ask again. */
export interface TooMuch {
  readonly tooMuch: string;
}

/** How much is read in one go before others get their turn. */
const BUDGET = 4 * 1024 * 1024;

/** Kernels stamp files with a clock that ticks every 1–10 ms. */
const CLOCK_TICK_MS = 20;

const CHUNK = 256 * 1024;

interface Stat {
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
}

/** Paths are relative to the folder, as in the config. */
export class FileIndex {
  /** Remembered entries, from the last run and for the next one. */
  readonly #entries: Record<string, FileEntry>;
  /** What this run knows. */
  readonly #seen = new Map<string, FileEntry>();
  /** Looks that `exists` took and nobody has used yet. */
  readonly #stats = new Map<string, Stat>();
  /** Files whose entry must not be kept for the next run. */
  readonly #racy = new Set<string>();
  /** What readSlowly could not read. */
  readonly #unreadable = new Map<string, Unreadable>();
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #budget = BUDGET;
  isDirty = false;

  /** `entries` must have no prototype; it is changed as files are looked at. */
  constructor(readonly folder: string, entries: Record<string, FileEntry>) {
    this.#entries = entries;
  }

  /** Begins a question that may read {@linkcode BUDGET} bytes. */
  begin(): void {
    this.#budget = BUDGET;
  }

  /** Whether there is anything at the path. The look is kept for `digest`. */
  exists(path: string): boolean {
    if (this.#seen.has(path) || this.#stats.has(path)) return true;
    const stat = this.#stat(path);
    if ("detail" in stat) return !stat.missing;
    const known = this.#known(path);
    if (known !== undefined && matches(known, stat)) this.#seen.set(path, known);
    else this.#stats.set(path, stat);
    return true;
  }

  /** The digest of a file's content, without reading it when it is known. */
  digest(path: string): string | Unreadable | TooMuch {
    const seen = this.#seen.get(path);
    if (seen !== undefined) return seen[3];
    const stat = (this.#stats.size > 0 ? this.#stats.get(path) : undefined) ?? this.#stat(path);
    this.#stats.delete(path);
    if ("detail" in stat) return stat;
    const known = this.#known(path);
    if (known !== undefined && matches(known, stat)) {
      this.#seen.set(path, known);
      return known[3];
    }
    const unreadable = this.#unreadable.get(path);
    if (unreadable !== undefined) return unreadable;
    if (stat.size > this.#budget && stat.size > 0) return { tooMuch: path };
    this.#budget -= stat.size;
    return this.#hash(path);
  }

  /** Reads a large file piece by piece, giving way to others between the pieces. Never rejects: digest() then says why. */
  async readSlowly(path: string): Promise<void> {
    try {
      const file = Deno.openSync(this.#absolute(path));
      try {
        const stat = statOf(file.statSync());
        const hash = beginSha256();
        const buffer = new Uint8Array(4 * CHUNK);
        for (let read; (read = await file.read(buffer)) !== null;) hash.update(buffer.subarray(0, read));
        this.#remember(path, stat, hash.digest("hex"));
      } finally {
        file.close();
      }
    } catch (error) {
      this.#unreadable.set(path, unreadable(error));
    }
  }

  /** Enters a file that was just written, with the digest it is known to have. */
  enter(path: string, published: Published): void {
    const entry: FileEntry = [published.size, published.mtimeMs, published.inode, published.sha256];
    this.#seen.set(path, entry);
    this.#entries[path] = entry;
    this.#racy.delete(path);
    this.isDirty = true;
  }

  /** Whether a file is still as this run has seen it; one that is not is looked at anew next time. */
  isStill(path: string): boolean {
    const seen = this.#seen.get(path);
    if (seen === undefined) return true;
    const stat = this.#stat(path);
    if (!("detail" in stat) && matches(seen, stat)) return true;
    this.#seen.delete(path);
    return false;
  }

  /** The size of a file this run has looked at, in bytes. */
  size(path: string): number {
    return this.#seen.get(path)?.[0] ?? 0;
  }

  /** The remembered digest, whatever is on disk now. */
  remembered(path: string): string | undefined {
    return this.#known(path)?.[3];
  }

  /** Forgets files that this run has not looked at and that are gone. */
  forgetGone(): void {
    for (const path in this.#entries) {
      if (this.#seen.has(path) || !("detail" in this.#stat(path))) continue;
      delete this.#entries[path];
      this.isDirty = true;
    }
  }

  /** What is to be kept for the next run. */
  lasting(): Record<string, FileEntry> {
    if (this.#racy.size === 0) return this.#entries;
    return Object.fromEntries(Object.entries(this.#entries).filter(([path]) => !this.#racy.has(path)));
  }

  #known(path: string): FileEntry | undefined {
    const entry = this.#entries[path];
    return Array.isArray(entry) && entry.length === 4 && typeof entry[3] === "string" ? entry : undefined;
  }

  #hash(path: string): string | Unreadable {
    try {
      const file = Deno.openSync(this.#absolute(path));
      try {
        const stat = statOf(file.statSync());
        const hash = beginSha256();
        this.#buffer ??= new Uint8Array(CHUNK);
        for (let read; (read = file.readSync(this.#buffer)) !== null;) hash.update(this.#buffer.subarray(0, read));
        return this.#remember(path, stat, hash.digest("hex"));
      } finally {
        file.close();
      }
    } catch (error) {
      return unreadable(error);
    }
  }

  #remember(path: string, stat: Stat, sha256: string): string {
    const entry: FileEntry = [stat.size, stat.mtimeMs, stat.inode, sha256];
    this.#seen.set(path, entry);
    this.#entries[path] = entry;
    if (stat.mtimeMs > Date.now() - CLOCK_TICK_MS) this.#racy.add(path);
    else this.#racy.delete(path);
    this.isDirty = true;
    return sha256;
  }

  #stat(path: string): Stat | Unreadable {
    try {
      return statOf(Deno.statSync(this.#absolute(path)));
    } catch (error) {
      return unreadable(error);
    }
  }

  #absolute(path: string): string {
    return path.startsWith("/") ? path : `${this.folder}/${path}`;
  }
}

function statOf(info: Deno.FileInfo): Stat {
  return { size: info.size, mtimeMs: info.mtime?.getTime() ?? 0, inode: info.ino ?? 0 };
}

function matches(entry: FileEntry, stat: Stat): boolean {
  return entry[0] === stat.size && entry[1] === stat.mtimeMs && entry[2] === stat.inode;
}

function unreadable(error: unknown): Unreadable {
  return { detail: systemDetail(error), missing: error instanceof Deno.errors.NotFound };
}
