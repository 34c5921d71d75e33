/**
 * Owns a run's statuses, results and, through its work, the build cache; it is reached only through its mailbox.
 * It decides nothing itself: `graph/schedule.step` turns what it hears into effects, and it carries them out in order.
 *
 * The order that makes a crash harmless: artifact in place (a worker did that) → cache entry → dependents released.
 *
 * @module
 */
import type { Effect, Event, Status, TaskEnd } from "../graph/event.ts";
import type { TaskFailure } from "../graph/failure.ts";
import { createSchedule, step } from "../graph/schedule.ts";
import type { Schedulable, Schedule } from "../graph/schedule_state.ts";
import { unreachable } from "../graph/task.ts";
import { Mailbox } from "./mailbox.ts";
import type { FromWorker, Output } from "./messages.ts";
import type { Counts, RunEvent } from "./run_event.ts";
import type { StatusTable } from "./status_table.ts";
import type { StopSignal } from "./stop_listener.ts";
import type { Finding, Work } from "./work.ts";
import { type PoolReport, type WorkerPool, WorkerStartError } from "./worker_pool.ts";

/** What the scheduler is told. */
export type SchedulerMessage =
  | { readonly kind: "begin" }
  | { readonly kind: "checked"; readonly task: number; readonly finding: Finding }
  /** A signal is what running commands are asked to end by; SIGTERM unless told. */
  | { readonly kind: "interrupt"; readonly signal?: StopSignal }
  /** So many more tasks may run at once than do now. */
  | { readonly kind: "limit"; readonly room: number }
  | PoolReport;

/** The parts a scheduler works with. */
export interface SchedulerParts {
  readonly plan: Schedulable;
  readonly work: Work;
  readonly workers: number;
  readonly failFast: boolean;
  readonly table: StatusTable;
  /** Makes the pool when the first task must execute; it is told where to report. */
  readonly createPool: (onReport: (report: PoolReport) => void) => WorkerPool;
  readonly onEvent: (event: RunEvent) => void;
}

/** What a worker last said of a task. */
interface Outcome {
  durationMs: number;
  output?: Output;
  failure?: TaskFailure;
}

