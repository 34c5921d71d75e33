/**
 * Owns one run of anything: its schedule, its results and, through its work, the build cache; it is reached only through its
 * mailbox, and what takes time answers there. Who does the tasks is a pool's affair.
 * It decides nothing itself: `graph/schedule.step` turns what it hears into effects, and it carries them out in order.
 *
 * The order that makes a crash harmless: artifact in place (a worker did that) → cache entry → dependents released.
 *
 * @module
 */
import { isKilled } from "../../graph/failure.ts";
import type { Effect, Event, TaskEnd } from "../../graph/schedule/event.ts";
import { createSchedule, step } from "../../graph/schedule/schedule.ts";
import { roomIn } from "../../graph/schedule/holdings.ts";
import { Mark, Phase, type Schedulable, type Schedule } from "../../graph/schedule/state.ts";
import { unreachable } from "../../graph/task.ts";
import { Alarm } from "./alarm.ts";
import { Mailbox } from "./mailbox.ts";
import type { SchedulerMessage } from "./scheduler_message.ts";
import { type Pool, type PoolReport, WorkerStartError } from "./pool.ts";
import { type Held, type Outcome, Results } from "./results.ts";
import type { Discovered, FromWorker, RunShell, RunTask } from "../worker/messages.ts";
import type { Counts, RunEvent } from "./run_event.ts";
import type { StatusTable } from "../worker/status_table.ts";
import type { TurnSource } from "./turn_source.ts";
import type { RebuilderAnswer, Work } from "./work.ts";
import type { StopSignal } from "../process/signals.ts";
import type { LockKeeper, LocksOfTasks } from "../locks/task_locks.ts";

/** The parts a scheduler works with. */
export interface SchedulerParts<Message = RunTask | RunShell> {
  readonly plan: Schedulable;
  readonly work: Work<Message>;
  readonly workers: number;
  readonly failFast: boolean;
  readonly table: StatusTable;
  /** Makes the pool when the first task must execute; it is told where to report. */
  readonly createPool: (onReport: (report: PoolReport) => void) => Pool<Message>;
  readonly onEvent: (event: RunEvent) => void;
  /** Says whose turn it is; default the plan does. */
  readonly turns?: TurnSource;
  /** Default tasks lock nothing. */
  readonly locks?: LocksOfTasks;
}

/** The actor of one run; it is used once. `Message` is what its pool is handed tasks with. */
export class Scheduler<Message = RunTask | RunShell> {
  readonly #parts: SchedulerParts<Message>;
  readonly #schedule: Schedule;
  readonly #mailbox: Mailbox<SchedulerMessage>;
  readonly #results: Results;
  /** Tasks whose check waits for files that are being read. */
  readonly #looking = new Set<number>();
  #pool: Pool<Message> | undefined;
  #locks: LockKeeper | undefined;
  /** Set when a task is first tried again after a while. */
  #alarm: Alarm | undefined;
  #askBy: StopSignal = "SIGTERM";
  #isInterrupted = false;
  /** Whether functions have been asked to come to their end. */
  #isSettling = false;
  readonly #finished = Promise.withResolvers<void>();

  constructor(parts: SchedulerParts<Message>) {
    this.#parts = parts;
    const { workers, failFast, locks, table, turns, onEvent } = parts;
    const inCrew = turns !== undefined;
    this.#schedule = createSchedule(parts.plan, { workers, failFast, locks: locks?.tasks, inCrew });
    turns?.attach((report) => this.post(report));
    this.#results = new Results(table, workers, onEvent);
    this.#mailbox = new Mailbox((message) => this.#handle(message), (error) => this.#finished.reject(error));
  }

  /** Settles when everything is settled and nothing runs; rejects only for a bug. The workers are still there. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** How each task ended, by index; whole once `finished` has resolved. */
  get ends(): readonly TaskEnd[] {
    return this.#results.ends;
  }

  get counts(): Counts {
    return this.#results.counts;
  }

  /** The way in. */
  post(message: SchedulerMessage): void {
    this.#mailbox.post(message);
  }

  /** Something has changed that only another run makes up for. */
  get isOutdated(): boolean {
    return this.#schedule.isOutdated;
  }

  /** Ends the workers, if any were started, and waits for them; then all locks are given back. */
  async close(): Promise<void> {
    this.#mailbox.close();
    this.#alarm?.close();
    await this.#pool?.close();
    this.#locks?.close();
  }

  /** Worker id → busy time / total time so far, and their mean as `overall`. */
  utilization(): Record<string, number> {
    return this.#pool === undefined ? { overall: 0 } : this.#results.utilization();
  }

