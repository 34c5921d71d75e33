/**
 * Owns the command `troupe check`: which tasks it asks about, and what of the answer goes where. What it asks is
 * actors/commands/check.ts's.
 *
 * @module
 */
import { type CheckOptions, MOST_PARALLEL, verdictOn } from "../actors/commands/check.ts";
import { SETTINGS_FILE } from "../actors/load_gates.ts";
import { Reporter } from "../actors/reporter.ts";
import { verdictLines } from "../graph/gates/text.ts";
import { type Flags, type FlagSpec, parseFlags, wholeNumber } from "./options.ts";
import { createReporter, detectScreen } from "./terminal.ts";

const HELP = `Tell whether tasks may run together, and what to do where they may not.

Usage: troupe check [CONFIG] [TASK…] [OPTIONS]

  CONFIG            a build config or a task file (default: build.json)
  TASK…             tasks that are to be started at the same time; without any, all of CONFIG, in the order that
                    their dependencies give them, some at a time: then their number and difficulty are only told

Options:
  -j, --jobs N      tasks that may run at once (default: max_parallel_tasks of the settings, or 5)
      --gates FILE  the settings (default: ${SETTINGS_FILE} beside CONFIG, if there is one)
      --json        the report as JSON
  -h, --help        show this help

Exit codes: 0 they may, 1 they may not, 2 the input is wrong, 70 a bug in troupe.
`;

/** The flags that `check` and `batches` share. */
export const GATE_FLAGS: FlagSpec = {
  boolean: ["json", "help"],
  string: ["jobs", "gates"],
  alias: { j: "jobs", h: "help" },
  positional: Infinity,
};

const DEFAULT_CONFIG = "build.json";

/** Runs `troupe check` and answers with the exit code. */
export async function checkCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("check", args, GATE_FLAGS);
  if (flags.on.has("help")) {
    new Reporter({ lines: "stdout" }).result(HELP.trimEnd());
    return 0;
  }
  const { file, options } = question(flags);
  const { verdict, logLevel } = await verdictOn(file, options);
  const reporter = await createReporter(detectScreen("stdout"));
  if (flags.on.has("json")) reporter.result(JSON.stringify(verdict.report, null, 2));
  else for (const { text, tone } of verdictLines(verdict, logLevel)) reporter.line(text, tone);
  reporter.flush();
  return verdict.report.can_parallel ? 0 : 1;
}

/** What the arguments ask: about which file, and about which of its tasks. */
export function question(flags: Flags): { readonly file: string; readonly options: CheckOptions } {
  const [first, ...rest] = flags.positional;
  const isConfig = first !== undefined && (/\.(jsonc?|txt)$/.test(first) || isFile(first));
  const tasks = isConfig ? rest : flags.positional;
  return {
    file: isConfig ? first : DEFAULT_CONFIG,
    options: {
      tasks: tasks.length > 0 ? tasks : undefined,
      gates: flags.values.get("gates"),
      maxParallelTasks: wholeNumber(flags, "jobs", 1, MOST_PARALLEL),
    },
  };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
