/**
 * Owns what a person sees of a build while it runs: which events become lines, which stay quiet, and the live display.
 * The words are graph/report.ts's; the writing is the reporter's.
 *
 * @module
 */
import { describeTaskFailure } from "../graph/failure.ts";
import type { Plan } from "../graph/plan.ts";
import {
  cacheHitLine,
  completedLine,
  droppedLine,
  failedLine,
  progressLine,
  reasonLine,
  startedLine,
} from "../graph/report.ts";
import { unreachable } from "../graph/task.ts";
import type { Captured, Output } from "./messages.ts";
import type { Reporter } from "./reporter.ts";
import type { Counts, RunEvent } from "./run_event.ts";

/** How much is said: only what went wrong, each task's start and end, or also why each runs and what it printed. */
export type Level = "quiet" | "normal" | "verbose";

/** The log of one run. */
export class BuildLog {
  /** Worker id → what it does and since when, for the live display. */
  readonly busy = new Map<number, { readonly task: string; readonly since: number }>();

  constructor(readonly plan: Plan, readonly reporter: Reporter, readonly level: Level) {}

  /** Takes note of one event. */
  note(event: RunEvent): void {
    switch (event.kind) {
      case "reason":
        if (this.level === "verbose") this.reporter.line(reasonLine(this.#name(event.task), event.reason), "dim");
        break;
      case "started":
        this.#started(event.worker, event.task);
        break;
      case "executed":
        this.#executed(event);
        break;
      case "hit":
        if (event.worker !== null) this.busy.delete(event.worker);
        if (this.level !== "quiet") {
          this.reporter.line(cacheHitLine(this.#name(event.task), this.plan.tasks[event.task].output), "dim");
        }
        break;
      case "failed":
        this.#failed(event);
        break;
      case "crashed":
        this.busy.delete(event.worker);
        break;
      case "skipped":
      case "printed":
        break;
      default:
        unreachable(event);
    }
  }

  /** The line that shows on long runs that all is well. */
  progress(counts: Counts): void {
    if (this.level === "quiet") return;
    const total = this.plan.size;
    const { completed, failed, skipped, running } = counts;
    const pending = total - completed - failed - skipped - running;
    this.reporter.line(progressLine({ done: completed, total, running, pending }));
  }

  #started(worker: number, task: number): void {
    const { name, dependencies } = this.plan.tasks[task];
    this.busy.set(worker, { task: name, since: performance.now() });
    if (this.level !== "quiet") this.reporter.line(startedLine(worker, name, dependencies));
  }

  #executed(event: Extract<RunEvent, { kind: "executed" }>): void {
    this.busy.delete(event.worker);
    if (this.level === "quiet") return;
    const { name, output } = this.plan.tasks[event.task];
    this.reporter.line(completedLine(event.worker, name, event.durationMs, output));
    if (this.level === "verbose") this.#output(event.output);
  }

  #failed(event: Extract<RunEvent, { kind: "failed" }>): void {
    const { task, worker, durationMs, retry } = event;
    const error = describeTaskFailure(event.failure);
    if (worker !== null) this.busy.delete(worker);
    const { name, retries } = this.plan.tasks[task];
    this.reporter.line(
      retry === undefined
        ? failedLine(worker, name, durationMs, error)
        : failedLine(worker, name, durationMs, `${error}; retry ${retry} of ${retries}`),
      "bad",
    );
    this.#output(event.output);
  }

  #output(output: Output | undefined): void {
    if (output === undefined) return;
    this.#captured(output.stdout);
    this.#captured(output.stderr);
  }

  #captured({ bytes, dropped }: Captured): void {
    this.reporter.raw(bytes);
    if (dropped > 0) this.reporter.line(droppedLine(dropped), "dim");
  }

  #name(task: number): string {
    return this.plan.tasks[task].name;
  }
}
