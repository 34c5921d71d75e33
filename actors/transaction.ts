/**
 * Owns the promise that a build makes all of its changes or none: each artifact is put aside just before its task
 * starts, and put back, byte for byte, when something fails. What becomes of a build that was killed is the next one's
 * first work.
 *
 * ```text
 *  begin ──► save, save, … ──► commit: the journal is removed ──► the folder too
 *               │  killed                ▲
 *               └──► every artifact is put back, any number of times if need be
 * ```
 *
 * An artifact is replaced by rename, so a hard link is all it takes to keep the old one. A command may also rewrite it
 * where it lies: before one, the old file goes aside and a copy takes its place, so that what is put back is the very
 * file that was there, with its times, and needs not be written. What cannot be linked is copied.
 *
 * Only artifacts are kept: what a command changes beside its own is not undone.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { syncFolder } from "./atomic_file.ts";
import { sweepBeside } from "./sweep.ts";
import { transactionError } from "./transaction_error.ts";
import { TRANSACTION_FOLDER } from "./transaction_folder.ts";
import { type Entry, Journal, readJournal, removeFolder, removeJournal } from "./transaction_journal.ts";

/** One build's transaction. It writes nothing before the first artifact is saved. */
export class Transaction {
  /** Of the config. */
  readonly #folder: string;
  readonly #own: string;
  readonly #entries = new Map<string, Entry>();
  #journal: Journal | undefined;
  /** Names given to what was put aside, also to what then failed to be entered. */
  #names = 0;
  #failure: { readonly error: unknown } | undefined;

