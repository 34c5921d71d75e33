/**
 * Owns the record of a run while it goes on: how each task stands, in the words of the history, and passes that on to the
 * database if there is one.
 * It prints nothing, and a database that fails does not change what it knows.
 *
 * @module
 */
import { describeTaskFailure, isOfMachine, type TaskFailure } from "../../graph/failure.ts";
import type { RunReport, RunStatus, TaskRecord } from "../../graph/report/run_records.ts";
import { shortFingerprint } from "../../graph/manifest.ts";
import { countStatuses } from "../../graph/report/run_report.ts";
import { unreachable } from "../../graph/task.ts";
import type { AttemptEnd, History, NewRun } from "./history.ts";
import type { MadeOf } from "../engine/work.ts";
import type { RunEvent } from "../engine/run_event.ts";

/** How an attempt ended. */
type HowEnded = Omit<AttemptEnd, "attempt" | "outcome" | "reason" | "fingerprint">;

/** A run that is recorded in memory and, once it is opened, in a history. */
export class RunRecorder {
  readonly #run: NewRun;
  readonly #records: (TaskRecord | undefined)[];
  readonly #startedAt: (number | undefined)[];
  /** How often each was tried, the attempt that goes on included. */
  readonly #attempts: Uint16Array;
  readonly #reasons = new Map<number, string>();
  readonly #fingerprints = new Map<number, string>();
  #indexes: Map<string, number> | undefined;
  /** What came before the history was open. */
  #waiting: (() => void)[] | undefined = [];
  #history: History | undefined;
  #id: number | undefined;

  constructor(run: NewRun) {
    this.#run = run;
    this.#records = new Array(run.tasks.length);
    this.#startedAt = new Array(run.tasks.length);
    this.#attempts = new Uint16Array(run.tasks.length).fill(1);
  }

  /** The run's number in the history. */
  get id(): number | undefined {
    return this.#id;
  }

