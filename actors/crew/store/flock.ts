/**
 * Owns the guard of a crew's database by the kernel's lock on a file that is kept open: it is freed however its holder
 * ends, and whoever waits is woken in turn instead of looking again and again. It knows nothing of what is done under it.
 *
 * The file is removed by whoever ends and finds nobody at it. So what was locked may be a file without a name by then, and
 * is let go for the one that lies there now.
 *
 * @module
 */
import { isStillAt } from "../../locks/kernel_lock.ts";
import { isOtherThanFile, NOT_REGULAR, openOwn, PlaceTakenError } from "../../machine/regular_file.ts";
import { systemDetail } from "../../machine/system_error.ts";
import { CrewError } from "./crew_error.ts";
import { type DatabaseLock, heldTooLong, type LockOptions } from "./database_lock.ts";

/** Between two looks at whether one is still to wait. */
const LOOK_MS = 50;

/** The lock of one database. */
export class Flock implements DatabaseLock {
  readonly #path: string;
  readonly #patience: LockOptions["patience"];
  #file: Deno.FsFile | undefined;
  /** To the kernel all who use one open file are one, so here they wait for each other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, { patience }: Pick<LockOptions, "patience">) {
    this.#path = path;
    this.#patience = patience;
  }

  around<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const sinceMs = performance.now();
    const result = this.#last.then(() => this.#alone(work, sinceMs));
    this.#last = result.catch(() => {});
    return result;
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) this.#leave(file);
  }

  #leave(file: Deno.FsFile): void {
    try {
      const { tryLockSync } = file as { tryLockSync?: (exclusive: boolean) => boolean };
      if (tryLockSync?.call(file, true) && isStillAt(this.#path, file)) Deno.removeSync(this.#path);
    } catch {
      // A stray file harms nobody.
    }
    file.close();
  }

  async #alone<Result>(work: () => Result | Promise<Result>, sinceMs: number): Promise<Result> {
    const file = await this.#take(sinceMs);
    try {
      return await work();
    } finally {
      file.unlockSync();
    }
  }

  async #take(sinceMs: number): Promise<Deno.FsFile> {
    while (true) {
      const file = this.#file ??= this.#open();
      await this.#granted(file, sinceMs);
      if (isStillAt(this.#path, file)) return file;
      this.#file = undefined;
      file.close();
    }
  }

  #open(): Deno.FsFile {
    while (true) {
      try {
        return Deno.openSync(this.#path, { read: true, write: true, createNew: true });
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw this.#error(error);
      }
      try {
        return openOwn(this.#path, { read: true, write: true });
      } catch (error) {
        const isReplaced = error instanceof Deno.errors.NotFound || error instanceof PlaceTakenError;
        if (!isReplaced || isOtherThanFile(this.#path)) throw this.#error(error);
      }
    }
  }

  /** The kernel cannot be told that one does not wait any more: then the file is let go once it is one's turn. */
  async #granted(file: Deno.FsFile, sinceMs: number): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    const timer = setInterval(() => {
      if (this.#patience.isOver(sinceMs)) waiting.reject(heldTooLong(this.#path));
    }, LOOK_MS);
    const locking = file.lock(true);
    try {
      await Promise.race([locking, waiting.promise]);
    } catch (error) {
      this.#file = undefined;
      locking.then(() => this.#leave(file), () => file.close());
      throw error instanceof CrewError ? error : this.#error(error);
    } finally {
      clearInterval(timer);
    }
  }

  #error(error: unknown): CrewError {
    const detail = isOtherThanFile(this.#path) ? `${NOT_REGULAR}: remove it` : systemDetail(error);
    return new CrewError("lock", `Cannot lock '${this.#path}': ${detail}`, { cause: error });
  }
}
