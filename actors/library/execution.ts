/**
 * Owns one execution of a program's tasks: who is at work, and until when; it is reached only through its mailbox. It
 * decides nothing itself: `graph/schedule.step` turns what it hears into effects, as in a build. In the place of workers
 * there are slots, as many as tasks may run at once.
 *
 * An attempt that takes too long or is cancelled is abandoned: its signal tells the function so, its slot is free again,
 * and what the function does after that is its own affair.
 *
 * With a barrier the rules ask in good time about tasks of the next wave; they get their answer when this one is over.
 *
 * @module
 */
import type { Effect, Event } from "../../graph/event.ts";
import { skippedAfter, skippedByCancel } from "../../graph/library/execution_error.ts";
import type { ExecutionResult } from "../../graph/library/execution_report.ts";
import { createSchedule, step } from "../../graph/schedule.ts";
import type { Schedulable, Schedule } from "../../graph/schedule_state.ts";
import { unreachable } from "../../graph/task.ts";
import { Mailbox } from "../mailbox.ts";
import { Alarm } from "./alarm.ts";
import { asError, Attempt } from "./attempt.ts";
import type { ExecutionBook } from "./execution_book.ts";
import type { ThreadSafeState } from "./thread_safe_state.ts";

/** How an attempt ended. */
type Outcome = { readonly result: unknown } | { readonly error: Error; readonly isRetriable: boolean };

type Message =
  | { readonly kind: "begin" }
  | { readonly kind: "wanted"; readonly task: number }
  | { readonly kind: "begun"; readonly attempt: Attempt }
  | { readonly kind: "ended"; readonly attempt: Attempt; readonly outcome: Outcome }
  | { readonly kind: "timedOut"; readonly attempt: Attempt }
  | { readonly kind: "due"; readonly task: number }
  | { readonly kind: "cancel"; readonly reason: unknown };

/** The parts of one execution. */
export interface ExecutionParts {
  readonly plan: Schedulable;
  readonly book: ExecutionBook;
  readonly state: ThreadSafeState;
  /** At least 1. */
  readonly slots: number;
  readonly barrier: boolean;
  readonly failFast: boolean;
  /**
   * Does a task's work; what it throws or rejects with is the attempt's error. Where that is no function of this thread, it
   * says when it has begun.
   */
  readonly work: (attempt: Attempt, begin: () => void) => unknown;
}

