/**
 * Owns the command `troupe build`: its flags, its help, and where its report goes. What it does is
 * actors/commands/build.ts's.
 *
 * @module
 */
import { replaceFile } from "../actors/atomic_file.ts";
import { buildFor, type BuildOptions } from "../actors/commands/build.ts";
import { type Caller, MOST_WORKERS } from "../actors/commands/caller.ts";
import { DEFAULT_HISTORY } from "../actors/commands/recorded_run.ts";
import { InputError } from "../actors/input.ts";
import { Reporter } from "../actors/reporter.ts";
import { systemDetail } from "../actors/system_error.ts";
import { TransactionError } from "../actors/transaction_error.ts";
import { GateError } from "../graph/gates/gate_task.ts";
import type { BuildReport } from "../graph/report.ts";
import { exitOf, forTerminal, showJson, type Typed, typed } from "./call.ts";
import { type Flags, type FlagSpec, LOAD_FLAGS, loadLimits, parseFlags, wholeNumber } from "./options.ts";

/** What `troupe build --help` prints. */
export const BUILD_HELP = `Build the artifacts of a config that are not up to date.

Usage: troupe build [CONFIG] [OPTIONS]

  CONFIG            the build config (default: build.json)

Options:
  -j, --jobs N      number of workers (default: num_workers of the config, or 8)
  -t, --task NAME   build this task and what it needs; may be repeated
      --validate    ask the gates first (see troupe check), show what they say, and keep apart what conflicts
      --gates FILE  their settings (default: parallel-execution.json beside CONFIG, if there is one)
      --max-load P  start nothing more while the CPUs are busier than P, as 80%; one task always runs
      --max-memory P   the same for the memory, as 70%
      --transaction all or nothing: unless every task succeeds, all artifacts are put back as they were
      --fallback sequential   after such a failure, once more, one task at a time
      --fail-fast   start nothing more after the first failed task
  -f, --force       do every task again, whatever the build cache says
  -n, --dry-run     show what would run, and why; run nothing
  -q, --quiet       show only what goes wrong
  -v, --verbose     also show why each task runs and what it prints
      --json        write the report to stdout as JSON, and all lines to stderr
      --report FILE write the report to a file as JSON
      --db PATH     record the build in this history (default: ${DEFAULT_HISTORY}), unless there is nothing to do
      --no-history  do not record it
  -h, --help        show this help

Exit codes: 0 all well, 1 a task failed, 2 the input is wrong, 70 a bug in troupe, 128+n ended by signal n.
`;

const FLAGS: FlagSpec = {
  boolean: [
    "validate",
    "transaction",
    "fail-fast",
    "force",
    "dry-run",
    "quiet",
    "verbose",
    "json",
    "no-history",
    "help",
  ],
  string: ["jobs", "task", "report", "db", "gates", "fallback", ...LOAD_FLAGS],
  collect: ["task"],
  alias: { j: "jobs", t: "task", f: "force", n: "dry-run", q: "quiet", v: "verbose", h: "help" },
  positional: 1,
};

/** Runs the command and answers with the exit code; `troupe run` also names the run in the history. */
export async function buildCommand(
  args: readonly string[],
  { saysWhereSaved }: { readonly saysWhereSaved?: boolean } = {},
): Promise<number> {
  const flags = parseFlags("build", args, FLAGS);
  if (flags.on.has("help")) {
    new Reporter({ lines: "stdout" }).result(BUILD_HELP.trimEnd());
    return 0;
  }
  const config = flags.positional[0] ?? "build.json";
  const options = optionsOf(flags);
  const command = await typed(flags);
  if (flags.on.has("dry-run")) {
    const { dryRunFor } = await import("../actors/commands/dry_run.ts");
    showJson(await dryRunFor(command.reporter, config, options), command);
    return 0;
  }
  const end = await attempt(command, (caller) => buildFor(caller, config, { ...options, saysWhereSaved }));
  if (end === undefined) return 1;
  return exitOf(end, writeReport(end.report, command));
}

/**
 * Does a command's work; undefined when the gates refused it, or a transaction could not be begun, finished or undone, and
 * that was said.
 */
export async function attempt<Result>(
  command: Typed,
  work: (caller: Caller) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await forTerminal(command, work);
  } catch (error) {
    if (!(error instanceof TransactionError || error instanceof GateError)) throw error;
    command.reporter.error(error.message);
  }
}

function optionsOf(flags: Flags): BuildOptions {
  return {
    workers: wholeNumber(flags, "jobs", 1, MOST_WORKERS),
    tasks: flags.lists.get("task"),
    failFast: flags.on.has("fail-fast"),
    force: flags.on.has("force"),
    loadLimits: loadLimits(flags),
    transaction: transactionOf(flags),
    validate: flags.on.has("validate"),
    gates: flags.values.get("gates"),
    db: flags.on.has("no-history") ? undefined : flags.values.get("db") ?? DEFAULT_HISTORY,
  };
}

function transactionOf(flags: Flags): BuildOptions["transaction"] {
  const fallback = flags.values.get("fallback");
  if (fallback !== undefined && fallback !== "sequential") {
    throw new InputError(`--fallback must be 'sequential', not '${fallback}'`);
  }
  if (flags.on.has("transaction")) return fallback === undefined ? true : { fallback };
  if (fallback !== undefined) throw new InputError("--fallback needs --transaction");
}

/** Answers whether the report is where it was asked for. */
function writeReport(report: BuildReport, command: Typed): boolean {
  const isShown = showJson(report, command);
  const path = command.flags.values.get("report");
  if (path === undefined) return isShown;
  try {
    replaceFile(path, JSON.stringify(report, null, 2) + "\n");
    return isShown;
  } catch (error) {
    command.reporter.error(`Cannot write report '${path}': ${systemDetail(error)}`);
    return false;
  }
}
