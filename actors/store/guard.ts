/**
 * Owns the two locks of a store, which the kernel gives back however their holder ends. Where a file system has none, the
 * store works without: then the worst that happens is a miss.
 *
 * @module
 */
import { openOwn } from "../machine/regular_file.ts";

/** A file that is locked now and then. */
export class Guard implements Disposable {
  readonly #file: Deno.FsFile | undefined;

  constructor(path: string) {
    this.#file = open(path);
  }

  /** Does something while others may do the same, but nobody is alone. */
  shared<Result>(act: () => Result): Result {
    return this.#locked(false, act);
  }

  /** Does something alone. */
  alone<Result>(act: () => Result): Result {
    return this.#locked(true, act);
  }

  /** Holds it together with others until it is disposed of; whoever is alone is waited for. */
  async hold(): Promise<void> {
    try {
      await this.#file?.lock(false);
    } catch {
      // no locks here
    }
  }

  /** Whether nobody else holds it; then nobody else can, until it is disposed of. */
  tryAlone(): boolean {
    try {
      return this.#file?.tryLockSync(true) ?? false;
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }

  #locked<Result>(isAlone: boolean, act: () => Result): Result {
    let isHeld = false;
    try {
      this.#file?.lockSync(isAlone);
      isHeld = this.#file !== undefined;
    } catch {
      // no locks here
    }
    try {
      return act();
    } finally {
      if (isHeld) this.#file!.unlockSync();
    }
  }
}

function open(path: string): Deno.FsFile | undefined {
  try {
    return openOwn(path, { read: true, write: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return undefined;
  }
  try {
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch {
    return undefined;
  }
}