/** The actor of one execution; it is used once. */
export class Execution {
  readonly #parts: ExecutionParts;
  readonly #schedule: Schedule;
  readonly #mailbox: Mailbox<Message>;
  readonly #alarm: Alarm;
  /** Slot → the attempt in it. */
  readonly #attempts: (Attempt | undefined)[];
  /** Tasks that are ready while their wave is still to come. */
  #held: number[] = [];
  #cancelled: { readonly reason: unknown } | undefined;
  readonly #finished = Promise.withResolvers<void>();

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    this.#schedule = createSchedule(parts.plan, { workers: parts.slots, failFast: parts.failFast });
    this.#attempts = new Array(parts.slots + 1);
    this.#mailbox = new Mailbox((message) => this.#handle(message), this.#finished.reject);
    this.#alarm = new Alarm((id) => this.#wake(id));
  }

  /** Runs everything; rejects only for a bug. The signal ends it early: what has not ended then has failed. */
  async run(signal: AbortSignal | undefined): Promise<ExecutionResult> {
    const cancel = () => this.#mailbox.post({ kind: "cancel", reason: signal!.reason });
    signal?.addEventListener("abort", cancel);
    try {
      this.#mailbox.post({ kind: "begin" });
      if (signal?.aborted) cancel();
      await this.#finished.promise;
      return this.#parts.book.close();
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#alarm.close();
      this.#mailbox.close();
    }
  }

  /** Slots and, after them, delayed tasks share one alarm. */
  #wake(id: number): void {
    const { slots } = this.#parts;
    if (id > slots) this.#mailbox.post({ kind: "due", task: id - slots - 1 });
    else this.#mailbox.post({ kind: "timedOut", attempt: this.#attempts[id]! });
  }

  #handle(message: Message): void {
    switch (message.kind) {
      case "begin":
        this.#parts.book.begin();
        for (let slot = 1; slot <= this.#parts.slots; slot++) this.#step({ kind: "workerReady", worker: slot });
        return this.#step({ kind: "begun" });
      case "wanted":
        return this.#wanted(message.task);
      case "begun":
        return this.#begun(message.attempt);
      case "ended":
        return this.#ended(message.attempt, message.outcome);
      case "timedOut":
        return this.#timedOut(message.attempt);
      case "due":
        return this.#step({ kind: "due", task: message.task });
      case "cancel":
        this.#cancelled = { reason: message.reason };
        return this.#step({ kind: "interrupted" });
      default:
        unreachable(message);
    }
  }

  #step(event: Event): void {
    const { wavesOver } = this.#parts.book;
    for (const effect of step(this.#schedule, event)) this.#carryOut(effect);
    const mayRun = this.#parts.book.wavesOver > wavesOver || this.#schedule.stopping;
    if (mayRun && this.#held.length > 0) this.#askAgain();
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case "check":
        return this.#mailbox.post({ kind: "wanted", task: effect.task });
      case "startWorkers":
        return;
      case "run":
        return this.#start(effect.task, effect.worker);
      case "record":
        return this.#store(effect.task);
      case "retry":
        return this.#delay(effect.task, effect.attempt);
      case "complete":
        return this.#parts.book.complete(effect.task);
      case "fail":
        return this.#parts.book.fail(effect.task);
      case "skip":
        return this.#skip(effect.task);
      case "cancel":
        return this.#cancel(effect.worker);
      case "finish":
        return this.#finished.resolve();
      default:
        unreachable(effect);
    }
  }

  /** Whether a task must be done is no question here, only when. */
  #wanted(task: number): void {
    const { barrier, book } = this.#parts;
    const isEarly = barrier && book.waveOf(task).waveNumber > book.wavesOver + 1 && !this.#schedule.stopping;
    if (isEarly) this.#held.push(task);
    else this.#step({ kind: "checked", task, verdict: { kind: "run" } });
  }

  #askAgain(): void {
    const held = this.#held;
    this.#held = [];
    for (const task of held) this.#mailbox.post({ kind: "wanted", task });
  }

  #start(task: number, slot: number): void {
    const number = this.#parts.book.start(task);
    const attempt = new Attempt(task, { slot, number });
    this.#attempts[slot] = attempt;
    if (typeof this.#parts.book.record(task).executor === "function") this.#begun(attempt);
    const begin = () => this.#mailbox.post({ kind: "begun", attempt });
    const end = (outcome: Outcome) => this.#mailbox.post({ kind: "ended", attempt, outcome });
    const succeed = (result: unknown) => end({ result });
    const fail = (thrown: unknown) => end({ error: asError(thrown), isRetriable: true });
    try {
      const result = this.#parts.work(attempt, begin);
      if (isThenable(result)) Promise.resolve(result).then(succeed, fail);
      else succeed(result);
    } catch (thrown) {
      fail(thrown);
    }
  }

  /** Its time begins; the start of a thread does not count. */
  #begun(attempt: Attempt): void {
    if (this.#attempts[attempt.slot] !== attempt) return;
    attempt.begunMs = performance.now();
    const { timeoutSeconds } = this.#parts.book.record(attempt.task);
    if (timeoutSeconds !== Infinity) this.#alarm.set(attempt.slot, attempt.begunMs + timeoutSeconds * 1000);
  }

  /** An attempt that was abandoned may end a second time; that is no news. */
  #ended(attempt: Attempt, outcome: Outcome): void {
    const { task, slot } = attempt;
    if (this.#attempts[slot] !== attempt) return;
    this.#attempts[slot] = undefined;
    this.#alarm.cancel(slot);
    const record = this.#parts.book.record(task);
    record.durationMs += performance.now() - attempt.begunMs;
    if ("result" in outcome) {
      record.result = outcome.result;
      return this.#step({ kind: "completed", worker: slot, task });
    }
    record.error = outcome.error;
    const isDelayed = record.delayMs(attempt.number) > 0;
    this.#step({ kind: "failed", worker: slot, task, retriable: outcome.isRetriable, isDelayed });
  }

  #timedOut(attempt: Attempt): void {
    if (this.#attempts[attempt.slot] !== attempt) return;
    const { timeoutSeconds } = this.#parts.book.record(attempt.task);
    const error = new DOMException(`Timed out after ${timeoutSeconds}s`, "TimeoutError");
    attempt.abandon(error);
    this.#ended(attempt, { error, isRetriable: true });
  }

  /** It has ended once all effects that this one stands among are carried out. */
  #cancel(slot: number): void {
    const attempt = this.#attempts[slot]!;
    const { reason } = this.#cancelled!;
    attempt.abandon(reason);
    this.#mailbox.post({ kind: "ended", attempt, outcome: { error: asError(reason), isRetriable: false } });
  }

  /** Before anything that needs the task can start. */
  #store(task: number): void {
    const { taskId, result } = this.#parts.book.record(task);
    void this.#parts.state.set(taskId, result);
  }

  #delay(task: number, attempt: number): void {
    const retryInMs = this.#parts.book.retry(task, attempt);
    if (retryInMs > 0) this.#alarm.set(this.#parts.slots + 1 + task, performance.now() + retryInMs);
  }

  /** What a failure skips comes right after it among the effects. */
  #skip(task: number): void {
    const { book } = this.#parts;
    if (this.#cancelled !== undefined) return book.skip(task, skippedByCancel(this.#cancelled.reason));
    const { taskId, error } = book.record(book.lastFailed!);
    book.skip(task, skippedAfter(taskId, error));
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null && "then" in value &&
    typeof value.then === "function";
}
