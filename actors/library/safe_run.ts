/**
 * Owns one run of tasks through a safe executor: which of them may start yet, the locks that each holds while it runs, and how
 * each ended. The scheduling is the engine's, with a pool of functions; which tasks run together is its owner's to say.
 *
 * @module
 */
import { cyclesAmong } from "../../graph/gates/circular_dependencies.ts";
import type { GateTask } from "../../graph/gates/gate_task.ts";
import { schedulable } from "../../graph/schedule/plan.ts";
import type { Schedulable } from "../../graph/schedule/state.ts";
import { quote } from "../../graph/text.ts";
import type { Attempt } from "../engine/attempt.ts";
import type { AttemptEnd } from "../engine/function_pool.ts";
import { FunctionRun } from "../engine/function_run.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { RebuilderAnswer } from "../engine/work.ts";
import type { FileLock } from "../locks/request.ts";
import { asError } from "./as_error.ts";
import type { SafeTaskResult } from "./safe_execution.ts";
import type { SafeCounts, SafeLog } from "./safe_log.ts";

/** What the tasks of a run have in common. */
export interface SafeRunParts<Result> {
  /** All tasks there are, by name. */
  readonly tasks: ReadonlyMap<string, GateTask>;
  /** Locks what a task declares, if it declares any. */
  readonly lock: (task: GateTask, signal: AbortSignal) => Promise<FileLock | undefined>;
  readonly work: (task: GateTask, signal: AbortSignal) => Promise<Result>;
  /** Limit for one task once it has its locks. */
  readonly timeoutSeconds: number;
  readonly log: SafeLog;
  readonly signal: AbortSignal;
}

/** A batch at work. */
interface Batch {
  left: number;
  readonly over: PromiseWithResolvers<void>;
}

/** One run. Tasks that are not part of it count as done once what they need is. */
export class SafeRun<Result> implements AsyncDisposable {
  readonly #parts: SafeRunParts<Result>;
  readonly #run: FunctionRun;
  readonly #tasks: readonly GateTask[];
  /** By name, the tasks that are part of it, and how far each is. */
  readonly #places = new Map<string, { readonly turn: PromiseWithResolvers<void>; batch?: Batch }>();
  readonly #ends = new Map<string, SafeTaskResult<Result>>();
  /** What attempts at work have locked. */
  readonly #locks = new Map<Attempt, FileLock | undefined>();
  /** How the attempts ended whose meaning is yet to be decided. */
  readonly #attempted = new Map<number, AttemptEnd>();
  /** Task → the one that was not completed and that it waited for, for those not part of the run. */
  readonly #blockedBy = new Map<string, string>();
  /** Settles when all have ended; rejects only for a bug. */
  readonly finished: Promise<void>;

