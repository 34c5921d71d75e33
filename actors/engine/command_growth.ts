/**
 * Owns the question whether more threads would help tasks that run commands. A thread takes Deno 55 ms of CPU to start, and
 * where CPUs are busy already one more makes nothing faster: so there are as many as CPUs at once, and further ones when
 * CPUs are idle all the same, as when tasks wait for the disk or for something else, or when tasks last, or usually do: then
 * a thread's start is little beside them.
 * It starts none itself.
 *
 * @module
 */
import { QuickTimer } from "../machine/quick_timer.ts";
import type { Growth, PoolView, TasksAhead } from "./thread_growth.ts";

/** A thread as it is seen here. */
export interface Runner {
  readonly isReady: boolean;
  /** For how long it has had the same task, or none, in milliseconds. */
  readonly sameMs: number;
}

/** What decides how many threads run commands. */
export interface GrowthContext extends PoolView<Runner> {
  /** Told some time after there were enough that they no longer are. */
  readonly onMore: () => void;
}

/** What is idle beside that is between two tasks. */
const BUSY_SHARE = 0.85;

/** A task that lasts so long keeps its thread from others, whatever it does; where CPUs are idle it waits for something. */
const LASTS_MS = 100, WAITS_MS = 30;

/** Between two looks; the system counts in ticks of 10 ms. It becomes more and more as long as nothing is changed. */
const LEAST_PAUSE_MS = 50, MOST_PAUSE_MS = 400;

/** The growth of one pool. */
export class CommandGrowth implements Growth {
  readonly #context: GrowthContext;
  #allowed: number;
  #isWanted = false;
  #timer: QuickTimer | undefined;

  constructor(context: GrowthContext) {
    this.#context = context;
    this.#allowed = context.processors;
  }

  areEnough({ expectedMs }: TasksAhead): boolean {
    const { members, most, processors } = this.#context;
    const lasting = expectedMs.filter((ms) => ms >= LASTS_MS).length;
    this.#allowed = Math.max(this.#allowed, Math.min(most(), processors + lasting));
    if (members().length < this.#allowed) return false;
    this.#isWanted = true;
    if (this.#timer === undefined) {
      this.#context.cpuShare(); // from now on
      this.#wind(LEAST_PAUSE_MS);
    }
    return true;
  }

  rest(): void {
    this.#isWanted = false; // in a moment there may be more, so the timer may stay
  }

  stop(): void {
    this.#timer?.stop();
    this.#timer = undefined;
  }

  #wind(pauseMs: number): void {
    this.#timer = new QuickTimer(pauseMs, () => this.#look(pauseMs));
  }

  #look(pauseMs: number): void {
    this.#timer = undefined;
    if (!this.#isWanted) return;
    const { members, most, processors, cpuShare, onMore } = this.#context;
    const there = members(), before = this.#allowed;
    const share = cpuShare() ?? 0;
    // Those that start keep processors busy, or wait for nothing but to be read.
    if (!there.every(({ isReady }) => isReady)) return this.#wind(LEAST_PAUSE_MS);
    const areWaiting = there.every(({ sameMs }) => sameMs >= WAITS_MS);
    const lasting = there.filter(({ sameMs }) => sameMs >= LASTS_MS).length;
    // As many more as what is idle would be enough for, were they all like those that there are.
    const filling = Math.min(Math.ceil(before / share), areWaiting ? most() : 2 * before);
    const helpful = share < BUSY_SHARE ? filling : processors + 2 * lasting; // where some last, others will
    this.#allowed = Math.min(most(), Math.max(before, helpful));
    if (this.#allowed > before) return onMore();
    this.#wind(areWaiting ? LEAST_PAUSE_MS : Math.min(2 * pauseMs, MOST_PAUSE_MS));
  }
}
