/**
 * Owns how the tasks of a run stand and end: the words of the status table once a worker has had its task, the counts, what
 * a worker said of each task, and the telling of all that. Its owner says what has happened; it decides nothing and starts
 * nothing.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import type { CompletedBy, Status, TaskEnd } from "../../graph/schedule/event.ts";
import type { Output, Usage } from "../process/output.ts";
import type { FromWorker } from "../worker/messages.ts";
import type { StatusTable } from "../worker/status_table.ts";
import type { Counts, RunEvent } from "./run_event.ts";
import type { MadeOf, Origin } from "./work.ts";

/** What a worker last said of a task. */
export interface Outcome {
  readonly durationMs: number;
  readonly output?: Output;
  readonly usage?: Usage;
  readonly failure?: TaskFailure;
}

/** An error that nobody handled and that came after its task had ended. */
type LateError = Extract<FromWorker, { kind: "late" }>;

/** A task and the worker that has it, or had. */
export interface Held {
  readonly task: number;
  readonly worker: number;
}

/** The results of one run, tasks by index. */
export class Results {
  /** How each task ended; whole once all have. */
  readonly ends: TaskEnd[];
  readonly counts: Counts = { completed: 0, failed: 0, skipped: 0, cancelled: 0, running: 0 };
  readonly #table: StatusTable;
  readonly #tell: (event: RunEvent) => void;
  readonly #reasons: (string | undefined)[];
  readonly #outcomes = new Map<number, Outcome>();
  /** Of tasks that are not completed yet. */
  readonly #lateErrors = new Map<number, LateError>();
  readonly #busyMs: Float64Array;
  readonly #begun = performance.now();

  constructor(table: StatusTable, workers: number, tell: (event: RunEvent) => void) {
    this.#table = table;
    this.#tell = tell;
    this.#reasons = new Array(table.size);
    this.ends = new Array(table.size);
    this.#busyMs = new Float64Array(workers + 1);
  }

