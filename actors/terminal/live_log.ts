/**
 * Owns what a person sees scroll by on a terminal while a build or run goes on: only what needs attention. A task that
 * failed, with the end of what it printed; one that succeeded and warned of something; with `verbose` every task, why it
 * ran and what it printed. All else is in the live view below.
 *
 * @module
 */
import { durationText, shortFailure } from "../../graph/report/closing.ts";
import { firstWarning } from "../../graph/report/printed_diagnostics.ts";
import { lastLinesLine, MOST_SHOWN } from "../../graph/report/build_lines.ts";
import type { Level } from "./build_log.ts";
import { lastLines } from "../process/captured_text.ts";
import { LineSplitter } from "./line_splitter.ts";
import { type Outcomes, textOf } from "../engine/outcomes.ts";
import type { Reporter } from "./reporter.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { Captured, Output } from "../process/output.ts";
import { escapeControls } from "../../graph/text.ts";

const INDENT = new TextEncoder().encode("    ");

/** What a terminal would do but colour: the frame below must stay where it is. */
const MOVES =
  // deno-lint-ignore no-control-regex -- escapes are what it finds
  /\x1b(?:\[[0-?]*[ -/]*[@-ln-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[^[\]])|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]/g;

/** Choices for one log. */
export interface LiveLogChoices {
  readonly level: Level;
  readonly outcomes: Outcomes;
  /** The command that shows all that was kept of what a task printed, if it is kept anywhere. */
  readonly whereRest?: (task: string) => string;
}

/** The log of one run on a terminal. */
export class LiveLog {
  readonly #reasons = new Map<number, string>();

  constructor(
    readonly tasks: readonly { readonly name: string; readonly retries: number }[],
    readonly reporter: Reporter,
    readonly choices: LiveLogChoices,
  ) {}

  /** Shows one event, of which the outcomes already know. */
  note(event: RunEvent): void {
    switch (event.kind) {
      case "reason":
        if (this.choices.level === "verbose") this.#reasons.set(event.task, event.reason);
        break;
      case "executed":
        this.#done({ ...event, how: durationText(event.durationMs) });
        break;
      case "failed":
        this.#failed(event);
        break;
      case "hit":
        if (event.output !== undefined) this.#done({ task: event.task, how: event.by, output: event.output });
        break;
      case "cancelled":
        if (!event.isAgain) break;
        this.#head("↻", event.task, [durationText(event.durationMs), "begins anew, since what it reads has changed"]);
        break;
      case "barred":
        if (!event.isKnown) this.reporter.error(event.sentence);
        break;
    }
  }

  #done({ task, how, output }: { readonly task: number; readonly how: string; readonly output?: Output }): void {
    const warning = output && firstWarning(textOf(output));
    if (warning !== undefined) this.choices.outcomes.warned++;
    const isVerbose = this.choices.level === "verbose";
    if (warning === undefined && !isVerbose) return;
    const reason = this.#reasons.get(task);
    this.#reasons.delete(task);
    const said = warning ?? (reason === undefined ? "" : `(${reason})`);
    this.#head(warning === undefined ? "✓" : "⚠", task, [how, said]);
    if (output === undefined) return;
    // One line says it all.
    if (
      isVerbose || output.stdout.bytes.length > 0 || output.stderr.bytes.indexOf(10) < output.stderr.bytes.length - 1
    ) {
      this.#output(output, task);
    }
  }

  #failed({ task, durationMs, failure, output, retry }: Extract<RunEvent, { kind: "failed" }>): void {
    const short = shortFailure(failure);
    if (retry !== undefined) {
      const said = `${short}; attempt ${retry + 1} of ${this.tasks[task].retries + 1} follows`;
      this.#head("↻", task, [durationText(durationMs), said]);
      return;
    }
    this.#head("✗", task, [durationText(durationMs), short, this.#place(task) ?? ""]);
    if (output !== undefined) this.#output(output, task);
  }

  /** The place that its output tells of: all else stands right below. */
  #place(task: number): string | undefined {
    const outcome = this.choices.outcomes.of(task);
    const telling = outcome?.kind === "failed" ? outcome.telling : undefined;
    return telling === undefined ? undefined : /^\S+:\d+(?::\d+)?(?= |$)/.exec(telling)?.[0];
  }

  #head(mark: "✓" | "✗" | "⚠" | "↻", task: number, parts: readonly string[]): void {
    const tone = mark === "✗" ? "bad" : mark === "⚠" ? "warn" : mark === "✓" ? "good" : "dim";
    const rest = parts.filter((part) => part !== "").map(escapeControls);
    this.reporter.line(`${mark} ${[escapeControls(this.tasks[task].name), ...rest].join("  ")}`, tone);
  }

  #output({ stdout, stderr }: Output, task: number): void {
    this.#captured(stdout, task);
    this.#captured(stderr, task);
  }

  #captured(captured: Captured, task: number): void {
    if (captured.bytes.length === 0) return;
    const { bytes, cut } = lastLines(captured, MOST_SHOWN);
    if (cut !== undefined) {
      this.reporter.line(`    ${lastLinesLine(cut, this.choices.whereRest?.(this.tasks[task].name))}`, "dim");
    }
    const splitter = new LineSplitter(INDENT, (lines) => this.reporter.raw(lines));
    const text = new TextDecoder().decode(bytes);
    const still = text.replace(MOVES, "");
    splitter.add(new TextEncoder().encode(still.includes("\x1b[") ? `${still.replace(/\n?$/, "\x1b[0m\n")}` : still));
    splitter.end();
  }
}
