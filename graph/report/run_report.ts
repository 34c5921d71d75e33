/**
 * Owns the words of a task run: each line that `run` and `retry` print.
 * It prints nothing, colours nothing, and reads neither the clock nor the database: it is given records.
 *
 * @module
 */
import { unreachable } from "../task.ts";
import { counted, escapeControls } from "../text.ts";
import type { RunCounts, RunStatus } from "./run_records.ts";
import { countsText, type EndedTask, oneLine, outcome } from "./task_words.ts";

/** Characters of a task's line that are kept of its counter, name and command. */
const TEXT_WIDTH = 35;
/** Characters in front of the status: the text, a blank, at least four dots, a blank. */
const STATUS_COLUMN = 41;

/** How many tasks ended how. */
export function countStatuses(tasks: Iterable<{ readonly status: RunStatus }>): RunCounts {
  const counts = { passed: 0, failed: 0, timeout: 0, skipped: 0, cancelled: 0 };
  for (const { status } of tasks) {
    switch (status) {
      case "passed":
      case "failed":
      case "skipped":
        counts[status]++;
        break;
      case "timeout":
        counts.timeout++;
        counts.failed++;
        break;
      case "cancelled":
      case "interrupted":
        counts.cancelled++;
        counts.skipped++;
        break;
      case "running":
      case "pending":
        break;
      default:
        unreachable(status);
    }
  }
  const { cancelled, ...others } = counts;
  return cancelled > 0 ? counts : others;
}

export function concurrencyLine(jobs: number): string {
  return `Running with max ${counted(jobs, "concurrent task")}...`;
}

/** The line of a task that has ended; `finished` tasks of `total` have, this one included. Control characters as blanks. */
export function taskLine(task: EndedTask, { finished, total }: { finished: number; total: number }): string {
  const whole = oneLine(`[${finished}/${total}] ${task.name}: ${task.command}`);
  // By code points, so that no character outside the first plane is cut in two.
  const text = Array.from(whole.slice(0, 2 * TEXT_WIDTH)).slice(0, TEXT_WIDTH);
  const dots = ".".repeat(STATUS_COLUMN - text.length - 2);
  return `${text.join("")} ${dots} ${outcome(task)}`;
}

export function runCompletedLine(counts: RunCounts): string {
  return `Run completed: ${countsText(counts)}`;
}

export function resultsSavedLine(database: string, id: number): string {
  return `Results saved to: ${escapeControls(database)} (run #${id})`;
}

/** What `retry` begins with: failed tasks and, where there are others, the others too. */
export function retryLine(id: number, { failed, skipped, cancelled = 0, interrupted = 0 }: RetryCounts): string {
  const counts = { failed, cancelled, interrupted, skipped };
  const kinds = (["failed", "cancelled", "interrupted", "skipped"] as const).filter((kind) => counts[kind] > 0);
  if (kinds.length === 0) return `Nothing to retry: all tasks of run #${id} passed`;
  const words = kinds.map((kind) => `${counts[kind]} ${kind}`);
  const last = words.pop();
  const what = words.length === 0 ? last : `${words.join(", ")} and ${last}`;
  return `Retrying ${what} task${counts[kinds.at(-1)!] === 1 ? "" : "s"} from run #${id}...`;
}

/** How many tasks of a run are to be run again, each counted once. */
export interface RetryCounts {
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled?: number;
  readonly interrupted?: number;
}

/** Counts what is to be run again: all that has not passed, by the words that `show` has for it. */
export function countRetries(tasks: Iterable<{ readonly status: RunStatus }>): RetryCounts {
  const counts = { failed: 0, cancelled: 0, interrupted: 0, skipped: 0 };
  for (const { status } of tasks) {
    if (status === "timeout") counts.failed++;
    else if (status === "pending") counts.skipped++;
    else if (status === "running") counts.interrupted++;
    else if (status !== "passed") counts[status]++;
  }
  return counts;
}