  /** Worker id → busy time / total time so far, and their mean as `overall`. */
  utilization(): Record<string, number> {
    const workers = this.#busyMs.length - 1;
    const runMs = Math.max(performance.now() - this.#begun, 0.001);
    const utilization: Record<string, number> = {};
    let busy = 0;
    for (let worker = 1; worker <= workers; worker++) {
      const share = Math.min(1, this.#busyMs[worker] / runMs);
      utilization[worker] = share;
      busy += share;
    }
    return { ...utilization, overall: busy / workers };
  }

  /** Takes note of why a task is to be run, where there could be a reason not to. */
  setReason(task: number, reason: string | undefined): void {
    this.#reasons[task] = reason;
  }

  /** Tells that reason. */
  tellReason(task: number): void {
    const reason = this.#reasons[task];
    if (reason !== undefined) this.#tell({ kind: "reason", task, reason });
  }

  /** A worker has begun a task; to copy an artifact is no execution, and is not told as one. */
  started({ task, worker }: Held, madeOf: (() => MadeOf | undefined) | undefined): void {
    this.counts.running++;
    this.#lateErrors.delete(task); // of an attempt before
    if (madeOf !== undefined) this.#tell({ kind: "started", task, worker, madeOf: madeOf() });
  }

  /** A worker has said how its task went; what that means is yet to be decided. */
  ended({ task, worker }: Held, outcome: Outcome): void {
    this.counts.running--;
    this.#busyMs[worker] += outcome.durationMs;
    this.#outcomes.set(task, outcome);
  }

  /** A worker has given its task back and has nothing to say of it. */
  givenBack(): void {
    this.counts.running--;
  }

  /** A worker was lost with its task. Its word may still be pending; a crashed attempt has been one all the same. */
  lost(task: number, detail: string): void {
    if (this.#table.read(task) === "running") this.counts.running--;
    else this.#table.change(task, "pending", "running");
    this.failedUntried(task, { kind: "crash", detail });
  }

  /** No worker has said why the task is to fail. */
  failedUntried(task: number, failure: TaskFailure, output?: Output): void {
    this.#outcomes.set(task, { durationMs: 0, failure, ...(output === undefined ? {} : { output }) });
  }

  /** The task will be tried again as its attempt failed, or as there was nothing to copy: that is attempt 0. */
  retried({ task, worker }: Held, attempt: number): void {
    this.#change(task, "running", "pending");
    if (attempt === 0) return;
    const { failure, ...outcome } = this.#outcomes.get(task)!;
    this.#tell({ kind: "failed", task, worker, ...outcome, failure: failure!, retry: attempt });
  }

  /** The task begins anew; `isCopied` when it was no execution that came to nothing. */
  redone({ task, worker }: Held, isCopied: boolean): void {
    this.#change(task, "running", "pending");
    const { durationMs, output, usage } = this.#take(task)!;
    if (isCopied) return;
    this.#tell({ kind: "cancelled", task, worker, durationMs, output, usage, isAgain: true });
  }

  completed(
    { task, by, worker }: { readonly task: number; readonly by: CompletedBy; readonly worker: number | null },
    { origin, madeOf }: { readonly origin: () => Origin | undefined; readonly madeOf: () => MadeOf | undefined },
  ): void {
    this.#change(task, by === "fresh" ? "pending" : "running", "completed");
    const { durationMs = 0, output, usage } = this.#take(task) ?? {};
    this.counts.completed++;
    if (by === "executed") {
      this.#end(task, { status: "completed", by, durationMs, worker });
      const made = madeOf();
      const told = { kind: "executed", task, worker: worker!, durationMs, output, usage } as const;
      return this.#tell(made === undefined ? told : { ...told, madeOf: made });
    }
    const from = by === "copied" ? origin() : undefined;
    const came = from?.isStored ? "restored" : by;
    this.#end(task, { status: "completed", by: came, durationMs, worker });
    const told = { kind: "hit", task, by: came, worker, output: from?.output } as const;
    this.#tell(from?.isRemote ? { ...told, isRemote: true } : told);
  }

  /** Answers with what there is to tell of it. */
  failed(task: number, worker: number | null): { readonly failure: TaskFailure; readonly output?: Output } {
    this.#change(task, worker === null ? "pending" : "running", "failed");
    const { failure, ...outcome } = this.#take(task)!;
    this.counts.failed++;
    this.#end(task, { status: "failed", durationMs: outcome.durationMs, worker, failure });
    this.#tell({ kind: "failed", task, worker, ...outcome, failure: failure! });
    return { failure: failure!, output: outcome.output };
  }

  skipped(task: number): void {
    this.#change(task, "pending", "skipped");
    this.counts.skipped++;
    this.#end(task, { status: "skipped", durationMs: 0, worker: null });
    this.#tell({ kind: "skipped", task });
  }

  /** Ended before its time by whoever stops the run. */
  cancelled({ task, worker }: Held): void {
    this.#change(task, "running", "skipped");
    const { failure, ...outcome } = this.#take(task)!;
    this.counts.skipped++;
    this.counts.cancelled++;
    this.#end(task, { status: "skipped", durationMs: outcome.durationMs, worker, failure });
    this.#tell({ kind: "cancelled", task, worker, ...outcome });
  }

  /** A worker was done with a task, or was not, that others have by now; `isCopied` when it was no execution. */
  released({ task, worker }: { readonly task: number; readonly worker?: number }, isCopied: boolean): void {
    const { failure: _, ...outcome } = this.#take(task) ?? { durationMs: 0 };
    if (worker === undefined) return;
    this.#change(task, "running", "pending");
    if (!isCopied) this.#tell({ kind: "cancelled", task, worker, ...outcome });
  }

  /** A task is to be done once more, if it has ended. */
  comesAgain(task: number): void {
    const { status } = this.ends[task] ?? {};
    if (status !== "completed" && status !== "failed") return;
    delete this.ends[task];
    this.counts[status]--;
    this.#table.reopen(task);
  }

  /** The late error of an attempt that seemed to succeed. */
  lateError(task: number): LateError | undefined {
    return this.#lateErrors.get(task);
  }

  /**
   * Answers whether a task that was completed has failed after all, once that it is complete is forgotten. Of one whose
   * end is yet to be decided the error is kept: its attempt has failed.
   */
  late(message: LateError, forget: () => void): boolean {
    const { task, failure, output } = message;
    const end = this.ends[task];
    if (end === undefined) this.#lateErrors.set(task, message);
    if (end?.status !== "completed" || end.by !== "executed") return false;
    const { durationMs, worker } = end;
    forget();
    this.counts.completed--;
    this.counts.failed++;
    this.#end(task, { status: "failed", durationMs, worker, failure });
    this.#tell({ kind: "failed", task, worker, durationMs, failure, output });
    return true;
  }

  #take(task: number): Outcome | undefined {
    const outcome = this.#outcomes.get(task);
    this.#outcomes.delete(task);
    return outcome;
  }

  #end(task: number, end: TaskEnd): void {
    const reason = end.by === undefined || end.by === "executed" ? this.#reasons[task] : undefined;
    this.ends[task] = reason === undefined || end.status === "skipped" ? end : { ...end, reason };
  }

  #change(task: number, from: Status, to: Status): void {
    if (!this.#table.change(task, from, to)) {
      throw new Error(`Bug: task ${task} is ${this.#table.read(task)}, not ${from}`);
    }
  }
}
