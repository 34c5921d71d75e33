/**
 * Owns the command `troupe check`: which tasks it asks about, and what of the answer goes where. The answer is
 * graph/gates/'s.
 *
 * @module
 */
import { InputError } from "../actors/input.ts";
import { type OpenedGates, openGates, SETTINGS_FILE } from "../actors/load_gates.ts";
import { Reporter } from "../actors/reporter.ts";
import { GateError } from "../graph/gates/gate_task.ts";
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
  const { names, opened: { gates, settings } } = await openInput(flags);
  const verdict = asInput(() => gates.ask(names));
  const reporter = await createReporter(detectScreen("stdout"));
  if (flags.on.has("json")) reporter.result(JSON.stringify(verdict.report, null, 2));
  else for (const { text, tone } of verdictLines(verdict, settings.logLevel)) reporter.line(text, tone);
  reporter.flush();
  return verdict.report.can_parallel ? 0 : 1;
}

/** The gates that the arguments name, and the tasks, if any. */
export async function openInput(flags: Flags): Promise<{ names: readonly string[] | undefined; opened: OpenedGates }> {
  const [first, ...rest] = flags.positional;
  const isConfig = first !== undefined && (/\.(jsonc?|txt)$/.test(first) || isFile(first));
  const names = isConfig ? rest : flags.positional;
  const opened = await openGates(isConfig ? first : DEFAULT_CONFIG, {
    settings: flags.values.get("gates"),
    overrides: { maxParallelTasks: wholeNumber(flags, "jobs", 1, 10_000) },
  });
  return { names: names.length > 0 ? names : undefined, opened };
}

/** What the gates refuse as wrong is wrong in the arguments. */
export function asInput<Result>(ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    if (error instanceof GateError) throw new InputError(error.message);
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
