/**
 * Owns the list of tasks: what is told of each, how it stands, and the lines of it all.
 * It prints nothing and colours nothing.
 *
 * @module
 */
import { type Flakiness, flakiness, FLAKY_ATTEMPTS, flakyText, type Try } from "./flaky.ts";
import { staleLine } from "./build_lines.ts";
import { FAILED_LAST } from "./build_report.ts";
import type { AttemptRecord } from "./run_records.ts";
import { usualOf } from "./usual.ts";
import { cutTo, padTo, type TextCell, widthOf } from "../text_width.ts";
import { counted, escapeControls } from "../text.ts";
import { secondsText } from "./task_words.ts";

/**
 * How a task stands: up to date; what it makes would come out of the store; it would run; it would run, and its last attempt
 * failed; or, of a task file's, which are never up to date, its last attempt passed.
 */
export type TaskState = "up_to_date" | "would_restore" | "would_run" | "failed_last" | "passed_last";

/** The last attempt at a task. */
export interface LastAttempt {
  /** The number of its run in the history. */
  readonly run: number;
  /** How it went. */
  readonly outcome: AttemptRecord["outcome"];
  /** Seconds. */
  readonly duration: number;
  /** Unix seconds. */
  readonly ended_at: number;
  /** Why it failed. */
  readonly error: string | null;
}

/** One task, as `troupe list --json` shows it. */
export interface ListedTask {
  /** Its name. */
  readonly name: string;
  /** What it is for: the key of a config, or the comment above the line of a task file. */
  readonly description: string | null;
  /** Its tags; absent when it has none. */
  readonly tags?: readonly string[];
  /** What it makes, if that is one thing; null for a check, for several, and for a task of a task file. */
  readonly output_artifact: string | null;
  /** All that it makes, nothing for a check; null for a task of a task file. */
  readonly outputs: readonly string[] | null;
  /** Names of the tasks it needs. */
  readonly dependencies: readonly string[];
  /** Names of the tasks that it only comes after; absent when there are none. */
  readonly after?: readonly string[];
  /** How it stands. */
  readonly state: TaskState;
  /** Why it would run; null for one that would not, and for those of a task file. */
  readonly reason: string | null;
  /** Its last attempt; null when the history has none. */
  readonly last: LastAttempt | null;
  /** Seconds that it usually takes: the median of its last passes; null when the history has none. */
  readonly usual_duration: number | null;
  /** How often it failed, of its last attempts, if it failed and passed with the same inputs; null when it did not. */
  readonly flaky: Flakiness | null;
}

/** Tasks, as `troupe list --json` shows them. */
export interface ListReport {
  /** Path of the config or task file. */
  readonly file: string;
  /** In the order of the file. */
  readonly tasks: readonly ListedTask[];
  /** Paths of artifacts that builds made for tasks the config has no more, and nobody touched since; absent if none. */
  readonly stale_artifacts?: readonly string[];
}

/** An attempt as the history has it, the newest run first and within it the first attempt first. */
export interface RecalledAttempt extends Omit<LastAttempt, "ended_at">, Try {
  readonly task: string;
  readonly outcome: AttemptRecord["outcome"];
  readonly how: AttemptRecord["how"];
  readonly endedAt: number;
}

/** What is known of a task's past. */
export interface Past {
  readonly last: LastAttempt | null;
  readonly usual_duration: number | null;
  readonly flaky: Flakiness | null;
}

/** The past of each task that has one, by name. */
export function pastsOf(attempts: readonly RecalledAttempt[]): Map<string, Past> {
  const byTask = new Map<string, RecalledAttempt[]>();
  for (const attempt of attempts) {
    const own = byTask.get(attempt.task);
    if (own === undefined) byTask.set(attempt.task, [attempt]);
    else own.push(attempt);
  }
  return new Map([...byTask].map(([task, own]) => [task, pastOf(own)]));
}

