/**
 * Owns the granting of file locks: advisory, exclusive or shared, between processes and within one. It locks places: the
 * file need not exist and is never opened, a link is what it leads to, and a folder or a glob is all that is in it. A file
 * with several names (hard links) is one file, as long as they are names of one file: one that is replaced under the name
 * that is locked is another file under the others. How a lock is recorded is records.ts's.
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
import { takeoverSentence, timeoutError } from "./error.ts";
import type { LockHolder, LockMode } from "./holder.ts";
import { concerns, mayPass, sharedInode } from "./match.ts";
import { type FoundRecord, type GuardPatience, isWaitingInEarnest, keyOf, LockFolder } from "./records.ts";
import {
  type AcquireOptions,
  type FileLock,
  type FileLockManagerOptions,
  type FileLockStatus,
  type LockOwner,
  type LockRequest,
  refuseNoTime,
  type Wanted,
  type Wish,
} from "./request.ts";
import { Presence } from "./presence.ts";
import { Sleepers } from "./sleepers.ts";
import { placesIn, realPath } from "../machine/places.ts";
import { thisProcess } from "../machine/process_identity.ts";

/** The lock folder, unless another is named, in the folder of the files. */
export const LOCK_FOLDER = ".troupe/locks";

const TIMEOUT_MS = 30_000;
const RETRY_DELAYS_MS: readonly number[] = [100, 500, 1000, 2000];
/** The guard is held for less than a millisecond; who has it for longer was stopped. */
const GUARD_PATIENCE_MS = 1000;
/** Who waits for longer than this is told so. */
const GUARD_MOMENT_MS = 100;

