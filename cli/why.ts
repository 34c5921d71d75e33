/**
 * Owns the command `troupe why`: its flags, and what is printed. What it tells is actors/commands/why.ts's, the words
 * graph/report/why_report.ts's.
 *
 * @module
 */
import { whyFor } from "../actors/commands/why.ts";
import { findConfig } from "../actors/input/config_search.ts";
import { whyLines } from "../graph/report/why_report.ts";
import { specOf } from "./help/page.ts";
import { WHY_PAGE } from "./help/see.ts";
import { historyOf } from "./history.ts";
import { type Flags, parseFlags } from "./options.ts";
import { parseRun } from "./run_number.ts";
import { createReporter, detectScreen } from "./terminal.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";
import { timeFormat } from "../graph/report/time_of_day.ts";

/** Runs the command and answers with the exit code. */
export async function whyCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("why", args, specOf(WHY_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(WHY_PAGE);
  const reporter = await createReporter(detectScreen("stdout"));
  const { task, runs } = questionOf(flags);
  const config = flags.values.get("config") ?? findConfig()?.path;
  const report = await whyFor(reporter, task, {
    ...{ db: historyOf(flags), config, runs },
    mayLackHistory: !flags.values.has("db"),
  });
  const isShown = flags.on.has("json")
    ? await reporter.json(report)
    : await reporter.result(whyLines(report, timeFormat()).join("\n"));
  return isShown ? 0 : 1;
}

/** The two runs stand behind `--runs`, of which the parser takes one; the task stands before or after them. */
function questionOf(flags: Flags): { readonly task: string; readonly runs?: readonly [number, number] } {
  const first = flags.values.get("runs");
  const words = [...flags.positional];
  const pair = first?.split(/[,.]+|-/) ?? [];
  const second = words.findIndex((word) => /^#?\d+$/.test(word));
  if (pair.length === 1 && second >= 0) pair.push(...words.splice(second, 1));
  const [task, ...more] = words;
  if (task === undefined) throw new InputError("troupe why needs the name of a task; see troupe why --help");
  if (more.length > 0) throw new InputError(`Unexpected argument ${quote(more[0])}; see troupe why --help`);
  if (first === undefined) return { task };
  const [before, after] = pair.map((text) => parseRun(text, "why"));
  if (typeof before !== "number" || typeof after !== "number" || pair.length !== 2) {
    throw new InputError("--runs needs the numbers of two runs, as in --runs 5 8");
  }
  return { task, runs: [before, after] };
}