  /** Enters the run, and all that happened so far, in a history. */
  async attach(history: History): Promise<void> {
    this.#id = await history.begin(this.#run);
    if (this.#id === undefined) return this.detach();
    this.#history = history;
    for (const write of this.#waiting ?? []) write();
    this.#waiting = undefined;
  }

  /** There will be no history. */
  detach(): void {
    this.#waiting = undefined;
  }

  /** How a task ended, if it has. */
  record(task: number): TaskRecord | undefined {
    return this.#records[task];
  }

  /** Takes note of one event; answers with the record of a task that has ended by it. */
  note(event: RunEvent, isStopping: boolean): TaskRecord | undefined {
    switch (event.kind) {
      case "started":
        this.#startedAt[event.task] ??= unixSeconds();
        if (event.madeOf === undefined) this.#fingerprints.delete(event.task);
        else this.#noteMadeOf(event.task, event.madeOf);
        this.#write((history, run) => history.started(run, event.task));
        return undefined;
      case "executed":
        if (event.madeOf !== undefined) this.#noteMadeOf(event.task, event.madeOf);
        return this.#attempted(event.task, "passed", { ...event, how: "executed", exitCode: 0 });
      case "hit": {
        const { task, by, worker, output } = event;
        // What was right already was not tried, and of such there may be very many.
        if (by === "fresh") {
          this.#write((history, run) => history.fresh(run, task));
          return this.#records[task] = this.#recordOf(task, "passed", 1, { durationMs: 0 });
        }
        return this.#attempted(task, "passed", { worker, how: by, durationMs: 0, output });
      }
      case "failed": {
        const { failure } = event;
        const status = failure.kind === "timeout" ? "timeout" : "failed";
        if (isOfMachine(failure)) this.#fingerprints.delete(event.task);
        return this.#attempted(event.task, status, {
          ...event,
          ...reasonOf(failure),
          isLast: event.retry === undefined,
        });
      }
      case "cancelled":
        return this.#attempted(event.task, "cancelled", {
          ...event,
          ...reasonOf({ kind: "cancelled" }),
          isLast: !event.isAgain,
        });
      case "skipped":
        return this.#skip(
          event.task,
          isStopping ? "interrupted" : this.#isBarred(event.task) ? undefined : "after a failure",
        );
      case "reason":
        this.#reasons.set(event.task, event.reason);
        return undefined;
      case "barred":
      case "printed":
      case "crashed":
        return undefined;
      default:
        return unreachable(event);
    }
  }

  /** Closes the run, by default one that lasted until now; answers whether all of it is in the history. */
  async finish(interruptedBy: string | undefined, durationMs?: number): Promise<boolean> {
    if (this.#history === undefined || this.#id === undefined) return false;
    return await this.#history.finish(this.#id, { interruptedBy, durationMs });
  }

  /** The run as `--json` shows it; all tasks must have ended. */
  report(isInterrupted: boolean, durationMs = performance.now() - this.#run.begunMs): RunReport {
    const tasks = this.#records.map((record) => record!);
    return {
      id: this.#id ?? null,
      started_at: secondsAt(this.#run.begunMs),
      finished_at: unixSeconds(),
      duration_ms: Math.round(durationMs),
      total_tasks: tasks.length,
      ...countStatuses(tasks),
      interrupted: isInterrupted,
      tasks,
    };
  }

  #noteMadeOf(task: number, madeOf: MadeOf): void {
    this.#fingerprints.set(task, shortFingerprint(madeOf.trace[0]));
    this.#write((history) => history.madeOf(madeOf));
  }

  /** One attempt has ended and, unless another follows, its task with it. */
  #attempted(
    task: number,
    outcome: AttemptEnd["outcome"],
    ended: HowEnded & { readonly isLast?: boolean },
  ): TaskRecord | undefined {
    const { how, worker, durationMs, exitCode, signal, error, output, usage, isLast = true } = ended;
    const attempt = this.#attempts[task];
    const reason = this.#reasons.get(task), fingerprint = this.#fingerprints.get(task);
    this.#write((history, run) => {
      history.attempted(run, task, {
        attempt,
        outcome,
        how,
        durationMs,
        worker,
        exitCode,
        signal,
        reason,
        error,
        output,
        usage,
        fingerprint,
      });
    });
    if (!isLast) {
      this.#attempts[task]++;
      return undefined;
    }
    const record = this.#enter(task, outcome, attempt, ended);
    // In a crew a task that has ended may be given out again.
    this.#attempts[task]++;
    return record;
  }

  /** Whether something that it needs did not pass. */
  #isBarred(task: number): boolean {
    this.#indexes ??= new Map(this.#run.tasks.map(({ name }, index) => [name, index]));
    return this.#run.tasks[task].dependencies.some((name) => {
      const record = this.#records[this.#indexes!.get(name) ?? -1];
      return record !== undefined && record.status !== "passed" && record.skip_reason === undefined;
    });
  }

  /** The task was tried as often as it failed before that. */
  #skip(task: number, skipReason: string | undefined): TaskRecord {
    return this.#enter(task, "skipped", this.#attempts[task] - 1, {}, skipReason);
  }

  #enter(
    task: number,
    status: RunStatus & (AttemptEnd["outcome"] | "skipped"),
    attempts: number,
    how: Partial<HowEnded>,
    skipReason?: string,
  ): TaskRecord {
    const { exitCode, output, error, signal } = how;
    const record = this.#records[task] = this.#recordOf(task, status, attempts, how, skipReason);
    this.#write((history, run) => {
      history.ended(run, task, {
        status: status === "cancelled" ? "skipped" : status,
        isCancelled: status === "cancelled",
        exitCode,
        signal,
        durationMs: record.duration_ms ?? undefined,
        output,
        error: error ?? skipReason,
        attempts,
      });
    });
    return record;
  }

  #recordOf(
    task: number,
    status: RunStatus,
    attempts: number,
    { exitCode, durationMs, error, signal }: Partial<HowEnded>,
    skipReason?: string,
  ): TaskRecord {
    const { name, command, retries } = this.#run.tasks[task];
    return {
      name,
      command,
      status,
      exit_code: exitCode ?? null,
      started_at: this.#startedAt[task] ?? null,
      finished_at: status === "skipped" ? null : unixSeconds(),
      duration_ms: durationMs === undefined ? null : Math.round(durationMs),
      signal: signal ?? null,
      error: error ?? null,
      attempts,
      max_attempts: 1 + retries,
      ...(skipReason === undefined ? {} : { skip_reason: skipReason }),
    };
  }

  #write(write: (history: History, run: number) => void): void {
    if (this.#history !== undefined) write(this.#history, this.#id!);
    else this.#waiting?.push(() => write(this.#history!, this.#id!));
  }
}

function reasonOf(failure: TaskFailure): Pick<HowEnded, "exitCode" | "signal" | "error"> {
  return {
    exitCode: failure.kind === "exit" ? failure.code : undefined,
    signal: failure.kind === "signal" ? failure.signal : undefined,
    error: describeTaskFailure(failure),
  };
}

function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** A moment of `performance.now()`, by the clock as it goes now. */
function secondsAt(ms: number): number {
  return Math.floor(Math.round(Date.now() - performance.now() + ms) / 1000);
}
