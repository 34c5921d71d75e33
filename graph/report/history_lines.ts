/**
 * Owns what the history shows of runs: the list of them, one run, one task of it with its attempts.
 * It prints nothing, colours nothing, and reads neither the clock nor the database: it is given records.
 *
 * @module
 */
import { nearest } from "../suggest.ts";
import { quote } from "../text.ts";
import { widthOf } from "../text_width.ts";
import type { AttemptRecord, RunRecord, RunReport, TaskRecord, TaskReport } from "./run_records.ts";
import {
  attemptParts,
  countsText,
  LEAST_DOTS,
  oneLine,
  outcome,
  printed,
  reasonParts,
  secondsText,
  statusText,
  withParts,
} from "./task_words.ts";
import { timeFormat } from "./time_of_day.ts";

/** The runs as given; whoever asks gives the newest first. `isLong` adds what each of them was. */
export function historyLines(
  runs: readonly RunRecord[],
  { timeZone, isLong = false, isFiltered = false }: {
    readonly timeZone?: string;
    readonly isLong?: boolean;
    readonly isFiltered?: boolean;
  } = {},
): string[] {
  if (runs.length === 0) return [isFiltered ? "No such runs recorded" : "No runs recorded yet"];
  const format = timeFormat(timeZone);
  return [
    "Recent runs:",
    ...runs.map((run) => {
      const interrupted = run.interrupted ? ", interrupted" : "";
      const { running, pending = 0 } = run;
      const going = running === undefined ? "" : `, ${running} running, ${pending} pending`;
      return `  #${run.id} | ${format(run.started_at)} | ${countsText(run)}${going}${interrupted} | ${
        runDuration(run)
      }${isLong ? ` | ${whatRan(run)}` : ""}`;
    }),
  ];
}

const UNFINISHED = "unfinished";

/** So many of the names that were asked for are shown. */
const MOST_ASKED = 5;

/** What a run was, as one would type it: `build web:*`, `nightly.txt`. */
export function whatRan({ kind, source = "", asked }: Pick<RunRecord, "kind" | "source" | "asked">): string {
  const file = source.slice(source.lastIndexOf("/") + 1);
  const isUsual = file === "build.json" || file === "build.jsonc";
  const names = (asked ?? []).slice(0, MOST_ASKED);
  const more = (asked?.length ?? 0) - names.length;
  const words = [...(kind === "build" ? ["build"] : []), ...(kind === "build" && isUsual ? [] : [file]), ...names];
  return oneLine(words.join(" ")) + (more > 0 ? ` and ${more} more` : "");
}

/** A run with its tasks; where only those that failed were asked for there may be none. */
export function showRunLines(run: RunReport, timeZone?: string): string[] {
  const shown = run.tasks.filter((task) => !wasFresh(task)), upToDate = run.tasks.length - shown.length;
  const names = shown.map(({ name }) => oneLine(name));
  const longest = names.reduce((width, name) => Math.max(width, widthOf(name)), 0);
  return [
    `Run #${run.id} (${timeFormat(timeZone)(run.started_at)})`,
    `Duration: ${runDuration(run)}${run.interrupted ? " (interrupted)" : ""}`,
    "",
    "Tasks:",
    ...shown.map((task, at) => {
      const dots = ".".repeat(longest - widthOf(names[at]) + LEAST_DOTS);
      return `  ${names[at]} ${dots} ${outcome(task)}`;
    }),
    ...(run.tasks.length === 0 ? ["  none failed"] : []),
    ...(upToDate === 0 ? [] : [`  ${shown.length === 0 ? "" : "and "}${upToDate} up to date`]),
  ];
}

/** Whether nothing was to be done for it. */
function wasFresh({ status, finished_at }: TaskRecord): boolean {
  return status === "passed" && finished_at === null;
}

/**
 * What a task printed is shown as it is, but for its last line end. The attempts before its last one follow, with what
 * they printed.
 */
export function showTaskLines(task: TaskReport): string[] {
  const earlier = task.attempt_records.filter(({ attempt }) => attempt < task.attempts);
  return [
    `Task: ${oneLine(task.name)}`,
    `Command: ${oneLine(task.command)}`,
    `Status: ${withParts(statusText(task), [...reasonParts(task), ...attemptParts(task)])}`,
    `Duration: ${/^(?:running|interrupted)$/.test(task.status) ? UNFINISHED : secondsText(task.duration_ms ?? 0)}`,
    ...outputLines(task),
    ...earlier.flatMap((attempt) => [
      "",
      `--- attempt ${attempt.attempt}: ${attemptText(attempt)} ---`,
      ...outputLines(attempt),
    ]),
  ];
}

function outputLines({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string[] {
  return ["", "--- stdout ---", ...printed(stdout), "", "--- stderr ---", ...printed(stderr)];
}

function attemptText(attempt: AttemptRecord): string {
  const parts = reasonParts({ ...attempt, status: attempt.outcome });
  return withParts(attempt.outcome.toUpperCase(), [
    ...parts,
    secondsText((attempt.ended_us - attempt.started_us) / 1000),
  ]);
}

export function unknownRunLine(id: number, database: string): string {
  return `Run #${id} not found in ${quote(database)}`;
}

/** `where` is the run that it was looked for in, or the path of the history in all of whose runs. */
export function unknownTaskLine(name: string, where: number | string, known: Iterable<string>): string {
  const place = typeof where === "number" ? `run #${where}` : `any run of ${quote(where)}`;
  const guess = nearest(name, known);
  return `Task ${quote(name)} not found in ${place}${guess === undefined ? "" : `, did you mean ${quote(guess)}?`}`;
}

function runDuration({ duration_ms }: RunRecord): string {
  return duration_ms === null ? UNFINISHED : secondsText(duration_ms);
}
