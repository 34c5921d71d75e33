/**
 * Owns the command `troupe check`: which tasks it asks about, and what of the answer goes where. What it asks is
 * actors/commands/check.ts's.
 *
 * @module
 */
import { type CheckOptions, MOST_PARALLEL, type Standing, verdictOn } from "../actors/commands/check.ts";
import { verdictLines } from "../graph/gates/text.ts";
import { CHECK_PAGE } from "./help/check.ts";
import { specOf } from "./help/page.ts";
import { type Flags, parseFlags, wholeNumber } from "./options.ts";
import { type NamedTarget, targetOrMissing, withTarget } from "./target.ts";
import { createReporter, detectScreen } from "./terminal.ts";

/** Runs `troupe check` and answers with the exit code. */
export async function checkCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("check", args, specOf(CHECK_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(CHECK_PAGE);
  const { target, options } = question("check", flags);
  const { verdict, logLevel } = await withTarget(target, () => verdictOn(target.file, options));
  const reporter = await createReporter(detectScreen("stdout"));
  if (flags.on.has("json")) await reporter.json(verdict.report);
  else for (const { text, tone } of verdictLines(verdict, logLevel)) reporter.line(text, tone);
  await reporter.flush();
  return verdict.report.can_parallel ? 0 : 1;
}

/** What the arguments ask: about which file, and about which of its tasks. */
export function question(
  command: string,
  flags: Flags,
): { readonly target: NamedTarget; readonly options: CheckOptions & Standing } {
  const target = targetOrMissing(command, flags, "both");
  const { tasks, home } = target;
  return {
    target,
    options: {
      tasks,
      home,
      gates: flags.values.get("gates"),
      db: flags.values.get("db"),
      maxParallelTasks: wholeNumber(flags, "jobs", 1, MOST_PARALLEL),
    },
  };
}
