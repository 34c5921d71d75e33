/**
 * Owns a run's statuses, results and build cache, and is reached only through its mailbox.
 * It decides nothing itself: `graph/schedule.step` turns what it hears into effects, and it carries them out in order.
 *
 * The order that makes a crash harmless: artifact in place (a worker did that) → cache entry → dependents released.
 *
 * @module
 */
import type { Effect, Event, Status, Verdict } from "../graph/event.ts";
import { describeTaskFailure, type TaskFailure } from "../graph/failure.ts";
import type { Plan } from "../graph/plan.ts";
import type { BuildReport, BuildResult } from "../graph/report.ts";
import { createSchedule, step } from "../graph/schedule.ts";
import type { Schedule } from "../graph/schedule_state.ts";
import { unreachable } from "../graph/task.ts";
import type { BuildCache } from "./build_cache.ts";
import type { Finding, Freshness } from "./freshness.ts";
import { Mailbox } from "./mailbox.ts";
import type { FromWorker, Output, RunTask } from "./messages.ts";
import type { StatusTable } from "./status_table.ts";
import { type PoolReport, type WorkerPool, WorkerStartError } from "./worker_pool.ts";

/** What the scheduler is told. */
export type SchedulerMessage =
  | { readonly kind: "begin" }
  | { readonly kind: "checked"; readonly task: number; readonly finding: Finding }
  | { readonly kind: "interrupt" }
  | PoolReport;

/** What happens in a run, for whoever shows it. Durations in milliseconds. */
export type RunEvent =
  | { readonly kind: "reason"; readonly task: number; readonly reason: string }
  | { readonly kind: "started"; readonly task: number; readonly worker: number }
  | {
    readonly kind: "executed";
    readonly task: number;
    readonly worker: number;
    readonly durationMs: number;
    readonly output?: Output;
  }
  | { readonly kind: "hit"; readonly task: number; readonly worker: number | null }
  | {
    readonly kind: "failed";
    readonly task: number;
    readonly worker: number | null;
    readonly durationMs: number;
    readonly error: string;
    readonly output?: Output;
    /** Number of the further attempt that follows; absent when none does. */
    readonly retry?: number;
  }
  | { readonly kind: "crashed"; readonly worker: number }
  | { readonly kind: "skipped"; readonly task: number };

/** The parts a scheduler works with. */
export interface SchedulerParts {
  readonly plan: Plan;
  readonly workers: number;
  readonly failFast: boolean;
  readonly freshness: Freshness;
  readonly cache: BuildCache;
  readonly table: StatusTable;
  /** Makes the pool when the first task must execute; it is told where to report. */
  readonly createPool: (onReport: (report: PoolReport) => void) => WorkerPool;
  readonly onEvent: (event: RunEvent) => void;
}

/** How many tasks stand where. */
export interface Counts {
  completed: number;
  failed: number;
  skipped: number;
  running: number;
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
  readonly #findings: (Finding | undefined)[];
  readonly #results: (BuildResult | undefined)[];
  readonly #outcomes = new Map<number, Outcome>();
  readonly #busyMs: Float64Array;
  readonly #begun = performance.now();
  readonly counts: Counts = { completed: 0, failed: 0, skipped: 0, running: 0 };
  #pool: WorkerPool | undefined;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  /** Settles when everything is settled and nothing runs; rejects only for a bug. The workers are still there. */
  readonly finished: Promise<void>;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#schedule = createSchedule(parts.plan, { workers: parts.workers, failFast: parts.failFast });
    this.#findings = new Array(parts.plan.size);
    this.#results = new Array(parts.plan.size);
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

