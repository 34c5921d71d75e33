/**
 * Owns the log of a safe execution: what the gates said, what runs while it runs, and how it ended.
 *
 * @module
 */
import type { Verdict } from "../../graph/gates/findings.ts";
import type { HostLoad } from "../../graph/gates/resource_capacity.ts";
import { describeLoad } from "../../graph/schedule/headroom.ts";
import type { LogLevel } from "../../graph/gates/settings.ts";
import { verdictLines } from "../../graph/gates/text.ts";
import { seconds } from "../../graph/report/build_lines.ts";
import { escapeControls } from "../../graph/text.ts";

const LEVELS: readonly LogLevel[] = ["DEBUG", "INFO", "WARNING", "ERROR"];
const SAMPLE_MS = 1000;

/** Where lines go, and which do. */
export interface SafeLogChoices {
  readonly logLevel: LogLevel;
  readonly log: (level: LogLevel, line: string) => void;
}

/** How many tasks ended how. */
export type SafeCounts = Record<"completed" | "failed" | "skipped", number>;

/** One execution's log. */
export class SafeLog {
  /** Names of the tasks that run. */
  readonly running = new Set<string>();
  readonly #choices: SafeLogChoices;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(choices: SafeLogChoices) {
    this.#choices = choices;
  }

  line(level: LogLevel, line: string): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.#choices.logLevel)) return;
    try {
      this.#choices.log(level, line);
    } catch {
      // Who cannot write a log keeps no task from its end.
    }
  }

  /** The report of the gates. */
  verdict(verdict: Verdict): void {
    for (const { level, text, tone } of verdictLines(verdict, this.#choices.logLevel)) {
      if (text !== "") this.line(tone === "good" ? "INFO" : level, text);
    }
  }

  /** Logs every second what runs and what the machine bears, until the log is closed. */
  watch(load: () => HostLoad): void {
    this.#timer = setInterval(() => {
      const bears = describeLoad(load());
      const names = [...this.running].map(escapeControls).join(", ") || "nothing";
      this.line("INFO", `Running: ${names}${bears && `; ${bears}`}`);
    }, SAMPLE_MS);
  }

  /** How all of it ended. */
  end({ completed, failed, skipped }: SafeCounts, durationMs: number): void {
    const counts = `${completed} completed, ${failed} failed, ${skipped} skipped`;
    this.line(failed > 0 ? "ERROR" : "INFO", `Execution ended after ${seconds(durationMs)}s: ${counts}`);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
