/**
 * Owns what a person sees of a run of shell tasks: a line for each task that has ended, what a failed one printed, and
 * with `verbose` what all print as it comes.
 * The words are graph/run_report.ts's; the writing is the reporter's.
 *
 * @module
 */
import { describeTaskFailure, type TaskFailure } from "../graph/failure.ts";
import { droppedLine } from "../graph/report.ts";
import type { TaskRecord } from "../graph/run_records.ts";
import { taskLine } from "../graph/run_report.ts";
import type { Level } from "./build_log.ts";
import { LineSplitter } from "./line_splitter.ts";
import type { Captured, Output } from "./messages.ts";
import type { Reporter } from "./reporter.ts";
import type { RunEvent } from "./run_event.ts";

/** Failures that the task's line and what it printed explain; of others the reason is told. */
const SAYS_ENOUGH: ReadonlySet<TaskFailure["kind"]> = new Set(["exit", "timeout", "cancelled"]);

/** The log of one run. */
export class RunLog {
  /** Worker id → what it does and since when, for the live display. */
  readonly busy = new Map<number, { readonly task: string; readonly since: number }>();
  readonly #splitters = new Map<string, LineSplitter>();
  #finished = 0;

  constructor(
    readonly tasks: readonly { readonly name: string }[],
    readonly reporter: Reporter,
    readonly level: Level,
  ) {}

  /** Shows one event; `ended` is the record of the task that has ended by it. */
  note(event: RunEvent, ended: TaskRecord | undefined): void {
    switch (event.kind) {
      case "started":
        this.busy.set(event.worker, { task: this.tasks[event.task].name, since: performance.now() });
        break;
      case "printed":
        this.#print(event.task, event.stream, event.bytes);
        break;
      case "executed":
      case "failed":
        if (event.worker !== null) this.busy.delete(event.worker);
        this.#endLines(event.task);
        break;
      case "crashed":
        this.busy.delete(event.worker);
        break;
    }
    if (ended === undefined) return;
    this.#finished++;
    const isGood = ended.status === "passed";
    if (isGood && this.level === "quiet") return;
    const tone = isGood ? "plain" : ended.status === "skipped" ? "dim" : "bad";
    this.reporter.line(taskLine(ended, { finished: this.#finished, total: this.tasks.length }), tone);
    if (event.kind !== "failed") return;
    if (this.level !== "verbose") this.#showOutput(event.output);
    if (!SAYS_ENOUGH.has(event.failure.kind)) {
      this.reporter.error(`${ended.name}: ${describeTaskFailure(event.failure)}`);
    }
  }

  /** What a failed command printed goes to stderr: stdout is for the lines. */
  #showOutput(output: Output | undefined): void {
    if (output === undefined) return;
    this.#showCaptured(output.stdout);
    this.#showCaptured(output.stderr);
  }

  #showCaptured({ bytes, dropped }: Captured): void {
    this.reporter.errorOutput(bytes);
    if (dropped > 0) this.reporter.error(droppedLine(dropped));
  }

  #print(task: number, stream: "stdout" | "stderr", bytes: Uint8Array): void {
    const key = `${task} ${stream}`;
    let splitter = this.#splitters.get(key);
    if (splitter === undefined) {
      const prefix = new TextEncoder().encode(`${this.tasks[task].name} | `);
      splitter = new LineSplitter(prefix, (lines) => this.reporter.raw(lines));
      this.#splitters.set(key, splitter);
    }
    splitter.add(bytes);
  }

  #endLines(task: number): void {
    for (const stream of ["stdout", "stderr"]) {
      const key = `${task} ${stream}`;
      this.#splitters.get(key)?.end();
      this.#splitters.delete(key);
    }
  }
}