  /** Runs the tasks of these names, in the order in which they are to start where they cannot at once. */
  constructor(names: readonly string[], parts: SafeRunParts<Result>) {
    this.#parts = parts;
    this.#tasks = [...parts.tasks.values()];
    for (const name of names) this.#places.set(name, { turn: Promise.withResolvers() });
    this.#run = new FunctionRun({
      plan: this.#plan(names),
      workers: Math.max(1, names.length),
      functions: {
        start: () => 1,
        call: (attempt) => this.#call(attempt),
        end: (attempt, end) => this.#attemptEnded(attempt, end),
        limitSeconds: () => parts.timeoutSeconds,
        mayEndThemselves: true,
      },
      check: (task) => this.#check(task),
      signal: parts.signal,
      onEvent: (event) => this.#heard(event),
    });
    this.finished = this.#run.run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run[Symbol.asyncDispose]();
  }

  /** Has these tasks begin, one at a time or at once, and resolves when they have ended. */
  async runBatch(names: readonly string[], isParallel: boolean): Promise<void> {
    const places = names.map((name) => this.#places.get(name)!);
    const left = names.filter((name) => !this.#ends.has(name)).length;
    if (left === 0) return;
    const batch: Batch = { left, over: Promise.withResolvers() };
    this.#run.limit(isParallel ? Infinity : 0);
    for (const place of places) {
      place.batch = batch;
      place.turn.resolve();
    }
    await batch.over.promise;
  }

  /** What failed tasks threw, in the order of the names. */
  errors(names: readonly string[]): unknown[] {
    return [...this.results(names).values()].flatMap((end) => end.status === "failed" ? [end.error] : []);
  }

  counts(): SafeCounts {
    const counts = { completed: 0, failed: 0, skipped: 0 };
    for (const { status } of this.#ends.values()) counts[status]++;
    return counts;
  }

  /** By name, in the order of the names. */
  results(names: readonly string[]): Map<string, SafeTaskResult<Result>> {
    return new Map(names.map((name) => [name, this.#ends.get(name)!]));
  }

  /** In the order of the names; what is not part of it is done as soon as it can be. */
  #plan(names: readonly string[]): Schedulable {
    const { ordering: { graph } } = cyclesAmong(this.#tasks);
    const plan = schedulable(this.#tasks.map(() => ({ retries: 0 })), graph);
    const positions = new Map(names.map((name, at) => [name, at]));
    const position = (task: number) => positions.get(this.#tasks[task].name) ?? -1;
    return { ...plan, order: plan.order.slice().sort((a, b) => position(a) - position(b) || a - b) };
  }

  #check(task: number): RebuilderAnswer {
    const place = this.#places.get(this.#tasks[task].name);
    if (place === undefined) return { kind: "fresh" };
    return place.batch ? { kind: "run" } : { kind: "later", until: place.turn.promise, isLook: true };
  }

  async #call(attempt: Attempt): Promise<Result> {
    const { log, lock, work } = this.#parts;
    const task = this.#tasks[attempt.task];
    this.#locks.set(attempt, undefined);
    const locked = await lock(task, attempt.signal);
    if (!this.#locks.has(attempt)) {
      // It was given up, so nobody else would give this back.
      this.#release(task, locked);
      throw attempt.signal.reason;
    }
    this.#locks.set(attempt, locked);
    attempt.begin();
    log.running.add(task.name);
    log.line("DEBUG", `Started ${quote(task.name)}`);
    return await work(task, attempt.signal);
  }

  #attemptEnded(attempt: Attempt, end: AttemptEnd): void {
    const task = this.#tasks[attempt.task];
    this.#parts.log.running.delete(task.name);
    this.#release(task, this.#locks.get(attempt));
    this.#locks.delete(attempt);
    this.#attempted.set(attempt.task, { ...end, durationMs: performance.now() - attempt.madeMs });
  }

  #release({ name }: GateTask, lock: FileLock | undefined): void {
    try {
      lock?.release();
    } catch (error) {
      this.#parts.log.line("WARNING", `Cannot release the locks of ${quote(name)}: ${asError(error).message}`);
    }
  }

  #heard(event: RunEvent): void {
    switch (event.kind) {
      case "executed":
      case "failed":
      case "cancelled":
        return this.#ended(event.task);
      case "skipped":
        return this.#skipped(this.#tasks[event.task]);
    }
  }

  #ended(task: number): void {
    const { name } = this.#tasks[task];
    const end = this.#attempted.get(task)!;
    const { durationMs } = end;
    if ("result" in end) {
      this.#parts.log.line("DEBUG", `Completed ${quote(name)}`);
      this.#end(name, { status: "completed", result: end.result as Result, durationMs });
    } else {
      this.#parts.log.line("ERROR", `Failed ${quote(name)}: ${asError(end.thrown).message}`);
      this.#end(name, { status: "failed", error: end.thrown, durationMs });
    }
  }

  /** What a failure skips is told of after it, and what needs another after that one. */
  #skipped({ name, dependencies = [] }: GateTask): void {
    const inTheWay = dependencies.map((dependency) => this.#obstacle(dependency)).find((task) => task !== undefined);
    if (!this.#places.has(name)) {
      if (inTheWay !== undefined) this.#blockedBy.set(name, inTheWay);
      return;
    }
    const isStopped = this.#parts.signal.aborted || inTheWay === undefined;
    const error = isStopped ? "the execution was stopped" : `${quote(inTheWay)}, which it needs, was not completed`;
    this.#parts.log.line("WARNING", `Skipped ${quote(name)}: ${error}`);
    this.#end(name, { status: "skipped", error, durationMs: 0 });
  }

  /** The task, or one that it waited for, that was not completed. */
  #obstacle(name: string): string | undefined {
    const end = this.#ends.get(name);
    return end !== undefined && end.status !== "completed" ? name : this.#blockedBy.get(name);
  }

  #end(name: string, end: SafeTaskResult<Result>): void {
    this.#ends.set(name, end);
    const { batch } = this.#places.get(name)!;
    if (batch !== undefined && --batch.left === 0) batch.over.resolve();
  }
}
