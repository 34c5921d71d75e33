/**
 * Owns the command `troupe build`: its flags, its help, and what of a run goes where.
 * It schedules nothing; actors/system.ts does.
 *
 * @module
 */
import type { Level } from "../actors/build_log.ts";
import { InputError } from "../actors/input.ts";
import { loadBuild, type LoadedBuild } from "../actors/load.ts";
import { replaceFile } from "../actors/atomic_file.ts";
import { Reporter } from "../actors/reporter.ts";
import { runBuild, type RunEnd, type RunOptions } from "../actors/system.ts";
import { systemDetail } from "../actors/system_error.ts";
import { TransactionError } from "../actors/transaction_error.ts";
import { type BuildReport, rolledBackLine, summaryLine } from "../graph/report.ts";
import { resultsSavedLine } from "../graph/run_report.ts";
import { DEFAULT_DATABASE } from "./database_flag.ts";
import { liveDisplay } from "./live.ts";
import { type Flags, type FlagSpec, LOAD_FLAGS, loadLimits, parseFlags, wholeNumber } from "./options.ts";
import type { Validation } from "./validate.ts";
import { createReporter, detectScreen } from "./terminal.ts";

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
      --db PATH     record the build in this history (default: ${DEFAULT_DATABASE}), unless there is nothing to do
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

export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** What differs when another command builds. */
export interface BuildContext {
  /** Also name the run in the history. */
  readonly saysWhereSaved?: boolean;
  /** The first line. */
  readonly opening?: string;
  /** The recorded run that this one retries. */
  readonly retryOf?: number;
}

/** Runs the command and answers with the exit code. */
export async function buildCommand(args: readonly string[], context: BuildContext = {}): Promise<number> {
  const begunMs = performance.now();
  const flags = parseFlags("build", args, FLAGS);
  if (flags.on.has("help")) {
    new Reporter({ lines: "stdout" }).result(BUILD_HELP.trimEnd());
    return 0;
  }
  const workers = wholeNumber(flags, "jobs", 1, 1024), limits = loadLimits(flags);
  const transaction = transactionOf(flags);
  if (flags.on.has("quiet") && flags.on.has("verbose")) {
    throw new InputError("--quiet and --verbose exclude each other");
  }
  const screen = detectScreen(flags.on.has("json") ? "stderr" : "stdout");
  const reporter = await createReporter(screen);
  const config = flags.positional[0] ?? "build.json";
  const build = await loadBuild(config, flags.lists.get("task"));
  if (flags.on.has("dry-run")) {
    const { dryRun } = await import("./dry_run.ts");
    return await dryRun(build, { force: flags.on.has("force"), json: flags.on.has("json") }, reporter);
  }
  const level = levelOf(flags);
  const validation = await askGates(config, flags, reporter);
  if (validation?.refusal !== undefined) {
    reporter.error(validation.refusal);
    return 1;
  }
  const database = flags.on.has("no-history") ? undefined : flags.values.get("db") ?? DEFAULT_DATABASE;
  if (context.opening !== undefined && level !== "quiet") reporter.line(context.opening);
  const end = await tryBuild(build, {
    database,
    retryOf: context.retryOf,
    workers,
    failFast: flags.on.has("fail-fast"),
    loadLimits: limits,
    force: flags.on.has("force"),
    transaction,
    isWatched: validation?.isWatched,
    checkpointEvery: validation?.settings.checkpointFrequency,
    level,
    showLive: level === "quiet" ? undefined : await liveDisplay(screen, reporter),
    begunMs,
  }, reporter);
  if (end === undefined) return 1;
  if (level !== "quiet") reporter.line(summaryLine(end.report), end.report.failed > 0 ? "bad" : "good");
  if (end.rolledBack !== undefined) reporter.line(rolledBackLine(end.rolledBack), "bad");
  if (context.saysWhereSaved && level !== "quiet" && end.savedAs !== undefined) {
    reporter.line(resultsSavedLine(database!, end.savedAs));
  }
  if (end.signal !== undefined) reporter.error(`Stopped by ${end.signal}`);
  const isWritten = writeReport(end.report, flags, reporter);
  reporter.flush();
  if (end.signal !== undefined) return SIGNAL_EXIT[end.signal];
  return end.report.failed > 0 || !isWritten ? 1 : 0;
}

/** Undefined when a transaction could not be begun, finished or undone, and that was said. */
async function tryBuild(build: LoadedBuild, options: RunOptions, reporter: Reporter): Promise<RunEnd | undefined> {
  try {
    return await runBuild(build, options, reporter);
  } catch (error) {
    if (!(error instanceof TransactionError)) throw error;
    reporter.error(error.message);
  }
}

function transactionOf(flags: Flags): RunOptions["transaction"] {
  const fallback = flags.values.get("fallback");
  if (fallback !== undefined && fallback !== "sequential") {
    throw new InputError(`--fallback must be 'sequential', not '${fallback}'`);
  }
  if (flags.on.has("transaction")) return { fallback };
  if (fallback !== undefined) throw new InputError("--fallback needs --transaction");
}

/** The gates are loaded only for those who ask them. */
export async function askGates(path: string, flags: Flags, reporter: Reporter): Promise<Validation | undefined> {
  if (!flags.on.has("validate") && !flags.values.has("gates")) return undefined;
  const { validate } = await import("./validate.ts");
  return await validate(path, flags, reporter);
}

function levelOf(flags: Flags): Level {
  if (flags.on.has("quiet")) return "quiet";
  return flags.on.has("verbose") ? "verbose" : "normal";
}

/** Answers whether the report is where it was asked for. */
function writeReport(report: BuildReport, flags: Flags, reporter: Reporter): boolean {
  const path = flags.values.get("report");
  if (!flags.on.has("json") && path === undefined) return true;
  const text = JSON.stringify(report, null, 2);
  const isShown = !flags.on.has("json") || reporter.result(text);
  if (path === undefined) return isShown;
  try {
    replaceFile(path, text + "\n");
    return isShown;
  } catch (error) {
    reporter.error(`Cannot write report '${path}': ${systemDetail(error)}`);
    return false;
  }
}