function pastOf(attempts: readonly RecalledAttempt[]): Past {
  // Within a run the later attempt comes later.
  const { run, outcome, duration, endedAt, error } = attempts.findLast(({ run }) => run === attempts[0].run)!;
  const times: number[] = [], tries: RecalledAttempt[] = [];
  let hasFailed = false;
  for (const attempt of attempts) {
    if (attempt.outcome === "passed" && attempt.how === "executed") times.push(attempt.duration);
    const isTaken = attempt.how === "copied" || attempt.how === "restored";
    if (attempt.outcome === "cancelled" || isTaken || tries.length === FLAKY_ATTEMPTS) continue;
    tries.push(attempt);
    hasFailed ||= attempt.outcome !== "passed";
  }
  return {
    last: { run, outcome, duration, ended_at: endedAt, error },
    usual_duration: usualOf(times) ?? null,
    flaky: (hasFailed ? flakiness(tries) : undefined) ?? null,
  };
}

/** How a task stands, and why it would run. */
export function stateOf(
  prospect: { readonly run: boolean; readonly restore?: boolean; readonly reason?: string } | undefined,
  last: LastAttempt | null,
): Pick<ListedTask, "state" | "reason"> {
  const reason = prospect?.reason ?? null;
  const hasFailed = last?.outcome === "failed" || last?.outcome === "timeout" || reason === FAILED_LAST;
  if (prospect?.restore) return { state: "would_restore", reason };
  if (prospect?.run === false) return { state: "up_to_date", reason: null };
  if (hasFailed) return { state: "failed_last", reason };
  return { state: prospect === undefined && last?.outcome === "passed" ? "passed_last" : "would_run", reason };
}

/** Columns between two columns. */
const GAP = 2;

/** Where lines are not cut, one text longer than this must not push all others away: no column is made for it. */
const WIDEST_UNCUT = 100;

/** No column is cut to less as long as there is one that can be done without. */
const LEAST_CUT = 16;

/** What can be done without in a narrow window, first what can best: what a task makes, usual and last time, what it is for. */
const DISPENSABLE = [4, 3, 2, 5];

/** The list as lines; `columns` of a terminal, that no line may be wider than, or undefined for no limit. */
export function listLines(
  { file, tasks, stale_artifacts: stale = [] }: ListReport,
  columns: number | undefined,
): TextCell[][] {
  const rows = tasks.map((task): TextCell[] =>
    [
      { text: task.name, tone: "plain" },
      stateCell(task),
      { text: task.last === null ? "" : secondsText(1000 * task.last.duration), tone: "plain" },
      { text: task.usual_duration === null ? "" : secondsText(1000 * task.usual_duration), tone: "dim" },
      { text: task.outputs?.join(", ") ?? "", tone: "dim" },
      { text: [task.description?.split("\n", 1)[0] ?? "", ...tagWords(task)].filter(Boolean).join(" "), tone: "plain" },
    ].map(({ text, tone }) => ({ text: escapeControls(text), tone: tone as TextCell["tone"] }))
  );
  const titles = ["NAME", "STATE", "LAST", "USUAL", "MAKES", "DESCRIPTION"];
  const table = [titles.map((text): TextCell => ({ text, tone: "dim" })), ...rows];
  // What no task has needs no column.
  const used = titles.map((_, at) => at).filter((at) => at < 2 || rows.some((row) => row[at].text !== ""));
  const natural = titles.map((_, at) => table.reduce((width, row) => Math.max(width, widthOf(row[at].text)), 0));
  const widths = columns === undefined ? uncut(used, table) : fit(used, natural, columns);
  const staleCells: TextCell[] = stale.length === 0 ? [] : [{ text: staleLine(stale, file), tone: "dim" }];
  return [
    ...table.map((row) => lineOf(row, widths, columns !== undefined)),
    [],
    [summaryOf(tasks)],
    ...staleCells.map(({ text, tone }) => [{ text: columns === undefined ? text : cutTo(text, columns), tone }]),
  ];
}