  /** The whole run in figures; call it when it is finished. */
  report(totalMs: number): BuildReport {
    const { plan, workers } = this.#parts;
    const runMs = Math.max(performance.now() - this.#begun, 0.001);
    const utilization: Record<string, number> = {};
    let busy = 0;
    for (let worker = 1; worker <= workers && this.#pool !== undefined; worker++) {
      utilization[worker] = round(Math.min(1, this.#busyMs[worker] / runMs));
      busy += utilization[worker];
    }
    const results = plan.tasks.map((task, i): [string, BuildResult] => [task.name, this.#results[i]!]);
    return {
      total_tasks: plan.size,
      completed: this.counts.completed,
      failed: this.counts.failed,
      skipped: this.counts.skipped,
      total_duration: round(totalMs / 1000),
      worker_utilization: { ...utilization, overall: round(busy / workers) },
      results: Object.fromEntries(results),
    };
  }

  #handle(message: SchedulerMessage): void {
    switch (message.kind) {
      case "begin":
        return this.#step({ kind: "begun" });
      case "checked":
        return this.#checked(message.task, message.finding);
      case "interrupt":
        return this.#step({ kind: "interrupted" });
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
    if (finding.kind === "tooMuch") {
      this.#parts.cache.files.readSlowly(finding.path).then(() => this.#check(task));
      return;
    }
    this.#findings[task] = finding;
    if (finding.kind === "fresh") {
      this.#parts.freshness.artifacts[task] = finding.sha256;
      this.#parts.cache.remember(this.#parts.plan.tasks[task].name, finding.trace);
    }
    if (finding.kind === "unreadable") this.#outcomes.set(task, { durationMs: 0, failure: finding.failure });
    const verdict: Verdict = finding;
    this.#step({ kind: "checked", task, verdict });
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
        this.#parts.freshness.artifacts[task] = published.sha256;
        this.#parts.cache.files.enter(this.#parts.plan.tasks[task].output, published);
        return this.#step({ kind: "completed", worker, task });
      }
      case "failed": {
        const { task, failure, durationMs, output } = message;
        this.#ended(worker, task, { durationMs, output, failure });
        return this.#step({ kind: "failed", worker, task, retriable: failure.kind !== "cancelled" });
      }
      case "unrestorable": {
        const finding = this.#findings[message.task];
        if (finding?.kind === "restore") this.#parts.cache.drop(finding.fingerprint);
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

  #started(task: number, worker: number): void {
    this.counts.running++;
    const finding = this.#findings[task];
    if (finding?.kind !== "restore") this.#parts.onEvent({ kind: "started", task, worker });
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
        return this.#record(effect.task);
      case "retry":
        return this.#retry(effect.task, effect.worker, effect.attempt);
      case "complete":
        return this.#complete(effect);
      case "fail":
        return this.#fail(effect.task, effect.worker);
      case "skip":
        return this.#skip(effect.task);
      case "cancel":
        return this.#pool!.cancel(effect.worker, effect.signal);
      case "finish":
        return this.#resolve();
      default:
        unreachable(effect);
    }
  }

  #check(task: number): void {
    this.post({ kind: "checked", task, finding: this.#parts.freshness.check(task) });
  }

  #run(task: number, worker: number, restore: boolean): void {
    const { plan, onEvent } = this.#parts;
    const finding = this.#findings[task];
    const { name, action, output, env, timeoutMs, expectedSha256 } = plan.tasks[task];
    if (finding?.kind === "run") onEvent({ kind: "reason", task, reason: finding.reason });
    const { dependencyStart, dependencies } = plan.graph;
    const artifacts: string[] = [];
    for (let i = dependencyStart[task]; i < dependencyStart[task + 1]; i++) {
      artifacts.push(plan.tasks[dependencies[i]].output);
    }
    const work: RunTask["work"] = restore && finding?.kind === "restore"
      ? { kind: "restore", from: finding.from, sha256: finding.sha256 }
      : action;
    const sources = plan.sources[task];
    this.#pool!.run(worker, {
      kind: "run",
      task,
      name,
      work,
      output,
      sources,
      dependencyArtifacts: artifacts,
      env,
      timeoutMs,
      expectedSha256,
    });
  }

  /** A result whose sources changed while it was made is used, but not remembered: nobody knows which it saw. */
  #record(task: number): void {
    const { cache, plan, freshness } = this.#parts;
    const finding = this.#findings[task];
    if (finding?.kind !== "run" && finding?.kind !== "restore") throw new Error(`Bug: task ${task} was never checked`);
    if (finding.kind === "run" && !freshness.sourcesUnchanged(task)) return;
    const { output, name } = plan.tasks[task];
    const sha256 = freshness.artifacts[task]!;
    const size = cache.files.size(output);
    if (finding.kind === "run" || cache.get(finding.fingerprint) === undefined) {
      cache.insert(finding.fingerprint, { artifact_path: output, sha256, size });
    }
    cache.remember(name, finding.trace);
  }

  #retry(task: number, worker: number, attempt: number): void {
    this.#change(task, "running", "pending");
    if (attempt === 0) return;
    const { durationMs, failure, output } = this.#outcomes.get(task)!;
    const error = describeTaskFailure(failure!);
    this.#parts.onEvent({ kind: "failed", task, worker, durationMs, error, output, retry: attempt });
  }

  #complete({ task, by, worker }: Extract<Effect, { kind: "complete" }>): void {
    this.#change(task, by === "fresh" ? "pending" : "running", "completed");
    const outcome = this.#outcomes.get(task);
    this.#outcomes.delete(task);
    this.counts.completed++;
    const durationMs = outcome?.durationMs ?? 0;
    this.#settle(task, { status: "completed", durationMs, worker, isHit: by !== "executed" });
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
    const error = describeTaskFailure(failure!);
    this.#settle(task, { status: "failed", durationMs, worker, error });
    this.#parts.onEvent({ kind: "failed", task, worker, durationMs, error, output });
  }

  #skip(task: number): void {
    this.#change(task, "pending", "skipped");
    this.counts.skipped++;
    this.#settle(task, { status: "skipped", durationMs: 0, worker: null });
    this.#parts.onEvent({ kind: "skipped", task });
  }

  #change(task: number, from: Status, to: Status): void {
    if (!this.#parts.table.change(task, from, to)) {
      throw new Error(`Bug: task ${task} is ${this.#parts.table.read(task)}, not ${from}`);
    }
  }

  #settle(
    task: number,
    end: { status: Status; durationMs: number; worker: number | null; isHit?: boolean; error?: string },
  ): void {
    const { name, output } = this.#parts.plan.tasks[task];
    const finding = this.#findings[task];
    const isDone = end.status === "completed";
    this.#results[task] = {
      task_name: name,
      status: end.status,
      duration: round(end.durationMs / 1000),
      worker_id: end.worker,
      artifact_path: isDone ? output : null,
      ...(isDone ? { sha256: this.#parts.freshness.artifacts[task], cache_hit: end.isHit } : {}),
      ...(finding?.kind === "run" && end.status !== "skipped" ? { reason: finding.reason } : {}),
      ...(end.error === undefined ? {} : { error_message: end.error }),
    };
    this.#findings[task] = undefined;
  }
}

/** Four decimals are all a clock is good for. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
