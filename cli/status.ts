/**
 * Owns the command `troupe status`.
 *
 * @module
 */
import { lookAt, pruneTrails } from "../actors/commands/status.ts";
import { STATUS_PAGE } from "./help/many.ts";
import { specOf } from "./help/page.ts";
import { parseFlags, wholeNumber } from "./options.ts";
import { crewPlace, snapshotText } from "./snapshot.ts";
import { createReporter, detectScreen } from "./terminal.ts";
import { InputError } from "../graph/input/input_error.ts";

/** Runs `troupe status` and answers with the exit code. */
export async function statusCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("status", args, specOf(STATUS_PAGE));
  const screen = detectScreen("stdout");
  const reporter = await createReporter(screen);
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(STATUS_PAGE);
  if (flags.on.has("watch")) {
    if (flags.values.has("prune")) throw new InputError("--watch and --prune exclude each other");
    return await (await import("./crew_watch.ts")).watchCrew(flags);
  }
  if (flags.values.has("interval")) throw new InputError("--interval needs --watch");
  const keep = wholeNumber(flags, "prune", 0, Number.MAX_SAFE_INTEGER);
  if (keep !== undefined) {
    const deleted = await pruneTrails(crewPlace(flags), keep);
    const isShown = flags.on.has("json") ? await reporter.json({ deleted }, 0) : await reporter.result(
      `Deleted ${deleted} line${deleted === 1 ? "" : "s"} of audit trails, kept the newest ${keep} of each task`,
    );
    return isShown ? 0 : 1;
  }
  const { snapshot, report, nowMs } = await lookAt(crewPlace(flags));
  const isShown = flags.on.has("json")
    ? await reporter.json(report)
    : await reporter.result(await snapshotText(snapshot, { nowMs }, screen));
  return "waiting" in snapshot || !isShown ? 1 : 0;
}
