/**
 * Owns what a person sees of a run of shell tasks: a line for each task that has ended, what a failed one printed, and
 * with `verbose` what all print as it comes.
 * The words are graph/report/run_report.ts's; the writing is the reporter's.
 *
 * @module
 */
import { describeTaskFailure, type TaskFailure } from "../../graph/failure.ts";
import { lastLinesLine, MOST_SHOWN } from "../../graph/report/build_lines.ts";
import type { TaskRecord } from "../../graph/report/run_records.ts";
import { taskLine } from "../../graph/report/run_report.ts";
import type { LogChoices } from "./build_log.ts";
import { lastLines, withGap } from "../process/captured_text.ts";
import type { CiOutput } from "./ci_output.ts";
import { PrefixedOutput } from "./prefixed_output.ts";
import type { Reporter } from "./reporter.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { Captured, Output } from "../process/output.ts";

/** Failures that the task's line and what it printed explain; of others the reason is told. */
const SAYS_ENOUGH: ReadonlySet<TaskFailure["kind"]> = new Set(["exit", "timeout"]);

/** Whether what shell tasks print is shown as it comes. */
export function streamsOutput({ face = "lines", level }: Pick<LogChoices, "face" | "level">): boolean {
  return face === "stream" || (face === "lines" && level === "verbose");
}

/** The log of one run. */
export class RunLog {
  readonly #prefixed: PrefixedOutput;
  readonly #choices: LogChoices;
  /** Each once, as in a crew one that has ended may be given out again. */
  readonly #finished = new Set<number>();

  constructor(readonly tasks: readonly { readonly name: string }[], readonly reporter: Reporter, choices: LogChoices) {
    this.#choices = choices;
    this.#prefixed = new PrefixedOutput(reporter);
  }

  /** Shows one event; `ended` is the record of the task that has ended by it. */
  note(event: RunEvent, ended: TaskRecord | undefined): void {
    switch (event.kind) {
      case "barred":
        if (!event.isKnown) this.reporter.error(event.sentence);
        break;
      case "printed":
        this.#prefixed.add(event.task, this.tasks[event.task].name, event.stream, event.bytes);
        break;
      case "executed":
      case "failed":
      case "cancelled":
        this.#prefixed.end(event.task);
        break;
    }
    if (ended === undefined) return;
    if ("task" in event) this.#finished.add(event.task);
    const { status } = ended, { level, face, ci } = this.#choices;
    const isQuiet = status === "passed" || status === "cancelled";
    if (isQuiet && level === "quiet") return;
    const tone = status === "passed" ? "plain" : status === "skipped" || status === "cancelled" ? "dim" : "bad";
    this.reporter.line(taskLine(ended, { finished: this.#finished.size, total: this.tasks.length }), tone);
    if (ci !== undefined) this.#showInCi(ci, event, ended.name);
    else if (event.kind === "executed" && event.output !== undefined && !this.#streams) {
      if (face === "group") this.#showAll(event.output);
      else if (level === "normal") this.#showCaptured(event.output.stderr, ended.name);
    }
    if (event.kind !== "failed" && event.kind !== "cancelled") return;
    if (ci === undefined && !this.#streams) this.#showOutput(event.output, ended.name);
    if (event.kind === "failed" && !SAYS_ENOUGH.has(event.failure.kind)) {
      this.reporter.error(`${ended.name}: ${describeTaskFailure(event.failure)}`);
    }
  }

  /** Whether what tasks print is shown as it comes. */
  get #streams(): boolean {
    return streamsOutput(this.#choices);
  }

  #showInCi(ci: CiOutput, event: RunEvent, task: string): void {
    if (event.kind === "executed" || event.kind === "failed" || event.kind === "cancelled") ci.show(task, event);
  }

  #showAll({ stdout, stderr }: Output): void {
    for (const captured of [stdout, stderr]) this.reporter.raw(withGap(captured));
  }

  /** What a failed command printed goes to stderr: stdout is for the lines. */
  #showOutput(output: Output | undefined, task: string): void {
    if (output === undefined) return;
    this.#showCaptured(output.stdout, task);
    this.#showCaptured(output.stderr, task);
  }

  #showCaptured(captured: Captured, task: string): void {
    if (captured.bytes.length === 0 && captured.dropped === 0) return;
    const { bytes, cut } = lastLines(captured, MOST_SHOWN);
    if (cut !== undefined) this.reporter.error(lastLinesLine(cut, this.#choices.whereRest?.(task)));
    this.reporter.errorOutput(bytes);
  }
}