/**
 * Takes and lists the locks of files in and around one folder. It holds one file open while it holds locks.
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
  readonly #presence: Presence;
  readonly #sleepers = new Sleepers();
  #wishes = 0;

  /**
   * Makes nothing before the first lock is asked for.
   *
   * @throws {RangeError} When `foreignMaxAgeMs` is no time.
   */
  constructor(folder: string, options: FileLockManagerOptions = {}) {
    this.#folder = resolve(folder);
    this.#realFolder = realPath(this.#folder);
    const { lockFolder, foreignMaxAgeMs = Infinity, warn = () => {} } = options;
    refuseNoTime("foreignMaxAgeMs", foreignMaxAgeMs);
    const path = this.resolve(lockFolder ?? LOCK_FOLDER);
    const anchor = lockFolder === undefined ? this.#folder : dirname(path);
    this.#locks = new LockFolder(path, { anchor, self: this.#self, foreignMaxAgeMs });
    this.#presence = new Presence(path, this.#id);
    this.#warn = warn;
  }

  /** Where the locks are recorded. */
  get lockFolder(): string {
    return this.#locks.path;
  }

  /** The absolute path by which a file is known: what is reached by a symbolic link is what it leads to. */
  resolve(path: string): string {
    return realPath(resolve(this.#folder, path));
  }

  /**
   * Takes one lock, waiting for it.
   *
   * @throws {FileLockError} When it is not to be had in time, naming who has it, or when no locks can be kept.
   * @throws {RangeError} When an option is no time.
   */
  async acquire(path: string, mode: LockMode, options: AcquireOptions = {}): Promise<FileLock> {
    return await this.acquireAll([{ path, mode }], options);
  }

  /**
   * Takes several locks, all of them or none, waiting for them. A file named twice is locked once, exclusively if asked.
   *
   * @throws {FileLockError} When they are not to be had in time, naming who has them, or when no locks can be kept.
   * @throws {RangeError} When an option is no time.
   */
  async acquireAll(requests: Iterable<LockRequest>, options: AcquireOptions = {}): Promise<FileLock> {
    const { timeoutMs = TIMEOUT_MS, retryDelaysMs: delays = RETRY_DELAYS_MS, signal, onWait } = options;
    refuseNoTime("timeoutMs", timeoutMs);
    if (delays.length === 0) throw new RangeError("retryDelaysMs must hold at least one delay");
    for (const ms of delays) refuseNoTime("retryDelaysMs", ms);
    const wish = this.#wish(requests, options);
    if (wish.wanted.length === 0) return this.#held(wish);
    const startMs = performance.now(), endMs = startMs + timeoutMs;
    const pressFromMs = startMs + delays.reduce((sum, ms) => sum + ms, 0);
    const guardPatience = patience(endMs, signal);
    let dueMs = -Infinity, round = 0, isToTell = onWait !== undefined;
    let inTheWay: readonly FoundRecord[] = [];
    try {
      while (true) {
        signal?.throwIfAborted();
        const { releases } = this.#sleepers;
        const moment = isToTell ? { deadlineMs: performance.now() + GUARD_MOMENT_MS, signal } : guardPatience;
        const answer = await this.#locks.guarded(() => this.#grant(wish, { pressFromMs, endMs }), moment);
        if (answer?.result === "granted") return this.#held(wish);
        if (answer !== undefined) inTheWay = answer.result;
        if (isToTell) onWait!(inTheWay);
        isToTell = false;
        const nowMs = performance.now();
        if (nowMs >= endMs) throw this.#timeout(wish, timeoutMs, inTheWay);
        if (nowMs >= dueMs) dueMs = nowMs + delays[Math.min(round++, delays.length - 1)];
        // A lock that was freed since the attempt has woken nobody here
        if (releases === this.#sleepers.releases) {
          await this.#sleepers.sleep(wish, Math.min(dueMs, endMs) - nowMs, signal);
        }
      }
    } finally {
      if (wish.waiting.length > 0) {
        for (const name of wish.waiting) this.#locks.remove(name);
        this.#presence.hide(wish.waiting.length);
        this.#sleepers.wake(wish);
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

  /** Whether a holder is this manager itself. */
  owns({ record }: Pick<LockHolder, "record">): boolean {
    return record.includes(`-${this.#id}-`);
  }

  /** A path as it is named in the folder of the files. */
  shown(path: string): string {
    return path.startsWith(`${this.#realFolder}/`) ? path.slice(this.#realFolder.length + 1) : path;
  }

  /** How each of the files is locked, in the order given. It changes nothing and makes no folder. */
  status(paths: Iterable<string>): FileLockStatus[] {
    const records = this.#locks.read();
    return Array.from(paths, (path) => {
      const wanted = this.#wanted({ path, mode: "exclusive" });
      const found = records.filter((record) => concerns(record, wanted));
      const holders = found.filter((record) => !record.isWaiting);
      const alive = holders.filter(({ stale }) => stale === null);
      const isExclusive = alive.some(({ mode }) => mode === "exclusive");
      const state = isExclusive ? "exclusive" : alive.length > 0 ? "shared" : holders.length > 0 ? "stale" : "free";
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
    await this.#locks.guarded(() => this.#locks.removeLeftovers(), patience());
    return removed;
  }

  #wish(requests: Iterable<LockRequest>, { task }: LockOwner): Wish {
    const byKey = new Map<string, Wanted>();
    for (const request of requests) {
      const wanted = this.#wanted(request);
      if (byKey.get(wanted.key)?.mode !== "exclusive") byKey.set(wanted.key, wanted);
    }
    return {
      wanted: [...byKey.values()].sort((a, b) => compare(a.place.path, b.place.path)),
      task: task ?? null,
      id: `${this.#id}-${++this.#wishes}`,
      sinceMs: Date.now(),
      waiting: [],
    };
  }

  #wanted({ path, mode, isGlob = false }: LockRequest): Wanted {
    const place = isGlob ? placesIn(this.#realFolder)(path) : { path: this.resolve(path), isGlob, isFolder: false };
    return { place, mode, key: keyOf(place.path), inode: place.isGlob ? undefined : sharedInode(place.path) };
  }

  /** Only with the guard held. The answer is those in the way, or that there were none and the locks are held. */
  #grant(wish: Wish, turn?: { readonly pressFromMs: number; readonly endMs: number }): "granted" | FoundRecord[] {
    const nowMs = Date.now();
    const conflicting = this.#locks.read().filter((record) =>
      wish.wanted.some((wanted) =>
        (record.mode === "exclusive" || wanted.mode === "exclusive") && concerns(record, wanted)
      )
    );
    const inTheWay = conflicting.filter((record) => record.stale === null && !mayPass(wish, record, nowMs));
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

  /** One record for each of the files, or none. The answer is their names. */
  #write(wish: Wish, kind: "held" | "waiting", untilMs?: number): string[] {
    const { task, id, wanted } = wish;
    const sinceMs = kind === "held" ? Date.now() : wish.sinceMs;
    const written: string[] = [];
    this.#presence.show(wanted.length);
    try {
      for (const { key, place: { path, isGlob }, mode } of wanted) {
        const name = `${key}-${id}.${kind}`;
        this.#locks.write(name, { path, mode, task, ...this.#self, sinceMs, untilMs, ...(isGlob ? { isGlob } : {}) });
        written.push(name);
      }
    } catch (error) {
      for (const name of written) this.#locks.remove(name);
      this.#presence.hide(wanted.length);
      throw error;
    }
    return written;
  }

  #removeStale(record: FoundRecord): void {
    if (!this.#locks.remove(record.name)) return;
    if (!record.isWaiting) this.#warn(takeoverSentence(record, this.shown(record.path ?? "")));
  }

  #held(wish: Wish): FileLock {
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      for (const { key } of wish.wanted) this.#locks.remove(`${key}-${wish.id}.held`);
      this.#presence.hide(wish.wanted.length);
      isHeld = false;
      this.#sleepers.wake(wish);
    };
    const requests = wish.wanted.map(({ place: { path, isGlob }, mode }) => ({
      path,
      mode,
      ...(isGlob ? { isGlob } : {}),
    }));
    return { requests, release, [Symbol.dispose]: release };
  }

  #timeout({ wanted }: Wish, timeoutMs: number, inTheWay: readonly FoundRecord[]): Error {
    const [first] = inTheWay;
    const { place, mode } = wanted.find((one) => first !== undefined && concerns(first, one)) ?? wanted[0];
    const shown = inTheWay.map((holder) => ({ holder, path: this.shown(holder.path ?? "") }));
    return timeoutError({ path: this.shown(place.path), mode, folder: this.lockFolder, timeoutMs }, shown);
  }
}

function patience(endMs = 0, signal?: AbortSignal): GuardPatience {
  return { deadlineMs: Math.max(endMs, performance.now() + GUARD_PATIENCE_MS), signal };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
