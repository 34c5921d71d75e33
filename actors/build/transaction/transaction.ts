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
import { transactionError } from "./error.ts";
import { linkOrCopy, look, removeAll, replaceByCopy, settleCopy, sizeOf, temporaryOf } from "./files.ts";
import { TRANSACTION_FOLDER } from "./folder.ts";
import { type JournalEntry, removeJournal, TransactionJournal, tryRemoveFolder } from "./journal.ts";
import { copyFolder, syncedFolder } from "../../storage/folder_artifact.ts";
import { recoverTransaction, type Undone } from "./recovery.ts";

/** More than so many bytes are copied while others get their turn. */
const AT_ONCE = 4 * 1024 * 1024;

/** One build's transaction. It writes nothing before the first artifact is saved. */
export class Transaction implements Disposable {
  /** Of the config. */
  readonly #folder: string;
  readonly #own: string;
  readonly #entries = new Map<string, JournalEntry>();
  #journal: TransactionJournal | undefined;
  /** Names given to what was put aside, also to what then failed to be entered. */
  #names = 0;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;

  /** Only the holder of the folder's build lock may make one, after {@linkcode recoverTransaction}. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#own = `${folder}/${TRANSACTION_FOLDER}`;
  }

  /**
   * Keeps an artifact as it is now, once; with `isRewritten` its task may write it where it lies. The answer is undefined
   * when that is done, and else settles when it is to be asked for again; it never rejects.
   *
   * @throws What the file system throws, and an error for what is no file; the artifact is as it was then.
   */
  save(
    path: string,
    { isRewritten, mayBeFolder = false }: { readonly isRewritten: boolean; readonly mayBeFolder?: boolean },
  ): Promise<void> | undefined {
    // After half a line nothing can be entered any more.
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      const entry = this.#entries.get(path) ?? this.#enter(path, mayBeFolder);
      if (!isRewritten || !this.#isShared(entry)) return undefined;
      const absolute = `${this.#folder}/${path}`, size = sizeOf(absolute);
      if (size !== undefined && size > AT_ONCE) return this.#replaceSlowly(absolute);
      if (size !== undefined) replaceByCopy(absolute);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** Takes note of what a glob matches, once: what it matches beside that is removed if the changes do not stand. */
  saveMatches(glob: string, known: readonly string[]): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#entries.has(`glob ${glob}`)) return;
    this.#begin().add({ path: glob, was: "glob", known });
    this.#entries.set(`glob ${glob}`, { path: glob, was: "glob", known });
  }

  /** What fails is told to whoever asks next. */
  async #replaceSlowly(path: string): Promise<void> {
    const temporary = temporaryOf(path);
    try {
      removeAll(temporary);
      await Deno.copyFile(path, temporary);
      if (this.#isOver) return removeAll(temporary);
      settleCopy(path, temporary);
      Deno.renameSync(temporary, path);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  /**
   * Lets the changes stand.
   *
   * @throws {TransactionError} When that cannot be noted; then the next build undoes them.
   */
  commit(): void {
    if (this.#journal === undefined) return;
    this[Symbol.dispose]();
    try {
      removeJournal(this.#own);
    } catch (error) {
      throw transactionError("finish the transaction in", this.#own, error);
    }
    tryRemoveFolder(this.#own);
  }

  /**
   * Puts all back that can be, and tells how that went.
   *
   * @throws {TransactionError} When it cannot be told what is to be put back; the next build tries again.
   */
  rollBack(): Undone {
    const nothing = { count: 0, failures: [] };
    if (this.#journal === undefined) return nothing;
    this[Symbol.dispose]();
    return recoverTransaction(this.#folder, [...this.#entries.values()]) ?? nothing;
  }

  /** Lets go of it as it is: one that was neither committed nor rolled back stays unfinished. */
  [Symbol.dispose](): void {
    if (!this.#isOver) this.#journal?.close();
    this.#isOver = true;
  }

  #enter(path: string, mayBeFolder: boolean): JournalEntry {
    this.#begin();
    const entry = this.#putAside(path, mayBeFolder);
    this.#begin().add(entry);
    this.#entries.set(path, entry);
    return entry;
  }

  #begin(): TransactionJournal {
    return this.#journal ??= TransactionJournal.begin(this.#own, this.#folder);
  }

  #putAside(path: string, mayBeFolder: boolean): JournalEntry {
    const absolute = `${this.#folder}/${path}`, info = look(absolute);
    if (info === undefined) return { path, was: "absent", made: outermostMissing(this.#folder, path) };
    if (info.isSymlink) return { path, was: "symlink", target: Deno.readLinkSync(absolute) };
    if (info.isDirectory && mayBeFolder) {
      const saved = `${this.#names++}`;
      // A link to each file would do unless a command writes into one where it lies.
      copyFolder(absolute, `${this.#own}/${saved}`, { isAsItWas: true });
      syncedFolder(`${this.#own}/${saved}`, saved);
      return { path, was: "folder", saved };
    }
    if (!info.isFile) throw new Error("it is no file");
    const saved = `${this.#names++}`;
    return { path, was: "file", saved, isCopy: !linkOrCopy(absolute, `${this.#own}/${saved}`) };
  }

  /** Whether who writes the artifact where it lies would write what was put aside, or what a link leads to. */
  #isShared(entry: JournalEntry): boolean {
    const info = look(`${this.#folder}/${entry.path}`);
    if (entry.was === "file") return info?.ino === look(`${this.#own}/${entry.saved}`)?.ino;
    return entry.was === "symlink" && info?.isSymlink === true;
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
