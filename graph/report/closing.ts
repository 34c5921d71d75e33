/**
 * Owns the words at the end of a build or run: what failed and why, what was not done and what it waited for, and what to
 * type next.
 *
 * @module
 */
import { type Flakiness, flakyText } from "./flaky.ts";
import { describeTaskFailure, type TaskFailure } from "../failure.ts";
import { seconds } from "./build_lines.ts";
import { awaitedBy, type Task } from "../task.ts";
import { escapeControls, listed } from "../text.ts";
import { padTo, widthOf } from "../text_width.ts";
import { retryCommand, showCommand } from "./typed_commands.ts";

/** How one task ended, as far as its end is spoken of. */
export type Outcome =
  | { readonly kind: "built" }
  /** Its artifact was there, or could be copied. */
  | { readonly kind: "cached" }
  /** Its artifact came out of a store. */
  | { readonly kind: "restored" }
  /** `telling` is the line of its output that says why, if it printed one. */
  | { readonly kind: "failed"; readonly failure: TaskFailure; readonly telling?: string }
  | { readonly kind: "cancelled" }
  | { readonly kind: "skipped" };

/** A run that is over. */
export interface ClosedRun {
  readonly tasks: readonly Pick<Task, "name" | "dependencies" | "after">[];
  /** By task; undefined for one that was not reached. */
  readonly outcomes: readonly (Outcome | undefined)[];
  /** How many tasks succeeded and warned of something. */
  readonly warned: number;
  readonly durationMs: number;
  /** `built` of a build, `passed` of a run. */
  readonly done: "built" | "passed";
  /** The history it was saved in; absent when it was not. */
  readonly saved?: { readonly database: string };
  /** What ended it early. */
  readonly signal?: string;
  /** Sources have changed, and another build follows that does what this one has left undone. */
  readonly isOutdated?: boolean;
  /** Tasks that did not pass at their first attempt: how often they were tried. */
  readonly retried?: ReadonlyMap<number, number>;
  /** The flaky tasks among all, by name. */
  readonly flaky?: ReadonlyMap<string, Flakiness>;
}

/** So many names of tasks stand in one line. */
const MOST_NAMES = 12;

/** So many reasons are told for what was not done. */
const MOST_CAUSES = 3;

/** Names are put in a column of their own, unless they are longer than this. */
const NAME_WIDTH = 24;

/** A telling line is cut here: the rest is above, or in the history. */
const TELLING_WIDTH = 160;

/** The line that says how it went: `✗ 1 failed, 2 not run · 17 built, 8 up to date · 12.3s`. */
export function closingLine(run: ClosedRun): string {
  const counts = { built: 0, restored: 0, cached: 0, failed: 0, cancelled: 0, skipped: 0 };
  for (const outcome of run.outcomes) counts[outcome?.kind ?? "skipped"]++;
  const notRun = counts.skipped + counts.cancelled;
  const bad = [
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(notRun > 0 ? [`${notRun} not run`] : []),
  ].join(", ");
  const good = [
    ...(counts.built > 0 || counts.cached + counts.restored === 0 ? [`${counts.built} ${run.done}`] : []),
    ...(counts.restored > 0 ? [`${counts.restored} restored`] : []),
    ...(counts.cached > 0 ? [`${counts.cached} up to date`] : []),
  ].join(", ");
  const parts = [
    ...(bad === "" ? [] : [bad]),
    good,
    ...(run.warned > 0 ? [`⚠ ${run.warned} warned`] : []),
    durationText(run.durationMs),
  ];
  return `${bad === "" ? "✓" : "✗"} ${parts.join(" · ")}`;
}

/** The line of a build in which nothing had to be done; undefined when something had. */
export function nothingToDoLine({ tasks, outcomes, durationMs }: ClosedRun): string | undefined {
  if (outcomes.length < tasks.length || outcomes.some((outcome) => outcome?.kind !== "cached")) return undefined;
  const subject = tasks.length === 1 ? "1 task is" : `${tasks.length} tasks are`;
  return `Nothing to do: ${subject} up to date (${seconds(durationMs)}s)`;
}

/** The lines below: each task that failed, each that was not done, and what to type next. Empty when all went well. */
export function closingDetails(run: ClosedRun): string[] {
  const { tasks, outcomes } = run;
  const failed = tasks.flatMap(({ name }, task) => {
    const outcome = outcomes[task];
    return outcome?.kind === "failed" ? [{ name: escapeControls(name), outcome, flaky: run.flaky?.get(name) }] : [];
  });
  const notRun = notRunLines(run), passedLate = passedLateLines(run);
  if (failed.length === 0 && notRun.length === 0) return passedLate.map((line) => `  flaky  ${line}`);
  const longest = failed.reduce((width, { name }) => Math.max(width, widthOf(name)), "not run".length);
  const width = Math.min(longest, NAME_WIDTH);
  return [
    ...failed.map(({ name, outcome, flaky }) =>
      `  ${padTo(name, width)}  ${reasonText(outcome)}${flaky === undefined ? "" : `  (${flakyText(flaky)})`}`
    ),
    ...passedLate.map((line) => `  ${"flaky".padEnd(width)}  ${line}`),
    ...notRun.map((line) => `  ${"not run".padEnd(width)}  ${line}`),
    ...nextLine(run, failed[0]?.name),
  ];
}

