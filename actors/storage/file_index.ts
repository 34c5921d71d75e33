/**
 * Owns what is known of files: path → how it looks and its digest, so that an unchanged file costs one look.
 * It knows neither tasks nor fingerprints. Within one run each file is looked at once, unless it is said to have changed.
 *
 * A file counts as unchanged when all of its stamp is as recorded. One that was modified so shortly before it was read
 * that a later edit could carry the same time is not remembered beyond the run ("racily clean", as git calls it), and
 * one that was changed in the very second in which that is written down is read again by the next run.
 *
 * An index may be kept for further runs by whoever is told of changes: it looks again only at what has changed, and at what
 * may change without a word.
 *
 * @module
 */
import { beginSha256 } from "../../graph/digest.ts";
import type { HashThreads } from "./hash_threads.ts";
import {
  CTIME_MS,
  entryOf,
  type FileEntry,
  isArtifactAsPut,
  linkOf,
  marked,
  matches,
  ownedEntry,
  ownersOf,
  RememberedFiles,
  withOwner,
} from "./file_entry.ts";
import { NOT_REGULAR, openRegular } from "../machine/regular_file.ts";
import { lookClosely, type Stamp, stampOf } from "../machine/stamp.ts";
import { type Unreadable, unreadable } from "../machine/system_error.ts";
import { later } from "../machine/later.ts";
import type { Published } from "./publication.ts";
import { absoluteIn } from "../../graph/paths.ts";

/** What an artifact is, wherever and whenever it was written. */
export interface ArtifactFacts {
  readonly sha256: string;
  /** Permission bits. */
  readonly mode: number;
  /** Its text, where the artifact is a symbolic link. */
  readonly link?: string;
  /** Its listing, where it is a folder; the digest is of that, and it has no mode. */
  readonly tree?: string;
}

/** A file that is too much to read now: read it with {@linkcode FileIndex.readSlowly}, then ask again. */
export interface TooMuch {
  readonly tooMuch: string;
}

/** How much is read in one go before others get their turn. */
const BUDGET = 4 * 1024 * 1024;

/** What a look at a file counts, in bytes: twenty thousand of them take as long as reading all that may be read. */
const LOOK = 200;

const CHUNK = 256 * 1024;

/** A file of which only the ctime differs is read up to this size, to see whether it was its content that was changed. */
const MOST_REREAD = 64 * 1024 * 1024;

/** Paths are relative to the folder, as in the config. */
export class FileIndex implements Disposable {
  /** From the last run and for the next one. */
  readonly #remembered: RememberedFiles;
  /** What this run knows. */
  #seen = new Map<string, FileEntry>();
  /** What runs before have seen, and would not have changed without a word. */
  #kept = new Map<string, FileEntry>();
  /** Looks that `exists` took and nobody has used yet. */
  readonly #stats = new Map<string, Stamp>();
  /** What readSlowly could not read. */
  readonly #unreadable = new Map<string, Unreadable>();
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  /** There once a large file was to be read. */
  #threads: Promise<HashThreads> | undefined;
  #budget = BUDGET;
  /** There when it is kept. */
  #isTold: ((path: string) => boolean) | undefined;
  /** Files that may change without a word. */
  readonly #untold = new Set<string>();
  /** What this run has found to be otherwise than it had seen it, or not to be there: some of it goes by what they were. */
  readonly #overtaken = new Set<string>();

  /** `entries` must have no prototype; it is changed as files are looked at. */
  constructor(readonly folder: string, entries: Record<string, FileEntry>) {
    this.#remembered = new RememberedFiles(entries);
  }

  /** Of how many files something is to be written down that was not yet. */
  get news(): number {
    return this.#remembered.news;
  }

  /** All of it has been written down. */
  settle(): void {
    this.#remembered.news = 0;
  }

  /**
   * Lets it be kept from run to run. `isTold` answers whether whoever keeps it is told of all that happens to a file from
   * now on, and is asked before the file is looked at.
   */
  keep(isTold: (path: string) => boolean): void {
    this.#isTold = isTold;
  }

  /** Whether a file that this run has looked at cannot change without a word. */
  isSure(path: string): boolean {
    return this.#isTold !== undefined && !this.#untold.has(path);
  }

