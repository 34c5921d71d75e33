/**
 * Owns the granting of file locks: advisory, exclusive or shared, between processes and within one. It locks names, not
 * files: the file need not exist and is never opened. How a lock is recorded is lock_records.ts's.
 *
 * All locks that are asked for at once are granted at once or not at all, under the folder's guard, so nobody holds one
 * while waiting for another of them, and two who ask for the same cannot block each other, whatever the order. A lock
 * is not re-entrant: who holds one and asks for it again, or for further ones, may wait for itself until its time is up.
 *
 * Fairness: whoever has waited through all the delays of its list leaves a record, and then all who ask later for what
 * it excludes wait behind it, so readers that come and go do not starve a writer. Until then a free lock goes to whoever
 * asks first: a queue that is looked at only now and then would leave it unused in between. Within one manager
 * a lock that is freed wakes those who wait for it, before their delay has passed.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { takeoverSentence, timeoutError } from "./lock_error.ts";
import type { LockHolder, LockMode } from "./lock_holder.ts";
import { type FoundRecord, type GuardPatience, isWaitingInEarnest, keyOf, LockFolder } from "./lock_records.ts";
import type {
  AcquireOptions,
  FileLock,
  FileLockManagerOptions,
  FileLockStatus,
  LockOwner,
  LockRequest,
  Modes,
  Wish,
} from "./lock_request.ts";
import { thisProcess } from "./process_identity.ts";

/** The lock folder, unless another is named, in the folder of the files. */
export const LOCK_FOLDER = ".troupe/locks";

const TIMEOUT_MS = 30_000;
const RETRY_DELAYS_MS: readonly number[] = [100, 500, 1000, 2000];
/** The guard is held for less than a millisecond; who has it for longer was stopped. */
const GUARD_PATIENCE_MS = 1000;
/** The longest delay that a timer takes. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * Takes and lists the locks of files in and around one folder. It holds nothing open.
 *
 * @example
 * ```ts
 * import { FileLockManager } from "./mod.ts";
 *
 * const locks = new FileLockManager(".");
 * {
 *   using _lock = await locks.acquire("shared.txt", "exclusive", { task: "report", timeoutMs: 5000 });
 *   console.log(locks.status(["shared.txt"])[0].state); // exclusive
 * }
 * console.log(locks.status(["shared.txt"])[0].state); // free
 * ```
 */
export class FileLockManager {
  readonly #folder: string;
  readonly #realFolder: string;
  readonly #locks: LockFolder;
  readonly #warn: (sentence: string) => void;
  readonly #self = thisProcess();
  readonly #id = crypto.randomUUID();
  readonly #sleepers = new Set<{ readonly modes: Modes; wake(): void }>();
  #wishes = 0;
  #releases = 0;

  /** Makes nothing before the first lock is asked for. */
  constructor(folder: string, options: FileLockManagerOptions = {}) {
    this.#folder = resolve(folder);
    this.#realFolder = realPath(this.#folder);
    const { lockFolder, foreignMaxAgeMs = Infinity, warn = () => {} } = options;
    const path = this.resolve(lockFolder ?? LOCK_FOLDER);
    const anchor = lockFolder === undefined ? this.#folder : dirname(path);
    this.#locks = new LockFolder(path, { anchor, self: this.#self, foreignMaxAgeMs });
    this.#warn = warn;
  }

  /** Where the locks are recorded. */
  get lockFolder(): string {
    return this.#locks.path;
  }

