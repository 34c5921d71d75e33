/**
 * Owns one execution of a program's tasks: what their functions are, what came of each, and when a wave's turn has come.
 * The scheduling is the engine's, as in a build; its pool is one of functions.
 *
 * With a barrier the rules ask in good time about tasks of the next wave; they get their answer when this one is over.
 *
 * @module
 */
import type { Schedulable } from "../../graph/schedule/state.ts";
import { skippedAfter, skippedByCancel } from "../../graph/library/execution_error.ts";
import type { ExecutionResult } from "../../graph/library/execution_report.ts";
import type { Attempt } from "../engine/attempt.ts";
import type { AttemptEnd } from "../engine/function_pool.ts";
import { FunctionRun } from "../engine/function_run.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { RebuilderAnswer } from "../engine/work.ts";
import { asError } from "./as_error.ts";
import type { ExecutionBook } from "./execution_book.ts";
import type { ThreadSafeState } from "./thread_safe_state.ts";

/** The parts of one execution. */
export interface ExecutionParts {
  readonly plan: Schedulable;
  readonly book: ExecutionBook;
  readonly state: ThreadSafeState;
  /** How many tasks may run at once, at least 1. */
  readonly slots: number;
  readonly barrier: boolean;
  readonly failFast: boolean;
  /** Does a task's work; what it throws or rejects with is the attempt's error. */
  readonly work: (attempt: Attempt) => unknown;
}

/** One execution; it is used once. */
export class Execution {
  readonly #parts: ExecutionParts;
  #signal: AbortSignal | undefined;
  /** Resolves when another wave is over. */
  #nextWave = Promise.withResolvers<void>();

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
  }

  /** Runs everything; rejects only for a bug. The signal ends it early: what has not ended then has failed. */
  async run(signal: AbortSignal | undefined): Promise<ExecutionResult> {
    const { plan, book, slots, failFast, barrier, work } = this.#parts;
    this.#signal = signal;
    await using run = new FunctionRun({
      plan,
      workers: slots,
      failFast,
      functions: {
        start: (task) => book.start(task),
        call: work,
        end: (attempt, end) => this.#ended(attempt, end),
        limitSeconds: (task) => book.record(task).timeoutSeconds,
      },
      check: barrier ? (task) => this.#check(task) : undefined,
      record: (task) => this.#store(task),
      retryDelayMs: (task, failedAttempts) => book.record(task).delayMs(failedAttempts),
      signal,
      onEvent: (event) => this.#heard(event),
    });
    book.begin();
    await run.run();
    return book.close();
  }

  /** Whether a task must be done is no question here, only when. */
  #check(task: number): RebuilderAnswer {
    const { book } = this.#parts;
    const isEarly = book.waveOf(task).waveNumber > book.wavesOver + 1;
    return isEarly ? { kind: "later", until: this.#nextWave.promise, isLook: true } : { kind: "run" };
  }

  #ended({ task }: Attempt, end: AttemptEnd): void {
    const record = this.#parts.book.record(task);
    record.durationMs += end.durationMs;
    if ("result" in end) record.result = end.result;
    else record.error = asError(end.thrown);
  }

  /** Before anything that needs the task can start. */
  #store(task: number): void {
    const { taskId, result } = this.#parts.book.record(task);
    void this.#parts.state.set(taskId, result);
  }

  #heard(event: RunEvent): void {
    const { book } = this.#parts;
    const { wavesOver } = book;
    switch (event.kind) {
      case "executed":
        book.complete(event.task);
        break;
      case "failed":
        if (event.retry === undefined) book.fail(event.task);
        else book.retry(event.task, event.retry);
        break;
      case "cancelled":
        book.fail(event.task);
        break;
      case "skipped":
        book.skip(event.task, this.#whySkipped());
        break;
    }
    if (book.wavesOver === wavesOver) return;
    this.#nextWave.resolve();
    this.#nextWave = Promise.withResolvers();
  }

  /** What a failure skips is told of right after it. */
  #whySkipped(): Error {
    if (this.#signal?.aborted) return skippedByCancel(this.#signal.reason);
    const { book } = this.#parts;
    const { taskId, error } = book.record(book.lastFailed!);
    return skippedAfter(taskId, error);
  }
}
