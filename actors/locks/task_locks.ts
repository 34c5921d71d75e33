/**
 * Owns the file locks that tasks hold while they run: exclusive ones for what a task declares to write, shared ones for what
 * it declares to read. It asks for them, waits for them beside the others, and gives them back; when that is to be done, and
 * what becomes of the task, is graph/schedule/schedule.ts's.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import type { TaskFailure } from "../../graph/failure.ts";
import { isGlob } from "../../graph/paths.ts";
import type { Declarations } from "../../graph/task.ts";
import { FileLockError, waitingSentence } from "./error.ts";
import type { LockHolder } from "./holder.ts";
import type { AcquireOptions, FileLock, LockRequest } from "./request.ts";
import { FileLockManager } from "./locks.ts";
import { systemDetail } from "../machine/system_error.ts";
import { quote } from "../../graph/text.ts";

/** How long to wait for a lock, and how often to ask. */
export type LockPatience = Required<Pick<AcquireOptions, "timeoutMs" | "retryDelaysMs">>;

/** What the locks of one run are given. */
export interface TaskLocksOptions {
  /** Where declared paths start, and the locks are kept. */
  readonly folder: string;
  readonly patience: LockPatience;
  readonly onWarning: (sentence: string) => void;
}

/** So many tasks at once ask again and again, lest thousands that wait for one file do nothing else; further ones wait for these. */
const MOST_ASKING = 16;

/** After so long others have their turn, such as whoever wants the run to end. */
const SLICE_MS = 10;

/** So many tasks that wait for one holder are told of. */
const MOST_TOLD = 10;

/** A task, as far as it locks something. */
interface LockingTask {
  readonly name: string;
  readonly declared?: Declarations;
}

/** What is declared, as it is locked. */
export function lockRequests({ reads = [], writes = [] }: Pick<Declarations, "reads" | "writes">): LockRequest[] {
  const request = (mode: LockRequest["mode"]) => (path: string) => ({ path, mode, isGlob: isGlob(path) });
  return [...writes.map(request("exclusive")), ...reads.map(request("shared"))];
}

/** The locks that tasks are to hold; undefined when none of them declares any file. */
export function locksOf(tasks: readonly LockingTask[], options: TaskLocksOptions): LocksOfTasks | undefined {
  const marks = Uint8Array.from(tasks, ({ declared = {} }) => lockRequests(declared).length > 0 ? 1 : 0);
  if (!marks.includes(1)) return undefined;
  return { tasks: marks, open: (onReport) => new TaskLocks(tasks, options, onReport) };
}

/** A task's wish; given up by its abort. */
interface TaskWish {
  readonly requests: readonly LockRequest[];
  readonly giveUp: AbortController;
  lock?: FileLock;
}

/** The locks of one run. */
class TaskLocks implements LockKeeper {
  readonly #tasks: readonly LockingTask[];
  readonly #options: TaskLocksOptions;
  readonly #onReport: (report: TaskLockReport) => void;
  readonly #manager: FileLockManager;
  readonly #wishes = new Map<number, TaskWish>();
  #pauseAt = 0;
  /** How many ask again and again, and those that wait until they may. */
  #asking = 0;
  readonly #parked: (() => void)[] = [];
  /** Declared path → the tasks that wait for it. */
  readonly #waiting = new Map<string, Set<number>>();
  /** Record of a holder → how many tasks have been told to wait for it. */
  readonly #told = new Map<string, number>();

  constructor(tasks: readonly LockingTask[], options: TaskLocksOptions, onReport: (report: TaskLockReport) => void) {
    this.#tasks = tasks;
    this.#options = options;
    this.#onReport = onReport;
    this.#manager = new FileLockManager(options.folder, { warn: options.onWarning });
  }

  lock(task: number): void {
    const wish: TaskWish = { requests: lockRequests(this.#tasks[task].declared ?? {}), giveUp: new AbortController() };
    this.#wishes.set(task, wish);
    this.#acquire(task, wish).then((lock) => {
      wish.lock = lock;
      if (wish.giveUp.signal.aborted) return this.#release(wish, task);
      this.#onReport({ kind: "locked", task });
      this.#unbar(wish);
    }, (error) => {
      if (wish.giveUp.signal.aborted) return;
      this.#wishes.delete(task);
      this.#onReport({ kind: "unlockable", task, failure: { kind: "locked", detail: detailOf(error) } });
    });
  }

  unlock(task: number): void {
    const wish = this.#wishes.get(task);
    if (wish === undefined) return;
    this.#wishes.delete(task);
    wish.giveUp.abort();
    this.#release(wish, task);
  }

