/**
 * Owns the command `troupe batches`: which tasks it asks about, and what of the answer goes where. What it asks is
 * actors/commands/check.ts's.
 *
 * @module
 */
import { batchesFor } from "../actors/commands/check.ts";
import { Reporter } from "../actors/terminal/reporter.ts";
import { batchLines } from "../graph/gates/text.ts";
import { question } from "./check.ts";
import { BATCHES_PAGE } from "./help/check.ts";
import { specOf } from "./help/page.ts";
import { parseFlags } from "./options.ts";
import { withTarget } from "./target.ts";

/** Runs `troupe batches` and answers with the exit code. */
export async function batchesCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("batches", args, specOf(BATCHES_PAGE));
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(BATCHES_PAGE);
  const { target, options } = question("batches", flags);
  const report = await withTarget(
    target,
    () => batchesFor(target.file, { ...options, progressive: flags.on.has("progressive") }),
  );
  if (flags.on.has("json")) await reporter.json(report);
  else await reporter.result(batchLines(report.batches).join("\n"));
  return 0;
}
