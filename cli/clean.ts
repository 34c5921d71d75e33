/**
 * Owns the command `troupe clean`: its flags, and where its report goes. What it deletes is actors/commands/clean.ts's to
 * say.
 *
 * @module
 */
import { cleanFor } from "../actors/commands/clean.ts";
import { asCommand, commandOf, showJson } from "./call.ts";
import { CLEAN_PAGE } from "./help/do.ts";
import { specOf } from "./help/page.ts";
import { parseFlags } from "./options.ts";
import { enteringLine, targetOrMissing, withTarget } from "./target.ts";

/** Runs the command and answers with the exit code. */
export async function cleanCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("clean", args, specOf(CLEAN_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(CLEAN_PAGE);
  const target = targetOrMissing("clean", flags, "configs");
  const command = await commandOf(flags);
  return await asCommand(command, async (invocation) => {
    const { reporter, level, stop } = invocation;
    const opening = enteringLine(target);
    if (opening !== undefined && level !== "quiet") reporter.line(opening);
    const options = { tasks: target.tasks, stale: flags.on.has("stale"), dryRun: flags.on.has("dry-run") };
    const report = await withTarget(target, () => cleanFor(invocation, target.file, options));
    const isShown = await showJson(report, command, stop);
    return report.failed.length > 0 || !isShown ? 1 : 0;
  });
}