/** The actor of one run; it is used once. */
export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #schedule: Schedule;
  readonly #mailbox: Mailbox<SchedulerMessage>;
  readonly #reasons: (string | undefined)[];
  /** How each task ended, by index; whole once `finished` has resolved. */
  readonly ends: TaskEnd[];
  readonly #outcomes = new Map<number, Outcome>();
  readonly #busyMs: Float64Array;
  readonly #begun = performance.now();
  readonly counts: Counts = { completed: 0, failed: 0, skipped: 0, running: 0 };
  #pool: WorkerPool | undefined;
  #askBy: StopSignal = "SIGTERM";
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  /** Settles when everything is settled and nothing runs; rejects only for a bug. The workers are still there. */
  readonly finished: Promise<void>;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#schedule = createSchedule(parts.plan, { workers: parts.workers, failFast: parts.failFast });
    this.#reasons = new Array(parts.plan.size);
    this.ends = new Array(parts.plan.size);
    this.#busyMs = new Float64Array(parts.workers + 1);
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#mailbox = new Mailbox((message) => this.#handle(message), (error) => this.#reject(error));
  }

  /** The way in. */
  post(message: SchedulerMessage): void {
    this.#mailbox.post(message);
  }

  /** Ends the workers, if any were started, and waits for them. */
  async close(): Promise<void> {
    this.#mailbox.close();
    await this.#pool?.close();
  }

  /** Worker id → busy time / total time so far, and their mean as `overall`. */
  utilization(): Record<string, number> {
    const { workers } = this.#parts;
    const runMs = Math.max(performance.now() - this.#begun, 0.001);
    const utilization: Record<string, number> = {};
    let busy = 0;
    for (let worker = 1; worker <= workers && this.#pool !== undefined; worker++) {
      const share = Math.min(1, this.#busyMs[worker] / runMs);
      utilization[worker] = share;
      busy += share;
    }
    return { ...utilization, overall: busy / workers };
  }

  #handle(message: SchedulerMessage): void {
    switch (message.kind) {
      case "begin":
        return this.#step({ kind: "begun" });
      case "checked":
        return this.#checked(message.task, message.finding);
      case "interrupt":
        this.#askBy = message.signal ?? this.#askBy;
        return this.#step({ kind: "interrupted" });
      case "limit":
        return this.#step({ kind: "limited", room: message.room });
      case "crashed":
        return this.#crashed(message.worker, message.detail);
      case "broken":
        throw new WorkerStartError(`Cannot start worker ${message.worker}: ${message.detail}`);
      case "worker":
        return this.#heard(message.worker, message.message);
      default:
        unreachable(message);
    }
  }

  #step(event: Event): void {
    for (const effect of step(this.#schedule, event)) this.#carryOut(effect);
  }

  #checked(task: number, finding: Finding): void {
    if (finding.kind === "later") {
      finding.until.then(() => this.#check(task));
      return;
    }
    if (finding.kind === "run") this.#reasons[task] = finding.reason;
    if (finding.kind === "unreadable") this.#outcomes.set(task, { durationMs: 0, failure: finding.failure });
    this.#step({ kind: "checked", task, verdict: finding });
  }

  #heard(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        return this.#step({ kind: "workerReady", worker });
      case "started":
        return this.#started(message.task, worker);
      case "completed": {
        const { task, published, durationMs, output } = message;
        this.#ended(worker, task, { durationMs, output });
        if (published !== undefined) this.#parts.work.arrived(task, published);
        return this.#step({ kind: "completed", worker, task });
      }
      case "failed": {
        const { task, failure, durationMs, output } = message;
        this.#ended(worker, task, { durationMs, output, failure });
        return this.#step({ kind: "failed", worker, task, retriable: failure.kind !== "cancelled" });
      }
      case "printed":
        return this.#parts.onEvent(message);
      case "unrestorable": {
        this.#parts.work.unrestorable(message.task);
        this.counts.running--;
        return this.#step({ kind: "unrestorable", worker, task: message.task });
      }
      case "lost":
        throw new Error(`Bug: task ${message.task} was given to worker ${worker} and taken by another`);
      case "closed":
        return;
      default:
        unreachable(message);
    }
  }

  /** Copying an artifact is no execution, and is not told as one. */
  #started(task: number, worker: number): void {
    this.counts.running++;
    if (this.#schedule.restoring[task] === 0) this.#parts.onEvent({ kind: "started", task, worker });
  }

  #ended(worker: number, task: number, outcome: Outcome): void {
    this.counts.running--;
    this.#busyMs[worker] += outcome.durationMs;
    this.#outcomes.set(task, outcome);
  }

  #crashed(worker: number, detail: string): void {
    const task = this.#schedule.taskOf[worker];
    if (task >= 0) {
      if (this.#parts.table.read(task) === "running") this.counts.running--;
      // Its word may still be pending; a crashed attempt has been one all the same.
      else this.#parts.table.change(task, "pending", "running");
      this.#outcomes.set(task, { durationMs: 0, failure: { kind: "crash", detail } });
    }
    this.#parts.onEvent({ kind: "crashed", worker });
    this.#step({ kind: "crashed", worker });
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case "check":
        return this.#check(effect.task);
      case "startWorkers":
        this.#pool = this.#parts.createPool((report) => this.post(report));
        return this.#pool.start();
      case "run":
        return this.#run(effect.task, effect.worker, effect.restore);
      case "record":
        return this.#parts.work.record(effect.task);
      case "retry":
        return this.#retry(effect.task, effect.worker, effect.attempt);
      case "complete":
        return this.#complete(effect);
      case "fail":
        return this.#fail(effect.task, effect.worker);
      case "skip":
        return this.#skip(effect.task);
      case "cancel":
        return this.#pool!.cancel(effect.worker, effect.signal === "SIGTERM" ? this.#askBy : effect.signal);
      case "finish":
        return this.#resolve();
      default:
        unreachable(effect);
    }
  }

  #check(task: number): void {
    this.post({ kind: "checked", task, finding: this.#parts.work.check(task) });
  }

  #run(task: number, worker: number, restore: boolean): void {
    const reason = restore ? undefined : this.#reasons[task];
    if (reason !== undefined) this.#parts.onEvent({ kind: "reason", task, reason });
    this.#pool!.run(worker, this.#parts.work.message(task, restore));
  }

  #retry(task: number, worker: number, attempt: number): void {
    this.#change(task, "running", "pending");
    if (attempt === 0) return;
    const { durationMs, failure, output } = this.#outcomes.get(task)!;
    this.#parts.onEvent({ kind: "failed", task, worker, durationMs, failure: failure!, output, retry: attempt });
  }

  #complete({ task, by, worker }: Extract<Effect, { kind: "complete" }>): void {
    this.#change(task, by === "fresh" ? "pending" : "running", "completed");
    const outcome = this.#outcomes.get(task);
    this.#outcomes.delete(task);
    this.counts.completed++;
    const durationMs = outcome?.durationMs ?? 0;
    this.#end(task, { status: "completed", by, durationMs, worker });
    if (by === "executed") {
      this.#parts.onEvent({ kind: "executed", task, worker: worker!, durationMs, output: outcome?.output });
    } else {
      this.#parts.onEvent({ kind: "hit", task, worker });
    }
  }

  #fail(task: number, worker: number | null): void {
    this.#change(task, worker === null ? "pending" : "running", "failed");
    const { durationMs, failure, output } = this.#outcomes.get(task)!;
    this.#outcomes.delete(task);
    this.counts.failed++;
    this.#end(task, { status: "failed", durationMs, worker, failure });
    this.#parts.onEvent({ kind: "failed", task, worker, durationMs, failure: failure!, output });
  }

  #skip(task: number): void {
    this.#change(task, "pending", "skipped");
    this.counts.skipped++;
    this.#end(task, { status: "skipped", durationMs: 0, worker: null });
    this.#parts.onEvent({ kind: "skipped", task });
  }

  #end(task: number, end: TaskEnd): void {
    const reason = end.by === undefined || end.by === "executed" ? this.#reasons[task] : undefined;
    this.ends[task] = reason === undefined || end.status === "skipped" ? end : { ...end, reason };
  }

  #change(task: number, from: Status, to: Status): void {
    if (!this.#parts.table.change(task, from, to)) {
      throw new Error(`Bug: task ${task} is ${this.#parts.table.read(task)}, not ${from}`);
    }
  }
}