/** Why a task failed, as short as it can be said: `exit 1`, `timeout 5s`, `SIGKILL`. */
export function shortFailure(failure: TaskFailure): string {
  switch (failure.kind) {
    case "exit":
      return `exit ${failure.code}`;
    case "timeout":
      return `timeout ${failure.timeoutMs / 1000}s`;
    case "signal":
      return failure.signal;
    default:
      return escapeControls(describeTaskFailure(failure));
  }
}

/** Seconds, with as many digits as one can feel. */
export function durationText(ms: number): string {
  const s = ms / 1000;
  if (s < 1) return `${s.toFixed(2)}s`;
  if (s < 60) return `${s.toFixed(1)}s`;
  const minutes = Math.floor(Math.round(s) / 60), rest = Math.round(s) % 60;
  return minutes < 60
    ? `${minutes}m${String(rest).padStart(2, "0")}s`
    : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

function reasonText({ failure, telling }: Extract<Outcome, { kind: "failed" }>): string {
  const short = shortFailure(failure);
  if (telling === undefined) return short;
  const clean = escapeControls(telling);
  return `${short}  ${clean.length > TELLING_WIDTH ? `${clean.slice(0, TELLING_WIDTH - 1)}…` : clean}`;
}

/** Tasks that passed after they had failed with the same inputs. */
function passedLateLines({ tasks, outcomes, retried = new Map(), flaky }: ClosedRun): string[] {
  return [...retried].sort(([a], [b]) => a - b).flatMap(([task, attempts]) => {
    if (outcomes[task]?.kind !== "built") return [];
    const { name } = tasks[task];
    const known = flaky?.get(name);
    return [
      `${escapeControls(name)} passed at attempt ${attempts}${known === undefined ? "" : ` (${flakyText(known)})`}`,
    ];
  });
}

/** What was not done, put together by what it waited for. */
function notRunLines(run: ClosedRun): string[] {
  const { tasks, outcomes } = run;
  const indexes = new Map(tasks.map(({ name }, task) => [name, task]));
  const groups = new Map<string, string[]>();
  const causes = causesOf(run, indexes);
  for (const [task, { name }] of tasks.entries()) {
    const kind = outcomes[task]?.kind ?? "skipped";
    if (kind !== "skipped" && kind !== "cancelled") continue;
    const needs = causes[task] ?? [];
    const why = needs.length > 0
      ? `need ${listed(needs.map((cause) => tasks[cause].name), MOST_CAUSES)}`
      : stopped(run);
    const names = groups.get(why);
    if (names === undefined) groups.set(why, [name]);
    else names.push(name);
  }
  return [...groups].map(([why, names]) =>
    `${listed(names, MOST_NAMES)} (${names.length === 1 ? why.replace(/^need /, "needs ") : why})`
  );
}

function stopped({ signal, isOutdated = false }: ClosedRun): string {
  if (signal === undefined && isOutdated) return "left to the next build, since sources have changed";
  return signal === undefined ? "nothing more was started after a failure" : `ended by ${signal}`;
}

/**
 * For each task that was not done the failed ones it waited for, a few of them: by a walk from the dependencies to the
 * dependents, each task once.
 */
function causesOf(
  { tasks, outcomes }: ClosedRun,
  indexes: ReadonlyMap<string, number>,
): (readonly number[] | undefined)[] {
  const causes: (number[] | undefined)[] = new Array(tasks.length);
  const visit = (root: number) => {
    // With a stack of its own: a chain may be longer than what calls can nest.
    const stack = [root];
    while (stack.length > 0) {
      const task = stack[stack.length - 1];
      const needed = awaitedBy(tasks[task]).map((name) => indexes.get(name)).filter((at) => at !== undefined);
      const open = needed.filter((at) => isNotRun(outcomes[at]) && causes[at] === undefined);
      if (open.length > 0 && causes[task] === undefined) {
        causes[task] = []; // a second visit finds its dependencies done
        stack.push(...open);
        continue;
      }
      const own = new Set<number>();
      for (const at of needed) {
        if (outcomes[at]?.kind === "failed") own.add(at);
        else if (isNotRun(outcomes[at])) { for (const cause of causes[at] ?? []) own.add(cause); }
        if (own.size > MOST_CAUSES) break;
      }
      causes[task] = [...own].slice(0, MOST_CAUSES + 1);
      stack.pop();
    }
  };
  for (let task = 0; task < tasks.length; task++) {
    if (isNotRun(outcomes[task]) && causes[task] === undefined) visit(task);
  }
  return causes;
}

function isNotRun(outcome: Outcome | undefined): boolean {
  return outcome === undefined || outcome.kind === "skipped" || outcome.kind === "cancelled";
}

function nextLine({ saved, isOutdated = false }: ClosedRun, failed: string | undefined): string[] {
  if (saved === undefined || isOutdated) return [];
  const show = failed === undefined ? [] : [showCommand(failed, saved)];
  return [`  ${[...show, retryCommand(saved)].join(" · ")}`];
}