/** Columns of the table by index, each with its width. */
type Widths = ReadonlyMap<number, number>;

/** Behind a text that is wider than its column the others begin where they can, until one begins in its place again. */
function lineOf(row: readonly TextCell[], widths: Widths, isCut: boolean): TextCell[] {
  let beyond = 0;
  return [...widths].map(([at, width], place) => {
    const { text, tone } = row[at];
    const own = isCut ? cutTo(text, width) : text;
    if (place === widths.size - 1) return { text: own, tone };
    const room = width - beyond;
    beyond = Math.max(0, widthOf(own) - room);
    return { text: padTo(own, room) + " ".repeat(GAP), tone };
  });
}

function uncut(used: readonly number[], table: readonly (readonly TextCell[])[]): Widths {
  const widest = (at: number) =>
    table.reduce((most, row) => {
      const width = widthOf(row[at].text);
      return width > WIDEST_UNCUT ? most : Math.max(most, width);
    }, 0);
  return new Map(used.map((at) => [at, widest(at)]));
}

/** The widest columns give way first, all of them to the same width; where that leaves too little, the least wanted go. */
function fit(used: readonly number[], natural: readonly number[], columns: number): Widths {
  const room = columns - GAP * (used.length - 1);
  const total = (most: number) => used.reduce((sum, at) => sum + Math.min(natural[at], most), 0);
  let most = Math.max(...used.map((at) => natural[at]));
  while (most > 1 && total(most) > room) most--;
  const dispensable = DISPENSABLE.find((at) => used.includes(at));
  if (most < LEAST_CUT && total(LEAST_CUT) > room && dispensable !== undefined) {
    return fit(used.filter((at) => at !== dispensable), natural, columns);
  }
  return new Map(used.map((at) => [at, Math.min(natural[at], most)]));
}

function tagWords({ tags = [] }: ListedTask): string[] {
  return tags.map((tag) => `#${tag}`);
}

function stateCell(task: ListedTask): TextCell {
  const cell = plainStateCell(task);
  return task.flaky === null ? cell : { ...cell, text: `${cell.text} (${flakyText(task.flaky)})` };
}

function plainStateCell({ state, reason, last }: ListedTask): TextCell {
  switch (state) {
    case "up_to_date":
      return { text: "up to date", tone: "good" };
    case "would_restore":
      return { text: `would be restored: ${reason ?? "new"}`, tone: "plain" };
    case "would_run":
      if (reason !== null) return { text: `would run: ${reason}`, tone: "plain" };
      return { text: last === null ? "never run" : `${last.outcome} last`, tone: "plain" };
    case "failed_last":
      return { text: `failed last${last?.error == null ? "" : `: ${last.error.split("\n", 1)[0]}`}`, tone: "bad" };
    case "passed_last":
      return { text: "passed last", tone: "good" };
  }
}

function summaryOf(tasks: readonly ListedTask[]): TextCell {
  const count = (...states: TaskState[]) => tasks.filter(({ state }) => states.includes(state)).length;
  const failed = count("failed_last"), wouldRun = count("would_run", "failed_last");
  const parts = [
    ...(count("up_to_date") > 0 ? [`${count("up_to_date")} up to date`] : []),
    ...(count("would_restore") > 0 ? [`${count("would_restore")} would be restored`] : []),
    ...(count("passed_last") > 0 ? [`${count("passed_last")} passed last`] : []),
    ...(tasks.some(({ outputs }) => outputs !== null) && wouldRun > 0 ? [`${wouldRun} would run`] : []),
    ...(failed > 0 ? [`${failed} failed last`] : []),
  ];
  const what = counted(tasks.length, "task");
  return { text: parts.length === 0 ? what : `${what}: ${parts.join(", ")}`, tone: failed > 0 ? "bad" : "dim" };
}
