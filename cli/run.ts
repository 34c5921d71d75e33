/**
 * Owns the commands `troupe run` and `troupe retry`: their flags, their help, and what of a run goes where.
 * It schedules nothing; actors/task_run.ts does.
 *
 * @module
 */
import type { Level } from "../actors/build_log.ts";
import { InputError } from "../actors/input.ts";
import { loadTasks } from "../actors/load_tasks.ts";
import { Reporter } from "../actors/reporter.ts";
import { DEFAULT_TIMEOUT_MS, runTasks, type TaskRunEnd, type TaskRunInput } from "../actors/task_run.ts";
import { concurrencyLine, resultsSavedLine, runCompletedLine } from "../graph/run_report.ts";
import { askGates, buildCommand, SIGNAL_EXIT } from "./build.ts";
import { DEFAULT_DATABASE } from "./database_flag.ts";
import { liveDisplay } from "./live.ts";
import { type Flags, type FlagSpec, LOAD_FLAGS, loadLimits, parseFlags, wholeNumber } from "./options.ts";
import { createReporter, detectScreen } from "./terminal.ts";

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
      --db PATH     the history (default: ${DEFAULT_DATABASE})
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
  return await runAndReport(loadTasks(path, flags.lists.get("task")), flags, { path });
}

/** Whether the file to run is a build config; the value of a flag is not that file. */
function namesConfig(args: readonly string[]): boolean {
  return args.some((arg, at) => /^[^-].*\.json$/.test(arg) && !TAKES_VALUE.test(args[at - 1] ?? ""));
}

/** What differs between the two commands. */
export interface RunContext {
  /** The task file, as it was named, which the gates may be asked about. */
  readonly path?: string;
  /** The first line. */
  readonly opening?: string;
}

/** Runs loaded tasks by the flags and answers with the exit code. */
export async function runAndReport(input: TaskRunInput, flags: Flags, context: RunContext): Promise<number> {
  const { path, opening } = context;
  if (flags.on.has("quiet") && flags.on.has("verbose")) {
    throw new InputError("--quiet and --verbose exclude each other");
  }
  const level = levelOf(flags);
  const jobs = wholeNumber(flags, "jobs", 1, 1024);
  const database = flags.values.get("db") ?? DEFAULT_DATABASE;
  const timeoutMs = timeoutOf(flags), limits = loadLimits(flags);
  const screen = detectScreen(flags.on.has("json") ? "stderr" : "stdout");
  const reporter = await createReporter(screen);
  const validation = path === undefined ? undefined : await askGates(path, flags, reporter);
  if (validation?.refusal !== undefined) {
    reporter.error(validation.refusal);
    return 1;
  }
  if (opening !== undefined && level !== "quiet") reporter.line(opening);
  if (jobs !== undefined && level !== "quiet") reporter.line(concurrencyLine(jobs));
  const end = await runTasks(input, {
    jobs: jobs ?? navigator.hardwareConcurrency,
    timeoutMs,
    loadLimits: limits,
    isWatched: validation?.isWatched,
    database,
    level,
    showLive: level === "quiet" ? undefined : await liveDisplay(screen, reporter),
  }, reporter);
  return summarise(end, { database, level, json: flags.on.has("json") }, reporter);
}

function summarise(
  { report, signal, savedAs }: TaskRunEnd,
  options: { database: string; level: Level; json: boolean },
  reporter: Reporter,
): number {
  if (options.level !== "quiet") {
    reporter.line(runCompletedLine(report), report.failed > 0 ? "bad" : "good");
    if (savedAs !== undefined) reporter.line(resultsSavedLine(options.database, savedAs));
  }
  if (signal !== undefined) reporter.error(`Stopped by ${signal}`);
  const isShown = !options.json || reporter.result(JSON.stringify(report, null, 2));
  reporter.flush();
  if (signal !== undefined) return SIGNAL_EXIT[signal];
  return report.failed > 0 || !isShown ? 1 : 0;
}

function levelOf(flags: Flags): Level {
  if (flags.on.has("quiet")) return "quiet";
  return flags.on.has("verbose") ? "verbose" : "normal";
}

function timeoutOf(flags: Flags): number {
  const text = flags.values.get("timeout");
  if (text === undefined) return DEFAULT_TIMEOUT_MS;
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || seconds <= 0 || seconds > 2_000_000) {
    throw new InputError(`--timeout must be a number of seconds above 0, not '${text}'`);
  }
  return Math.max(1, Math.round(seconds * 1000));
}