  /** Only the holder of the folder's build lock may make one, after {@linkcode recoverTransaction}. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#own = `${folder}/${TRANSACTION_FOLDER}`;
  }

  /**
   * Keeps an artifact as it is now, once; with `isRewritten` its task may write it where it lies.
   *
   * @throws What the file system throws, and an error for what is no file; the artifact is as it was then.
   */
  save(path: string, { isRewritten }: { readonly isRewritten: boolean }): void {
    // After half a line nothing can be entered any more.
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      const entry = this.#entries.get(path) ?? this.#enter(path);
      if (isRewritten && this.#isShared(entry)) replaceByCopy(`${this.#folder}/${path}`);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /**
   * Lets the changes stand.
   *
   * @throws {TransactionError} When that cannot be noted; then the next build undoes them.
   */
  commit(): void {
    if (this.#journal === undefined) return;
    this.#journal.close();
    try {
      removeJournal(this.#own);
    } catch (error) {
      throw transactionError("finish the transaction in", this.#own, error);
    }
    tryRemoveFolder(this.#own);
  }

  /**
   * Puts all back, and tells how many artifacts.
   *
   * @throws {TransactionError} When that cannot be done; the next build tries again.
   */
  rollBack(): number {
    if (this.#journal === undefined) return 0;
    this.#journal.close();
    return recoverTransaction(this.#folder) ?? 0;
  }

  #enter(path: string): Entry {
    this.#journal ??= Journal.begin(this.#own, this.#folder);
    const entry = this.#putAside(path);
    this.#journal.add(entry);
    this.#entries.set(path, entry);
    return entry;
  }

  #putAside(path: string): Entry {
    const absolute = `${this.#folder}/${path}`, info = look(absolute);
    if (info === undefined) return { path, was: "absent", made: outermostMissing(this.#folder, path) };
    if (info.isSymlink) return { path, was: "symlink", target: Deno.readLinkSync(absolute) };
    if (!info.isFile) throw new Error("it is no file");
    const saved = `${this.#names++}`;
    return { path, was: "file", saved, isCopy: !linkOrCopy(absolute, `${this.#own}/${saved}`) };
  }

  /** Whether who writes the artifact where it lies would write what was put aside, or what a link leads to. */
  #isShared(entry: Entry): boolean {
    const info = look(`${this.#folder}/${entry.path}`);
    if (entry.was === "file") return info?.ino === look(`${this.#own}/${entry.saved}`)?.ino;
    return entry.was === "symlink" && info?.isSymlink === true;
  }
}

/**
 * Undoes what an unfinished transaction changed in a config's folder, and tells of how many artifacts; undefined when
 * there is none. Only for the holder of the build lock.
 *
 * @throws {TransactionError} When that cannot be done; it can be tried again.
 */
export function recoverTransaction(folder: string): number | undefined {
  const own = `${folder}/${TRANSACTION_FOLDER}`;
  const entries = readJournal(own);
  if (entries === undefined) {
    tryRemoveFolder(own);
    return undefined;
  }
  try {
    // Of outputs that the next build may not know; also, a folder is only removed when it is empty.
    sweepBeside(folder, new Set(entries.map(({ path }) => path)));
    const changed = new Set<string>();
    // The last first: who came first found the folders missing, and removes them when all others have left them.
    for (const entry of entries.toReversed()) putBack(entry, { folder, own, changed });
    for (const changedFolder of changed) syncIfThere(changedFolder);
    removeJournal(own);
  } catch (error) {
    throw transactionError("undo the unfinished transaction in", own, error);
  }
  tryRemoveFolder(own);
  return entries.length;
}

/** It may have been put back before, by someone who was killed at it. */
function putBack(
  entry: Entry,
  { folder, own, changed }: { readonly folder: string; readonly own: string; readonly changed: Set<string> },
): void {
  const path = `${folder}/${entry.path}`;
  const temporary = `${path}.tmp.${Deno.pid}.0`;
  changed.add(dirname(path));
  switch (entry.was) {
    case "absent":
      removeAll(path);
      if (entry.made !== null) removeEmpty(dirname(entry.path), entry.made, { folder, changed });
      return;
    case "symlink":
      if (look(path)?.isSymlink && Deno.readLinkSync(path) === entry.target) return;
      makeWay(path);
      removeAll(temporary);
      Deno.symlinkSync(entry.target, temporary);
      return Deno.renameSync(temporary, path);
    case "file": {
      const saved = `${own}/${entry.saved}`;
      if (look(saved) === undefined) return;
      makeWay(path);
      // Where it is another link to the same file this does nothing, rightly.
      if (!entry.isCopy) return Deno.renameSync(saved, path);
      copyDurably(saved, temporary);
      return Deno.renameSync(temporary, path);
    }
  }
}

/** Answers whether it could be linked; else it was copied. */
function linkOrCopy(from: string, to: string): boolean {
  try {
    Deno.linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    // Another file system, one without links, a file of somebody else's: a copy does as well, or says what is wrong.
    copyDurably(from, to);
    return false;
  }
}

/** A file of its own in the same place; what a symbolic link leads to is spared as well. */
function replaceByCopy(path: string): void {
  const temporary = `${path}.tmp.${Deno.pid}.0`;
  try {
    if (!Deno.statSync(path).isFile) return;
  } catch {
    return; // a link that leads nowhere
  }
  try {
    copyDurably(path, temporary);
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeAll(temporary);
    throw error;
  }
}

/** Content, mode and times. */
function copyDurably(from: string, to: string): void {
  removeAll(to);
  Deno.copyFileSync(from, to);
  const { atime, mtime } = Deno.statSync(from);
  if (atime !== null && mtime !== null) Deno.utimeSync(to, atime, mtime);
  using file = Deno.openSync(to, { read: true });
  file.syncSync();
}

/** For a file to be renamed to: a command may have removed its folder, or made one in its place. */
function makeWay(path: string): void {
  const info = look(path);
  if (info === undefined) Deno.mkdirSync(dirname(path), { recursive: true });
  else if (info.isDirectory) removeAll(path);
}

/** Removes the folder if it is empty, and those around it, up to the outermost one that was not there. */
function removeEmpty(
  inner: string,
  outermost: string,
  { folder, changed }: { readonly folder: string; readonly changed: Set<string> },
): void {
  for (let path = inner; `${path}/`.startsWith(`${outermost}/`); path = dirname(path)) {
    try {
      Deno.removeSync(`${folder}/${path}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      return; // something else is in it
    }
    changed.add(dirname(`${folder}/${path}`));
  }
}

/** The first folder on the way to a path that is not there. */
function outermostMissing(folder: string, path: string): string | null {
  const parts = path.split("/").slice(0, -1);
  for (let end = 1; end <= parts.length; end++) {
    const inner = parts.slice(0, end).join("/");
    if (look(`${folder}/${inner}`) === undefined) return inner;
  }
  return null;
}

function look(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

function removeAll(path: string): void {
  if (look(path) !== undefined) Deno.removeSync(path, { recursive: true });
}

function syncIfThere(folder: string): void {
  if (look(folder) !== undefined) syncFolder(folder);
}

/** What is left in it is of no value. */
function tryRemoveFolder(own: string): void {
  try {
    removeFolder(own);
  } catch {
    // The next transaction will.
  }
}
