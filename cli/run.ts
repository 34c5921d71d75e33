/**
 * Owns the command `troupe run`: its flags, its help, and where its report goes. What it does is actors/commands/run.ts's.
 *
 * @module
 */
import { MOST_WORKERS } from "../actors/commands/caller.ts";
import { DEFAULT_HISTORY } from "../actors/commands/recorded_run.ts";
import { runFor, type RunOptions } from "../actors/commands/run.ts";
import { InputError } from "../actors/input.ts";
import { Reporter } from "../actors/reporter.ts";
import { attempt, buildCommand } from "./build.ts";
import { exitOf, showJson, typed } from "./call.ts";
import { type Flags, type FlagSpec, LOAD_FLAGS, loadLimits, parseFlags, wholeNumber } from "./options.ts";

/** What `troupe run --help` prints. */
const RUN_HELP = `Run the shell tasks of a task file, and record them in a history.

Usage: troupe run TASKFILE [OPTIONS]

  TASKFILE          lines of the form  name: command [after:a,b] [timeout:S] [retries:N]
                    a file that ends in .json is a build config: built, and recorded the same way

Options:
  -j, --jobs N      tasks at once (default: the CPUs this process may use)
      --timeout S   seconds for a task that has no timeout of its own (default: 60)
      --validate    ask the gates first (see troupe check), and show what they say
      --gates FILE  their settings (default: parallel-execution.json beside TASKFILE, if there is one)
      --max-load P  start nothing more while the CPUs are busier than P, as 80%; one task always runs
      --max-memory P   the same for the memory, as 70%
  -t, --task NAME   run this task and what it needs; may be repeated
      --db PATH     the history (default: ${DEFAULT_HISTORY})
  -q, --quiet       show only what goes wrong
  -v, --verbose     show what tasks print as it comes
      --json        write the run to stdout as JSON, and all lines to stderr
  -h, --help        show this help

Exit codes: 0 all passed, 1 a task failed or timed out, 2 the input is wrong, 70 a bug in troupe,
128+n ended by signal n.
`;

const FLAGS: FlagSpec = {
  boolean: ["validate", "quiet", "verbose", "json", "help"],
  string: ["jobs", "timeout", "task", "db", "gates", ...LOAD_FLAGS],
  collect: ["task"],
  alias: { j: "jobs", t: "task", q: "quiet", v: "verbose", h: "help" },
  positional: 1,
};

/** A flag whose value is the next argument. */
const TAKES_VALUE = /^(--(jobs|timeout|task|db|report|gates|max-load|max-memory|fallback)|-[jt])$/;

/** Runs `troupe run` and answers with the exit code. */
export async function runCommand(args: readonly string[]): Promise<number> {
  if (namesConfig(args)) return await buildCommand(args, { saysWhereSaved: true });
  const flags = parseFlags("run", args, FLAGS);
  if (flags.on.has("help")) {
    new Reporter({ lines: "stdout" }).result(RUN_HELP.trimEnd());
    return 0;
  }
  const [path] = flags.positional;
  if (path === undefined) throw new InputError("troupe run needs a task file; see troupe run --help");
  const options = {
    ...limitsOf(flags),
    tasks: flags.lists.get("task"),
    validate: flags.on.has("validate"),
    gates: flags.values.get("gates"),
  };
  const command = await typed(flags);
  const end = await attempt(command, (caller) => runFor(caller, path, options));
  return end === undefined ? 1 : exitOf(end, showJson(end.report, command));
}

/** What `troupe run` and `troupe retry` have in common. */
export function limitsOf(flags: Flags): Pick<RunOptions, "workers" | "timeoutMs" | "loadLimits" | "db"> {
  return {
    workers: wholeNumber(flags, "jobs", 1, MOST_WORKERS),
    timeoutMs: timeoutOf(flags),
    loadLimits: loadLimits(flags),
    db: flags.values.get("db"),
  };
}

/** Whether the file to run is a build config; the value of a flag is not that file. */
function namesConfig(args: readonly string[]): boolean {
  return args.some((arg, at) => /^[^-].*\.json$/.test(arg) && !TAKES_VALUE.test(args[at - 1] ?? ""));
}

function timeoutOf(flags: Flags): number | undefined {
  const text = flags.values.get("timeout");
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || seconds <= 0 || seconds > 2_000_000) {
    throw new InputError(`--timeout must be a number of seconds above 0, not '${text}'`);
  }
  return Math.max(1, Math.round(seconds * 1000));
}
