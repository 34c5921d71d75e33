/**
 * Owns the two locks of a store, which the kernel gives back however their holder ends. Where a file system has none, or
 * where a holder stands still, the store works without: then the worst that happens is a miss.
 *
 * @module
 */
import { letGo } from "../machine/file_lock.ts";
import { openOrMake } from "../machine/regular_file.ts";

/** So long is waited for whoever has a lock; nobody has it for longer who does not stand still. */
const PATIENCE_MS = 2000;

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** A file that is locked now and then. */
export class Guard implements Disposable {
  readonly #file: Deno.FsFile | undefined;
  /** Whoever has it was waited for once. */
  #isGivenUp = false;

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

  /** Holds it together with others until it is disposed of; whoever is alone is waited for, for a while. */
  async hold(): Promise<void> {
    if (this.#tryTogether()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MS);
    // no locks here is as good as one
    const held = this.#file?.lock(false).catch(() => {}) ?? Promise.resolve();
    await Promise.race([held, promise]);
    clearTimeout(timer);
  }

  /** Whether it is held together with others by now. */
  #tryTogether(): boolean {
    try {
      return this.#file?.tryLockSync(false) ?? true;
    } catch {
      return false;
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

  #take(isAlone: boolean): boolean {
    const file = this.#file as (Deno.FsFile & { tryLockSync?: Deno.FsFile["tryLockSync"] }) | undefined;
    if (file === undefined || this.#isGivenUp) return false;
    try {
      if (file.tryLockSync === undefined) {
        file.lockSync(isAlone);
        return true;
      }
      for (let waited = 0; waited < PATIENCE_MS; waited += PAUSE_MS) {
        if (file.tryLockSync(isAlone)) return true;
        Atomics.wait(PAUSE, 0, 0, PAUSE_MS);
      }
      this.#isGivenUp = true;
    } catch {
      // no locks here
    }
    return false;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) letGo(this.#file);
  }

  #locked<Result>(isAlone: boolean, act: () => Result): Result {
    const isHeld = this.#take(isAlone);
    try {
      return act();
    } finally {
      if (isHeld) this.#file!.unlockSync();
    }
  }
}

/** Between two tries. */
const PAUSE_MS = 2;

function open(path: string): Deno.FsFile | undefined {
  try {
    return openOrMake(path, { read: true, write: true });
  } catch {
    return undefined;
  }
}