  #handle(message: SchedulerMessage): void {
    switch (message.kind) {
      case "begin":
        return this.#step({ kind: "begun" });
      case "checked":
        return this.#checked(message.task, message.finding);
      case "answerable":
        // Of a look that was given up meanwhile nobody waits for the answer.
        return message.isLook && !this.#looking.delete(message.task) ? undefined : this.#check(message.task);
      case "interrupt":
        this.#isInterrupted = true;
        this.#askBy = message.signal ?? this.#askBy;
        return this.#step({ kind: "interrupted" });
      case "limit":
        return this.#step({ kind: "limited", room: message.room });
      case "due":
      case "locked":
      case "unbarred":
        return this.#step({ kind: message.kind, task: message.task });
      case "barred":
        this.#parts.onEvent(message);
        return this.#step({ kind: "barred", task: message.task });
      case "unlockable":
        this.#results.failedUntried(message.task, message.failure);
        return this.#step({ kind: "unlockable", task: message.task });
      case "changed":
      case "stopped":
        return this.#step(message);
      case "offered":
        for (const task of message.tasks) this.#results.comesAgain(task);
        return this.#step(message);
      case "withdrawn":
        this.#step(message);
        return this.#giveUpLooking(message.tasks);
      case "exhausted":
        return void this.#settle();
      case "checkpoint":
        return this.#parts.work.checkpoint?.();
      case "quiet":
        return this.#quiet();
      case "sourceBroke":
        throw message.error;
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
    const { idle, queue, stopping, plan, settled } = this.#schedule;
    if (idle.size === 0 && !stopping) {
      const waiting = Math.min(queue.size, roomIn(this.#schedule));
      this.#pool?.want(waiting, plan.size - settled, this.#expectedMs(waiting));
    }
    if (stopping) this.#giveUpLooking(this.#looking);
  }

  /** How long tasks that wait are expected to take, of as many as there are workers; none where that is not known. */
  #expectedMs(waiting: number): readonly number[] {
    const { plan: { weights, order }, queue, options } = this.#schedule;
    if (weights === undefined) return [];
    return queue.front(Math.min(waiting, options.workers)).map((rank) => weights[order[rank]]);
  }

  /** Nobody waits for these looks at files any more, whatever they would show. */
  #giveUpLooking(tasks: Iterable<number>): void {
    for (const task of tasks) {
      if (this.#looking.delete(task)) this.#step({ kind: "checked", task, verdict: { kind: "run" } });
    }
  }

  #checked(task: number, finding: RebuilderAnswer): void {
    if (finding.kind === "later") return this.#await(task, finding);
    if (finding.kind === "run") this.#results.setReason(task, finding.reason);
    if (finding.kind === "unreadable") this.#results.failedUntried(task, finding.failure, finding.output);
    this.#step({ kind: "checked", task, verdict: finding });
  }

  #await(task: number, { until, isLook = false }: Extract<RebuilderAnswer, { kind: "later" }>): void {
    if (isLook) this.#looking.add(task);
    if (this.#schedule.stopping || this.#schedule.marks[task] === Mark.Withdrawn) this.#giveUpLooking([task]);
    until.then(() => this.post({ kind: "answerable", task, isLook }));
  }

