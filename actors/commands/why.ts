/**
 * Owns the question why a task ran as a command, typed or called: from the history, and for what would make it run now from
 * a look at the config. Nothing is run or written.
 *
 * @module
 */
import { type InputDifference, manifestDifferences } from "../../graph/manifest.ts";
import { nearest } from "../../graph/suggest.ts";
import type { LastTime, WhyReport } from "../../graph/report/why_report.ts";
import { DatabaseError } from "../storage/database_error.ts";
import { HistoryView } from "../history/queries.ts";
import type { AttemptAt } from "../history/records.ts";
import { indexOf, isConfig } from "../input/input.ts";
import { loadBuild } from "../input/load.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { asLibrary, type CallOptions } from "./invocation.ts";
import { prospectsOf } from "./prospects.ts";
import { DEFAULT_HISTORY } from "../../graph/report/typed_commands.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { UnknownTaskError } from "../../graph/input/unknown_task_error.ts";
import { quote } from "../../graph/text.ts";
import { unknownRunLine } from "../../graph/report/history_lines.ts";

/** Choices for {@linkcode why}. */
export interface WhyOptions extends Pick<CallOptions, "log"> {
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
  /** Path of a build config: also tell what would make the task run now; default none is looked at. */
  readonly config?: string;
  /** Numbers of two runs: tell in which inputs the task differed between them. */
  readonly runs?: readonly [number, number];
}

/**
 * When a task was last done and why, what that caused, and what would make it run now: the report of `troupe why --json`.
 *
 * @example
 * ```ts
 * import { build, why } from "./mod.ts";
 *
 * await build("fixtures/site/build.json", { db: "why.db", force: true });
 * const { last } = await why("sitemap", { db: "why.db" });
 * console.log(last?.run, last?.reason, last?.changes);
 * ```
 *
 * @throws {InputError} When there is no such task or run.
 * @throws {DatabaseError} When there is no such history, or it cannot be read.
 */
export async function why(task: string, options: WhyOptions = {}): Promise<WhyReport> {
  return await asLibrary({ log: options.log }, ({ reporter }) => whyFor(reporter, task, options));
}

/** Answers for an invocation. */
export async function whyFor(
  reporter: Reporter,
  task: string,
  { db = DEFAULT_HISTORY, config, runs, mayLackHistory = false }: Omit<WhyOptions, "log"> & {
    /** Where there is none, nothing is known of the past; default that is an error. */
    readonly mayLackHistory?: boolean;
  },
): Promise<WhyReport> {
  const isAsked = runs === undefined && config !== undefined && isConfig(config);
  using view = await openHistory(db, mayLackHistory && isAsked);
  if (view === undefined) {
    const { name, prospect: now, after } = await prospectNow(reporter, config!, { word: task, db });
    return { task: name, last: null, now, ...(after === undefined ? {} : { after }) };
  }
  if (runs !== undefined) {
    for (const run of runs) if (view.run(run) === undefined) throw new InputError(unknownRunLine(run, db));
    const [before, after] = runs.map((run) => view.attemptUpTo(run, task));
    if (before === undefined && after === undefined) throw unknownTask(task, view);
    return { task, last: null, runs, differences: differencesOf(view, before, after) };
  }
  const now = isAsked
    ? await prospectUnlessPast(view, () => prospectNow(reporter, config, { word: task, db }), task)
    : undefined;
  const name = now?.name ?? task;
  const last = view.attemptUpTo(Infinity, name, now?.source);
  if (last === undefined && now === undefined) throw unknownTask(task, view);
  return {
    task: name,
    last: last === undefined ? null : lastTime(view, name, last),
    ...(now === undefined ? {} : { now: now.prospect }),
    ...(now?.after === undefined ? {} : { after: now.after }),
  };
}

async function openHistory(path: string, mayBeMissing: boolean): Promise<HistoryView | undefined> {
  try {
    return await HistoryView.open(path);
  } catch (error) {
    if (!mayBeMissing || !(error instanceof DatabaseError) || error.kind !== "missing") throw error;
  }
}

/** What is asked for is of a task file, or was of the config once, where the config has no such task and the history has. */
async function prospectUnlessPast<Now>(view: HistoryView, ask: () => Promise<Now>, task: string) {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof UnknownTaskError) || view.attemptUpTo(Infinity, task) === undefined) throw error;
  }
}

/** What a build would do with the task. */
async function prospectNow(reporter: Reporter, config: string, { word, db }: { word: string; db: string }) {
  const build = await loadBuild(config, [word]);
  const { name } = build.tasks[indexOf(word, build.tasks)];
  const { plan, of } = await prospectsOf(build, reporter, { own: [db] });
  const at = plan.tasks.findIndex((task) => task.name === name);
  return { name, prospect: of[at], source: build.source, after: plan.tasks[at].after };
}

function lastTime(view: HistoryView, task: string, last: AttemptAt): LastTime {
  const before = view.attemptUpTo(last.run - 1, task, last.source);
  return {
    run: last.run,
    started_us: last.startedUs,
    outcome: last.outcome,
    how: last.how,
    attempts: last.attempt,
    duration_ms: (last.endedUs - last.startedUs) / 1000,
    reason: last.reason,
    changes: before === undefined ? null : differencesOf(view, before, last),
    compared_with: before?.run ?? null,
    caused: causedBy(view, last.run, task),
  };
}

/** Null when one of them is not known. */
function differencesOf(
  view: HistoryView,
  before: AttemptAt | undefined,
  after: AttemptAt | undefined,
): InputDifference[] | null {
  const [old, now] = [before, after].map((attempt) => attempt?.fingerprint && view.manifest(attempt.fingerprint));
  return old && now ? manifestDifferences(old, now) : null;
}

/** Tasks that ran in the same run since what they depend on, the task or another of them, came out otherwise. */
function causedBy(view: HistoryView, run: number, task: string): string[] {
  const reached = new Set([task]);
  const attempted = view.attempted(run);
  for (let size = 0; size < reached.size;) {
    size = reached.size;
    for (const { name, dependencies, reason } of attempted) {
      if (reached.has(name) || !/\bdependency (changed|added|removed): /.test(reason ?? "")) continue;
      if (dependencies.some((dependency) => reached.has(dependency))) reached.add(name);
    }
  }
  reached.delete(task);
  return [...reached];
}

function unknownTask(task: string, view: HistoryView): InputError {
  const last = view.run("last");
  const guess = last && nearest(task, view.tasks(last.id).map(({ name }) => name));
  const hint = guess === undefined ? "" : `, did you mean ${quote(guess)}?`;
  return new InputError(`No attempt at task ${quote(task)} is on record${hint}`);
}
