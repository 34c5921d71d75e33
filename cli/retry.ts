/**
 * Owns the command `troupe retry`: its flags, its help, and where its report goes. What it does is
 * actors/commands/retry.ts's.
 *
 * @module
 */
import { DEFAULT_HISTORY } from "../graph/report/typed_commands.ts";
import { retryFor } from "../actors/commands/retry.ts";
import { asTyped } from "../actors/input/config_search.ts";
import { attempt } from "./build.ts";
import { historyOf } from "./history.ts";
import { RETRY_PAGE } from "./help/do.ts";
import { specOf } from "./help/page.ts";
import { commandOf, exitOf, showJson } from "./call.ts";
import { parseFlags } from "./options.ts";
import { limitsOf } from "./run.ts";
import { parseRun } from "./run_number.ts";
import { enteringFound } from "./target.ts";

/** Runs `troupe retry` and answers with the exit code. */
export async function retryCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("retry", args, specOf(RETRY_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(RETRY_PAGE);
  const which = parseRun(flags.positional[0], "retry");
  const limits = { ...limitsOf(flags), db: historyOf(flags) };
  const dbAs = asTyped(limits.db, DEFAULT_HISTORY);
  const command = await commandOf(flags);
  return await attempt(command, async (invocation) => {
    const entering = enteringFound(limits.db);
    if (entering !== undefined && command.level !== "quiet") invocation.reporter.line(entering);
    const end = await retryFor(invocation, which, { ...limits, dbAs });
    const isShown = await showJson(end?.report ?? null, command, invocation.stop);
    return end === undefined ? Number(!isShown) : exitOf(end, isShown);
  });
}
