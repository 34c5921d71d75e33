/**
 * Owns the words of `troupe why`: when a task last ran and why, what that caused, and what would make it run now.
 * It prints nothing and reads neither clock nor database.
 *
 * @module
 */
import { durationText } from "./closing.ts";
import type { InputDifference } from "../manifest.ts";
import { escapeControls } from "../text.ts";

/** The last time that a task was done, as `why --json` shows it. */
export interface LastTime {
  /** Number of the run. */
  readonly run: number;
  /** Unix microseconds. */
  readonly started_us: number;
  /** How it went. */
  readonly outcome: "passed" | "failed" | "timeout" | "cancelled";
  /** How what it makes came about; null of an attempt that did not pass, and of a task file's. */
  readonly how: "executed" | "copied" | "restored" | null;
  /** How often it was tried in that run. */
  readonly attempts: number;
  /** Milliseconds of its last attempt. */
  readonly duration_ms: number;
  /** Why it ran; null where there could be no reason not to. */
  readonly reason: string | null;
  /** The inputs that were otherwise than the time before; null when that is not known. */
  readonly changes: readonly InputDifference[] | null;
  /** The run of the time before; null when there was none. */
  readonly compared_with: number | null;
  /** Tasks that ran in the same run because of it. */
  readonly caused: readonly string[];
}

/** Why a task ran, as `why --json` shows it. */
export interface WhyReport {
  /** Its name. */
  readonly task: string;
  /** Null when it was never done, as far as the history goes. */
  readonly last: LastTime | null;
  /** What a build would do with it now; absent when no config was looked at. */
  readonly now?: { readonly run: boolean; readonly restore?: boolean; readonly reason?: string };
  /** Names of the tasks that it only comes after, by the config; absent when there are none or no config was looked at. */
  readonly after?: readonly string[];
  /** The two runs that were compared, instead of the last time; absent unless two were named. */
  readonly runs?: readonly [number, number];
  /** In which inputs it differed between these; null when one of them is not known. */
  readonly differences?: readonly InputDifference[] | null;
}

/** Digits of a digest that a person compares. */
const SHOWN = 8;

/** Lines of a command's difference. */
const MOST_LINES = 40;

/** The lines of a report; `dateOf` gives a moment in Unix seconds as text. */
export function whyLines(report: WhyReport, dateOf: (seconds: number) => string): string[] {
  const { task, last, now, after, runs, differences } = report;
  if (runs !== undefined) {
    const between = `${escapeControls(task)}: run #${runs[0]} and run #${runs[1]}`;
    if (differences === undefined || differences === null) return [`${between} cannot be compared: not on record`];
    if (differences.length === 0) return [`${between} were made of the same`];
    return [`${between} differ`, ...differences.flatMap(differenceLines)];
  }
  return [
    escapeControls(task),
    ...(last === null ? ["  last ran  never, as far as the history goes"] : lastLines(last, dateOf)),
    ...(now === undefined ? [] : [`  now       ${nowText(now)}`]),
    ...(after === undefined ? [] : [`  after     ${after.map(escapeControls).join(", ")} (in order only, no inputs)`]),
  ];
}

function lastLines(last: LastTime, dateOf: (seconds: number) => string): string[] {
  const tried = last.attempts > 1 ? `, attempt ${last.attempts}` : "";
  const when = `run #${last.run}, ${dateOf(Math.floor(last.started_us / 1_000_000))}`;
  const { how } = last, isTaken = how === "restored" || how === "copied";
  return [
    `  ${(isTaken ? how : "last ran").padEnd(8)}  ${when}: ${last.outcome} in ${
      durationText(last.duration_ms)
    }${tried}`,
    `  because   ${escapeControls(becauseText(last))}`,
    ...(last.changes ?? []).flatMap(differenceLines),
    ...(last.caused.length === 0 ? [] : [`  caused    ${last.caused.map(escapeControls).join(", ")}`]),
  ];
}

function becauseText({ how, outcome, reason, duration_ms: tookMs, compared_with: before }: LastTime): string {
  if (how === "restored") return "the same had been made before, and came out of the store";
  if (how === "copied") return "a task that does the same had made it";
  // No worker had it: a source could not be read, or a tool not be asked.
  if (reason === null && outcome === "failed" && tookMs === 0) return "it was to run, and could not be begun";
  return reason ?? (before === null ? "it had not been done before" : "a run always does it");
}

/** One input, with what it was and is. */
function differenceLines({ what, name, before, after }: InputDifference): string[] {
  if (what === "command") return commandLines(before ?? "", after ?? "");
  const shown = escapeControls(name);
  const digest = (text: string) => text.slice(0, SHOWN);
  if (before === null) return [`            + ${what} ${shown}  ${digest(after ?? "")}`];
  if (after === null) return [`            - ${what} ${shown}  ${digest(before)}`];
  return [`            ~ ${what} ${shown}  ${digest(before)} → ${digest(after)}`];
}

/** The lines of a command that are otherwise: what both begin and end with is left out. */
function commandLines(before: string, after: string): string[] {
  const old = before.split("\n"), now = after.split("\n");
  let start = 0, end = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  while (
    end < Math.min(old.length, now.length) - start && old[old.length - 1 - end] === now[now.length - 1 - end]
  ) end++;
  const lines = [
    ...old.slice(start, old.length - end).map((line) => `            - ${escapeControls(line)}`),
    ...now.slice(start, now.length - end).map((line) => `            + ${escapeControls(line)}`),
  ];
  const more = lines.length - MOST_LINES;
  return [
    "            ~ command",
    ...lines.slice(0, MOST_LINES),
    ...(more > 0 ? [`            … ${more} more lines`] : []),
  ];
}

function nowText({ run, restore, reason = "new" }: NonNullable<WhyReport["now"]>): string {
  if (!run && !restore) return "up to date";
  return `would ${restore ? "be restored" : "run"}: ${escapeControls(reason)}`;
}