  close(): void {
    for (const task of this.#wishes.keys()) this.unlock(task);
  }

  /** Asks once and, where others are in the way, says so and goes on asking. */
  async #acquire(task: number, { requests, giveUp: { signal } }: TaskWish): Promise<FileLock> {
    const { name } = this.#tasks[task];
    const asked = { ...this.#options.patience, task: name, signal };
    let isBarred = false;
    if (performance.now() > this.#pauseAt) {
      await delay(0, { signal });
      this.#pauseAt = performance.now() + SLICE_MS;
    }
    const onWait = (inTheWay: readonly LockHolder[]) => {
      isBarred = true;
      this.#onReport({ kind: "barred", task, ...this.#describe(name, inTheWay) });
    };
    try {
      return await this.#manager.acquireAll(requests, { ...asked, timeoutMs: 0, onWait });
    } catch (error) {
      if (!isBarred || !(error instanceof FileLockError && error.kind === "timeout")) throw error;
    }
    for (const { path } of requests) this.#waitersFor(path).add(task);
    try {
      while (this.#asking >= MOST_ASKING) {
        await abortable(new Promise<void>((resolve) => this.#parked.push(resolve)), signal);
      }
      return await this.#askAgain(requests, asked);
    } finally {
      for (const { path } of requests) this.#waitersFor(path).delete(task);
    }
  }

  #waitersFor(path: string): Set<number> {
    let waiters = this.#waiting.get(path);
    if (waiters === undefined) this.#waiting.set(path, waiters = new Set());
    return waiters;
  }

  /**
   * Tasks that wait for what one of the same run has now need not ask: they are not run beside it anyway. Those that name it
   * otherwise go on asking.
   */
  #unbar({ requests }: TaskWish): void {
    for (const { path, mode } of requests) {
      for (const task of [...this.#waitersFor(path)]) {
        const other = this.#wishes.get(task);
        const isShared = mode === "shared" &&
          other?.requests.every((one) => one.path !== path || one.mode === "shared");
        if (other === undefined || isShared) continue;
        this.unlock(task);
        this.#onReport({ kind: "unbarred", task });
      }
    }
  }

  /** What only tasks of this run have in the way comes free when these end, however long that takes. */
  async #askAgain(requests: readonly LockRequest[], options: AcquireOptions): Promise<FileLock> {
    this.#asking++;
    try {
      while (true) {
        try {
          return await this.#manager.acquireAll(requests, options);
        } catch (error) {
          const holders: readonly LockHolder[] = error instanceof FileLockError ? error.holders : [];
          if (holders.length === 0 || !holders.every((holder) => this.#manager.owns(holder))) throw error;
        }
      }
    } finally {
      this.#asking--;
      for (const wake of this.#parked.splice(0)) wake();
    }
  }

  /** Whom a task waits for; of many that wait for one, only the first are told of. */
  #describe(task: string, inTheWay: readonly LockHolder[]): { readonly sentence: string; readonly isKnown: boolean } {
    const [{ record } = { record: "" }] = inTheWay;
    const told = (this.#told.get(record) ?? 0) + 1;
    this.#told.set(record, told);
    const shown = inTheWay.map((holder) => ({ holder, path: this.#manager.shown(holder.path ?? "") }));
    const who = told === MOST_TOLD + 1 ? undefined : task;
    const isOwn = inTheWay.length > 0 && inTheWay.every((holder) => this.#manager.owns(holder));
    const sentence = waitingSentence(who, shown, this.#manager.lockFolder);
    return { sentence, isKnown: isOwn || told > MOST_TOLD + 1 };
  }

  #release({ lock }: TaskWish, task: number): void {
    try {
      lock?.release();
    } catch (error) {
      this.#options.onWarning(`Cannot release the locks of ${quote(this.#tasks[task].name)}: ${systemDetail(error)}`);
    }
  }
}

/** In one line, as failures are shown. */
function detailOf(error: unknown): string {
  const [first, ...others] = systemDetail(error).split(/\n\s*/);
  return others.length === 0 ? first : `${first}: ${others.join("; ")}`;
}

/** How what a task is to lock stands. */
export type TaskLockReport =
  | { readonly kind: "locked"; readonly task: number }
  /** Others have the lock, which may have been said often enough; another report follows. */
  | { readonly kind: "barred"; readonly task: number; readonly sentence: string; readonly isKnown: boolean }
  /** The lock is the run's own now, whose tasks are kept apart without asking: the task asks again when its turn comes. */
  | { readonly kind: "unbarred"; readonly task: number }
  | { readonly kind: "unlockable"; readonly task: number; readonly failure: TaskFailure };

/** Who keeps the locks of one run. */
export interface LockKeeper {
  /** Locks what the task declares, and reports how that goes. */
  lock(task: number): void;
  /** Gives back what the task has locked, or stops asking for it. */
  unlock(task: number): void;
  /** Gives back all there is. */
  close(): void;
}

/** Locks that tasks are to hold while they run. */
export interface LocksOfTasks {
  /** By task, not 0 for one that locks something. */
  readonly tasks: Uint8Array;
  /** Called when the first of them is to be asked for. */
  readonly open: (onReport: (report: TaskLockReport) => void) => LockKeeper;
}