  /** Ends a run: what may change without a word is looked at anew by the next one. */
  rest(nowMs: number = Date.now()): void {
    for (const path of this.#untold) this.#forget(path, nowMs);
    this.#untold.clear();
    this.#stats.clear();
    this.#unreadable.clear();
    this.#overtaken.clear();
    const seen = this.#seen, kept = this.#kept;
    // A run uses all or nearly nothing: the fewer are put to the others
    if (seen.size > kept.size) {
      for (const [path, entry] of kept) if (!seen.has(path)) seen.set(path, entry);
      this.#kept = seen;
      this.#seen = kept;
    } else for (const [path, entry] of seen) kept.set(path, entry);
    this.#seen.clear();
    this[Symbol.dispose]();
    this.#threads = undefined;
  }

  /**
   * What runs before have seen of these files is not so any more, nor of all for which `isLost` holds; what this run has
   * seen stays. What has changed is read again whatever its stamp says: the times of two edits may be the same.
   */
  renew(changed: Iterable<string>, isLost?: (path: string) => boolean): void {
    const shared = new Set<number>();
    for (const path of changed) {
      this.#outdate(path);
      const inode = sharedInode(absoluteIn(this.folder, path));
      if (inode !== undefined) shared.add(inode);
    }
    // A further name may be one of a file that had only one: by which it was written to, nobody tells.
    if (shared.size > 0) { for (const [path, entry] of this.#kept) if (shared.has(entry[2])) this.#outdate(path); }
    if (isLost === undefined) return;
    const nowMs = Date.now();
    for (const path of this.#kept.keys()) if (isLost(path)) this.#forget(path, nowMs);
  }

  #outdate(path: string): void {
    if (!this.#seen.has(path)) this.#remembered.doubt(path);
    this.#kept.delete(path);
    this.#stats.delete(path);
  }

  /** As if the run had begun with what is written down. */
  #forget(path: string, nowMs: number): void {
    this.#seen.delete(path);
    this.#kept.delete(path);
    this.#remembered.beginAnew(path, nowMs);
  }

  /** Begins a question that may read {@linkcode BUDGET} bytes. */
  begin(): void {
    this.#budget = BUDGET;
  }

  /** Whether there is anything at the path. The look is kept for `digest`. */
  exists(path: string): boolean {
    if (this.#seen.has(path) || this.#kept.has(path) || this.#stats.has(path)) return true;
    const stat = this.#stat(path);
    if ("detail" in stat) return !stat.missing;
    const known = this.#remembered.get(path);
    if (known !== undefined && matches(known, stat)) this.#seen.set(path, known);
    else this.#stats.set(path, stat);
    return true;
  }

  /** Whether there is something at the path that can be looked at. */
  canSee(path: string): boolean {
    return this.exists(path) && (this.#seen.has(path) || this.#kept.has(path) || this.#stats.has(path));
  }

  /** The digest of a file's content, without reading it when it is known. */
  digest(path: string): string | Unreadable | TooMuch {
    const seen = this.#seen.get(path);
    if (seen !== undefined) return seen[3];
    const kept = this.#kept.get(path);
    if (kept !== undefined) {
      this.#kept.delete(path);
      this.#seen.set(path, kept);
      return kept[3];
    }
    if (this.#budget <= 0) return { tooMuch: path };
    const stat = (this.#stats.size > 0 ? this.#stats.get(path) : undefined) ?? this.#stat(path);
    this.#stats.delete(path);
    if ("detail" in stat) {
      this.#overtaken.add(path);
      return stat;
    }
    if (!stat.isFile) return { detail: NOT_REGULAR, missing: false };
    const known = this.#remembered.get(path);
    if (known !== undefined && matches(known, stat)) {
      this.#budget -= LOOK;
      this.#seen.set(path, known);
      return known[3];
    }
    const unreadable = this.#unreadable.get(path);
    if (unreadable !== undefined) return unreadable;
    if (stat.size > this.#budget) return { tooMuch: path };
    this.#budget -= stat.size + LOOK;
    return this.#hash(path, stat.link);
  }

  /**
   * Reads what was too much, while others have their turn: a large file in a thread. It never rejects; digest() then says
   * why it could not be read, or that it is still too much once nobody reads any more.
   */
  async readSlowly(path: string): Promise<void> {
    const stat = this.#stat(path);
    if ("detail" in stat || stat.size <= BUDGET) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.begin();
      this.digest(path);
      return;
    }
    this.#threads ??= later<typeof import("./hash_threads.ts")>("./hash_threads.ts", import.meta.url).then((
      { HashThreads },
    ) => new HashThreads());
    const answer = await (await this.#threads).hash(absoluteIn(this.folder, path));
    if (answer === undefined) return;
    if ("detail" in answer) this.#unreadable.set(path, answer);
    else this.#remember(path, answer.stamp, answer.sha256);
  }

  /** Gives up what is still read slowly, and ends the threads that do so. */
  [Symbol.dispose](): void {
    this.#threads?.then((threads) => threads[Symbol.dispose]());
  }

  /** Enters an artifact that was just written for a config's task, with the digest it is known to have. */
  enter(path: string, published: Published, config?: string): void {
    const before = this.#remembered.get(path);
    const owners = config === undefined ? undefined : withOwner(ownersOf(before), config);
    const entry = entryOf(published, published.sha256, owners);
    this.#seen.set(path, entry);
    this.#remembered.put(path, entry);
    if (this.#isTold !== undefined) this.#untold.add(path);
  }

  /** Takes note that a file this run has seen is the artifact of a config's task. */
  own(path: string, config: string): void {
    const seen = this.#seen.get(path);
    if (seen === undefined || seen[7] === config) return;
    const owners = withOwner(ownersOf(seen), config);
    if (owners === seen[7]) return;
    const entry = ownedEntry(seen, owners);
    this.#seen.set(path, entry);
    this.#remembered.own(path, entry);
  }

  /**
   * The names of the configs that an artifact was put there for; undefined for any other file, and for one that was
   * touched or replaced since, if only by the same content: then it is whose it was.
   */
  madeFor(path: string): readonly string[] | undefined {
    const known = this.#remembered.get(path), owners = ownersOf(known);
    if (known === undefined || owners === undefined) return undefined;
    // A link is what it was, also when what it leads to is gone
    if (linkOf(known) !== undefined) {
      return linkTextAt(absoluteIn(this.folder, path)) === linkOf(known) ? owners.split("/") : undefined;
    }
    const stat = this.#stat(path);
    return !("detail" in stat) && stat.isFile && isArtifactAsPut(known, stat) ? owners.split("/") : undefined;
  }

  /** Whether a file was put at a path as an artifact, whatever lies there now. */
  wasMade(path: string): boolean {
    return ownersOf(this.#remembered.get(path)) !== undefined;
  }

  /** The paths of all files that were put there as artifacts, whether or not they still are. */
  artifacts(): Generator<string> {
    return this.#remembered.artifacts();
  }

  /** Whether a file is, and has been since this run first saw it so, the one of a digest or of its first digits. */
  isStill(path: string, digest: string): boolean {
    const seen = this.#seen.get(path);
    return seen !== undefined && marked(seen).startsWith(digest) && this.#isAsSeen(path, seen);
  }

  /** Whether a path holds an artifact, content, mode and kind. */
  holds(path: string, { sha256, mode, link }: ArtifactFacts): boolean | TooMuch {
    const digest = this.digest(path);
    if (typeof digest === "object") return "tooMuch" in digest ? digest : false;
    const seen = this.#seen.get(path)!;
    return digest === sha256 && seen[5] === mode && linkOf(seen) === link;
  }

  /**
   * The digest of a file that this run has seen, as a fingerprint holds it: it is marked when the file may be executed,
   * which commands see of it, and copies have.
   */
  marked(path: string): string {
    const seen = this.#seen.get(path);
    if (seen === undefined) throw new Error(`Bug: '${path}' was not looked at`);
    return marked(seen);
  }

  /** What an artifact is that this run has seen, without its digest. */
  facts(path: string): Omit<ArtifactFacts, "sha256"> {
    const seen = this.#seen.get(path);
    if (seen === undefined) throw new Error(`Bug: '${path}' was not looked at`);
    const link = linkOf(seen);
    return { mode: seen[5], ...(link === undefined ? {} : { link }) };
  }

  /** Looks at a file anew when it is next asked for, unless it is as this run has seen it. */
  lookAgain(path: string): void {
    this.#kept.delete(path);
    this.#stats.delete(path);
    const seen = this.#seen.get(path);
    if (seen !== undefined) this.#isAsSeen(path, seen);
  }

  /**
   * Whether a file holds something else than what this run has seen of it at any time since it was last asked so; also when
   * it has seen nothing. It will go by what is there now.
   */
  hasChanged(path: string): boolean {
    const isOvertaken = this.#overtaken.delete(path);
    const seen = this.#seen.get(path) ?? this.#kept.get(path) ?? this.#remembered.get(path);
    this.renew([path]);
    this.#stats.delete(path);
    this.#unreadable.delete(path);
    if (seen === undefined) return true;
    // Read again whatever its stamp says: the times of two edits may be the same.
    this.#seen.delete(path);
    this.#remembered.drop(path);
    this.begin();
    const now = this.digest(path);
    return isOvertaken || now !== seen[3] || this.marked(path) !== marked(seen);
  }

  /** Whether a path is a link, as far as is known; what was never read is looked at. */
  isLink(path: string): boolean {
    const known = this.#remembered.get(path);
    if (known !== undefined) return linkOf(known) !== undefined;
    try {
      return Deno.lstatSync(absoluteIn(this.folder, path)).isSymlink;
    } catch {
      return false;
    }
  }

  /** Whether there is something at a path that is neither a file nor a link of this text. */
  isOther(path: string, link: string | undefined): boolean {
    try {
      const absolute = absoluteIn(this.folder, path), { isFile, isSymlink } = Deno.lstatSync(absolute);
      return !isFile && !(isSymlink && Deno.readLinkSync(absolute) === link);
    } catch {
      return false; // nothing that is known of
    }
  }

  /** The paths of all files this run has looked at and found. */
  *looked(): Generator<string> {
    yield* this.#seen.keys();
    yield* this.#stats.keys();
  }

  /** The size of a file this run has looked at, in bytes. */
  size(path: string): number {
    return this.#seen.get(path)?.[0] ?? 0;
  }

  /** Whether a file may have been changed since a moment, in milliseconds, until this run has looked at it. */
  mayHaveChanged(path: string, sinceMs: number): boolean {
    const seen = this.#seen.get(path);
    if (seen === undefined) return true;
    const [, mtimeMs, , , ctimeMs] = seen;
    // What was put there with an older time, as by `mv`, tells so by its ctime alone, which is known to the second.
    const isOlder = mtimeMs < ctimeMs;
    return mtimeMs >= sinceMs || ctimeMs + (isOlder ? CTIME_MS - 1 : 0) >= sinceMs;
  }

  /** The remembered digest, whatever is on disk now. */
  remembered(path: string): string | undefined {
    return this.#remembered.get(path)?.[3];
  }

  /** What is remembered of a file, for {@linkcode recall}. */
  entry(path: string): FileEntry | undefined {
    return this.#remembered.get(path);
  }

  /** Takes in what was remembered of a file and not written down with all others: it is read again all the same. */
  recall(path: string, entry: FileEntry): void {
    this.#remembered.recall(path, entry);
  }

  /** Forgets files that this run has not looked at and that are gone. */
  forgetGone(): void {
    this.#remembered.dropAll((path) => !this.#seen.has(path) && !this.#kept.has(path) && "detail" in this.#stat(path));
  }

  /** What is to be kept for the next run, if it is written now. */
  lasting(nowMs: number = Date.now()): Record<string, FileEntry> {
    return this.#remembered.lasting(nowMs);
  }

  /** One that is not is forgotten. */
  #isAsSeen(path: string, seen: FileEntry): boolean {
    const stat = this.#stat(path);
    if (!("detail" in stat) && matches(seen, stat)) return true;
    this.#seen.delete(path);
    // A further name (`ln`) changes a file's ctime, and nothing of what it holds.
    const mayHold = !("detail" in stat) && stat.isFile && stat.size <= MOST_REREAD &&
      matches(seen, { ...stat, ctimeMs: seen[4] });
    if (mayHold && this.#hash(path, linkOf(seen)) === seen[3]) return true;
    this.#overtaken.add(path);
    return false;
  }

  #hash(path: string, link: string | undefined): string | Unreadable {
    try {
      const file = openRegular(absoluteIn(this.folder, path));
      try {
        const stat = stampOf(file.statSync(), link);
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

  #remember(path: string, stat: Stamp, sha256: string): string {
    const before = this.#remembered.get(path);
    const isContent = before !== undefined && (before[3] === sha256 || linkOf(before) !== undefined);
    const isSame = isContent && isArtifactAsPut(before, stat);
    const entry = entryOf(stat, sha256, isSame ? ownersOf(before) : undefined);
    this.#seen.set(path, entry);
    this.#remembered.note(path, entry, before);
    return sha256;
  }

  #stat(path: string): Stamp | Unreadable {
    const isTold = this.#isTold?.(path);
    try {
      const { stamp, names } = lookClosely(absoluteIn(this.folder, path));
      if (isTold !== undefined) {
        // Of a file with several names nobody is told by which it is written to.
        if (isTold && stamp.link === undefined && names === 1) this.#untold.delete(path);
        else this.#untold.add(path);
      }
      return stamp;
    } catch (error) {
      return unreadable(error);
    }
  }
}

/** The inode of a file that has several names. */
function sharedInode(path: string): number | undefined {
  try {
    const { ino, nlink, isFile } = Deno.lstatSync(path);
    return isFile && (nlink ?? 1) > 1 ? ino ?? undefined : undefined;
  } catch {
    return undefined;
  }
}

/** The text of a link; undefined for anything else. */
function linkTextAt(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
