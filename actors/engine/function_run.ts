/**
 * Owns one run of tasks that are functions of this program: a scheduler with a pool of functions. It keeps no result: what
 * becomes of tasks is told.
 *
 * @module
 */
import type { Schedulable } from "../../graph/schedule/state.ts";
import { StatusTable } from "../worker/status_table.ts";
import { FunctionPool, type Functions } from "./function_pool.ts";
import type { RunEvent } from "./run_event.ts";
import { Scheduler } from "./scheduler.ts";
import type { RebuilderAnswer, Work } from "./work.ts";

/** The parts of a run of functions. */
export interface FunctionRunParts {
  readonly plan: Schedulable;
  /** How many may be at work at once, at least 1. */
  readonly workers: number;
  /** Start nothing more after the first failed task; default false. */
  readonly failFast?: boolean;
  readonly functions: Functions;
  /** Whether a task may be done yet; default it may. */
  readonly check?: (task: number) => RebuilderAnswer;
  /** Keeps a task's result; nothing that needs it has started yet. */
  readonly record?: (task: number) => void;
  /** How long to wait, in milliseconds, after so many failed attempts before the next one; default not at all. */
  readonly retryDelayMs?: (task: number, failedAttempts: number) => number;
  /** Ends it early: what runs then is given up, and nothing else is started. */
  readonly signal?: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

/** One run; it is used once, and closed whatever happens. */
export class FunctionRun implements AsyncDisposable {
  readonly #scheduler: Scheduler<number>;
  readonly #signal: AbortSignal | undefined;
  readonly #cancel = () => this.#scheduler.post({ kind: "interrupt" });

  constructor(parts: FunctionRunParts) {
    const { plan, workers, failFast = false, functions, signal, onEvent } = parts;
    this.#signal = signal;
    const table = new StatusTable(plan.size);
    this.#scheduler = new Scheduler<number>({
      plan,
      work: workOf(parts),
      workers,
      failFast,
      table,
      createPool: (onReport) =>
        new FunctionPool({ size: workers, table, functions, reason: () => signal?.reason, onReport }),
      onEvent,
    });
  }

  /** Runs everything; rejects only for a bug. */
  async run(): Promise<void> {
    this.#signal?.addEventListener("abort", this.#cancel);
    this.#scheduler.post({ kind: "begin" });
    if (this.#signal?.aborted) this.#cancel();
    await this.#scheduler.finished;
  }

  /** Nothing more is heard of what goes on after it has been given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#cancel);
    await this.#scheduler.close();
  }

  /** So many more tasks may run at once than do now; with no room one at a time. */
  limit(room: number): void {
    this.#scheduler.post({ kind: "limit", room });
  }
}

function workOf({ check, record, retryDelayMs }: FunctionRunParts): Work<number> {
  return {
    check: check ?? (() => ({ kind: "run" })),
    message: (task) => task,
    arrived: (task) => {
      throw new Error(`Bug: function ${task} made an artifact`);
    },
    unrestorable: (task) => {
      throw new Error(`Bug: function ${task} was to be copied`);
    },
    record: record ?? (() => {}),
    retryDelayMs,
  };
}
