/**
 * Owns what is remembered of a run for its last lines: how each task ended, and the line of its output that says why.
 *
 * @module
 */
import type { Outcome } from "../../graph/report/closing.ts";
import { describeTaskFailure } from "../../graph/failure.ts";
import { tellingLine } from "../../graph/report/printed_diagnostics.ts";
import { lastLines } from "../process/captured_text.ts";
import type { Counts, RunEvent } from "./run_event.ts";
import type { Output } from "../process/output.ts";

/** Why something failed stands near the end of what it printed. */
const LINES_READ = 400;

/** The outcomes of one run, by task. */
export class Outcomes {
  readonly ends: (Outcome | undefined)[];
  /** Absolute; paths in it are told without it. */
  readonly #folder: string;
  /** How many needed nothing done. */
  cached = 0;
  /** Tasks that are tried again: how often they were tried, the attempt that goes on included. */
  readonly retried = new Map<number, number>();
  /** How many succeeded and warned of something, as far as somebody looked. */
  warned = 0;

  constructor(size: number, folder: string) {
    this.ends = new Array(size);
    this.#folder = folder;
  }

  /** How many tasks ended how; skipped are also those that were cancelled. */
  get counts(): Omit<Counts, "running"> {
    const counts = { completed: 0, failed: 0, skipped: 0, cancelled: 0 };
    for (const end of this.ends) {
      if (end === undefined) continue;
      if (end.kind === "built" || end.kind === "cached" || end.kind === "restored") counts.completed++;
      else if (end.kind === "failed") counts.failed++;
      else counts.skipped++;
      if (end.kind === "cancelled") counts.cancelled++;
    }
    return counts;
  }

  /** Takes note of one event. */
  note(event: RunEvent): void {
    switch (event.kind) {
      case "hit":
        this.cached++;
        this.ends[event.task] = { kind: event.by === "restored" ? "restored" : "cached" };
        break;
      case "executed":
        this.ends[event.task] = { kind: "built" };
        break;
      case "failed":
        if (event.retry !== undefined) {
          this.retried.set(event.task, event.retry + 1);
          break;
        }
        this.ends[event.task] = { kind: "failed", failure: event.failure, telling: this.#telling(event) };
        break;
      case "cancelled":
        if (event.isAgain) break;
        this.ends[event.task] = { kind: "cancelled" };
        break;
      case "skipped":
        this.ends[event.task] ??= { kind: "skipped" };
        break;
    }
  }

  /** The line of what a task printed that says why it failed. */
  #telling({ failure, output }: Extract<RunEvent, { kind: "failed" }>): string | undefined {
    const telling = output && tellingLine(textOf(output), describeTaskFailure(failure));
    return telling?.replaceAll(`${this.#folder}/`, "");
  }

  /** How a task ended. */
  of(task: number): Outcome | undefined {
    return this.ends[task];
  }
}

/** The last lines of both streams as text, what was said of errors first. */
export function textOf({ stdout, stderr }: Output): string {
  return [stderr, stdout].map((captured) => new TextDecoder().decode(lastLines(captured, { lines: LINES_READ }).bytes))
    .join("\n");
}
