/**
 * Owns the places in which functions of a program do tasks, one each, where a pool of threads has workers: starts the
 * functions, ends their attempts when the time is up or they are cancelled, and reports how each ended.
 * It keeps no result and decides nothing about tasks.
 *
 * An attempt that is given up may go on for ever: its signal tells the function so, its place is free again, and what the
 * function does after that is its own affair.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import type { FromWorker } from "../worker/messages.ts";
import type { StatusTable } from "../worker/status_table.ts";
import { Alarm } from "./alarm.ts";
import { Attempt } from "./attempt.ts";
import type { Pool, PoolReport } from "./pool.ts";

/** How an attempt ended. */
export type AttemptEnd =
  & ({ readonly result: unknown } | { readonly thrown: unknown })
  /** Since it began. */
  & { readonly durationMs: number };

/** What does the tasks of one run, by index. None of these throws but `call`. */
export interface Functions {
  /** An attempt is about to be made; answers with its number, from 1. */
  readonly start: (task: number) => number;
  /**
   * Does a task's work and has the attempt `begin` when its time does. What it returns or resolves with is the result; what
   * it throws or rejects with is why the attempt failed.
   */
  readonly call: (attempt: Attempt) => unknown;
  /** Takes the end of an attempt, before it is reported. */
  readonly end: (attempt: Attempt, end: AttemptEnd) => void;
  /** How many seconds an attempt may take once it has begun; Infinity for no limit. */
  readonly limitSeconds: (task: number) => number;
  /** A function that ends as soon as it is told to has ended by itself, and is not given up; default false. */
  readonly mayEndThemselves?: boolean;
}

/** What a pool is made of. */
export interface FunctionPoolParts {
  /** How many may be at work at once, at least 1. */
  readonly size: number;
  readonly table: StatusTable;
  readonly functions: Functions;
  /** Why attempts are cancelled, once they are. */
  readonly reason: () => unknown;
  readonly onReport: (report: PoolReport) => void;
}

/** Whoever asks for more knows it from the end it was given. */
const THREW: TaskFailure = { kind: "module", detail: "its function threw" };

/** The functions at work in one run. A task is handed over by its index. */
export class FunctionPool implements Pool<number> {
  readonly #parts: FunctionPoolParts;
  /** Worker id → the attempt in its place. */
  readonly #attempts: (Attempt | undefined)[];
  readonly #alarm = new Alarm((worker) => this.#timedOut(this.#attempts[worker]!));
  readonly #over = new AbortController();

  constructor(parts: FunctionPoolParts) {
    this.#parts = parts;
    this.#attempts = new Array(parts.size + 1);
  }

  start(): void {
    for (let worker = 1; worker <= this.#parts.size; worker++) this.#report(worker, { kind: "ready" });
  }

  /** All places are there from the start. */
  want(): void {}

  run(worker: number, task: number): void {
    const { table, functions } = this.#parts;
    if (!table.change(task, "pending", "running")) throw new Error(`Bug: task ${task} was begun before`);
    this.#report(worker, { kind: "started", task });
    const number = functions.start(task);
    const onBegun = (attempt: Attempt) => this.#begun(attempt);
    const attempt = new Attempt(task, { worker, number, over: this.#over.signal, onBegun });
    this.#attempts[worker] = attempt;
    const succeed = (result: unknown) => this.#ended(attempt, { result });
    const fail = (thrown: unknown) => this.#ended(attempt, { thrown });
    try {
      const result = functions.call(attempt);
      if (isThenable(result)) Promise.resolve(result).then(succeed, fail);
      else succeed(result);
    } catch (thrown) {
      fail(thrown);
    }
  }

  cancel(worker: number): void {
    this.#giveUp(this.#attempts[worker], this.#parts.reason(), { kind: "cancelled" });
  }

  /** What is given up is nobody's. */
  finish(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#alarm.close();
    this.#over.abort(new DOMException("The execution has ended", "AbortError"));
    return Promise.resolve();
  }

  #begun(attempt: Attempt): void {
    if (this.#attempts[attempt.worker] !== attempt) return;
    const seconds = this.#parts.functions.limitSeconds(attempt.task);
    if (seconds !== Infinity) this.#alarm.set(attempt.worker, attempt.begunMs + seconds * 1000);
  }

  #timedOut(attempt: Attempt): void {
    const seconds = this.#parts.functions.limitSeconds(attempt.task);
    this.#giveUp(attempt, new DOMException(`Timed out after ${seconds}s`, "TimeoutError"), THREW);
  }

  #giveUp(attempt: Attempt | undefined, thrown: unknown, failure: TaskFailure): void {
    if (attempt === undefined) return; // it has ended, which is about to be heard
    attempt.abandon(thrown);
    if (!this.#parts.functions.mayEndThemselves) return this.#ended(attempt, { thrown }, failure);
    setTimeout(() => this.#ended(attempt, { thrown }, failure), 0);
  }

  /** An attempt that was given up may end a second time; that is no news. */
  #ended(attempt: Attempt, how: { result: unknown } | { thrown: unknown }, failure = THREW): void {
    const { task, worker } = attempt;
    if (this.#attempts[worker] !== attempt) return;
    this.#attempts[worker] = undefined;
    this.#alarm.cancel(worker);
    const durationMs = performance.now() - attempt.begunMs;
    this.#parts.functions.end(attempt, { ...how, durationMs });
    if ("result" in how) this.#report(worker, { kind: "completed", task, durationMs });
    else this.#report(worker, { kind: "failed", task, failure, durationMs });
  }

  #report(worker: number, message: FromWorker): void {
    this.#parts.onReport({ kind: "worker", worker, message });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value &&
    typeof value.then === "function";
}
