/**
 * Owns the words of a task run: each line that `run`, `history`, `show` and `retry` print.
 * It prints nothing, colours nothing, and reads neither the clock nor the database: it is given records.
 *
 * Times of day come from `Intl`, not `Date`, since graph/ has no clock; that costs 10 ms, where one is printed.
 *
 * @module
 */
import { quote } from "./mistakes.ts";
import type { RunCounts, RunRecord, RunReport, RunStatus, TaskRecord, TaskReport } from "./run_records.ts";
import { nearest } from "./suggest.ts";
import { unreachable } from "./task.ts";

/** What a line needs to know of a task that has ended. */
export type EndedTask = Pick<TaskRecord, "name" | "command" | "status" | "duration_ms" | "skip_reason">;

/** Characters of a task's line that are kept of its counter, name and command. */
const TEXT_WIDTH = 35;
/** Characters in front of the status: the text, a blank, at least four dots, a blank. */
const STATUS_COLUMN = 41;
const LEAST_DOTS = 3;
const BREAKS = /\r\n|[\p{Cc}\p{Zl}\p{Zp}]/gu;

export function countStatuses(tasks: Iterable<{ readonly status: RunStatus }>): RunCounts {
  const counts = { passed: 0, failed: 0, timeout: 0, skipped: 0 };
  for (const { status } of tasks) {
    counts[status]++;
    if (status === "timeout") counts.failed++;
  }
  return counts;
}

export function concurrencyLine(jobs: number): string {
  return `Running with max ${counted(jobs, "concurrent task")}...`;
}

/** The line of a task that has ended; `finished` tasks of `total` have, this one included. */
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
  return `Results saved to: ${database} (run #${id})`;
}

/** The runs as given; whoever asks gives the newest first. */
export function historyLines(runs: readonly RunRecord[], timeZone?: string): string[] {
  if (runs.length === 0) return ["No runs recorded yet"];
  const format = timeFormat(timeZone);
  return [
    "Recent runs:",
    ...runs.map((run) => {
      const interrupted = run.interrupted ? ", interrupted" : "";
      return `  #${run.id} | ${format(run.started_at)} | ${countsText(run)}${interrupted} | ${runDuration(run)}`;
    }),
  ];
}

export function showRunLines(run: RunReport, timeZone?: string): string[] {
  const longest = run.tasks.reduce((width, task) => Math.max(width, task.name.length), 0);
  return [
    `Run #${run.id} (${timeFormat(timeZone)(run.started_at)})`,
    `Duration: ${runDuration(run)}${run.interrupted ? " (interrupted)" : ""}`,
    "",
    "Tasks:",
    ...run.tasks.map((task) => {
      const dots = ".".repeat(longest - task.name.length + LEAST_DOTS);
      return `  ${oneLine(task.name)} ${dots} ${outcome(task)}`;
    }),
  ];
}

/** What a task printed is shown as it is, but for its last line end. */
export function showTaskLines(task: TaskReport): string[] {
  const exit = task.exit_code === null || task.status === "skipped" ? "" : ` (exit code ${task.exit_code})`;
  return [
    `Task: ${oneLine(task.name)}`,
    `Command: ${oneLine(task.command)}`,
    `Status: ${statusText(task)}${exit}`,
    `Duration: ${durationText(task.duration_ms ?? 0)}`,
    "",
    "--- stdout ---",
    ...printed(task.stdout),
    "",
    "--- stderr ---",
    ...printed(task.stderr),
  ];
}

/** What `retry` begins with: the failed tasks or, of a run that was only interrupted, the skipped ones. */
export function retryLine(id: number, { failed, skipped }: Pick<RunCounts, "failed" | "skipped">): string {
  if (failed + skipped === 0) return `Nothing to retry: all tasks of run #${id} passed`;
  const what = failed > 0 ? counted(failed, "failed task") : counted(skipped, "skipped task");
  return `Retrying ${what} from run #${id}...`;
}

export function unknownRunLine(id: number, database: string): string {
  return `Run #${id} not found in ${quote(database)}`;
}

export function unknownTaskLine(name: string, where: { id: number; known: Iterable<string> }): string {
  const guess = nearest(name, where.known);
  return `Task ${quote(name)} not found in run #${where.id}${
    guess === undefined ? "" : `, did you mean ${quote(guess)}?`
  }`;
}

/** Seconds with one decimal, or two below a tenth of a second. */
export function durationText(ms: number): string {
  // A clock that was set back must not show as less than nothing.
  const seconds = Math.max(0, ms) / 1000;
  return `${seconds.toFixed(seconds < 0.1 ? 2 : 1)}s`;
}

/** Unix seconds to `YYYY-MM-DD HH:MM:SS`, in local time or that of a zone. Making one is dear, using it is not. */
export function timeFormat(timeZone?: string): (unixSeconds: number) => string {
  const format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone,
  });
  return (unixSeconds) => {
    const parts = new Map(format.formatToParts(unixSeconds * 1000).map(({ type, value }) => [type, value]));
    const date = ["year", "month", "day"] as const;
    const time = ["hour", "minute", "second"] as const;
    return `${date.map((part) => parts.get(part)).join("-")} ${time.map((part) => parts.get(part)).join(":")}`;
  };
}

function countsText({ passed, failed, timeout, skipped }: RunCounts): string {
  const ended = [`${passed} passed`];
  // Timeouts are shown apart, and then nobody needs to read that no other task failed.
  if (failed > timeout || timeout === 0) ended.push(`${failed - timeout} failed`);
  if (timeout > 0) ended.push(`${timeout} timeout`);
  return [...ended, `${skipped} skipped`].join(", ");
}

/** The status with the time it took, which a skipped task did not. */
function outcome(task: EndedTask): string {
  return task.status === "skipped" ? statusText(task) : `${statusText(task)} (${durationText(task.duration_ms ?? 0)})`;
}

function statusText({ status, skip_reason }: EndedTask): string {
  switch (status) {
    case "passed":
      return "PASSED";
    case "failed":
      return "FAILED";
    case "timeout":
      return "TIMEOUT";
    case "skipped":
      return `SKIPPED (${skip_reason ?? "dependency failed"})`;
    default:
      return unreachable(status);
  }
}

function runDuration({ duration_ms }: RunRecord): string {
  return duration_ms === null ? "unfinished" : durationText(duration_ms);
}

/** Line ends and other control characters as blanks: a command may not move the reader's cursor. */
function oneLine(text: string): string {
  return text.replace(BREAKS, " ");
}

function printed(text: string): string[] {
  return text === "" ? [] : [text.replace(/\r?\n$/, "")];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
