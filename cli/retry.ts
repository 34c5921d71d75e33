/**
 * Owns the command `troupe retry`: its flags, its help, and where its report goes. What it does is
 * actors/commands/retry.ts's.
 *
 * @module
 */
import { DEFAULT_HISTORY } from "../actors/commands/recorded_run.ts";
import { retryFor } from "../actors/commands/retry.ts";
import { Reporter } from "../actors/reporter.ts";
import { attempt } from "./build.ts";
import { exitOf, showJson, typed } from "./call.ts";
import { LOAD_FLAGS, parseFlags } from "./options.ts";
import { limitsOf } from "./run.ts";
import { parseRun } from "./run_number.ts";

const RETRY_HELP = `Run again what did not pass in a recorded run: failed, timed-out and skipped tasks.
Tasks that passed are not run again, and count as done for those that need them.

Usage: troupe retry RUN [OPTIONS]

  RUN             its number, or 'last'

Options:
  -j, --jobs N    tasks at once (default: the CPUs this process may use)
      --timeout S seconds for a task that has no timeout of its own (default: that of the run)
      --max-load P, --max-memory P
                  as for troupe run
      --db PATH   the history (default: ${DEFAULT_HISTORY})
  -q, --quiet     show only what goes wrong
  -v, --verbose   show what tasks print as it comes
      --json      write the run to stdout as JSON, and all lines to stderr
  -h, --help      show this help
`;

/** Runs `troupe retry` and answers with the exit code. */
export async function retryCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("retry", args, {
    boolean: ["quiet", "verbose", "json", "help"],
    string: ["jobs", "timeout", "db", ...LOAD_FLAGS],
    alias: { j: "jobs", q: "quiet", v: "verbose", h: "help" },
    positional: 1,
  });
  if (flags.on.has("help")) {
    new Reporter({ lines: "stdout" }).result(RETRY_HELP.trimEnd());
    return 0;
  }
  const which = parseRun(flags.positional[0], "retry");
  const limits = limitsOf(flags);
  const command = await typed(flags);
  const end = await attempt(command, async (caller) => await retryFor(caller, which, limits) ?? null);
  if (end === undefined) return 1;
  const isShown = showJson(end?.report ?? null, command);
  return end === null ? Number(!isShown) : exitOf(end, isShown);
}
