/**
 * Owns what a person sees of a build while it runs: which events become lines, which stay quiet, and the live display.
 * The words are graph/report/build_lines.ts's; the writing is the reporter's.
 *
 * @module
 */
import { describeTaskFailure } from "../../graph/failure.ts";
import { outputsText } from "../../graph/outputs.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import {
  cacheHitLine,
  cancelledLine,
  completedLine,
  failedLine,
  lastLinesLine,
  MOST_SHOWN,
  progressLine,
  reasonLine,
  restoredLine,
  startedLine,
} from "../../graph/report/build_lines.ts";
import { unreachable } from "../../graph/task.ts";
import { lastLines, withGap } from "../process/captured_text.ts";
import type { CiOutput } from "./ci_output.ts";
import { type Face, isCi } from "./face.ts";
import type { BusyWorkers } from "../engine/busy_workers.ts";
import { PrefixedOutput } from "./prefixed_output.ts";
import type { Reporter } from "./reporter.ts";
import type { Counts, RunEvent } from "../engine/run_event.ts";
import { later } from "../machine/later.ts";
import type { Captured, Output } from "../process/output.ts";

/** How much is said: only what went wrong, each task's start and end, or also why each runs and what it printed. */
export type Level = "quiet" | "normal" | "verbose";

/** Choices for one log. */
export interface LogChoices {
  readonly level: Level;
  /** The command that shows all that was kept of what a task printed, if it is kept anywhere. */
  readonly whereRest?: (task: string) => string;
  /** Default `lines`. */
  readonly face?: Face;
  /** Shows what tasks printed in the log of a CI. */
  readonly ci?: CiOutput;
}

/** What shows the output of tasks in the log of a CI, loaded only where it is one. */
export async function ciOutput(
  face: Face | undefined,
  reporter: Reporter,
  folder: string,
): Promise<CiOutput | undefined> {
  return isCi(face)
    ? new (await later<typeof import("./ci_output.ts")>("./ci_output.ts", import.meta.url)).CiOutput(reporter, {
      face,
      folder,
    })
    : undefined;
}

/** The log of one run. */
export class BuildLog {
  readonly #prefixed: PrefixedOutput;
  readonly #choices: LogChoices;
  /** Tasks whose output was shown as it came. */
  readonly #streamed = new Set<number>();

  constructor(readonly plan: Plan, readonly reporter: Reporter, choices: LogChoices) {
    this.#choices = choices;
    this.#prefixed = new PrefixedOutput(reporter);
  }

  /** Takes note of one event. */
  note(event: RunEvent): void {
    switch (event.kind) {
      case "reason":
        if (this.#choices.level === "verbose") {
          this.reporter.line(reasonLine(this.#name(event.task), event.reason), "dim");
        }
        break;
      case "started":
        this.#started(event.worker, event.task);
        break;
      case "executed":
        this.#executed(event);
        break;
      case "hit":
        this.#hit(event);
        break;
      case "barred":
        if (!event.isKnown) this.reporter.error(event.sentence);
        break;
      case "failed":
        this.#failed(event);
        break;
      case "cancelled":
        this.#cancelled(event);
        break;
      case "printed":
        this.#streamed.add(event.task);
        this.#prefixed.add(event.task, this.#name(event.task), event.stream, event.bytes);
        break;
      case "crashed":
      case "skipped":
        break;
      default:
        unreachable(event);
    }
  }

  /** The line that shows on long runs that all is well. */
  progress(counts: Counts, workers: Pick<BusyWorkers, "values">): void {
    if (this.#choices.level === "quiet") return;
    const total = this.plan.size;
    const { completed, failed, skipped, running } = counts;
    const pending = total - completed - failed - skipped - running;
    const now = performance.now();
    const busy = [...workers.values()].map(({ task, since }) => ({ task, elapsedMs: now - since }));
    this.reporter.line(progressLine({ done: completed, total, running, pending, failed, skipped, busy }));
  }

  #started(worker: number, task: number): void {
    const { name, dependencies } = this.plan.tasks[task];
    if (this.#choices.level !== "quiet") this.reporter.line(startedLine(worker, name, dependencies));
  }

  #hit(event: Extract<RunEvent, { kind: "hit" }>): void {
    if (this.#choices.level === "quiet") return;
    const { name, outputs } = this.plan.tasks[event.task], made = outputsText(outputs);
    this.reporter.line(
      event.by === "restored" ? restoredLine(name, made, event.isRemote) : cacheHitLine(name, made),
      "dim",
    );
    if (this.#choices.ci !== undefined) this.#choices.ci.show(name, event);
    else if (this.#showsAll) this.#output(event.output, event.task);
    else if (event.output !== undefined) this.#captured(event.output.stderr, name);
  }

  #executed(event: Extract<RunEvent, { kind: "executed" }>): void {
    this.#prefixed.end(event.task);
    if (this.#choices.level === "quiet") return;
    const { name, outputs } = this.plan.tasks[event.task];
    this.reporter.line(completedLine(event.worker, name, event.durationMs, outputsText(outputs)));
    if (this.#choices.ci !== undefined) this.#choices.ci.show(name, event);
    else if (this.#showsAll) this.#output(event.output, event.task);
    else if (event.output !== undefined) this.#captured(event.output.stderr, name);
  }

  #failed(event: Extract<RunEvent, { kind: "failed" }>): void {
    const { task, worker, durationMs, retry } = event;
    const error = describeTaskFailure(event.failure);
    this.#prefixed.end(task);
    const { name, retries } = this.plan.tasks[task];
    this.reporter.line(
      retry === undefined
        ? failedLine(worker, name, durationMs, error)
        : failedLine(worker, name, durationMs, `${error}; retry ${retry} of ${retries}`),
      "bad",
    );
    if (this.#choices.ci !== undefined) this.#choices.ci.show(name, event);
    else this.#output(event.output, task);
  }

  #cancelled(event: Extract<RunEvent, { kind: "cancelled" }>): void {
    const { task, worker, durationMs, output, isAgain } = event;
    this.#prefixed.end(task);
    if (this.#choices.level === "quiet") return;
    this.reporter.line(cancelledLine(worker, this.#name(task), { durationMs, isAgain }), "dim");
    // Nobody wants to know what came of files that are others by now.
    if (isAgain) return;
    if (this.#choices.ci !== undefined) this.#choices.ci.show(this.#name(task), event);
    else this.#output(output, task);
  }

  get #showsAll(): boolean {
    const { level, face = "lines" } = this.#choices;
    return level === "verbose" || face !== "lines";
  }

  /** Once: what was shown as it came is not shown again. */
  #output(output: Output | undefined, task: number): void {
    if (this.#streamed.delete(task) || output === undefined) return;
    this.#captured(output.stdout, this.#name(task));
    this.#captured(output.stderr, this.#name(task));
  }

  #captured(captured: Captured, task: string): void {
    if (this.#showsAll) return this.reporter.raw(withGap(captured));
    const { bytes, cut } = lastLines(captured, MOST_SHOWN);
    if (cut !== undefined) this.reporter.line(lastLinesLine(cut, this.#choices.whereRest?.(task)), "dim");
    this.reporter.raw(bytes);
  }

  #name(task: number): string {
    return this.plan.tasks[task].name;
  }
}
