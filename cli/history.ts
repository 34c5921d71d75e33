/**
 * Owns the commands `troupe history` and `troupe show`: their flags, their help, and what is printed. What they show is
 * actors/commands/history.ts's, the words graph/run_report.ts's.
 *
 * @module
 */
import { history, MOST_RUNS, show } from "../actors/commands/history.ts";
import { DEFAULT_HISTORY } from "../actors/commands/recorded_run.ts";
import { Reporter } from "../actors/reporter.ts";
import { historyLines, showRunLines, showTaskLines } from "../graph/run_report.ts";
import { parseFlags, wholeNumber } from "./options.ts";
import { parseRun } from "./run_number.ts";

const HISTORY_HELP = `List recorded runs, newest first.

Usage: troupe history [OPTIONS]

Options:
  -n, --limit N   how many runs (default: 20)
      --prune N   delete all runs but the newest N
      --db PATH   the history (default: ${DEFAULT_HISTORY})
      --json      as JSON
  -h, --help      show this help
`;

const SHOW_HELP = `Show a recorded run, or one of its tasks with what it printed.

Usage: troupe show RUN [OPTIONS]

  RUN             its number, or 'last'

Options:
  -t, --task NAME this task with its output
      --failed    only tasks that failed or timed out
      --db PATH   the history (default: ${DEFAULT_HISTORY})
      --json      as JSON
  -h, --help      show this help
`;

/** Runs `troupe history` and answers with the exit code. */
export async function historyCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("history", args, {
    boolean: ["json", "help"],
    string: ["limit", "prune", "db"],
    alias: { n: "limit", h: "help" },
    positional: 0,
  });
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) return print(reporter, HISTORY_HELP.trimEnd());
  const prune = wholeNumber(flags, "prune", 0, Number.MAX_SAFE_INTEGER);
  const limit = wholeNumber(flags, "limit", 1, MOST_RUNS);
  const report = await history({ limit, prune, db: flags.values.get("db"), log: "normal" });
  if (flags.on.has("json")) return print(reporter, JSON.stringify(report, null, 2));
  const { deleted, runs } = report;
  if (deleted === undefined) return print(reporter, historyLines(runs).join("\n"));
  return print(reporter, `Deleted ${deleted} run${deleted === 1 ? "" : "s"}, kept the newest ${prune}`);
}

/** Runs `troupe show` and answers with the exit code. */
export async function showCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("show", args, {
    boolean: ["failed", "json", "help"],
    string: ["task", "db"],
    alias: { t: "task", h: "help" },
    positional: 1,
  });
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) return print(reporter, SHOW_HELP.trimEnd());
  const which = parseRun(flags.positional[0], "show");
  const asText = <Report>(report: Report, lines: (report: Report) => string[]) =>
    flags.on.has("json") ? JSON.stringify(report, null, 2) : lines(report).join("\n");
  const task = flags.values.get("task"), db = flags.values.get("db");
  const text = task === undefined
    ? asText(await show(which, { failed: flags.on.has("failed"), db }), showRunLines)
    : asText(await show(which, { task, db }), showTaskLines);
  return print(reporter, text);
}

function print(reporter: Reporter, text: string): number {
  return reporter.result(text) ? 0 : 1;
}