  /** The absolute path by which a file is known: a folder reached by a symbolic link is the folder it leads to. */
  resolve(path: string): string {
    const absolute = resolve(this.#folder, path);
    const isInside = `${absolute}/`.startsWith(`${this.#folder}/`);
    return isInside ? this.#realFolder + absolute.slice(this.#folder.length) : absolute;
  }

  /**
   * Takes one lock, waiting for it.
   *
   * @throws {FileLockError} When it is not to be had in time, naming who has it, or when no locks can be kept.
   */
  async acquire(path: string, mode: LockMode, options: AcquireOptions = {}): Promise<FileLock> {
    return await this.acquireAll([{ path, mode }], options);
  }

  /**
   * Takes several locks, all of them or none, waiting for them. A file named twice is locked once, exclusively if asked.
   *
   * @throws {FileLockError} When they are not to be had in time, naming who has them, or when no locks can be kept.
   */
  async acquireAll(requests: Iterable<LockRequest>, options: AcquireOptions = {}): Promise<FileLock> {
    const { timeoutMs = TIMEOUT_MS, retryDelaysMs: delays = RETRY_DELAYS_MS, signal } = options;
    if (delays.length === 0 || delays.some((ms) => !(ms >= 0))) {
      throw new RangeError("retryDelaysMs must hold at least one delay, and none below 0");
    }
    const wish = this.#wish(requests, options);
    if (wish.requests.length === 0) return this.#held(wish);
    const startMs = performance.now(), endMs = startMs + timeoutMs;
    const pressFromMs = startMs + delays.reduce((sum, ms) => sum + ms, 0);
    const guardPatience = patience(endMs, signal);
    let dueMs = -Infinity, round = 0;
    try {
      while (true) {
        signal?.throwIfAborted();
        const releases = this.#releases;
        const answer = await this.#locks.guarded(() => this.#grant(wish, { pressFromMs, endMs }), guardPatience);
        if (answer?.result === "granted") return this.#held(wish);
        const nowMs = performance.now();
        if (nowMs >= endMs) throw this.#timeout(wish, timeoutMs, answer?.result ?? []);
        if (nowMs >= dueMs) dueMs = nowMs + delays[Math.min(round++, delays.length - 1)];
        // A lock that was freed since the attempt has woken nobody here
        if (releases === this.#releases) await this.#pause(wish, Math.min(dueMs, endMs) - nowMs, signal);
      }
    } finally {
      if (wish.waiting.length > 0) {
        for (const name of wish.waiting) this.#locks.remove(name);
        this.#wake(wish);
      }
    }
  }

  /**
   * Takes one lock if it is free.
   *
   * @throws {FileLockError} When no locks can be kept.
   */
  async tryAcquire(path: string, mode: LockMode, owner: LockOwner = {}): Promise<FileLock | undefined> {
    const wish = this.#wish([{ path, mode }], owner);
    const answer = await this.#locks.guarded(() => this.#grant(wish), patience());
    return answer?.result === "granted" ? this.#held(wish) : undefined;
  }

  /** How each of the files is locked, in the order given. It changes nothing and makes no folder. */
  status(paths: Iterable<string>): FileLockStatus[] {
    const asked = Array.from(paths, (path) => ({ path, key: keyOf(this.resolve(path)) }));
    const keys = new Set(asked.map(({ key }) => key));
    const records = Map.groupBy(this.#locks.read(keys), ({ key }) => key);
    return asked.map(({ path, key }) => {
      const found = records.get(key) ?? [];
      const holders = found.filter((record) => !record.isWaiting);
      const alive = holders.filter(({ stale }) => stale === null);
      const state = alive.length > 0 ? alive[0].mode : holders.length > 0 ? "stale" : "free";
      return { path, state, holders, waiting: found.filter(isWaitingInEarnest) };
    });
  }

  /** All holders, those who wait with precedence, and the stale ones, by path. */
  list(): LockHolder[] {
    return this.#locks.read().sort((a, b) =>
      compare(a.path ?? "", b.path ?? "") || a.sinceMs - b.sinceMs || compare(a.record, b.record)
    );
  }

  /** Removes stale records, and tells how many. */
  async clean(): Promise<number> {
    if (!this.#locks.exists()) return 0;
    const stale = this.#locks.read().filter((record) => record.stale !== null);
    const removed = stale.filter(({ name }) => this.#locks.remove(name)).length;
    await this.#locks.guarded(() => this.#locks.removeTemporaries(), patience());
    return removed;
  }

  #wish(requests: Iterable<LockRequest>, { task }: LockOwner): Wish {
    const modes = new Map<string, LockMode>();
    for (const { path, mode } of requests) {
      const absolute = this.resolve(path);
      if (modes.get(absolute) !== "exclusive") modes.set(absolute, mode);
    }
    const wanted = Array.from(modes, ([path, mode]) => ({ path, mode, key: keyOf(path) }));
    return {
      requests: wanted.sort((a, b) => compare(a.path, b.path)),
      modes: new Map(wanted.map(({ key, mode }) => [key, mode])),
      task: task ?? null,
      id: `${this.#id}-${++this.#wishes}`,
      sinceMs: Date.now(),
      waiting: [],
    };
  }

  /** Only with the guard held. The answer is those in the way, or that there were none and the locks are held. */
  #grant(wish: Wish, turn?: { readonly pressFromMs: number; readonly endMs: number }): "granted" | FoundRecord[] {
    const nowMs = Date.now();
    const conflicting = this.#locks.read(wish.modes).filter(({ key, mode }) =>
      mode === "exclusive" || wish.modes.get(key) === "exclusive"
    );
    const inTheWay = conflicting.filter((record) => record.stale === null && !this.#mayPass(wish, record, nowMs));
    if (inTheWay.length === 0) {
      for (const record of conflicting) if (record.stale !== null) this.#removeStale(record);
      this.#write(wish, "held");
      return "granted";
    }
    if (turn && performance.now() >= turn.pressFromMs && wish.waiting.length === 0) {
      wish.waiting.push(...this.#write(wish, "waiting", nowMs + turn.endMs - performance.now()));
    }
    return inTheWay;
  }

  /** Those who wait are passed by whoever asked before them, and once they should have given up. */
  #mayPass(wish: Wish, record: FoundRecord, nowMs: number): boolean {
    if (!record.isWaiting) return false;
    // In the same order for all, or two would wait behind each other
    const isEarlier = wish.sinceMs === record.sinceMs ? wish.id <= record.id : wish.sinceMs < record.sinceMs;
    return isEarlier || nowMs > record.untilMs;
  }

  /** One record for each of the files, or none. The answer is their names. */
  #write(wish: Wish, kind: "held" | "waiting", untilMs?: number): string[] {
    const { task, id, requests } = wish;
    const sinceMs = kind === "held" ? Date.now() : wish.sinceMs;
    const written: string[] = [];
    try {
      for (const { key, path, mode } of requests) {
        const name = `${key}-${id}.${kind}`;
        this.#locks.write(name, { path, mode, task, ...this.#self, sinceMs, untilMs });
        written.push(name);
      }
    } catch (error) {
      for (const name of written) this.#locks.remove(name);
      throw error;
    }
    return written;
  }

  #removeStale(record: FoundRecord): void {
    if (!this.#locks.remove(record.name)) return;
    if (!record.isWaiting) this.#warn(takeoverSentence(record, this.#shown(record.path ?? "")));
  }

  #held(wish: Wish): FileLock {
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      for (const { key } of wish.requests) this.#locks.remove(`${key}-${wish.id}.held`);
      isHeld = false;
      this.#wake(wish);
    };
    const requests = wish.requests.map(({ path, mode }) => ({ path, mode }));
    return { requests, release, [Symbol.dispose]: release };
  }

  #wake({ requests }: Wish): void {
    this.#releases++;
    for (const { modes, wake } of this.#sleepers) if (requests.some(({ key }) => modes.has(key))) wake();
  }

  /** Ends when the time has passed, something that is waited for was freed here, or the signal came. */
  async #pause({ modes }: Wish, ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve: wake } = Promise.withResolvers<void>();
    const sleeper = { modes, wake };
    const timer = setTimeout(wake, Math.min(Math.ceil(ms), LONGEST_DELAY_MS));
    const onAbort = () => wake();
    signal?.addEventListener("abort", onAbort);
    this.#sleepers.add(sleeper);
    try {
      await promise;
    } finally {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    }
  }

  #timeout({ requests }: Wish, timeoutMs: number, inTheWay: readonly FoundRecord[]): Error {
    const { path, mode } = requests.find(({ key }) => key === inTheWay[0]?.key) ?? requests[0];
    const shown = inTheWay.map((holder) => ({ holder, path: this.#shown(holder.path ?? "") }));
    return timeoutError({ path: this.#shown(path), mode, folder: this.lockFolder, timeoutMs }, shown);
  }

  /** As it is named in the folder of the files. */
  #shown(path: string): string {
    return path.startsWith(`${this.#realFolder}/`) ? path.slice(this.#realFolder.length + 1) : path;
  }
}

function patience(endMs = 0, signal?: AbortSignal): GuardPatience {
  return { deadlineMs: Math.max(endMs, performance.now() + GUARD_PATIENCE_MS), signal };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
