/**
 * Owns the commands `troupe history` and `troupe show`: their flags, their help, and what is printed. What they show is
 * actors/commands/history.ts's, the words graph/report/run_report.ts's.
 *
 * @module
 */
import { history, MOST_RUNS, show } from "../actors/commands/history.ts";
import { besideConfig } from "../actors/input/config_search.ts";
import { DEFAULT_HISTORY } from "../graph/report/typed_commands.ts";
import { crewTaskLines } from "../graph/crew/task_lines.ts";
import { specOf } from "./help/page.ts";
import { createReporter, type Screen } from "./terminal.ts";
import { HISTORY_PAGE, SHOW_PAGE } from "./help/see.ts";
import { type Flags, parseFlags, wholeNumber } from "./options.ts";
import { parseRun } from "./run_number.ts";
import { InputError } from "../graph/input/input_error.ts";
import { counted, quote } from "../graph/text.ts";
import type { HistoryReport } from "../graph/report/run_records.ts";
import { historyLines, showRunLines, showTaskLines } from "../graph/report/history_lines.ts";

/** Answers go to pipes as to terminals: without colour. */
const PAGE: Screen = { lines: "stdout", isLive: false, hasColor: false };

/** Runs `troupe history` and answers with the exit code. */
export async function historyCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("history", args, specOf(HISTORY_PAGE));
  const reporter = await createReporter(PAGE);
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(HISTORY_PAGE);
  const prune = wholeNumber(flags, "prune", 0, Number.MAX_SAFE_INTEGER);
  const limit = wholeNumber(flags, "limit", 1, MOST_RUNS);
  const filter = {
    failed: flags.on.has("failed"),
    task: flags.values.get("task"),
    since: momentOf(flags.values.get("since")),
  };
  const narrowing = ["failed", "task", "since"].find((name) => flags.on.has(name) || flags.values.has(name));
  if (prune !== undefined && narrowing !== undefined) {
    throw new InputError(`--prune deletes all runs but the newest, so --${narrowing} has no place there`);
  }
  const report = await history({ limit, prune, ...filter, db: historyOf(flags), log: "normal" });
  const isLong = flags.on.has("long") || Deno.stdout.isTerminal();
  const isShown = flags.on.has("json")
    ? await reporter.json(report)
    : await reporter.result(linesOf(report, { isLong, isFiltered: narrowing !== undefined, prune }).join("\n"));
  return isShown ? 0 : 1;
}

function linesOf(
  { deleted, runs }: HistoryReport,
  { prune, ...choices }: Parameters<typeof historyLines>[1] & { readonly prune?: number },
): readonly string[] {
  return deleted === undefined
    ? historyLines(runs, choices)
    : [`Deleted ${counted(deleted, "run")}, kept the newest ${prune}`];
}

/** Runs `troupe show` and answers with the exit code. */
export async function showCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("show", args, specOf(SHOW_PAGE));
  const reporter = await createReporter(PAGE);
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(SHOW_PAGE);
  const print = async <Report>(report: Report, lines: (report: Report) => string[]) =>
    await (flags.on.has("json") ? reporter.json(report) : reporter.result(lines(report).join("\n"))) ? 0 : 1;
  const task = flags.values.get("task"), db = flags.values.get("db");
  // Loaded where a database is named: it is most often the history in this folder
  const crew = db === undefined ? undefined : await import("../actors/commands/crew_task.ts");
  if (db !== undefined && crew?.isCrewDatabase(db)) {
    return await print(await crew.showCrewTask(db, task, flags.values.get("workflow")), crewTaskLines);
  }
  const which = parseRun(flags.positional[0], "show");
  return task === undefined
    ? await print(await show(which, { failed: flags.on.has("failed"), db: historyOf(flags) }), showRunLines)
    : await print(await show(which, { task, db: historyOf(flags) }), showTaskLines);
}

/** The history that is meant: the one that is named, that of this folder or, where there is none, that of the config found. */
export function historyOf({ values }: Flags): string {
  return values.get("db") ?? besideConfig(DEFAULT_HISTORY);
}

const SECONDS_OF = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/**
 * A moment in Unix seconds: so long ago, or the beginning of a day, or a date and time.
 *
 * @throws {InputError} For anything else.
 */
function momentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) {
    return Math.floor(Date.now() / 1000) - Number(count) * SECONDS_OF[unit as keyof typeof SECONDS_OF];
  }
  const moment = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00:00` : text) : NaN;
  // A day that its month has not is taken for one of the next month.
  const day = text.slice(0, 10);
  if (Number.isNaN(moment) || new Date(day).toISOString().slice(0, 10) !== day) {
    throw new InputError(`--since must be a time such as 2d, 12h or 2026-01-31, not ${quote(text)}`);
  }
  return Math.floor(moment / 1000);
}
