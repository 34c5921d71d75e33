/**
 * Owns the question whether more threads would help tasks that call functions: as long as functions return at once and the
 * processors are busy, a further thread takes longer to start than it is of use. Functions that wait, or take their time,
 * are called by as many threads as there may be.
 * It starts none itself.
 *
 * @module
 */
import { QuickTimer } from "../machine/quick_timer.ts";

/** A thread as it is seen here. */
export interface Caller {
  readonly isReady: boolean;
  readonly task: number | undefined;
  /** For how long it has been calling a function in a thread, in milliseconds; undefined when it calls none. */
  readonly callingMs: number | undefined;
  /** Whether a call of its has come to its end. */
  readonly hasCalled: boolean;
}

/** What is still to be done. */
export interface TasksAhead {
  /** How many there are. */
  readonly left: number;
  /** How long some of those that wait usually take, in milliseconds, as far as that is known. */
  readonly expectedMs: readonly number[];
}

/** What a pool asks before it starts a thread. */
export interface Growth {
  /** Whether those that there are will do for these tasks; it is looked again soon then. */
  areEnough(tasks: TasksAhead): boolean;
  /** Nothing is wanted for now. */
  rest(): void;
  /** Nothing is wanted any more. */
  stop(): void;
}

/** What a pool has and may have. */
export interface PoolView<Member> {
  readonly members: () => readonly Member[];
  /** How many threads there may be. */
  readonly most: () => number;
  /** How many threads keep all processors busy. */
  readonly processors: number;
  /** Share of the processors in use since it was last asked, from 0 to 1; undefined where that is not known. */
  readonly cpuShare: () => number | undefined;
}

/** What decides how many threads call functions. */
export interface GrowthContext extends PoolView<Caller> {
  /** Processor time of this process so far, in milliseconds. */
  readonly usedMs: () => number;
  /** Told some time after there were enough: how many threads are to be started anyway, for as many tasks as wait. */
  readonly onLook: (more: number) => void;
}

/** A function that is called for so long is no short one. The main thread hears of an end later when it has much to do. */
const SHORT_CALL_MS = 200;

/** The same for the first of a thread, which has to wait until functions can be called. */
const FIRST_CALL_MS = 1000;

/** So many tasks for each thread that there may be are many: it is worth to see first how long they take. */
const MANY = 8;

/** How soon it is looked again: long enough for the system's ticks of 10 ms to tell something. */
const LOOK_MS = 100;

/** Below this the processors have room for more. */
const BUSY_SHARE = 0.6;

/** A thread for which this process needs less of a processor than this waits for something, however busy others are. */
const WAITING_SHARE = 0.15;

/** The growth of one pool. */
export class ThreadGrowth implements Growth {
  readonly #context: GrowthContext;
  #timer: QuickTimer | undefined;
  #last: { readonly at: number; readonly usedMs: number } | undefined;

  constructor(context: GrowthContext) {
    this.#context = context;
  }

  areEnough({ left }: TasksAhead): boolean {
    const { members, most, processors, cpuShare, onLook } = this.#context;
    const areMany = left >= MANY * most();
    const free = members().filter((member) => isShortlyFree(member, areMany));
    if (free.length < processors) return false;
    this.#timer ??= new QuickTimer(LOOK_MS, () => {
      this.#timer = undefined;
      const there = members();
      // Whoever has work for it gives it some, and asks again.
      if (there.some(({ isReady, task }) => isReady && task === undefined)) return;
      const haveCalled = there.some(({ hasCalled }) => hasCalled), areIdle = (cpuShare() ?? 0) < BUSY_SHARE;
      onLook(haveCalled && (areIdle || this.#usedShare() < WAITING_SHARE * there.length) ? 1 : 0);
    });
    return true;
  }

  rest(): void {
    this.stop();
  }

  stop(): void {
    this.#timer?.stop();
    this.#timer = this.#last = undefined;
  }

  /** How many processors' time this process has used since it was last asked; infinite when it never was. */
  #usedShare(): number {
    const last = this.#last, now = this.#last = { at: performance.now(), usedMs: this.#context.usedMs() };
    return last === undefined ? Infinity : (now.usedMs - last.usedMs) / (now.at - last.at);
  }
}

/** It has no task, or calls a function that may well be a short one. */
function isShortlyFree({ task, callingMs, hasCalled }: Caller, areMany: boolean): boolean {
  if (!hasCalled && !areMany) return false;
  return task === undefined || callingMs !== undefined && callingMs < (hasCalled ? SHORT_CALL_MS : FIRST_CALL_MS);
}

/** Asked once functions are called, when what it takes is loaded. */
export function processorMs(): number {
  const { user, system } = globalThis.process.cpuUsage();
  return (user + system) / 1000;
}
