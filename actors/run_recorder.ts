/**
 * Owns the record of a run while it goes on: how each task stands, in the words of the history, and passes that on to the
 * database if there is one.
 * It prints nothing, and a database that fails does not change what it knows.
 *
 * @module
 */
import { describeTaskFailure, type TaskFailure } from "../graph/failure.ts";
import type { RunReport, RunStatus, TaskRecord } from "../graph/run_records.ts";
import { countStatuses } from "../graph/run_report.ts";
import { unreachable } from "../graph/task.ts";
import type { History, NewRun } from "./history.ts";
import type { Output } from "./messages.ts";
import type { RunEvent } from "./run_event.ts";

/** A run that is recorded in memory and, once it is opened, in a history. */
export class RunRecorder {
  readonly #run: NewRun;
  readonly #records: (TaskRecord | undefined)[];
  readonly #startedAt: (number | undefined)[];
  readonly #attempts: Uint16Array;
  readonly #begunAt = unixSeconds();
  readonly #begunMs = performance.now();
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
        this.#write((history, run) => history.started(run, event.task));
        return undefined;
      case "executed":
        return this.#end(event.task, "passed", { exitCode: 0, durationMs: event.durationMs, output: event.output });
      case "hit":
        return this.#end(event.task, "passed", { durationMs: 0 });
      case "failed": {
        const { task, failure, durationMs, output, retry } = event;
        if (retry !== undefined) {
          this.#attempts[task]++;
          return undefined;
        }
        const status = failure.kind === "timeout" ? "timeout" : "failed";
        return this.#end(task, status, { exitCode: exitCodeOf(failure), durationMs, output, failure });
      }
      case "skipped":
        return this.#end(event.task, "skipped", { skipReason: isStopping ? "interrupted" : undefined });
      case "reason":
      case "printed":
      case "crashed":
        return undefined;
      default:
        return unreachable(event);
    }
  }

  /** Closes the run; answers whether all of it is in the history. */
  async finish(interruptedBy: string | undefined): Promise<boolean> {
    if (this.#history === undefined || this.#id === undefined) return false;
    return await this.#history.finish(this.#id, { interruptedBy });
  }

  /** The run as `--json` shows it; all tasks must have ended. */
  report(isInterrupted: boolean): RunReport {
    const tasks = this.#records.map((record) => record!);
    return {
      id: this.#id ?? null,
      started_at: this.#begunAt,
      finished_at: unixSeconds(),
      duration_ms: Math.round(performance.now() - this.#begunMs),
      total_tasks: tasks.length,
      ...countStatuses(tasks),
      interrupted: isInterrupted,
      tasks,
    };
  }

  #end(
    task: number,
    status: RunStatus,
    end: { exitCode?: number; durationMs?: number; output?: Output; failure?: TaskFailure; skipReason?: string },
  ): TaskRecord {
    const { name, command } = this.#run.tasks[task];
    const { exitCode, durationMs, output, failure, skipReason } = end;
    const record: TaskRecord = {
      name,
      command,
      status,
      exit_code: exitCode ?? null,
      started_at: this.#startedAt[task] ?? null,
      finished_at: status === "skipped" ? null : unixSeconds(),
      duration_ms: durationMs === undefined ? null : Math.round(durationMs),
      ...(skipReason === undefined ? {} : { skip_reason: skipReason }),
    };
    this.#records[task] = record;
    const error = failure === undefined ? skipReason : describeTaskFailure(failure);
    const attempts = this.#attempts[task];
    this.#write((history, run) => {
      history.ended(run, task, {
        status,
        exitCode,
        durationMs: record.duration_ms ?? undefined,
        output,
        error,
        attempts,
      });
    });
    return record;
  }

  #write(write: (history: History, run: number) => void): void {
    if (this.#history !== undefined) write(this.#history, this.#id!);
    else this.#waiting?.push(() => write(this.#history!, this.#id!));
  }
}

function exitCodeOf(failure: TaskFailure): number | undefined {
  return failure.kind === "exit" ? failure.code : undefined;
}

function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