  #heard(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        return this.#step({ kind: "workerReady", worker });
      case "started":
        return this.#started(message.task, worker);
      case "completed": {
        const { task, published, durationMs, output, usage } = message;
        const late = this.#results.lateError(task);
        if (late !== undefined) return this.#failed({ task, worker }, { ...late, durationMs, usage });
        this.#results.ended({ task, worker }, { durationMs, output, usage });
        if (published !== undefined) this.#parts.work.arrived(task, published, { durationMs, output });
        return this.#step({ kind: "completed", worker, task });
      }
      case "failed":
        return this.#failed({ task: message.task, worker }, message);
      case "printed":
        return this.#parts.onEvent(message);
      case "discovered":
        return this.#discovered(worker, message);
      case "late":
        return this.#late(message);
      case "unrestorable":
        this.#parts.work.unrestorable(message.task);
        this.#results.givenBack();
        return this.#step({ kind: "unrestorable", worker, task: message.task });
      case "lost":
        throw new Error(`Bug: task ${message.task} was given to worker ${worker} and taken by another`);
      case "closed":
      case "finished":
      case "paused":
        return;
      default:
        unreachable(message);
    }
  }

  /** The worker waits for the answer, unless its task is cancelled meanwhile; then it takes no notice of one. */
  #discovered(worker: number, message: Discovered): void {
    const answer = this.#parts.work.discovered!(message.task, message);
    if (answer.kind === "later") return void answer.until.then(() => this.post({ kind: "worker", worker, message }));
    this.#pool!.answer!(worker, { kind: "discovery", wish: message.wish, failure: answer.failure });
  }

  #started(task: number, worker: number): void {
    const isExecution = this.#schedule.restoring[task] === 0;
    this.#results.started({ task, worker }, isExecution ? () => this.#parts.work.madeOf?.(task) : undefined);
  }

  #failed(
    { task, worker }: Held,
    { failure, durationMs, output, usage }: Outcome & Pick<Required<Outcome>, "failure">,
  ): void {
    this.#results.ended({ task, worker }, { durationMs, output, usage, failure });
    const isCancelled = failure.kind === "cancelled";
    // A crew counts what was killed from outside: another member may be luckier.
    const retriable = !isCancelled && !(this.#parts.turns !== undefined && isKilled(failure));
    const isDelayed = this.#delayMs(task, this.#schedule.attempts[task] + 1) > 0;
    this.#step({ kind: "failed", worker, task, retriable, isCancelled, isDelayed });
  }

  #late(message: Extract<FromWorker, { kind: "late" }>): void {
    const { task, failure, output } = message;
    const hasFailed = this.#results.late(message, () => this.#parts.work.distrust?.(task));
    if (hasFailed) this.#parts.turns?.failedLate(task, failure, output);
  }

  #crashed(worker: number, detail: string): void {
    const task = this.#schedule.taskOf[worker];
    if (task >= 0) this.#results.lost(task, detail);
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
      case "lock":
        this.#locks ??= this.#parts.locks!.open((report) => this.post(report));
        return this.#locks.lock(effect.task);
      case "unlock":
        return this.#locks!.unlock(effect.task);
      case "record":
        return this.#parts.work.record(effect.task);
      case "retry":
        this.#results.retried(effect, effect.attempt);
        return this.#delay(effect.task, effect.attempt);
      case "redo":
        return this.#results.redone(effect, this.#schedule.restoring[effect.task] !== 0);
      case "complete":
        return this.#complete(effect);
      case "fail":
        return this.#fail(effect.task, effect.worker);
      case "skip": {
        const { task, worker } = effect;
        return worker === undefined ? this.#results.skipped(task) : this.#results.cancelled({ task, worker });
      }
      case "cancel":
        return this.#pool!.cancel(effect.worker, effect.signal === "SIGTERM" ? this.#askBy : effect.signal);
      case "claim":
        return this.#parts.turns!.claim(effect.upTo);
      case "release":
        this.#results.released(effect, this.#schedule.restoring[effect.task] !== 0);
        return this.#parts.turns!.released(effect.task);
      case "finish":
        // What functions have left running may still fail; whoever stops a run does not wait for that.
        return this.#isInterrupted ? this.post({ kind: "quiet" }) : void this.#settle();
      default:
        unreachable(effect);
    }
  }

  /** Late errors have been heard of then. */
  async #settle(): Promise<void> {
    if (this.#isSettling) return;
    this.#isSettling = true;
    await this.#pool?.finish();
    this.#isSettling = false;
    this.post({ kind: "quiet" });
  }

  #quiet(): void {
    const { turns } = this.#parts;
    if (!this.#schedule.finished) {
      if (turns!.isExhausted()) this.#step({ kind: "stopped" });
    } else if (turns === undefined) this.#finished.resolve();
    else turns.end().then(this.#finished.resolve, this.#finished.reject);
  }

  #check(task: number): void {
    this.post({ kind: "checked", task, finding: this.#parts.work.check(task) });
  }

  #run(task: number, worker: number, restore: boolean): void {
    if (!restore) this.#results.tellReason(task);
    this.#pool!.run(worker, this.#parts.work.message(task, restore));
  }

  #delayMs(task: number, failedAttempts: number): number {
    return this.#parts.work.retryDelayMs?.(task, failedAttempts) ?? 0;
  }

  /** A crash has its task tried again at once, whatever the delay. */
  #delay(task: number, failedAttempts: number): void {
    if (this.#schedule.phase[task] !== Phase.Delayed) return;
    this.#alarm ??= new Alarm((task) => this.post({ kind: "due", task }));
    this.#alarm.set(task, performance.now() + this.#delayMs(task, failedAttempts));
  }

  #complete(effect: Extract<Effect, { kind: "complete" }>): void {
    const { work } = this.#parts;
    this.#results.completed(effect, {
      origin: () => work.origin?.(effect.task),
      madeOf: () => work.discoveredOf?.(effect.task),
    });
    this.#parts.turns?.completed(effect.task, effect.by);
  }

  #fail(task: number, worker: number | null): void {
    const { failure, output } = this.#results.failed(task, worker);
    this.#parts.turns?.failed(task, failure, output);
  }
}
