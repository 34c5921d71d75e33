/**
 * Owns a run of shell tasks as a command, typed or called: the gates first if they are asked for, the run, and the lines
 * around it. It schedules nothing; task_run.ts does.
 *
 * @module
 */
import type { LoadLimits } from "../../graph/headroom.ts";
import type { RunReport } from "../../graph/run_records.ts";
import { concurrencyLine, resultsSavedLine, runCompletedLine } from "../../graph/run_report.ts";
import { InputError } from "../input.ts";
import { loadTasks } from "../load_tasks.ts";
import { DEFAULT_TIMEOUT_MS, runTasks, type TaskRunEnd, type TaskRunInput } from "../task_run.ts";
import { askGates } from "./ask_gates.ts";
import { type Caller, type CallOptions, checkRunning, checkWhole, forProgram } from "./caller.ts";
import { DEFAULT_HISTORY } from "./recorded_run.ts";

/** What setTimeout can wait for. */
const LONGEST_TIMEOUT_MS = 2_000_000_000;

/**
 * Choices for {@linkcode run}.
 *
 * @example
 * ```ts
 * import { run, type RunOptions } from "./mod.ts";
 *
 * const options: RunOptions = { workers: 2, timeoutMs: 5000, db: "runs.db" };
 * console.log((await run("fixtures/tasks/pipeline.txt", options)).passed); // 6
 * ```
 */
export interface RunOptions extends CallOptions {
  /** Tasks at once; default the CPUs this process may use. */
  readonly workers?: number;
  /** Names of the tasks to run, with all they need; default all. */
  readonly tasks?: readonly string[];
  /** Limit for one attempt of a task that has none of its own; default 60 s. */
  readonly timeoutMs?: number;
  /** Start nothing more while the machine is busier than these shares; default it may be as busy as it likes. */
  readonly loadLimits?: LoadLimits;
  /** Ask the gates first, and start nothing if the settings refuse what they found; default false. */
  readonly validate?: boolean;
  /** Path of the gates' settings; default `parallel-execution.json` beside the file, where the gates are asked. */
  readonly gates?: string;
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
}

/** What a run of loaded tasks is given. */
export interface RunChoices extends Pick<RunOptions, "workers" | "timeoutMs" | "loadLimits" | "db"> {
  /** The first line. */
  readonly opening?: string;
  readonly isWatched?: boolean;
}

/**
 * Runs the shell tasks of a task file and records them in a history, as `troupe run` does, and gives the report of
 * `--json`. Failed tasks are in it; they do not reject.
 *
 * @example
 * ```ts
 * import { run } from "./mod.ts";
 *
 * const report = await run("fixtures/tasks/pipeline.txt");
 * console.log(report.id, report.passed, report.failed, report.skipped);
 * ```
 *
 * @throws {InputError} When the file, an option or one of the names in `tasks` is wrong; nothing was started then.
 * @throws {GateError} When the gates were asked, and the settings refuse what they found; nothing was started then.
 */
export async function run(taskFile: string, options: RunOptions = {}): Promise<RunReport> {
  return (await forProgram(options, (caller) => runFor(caller, taskFile, options))).report;
}

/** Runs a task file for a caller, and tells it how that ended. */
export async function runFor(
  caller: Caller,
  taskFile: string,
  options: Omit<RunOptions, keyof CallOptions>,
): Promise<TaskRunEnd> {
  if (/\.jsonc?$/.test(taskFile)) throw new InputError(`'${taskFile}' is a build config, not a task file: build it`);
  const input = loadTasks(taskFile, options.tasks);
  checkChoices(options);
  const validation = await askGates(taskFile, options, caller);
  return await runLoaded(caller, input, { ...options, isWatched: validation?.isWatched });
}

/** Runs loaded tasks for a caller, and tells it how that ended. */
export async function runLoaded(caller: Caller, input: TaskRunInput, choices: RunChoices): Promise<TaskRunEnd> {
  checkChoices(choices);
  const { reporter, level, stop, showLive } = caller;
  const { workers, timeoutMs, loadLimits, isWatched, opening, db = DEFAULT_HISTORY } = choices;
  if (opening !== undefined && level !== "quiet") reporter.line(opening);
  if (workers !== undefined && level !== "quiet") reporter.line(concurrencyLine(workers));
  const end = await runTasks(input, {
    jobs: workers ?? navigator.hardwareConcurrency,
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
    loadLimits,
    isWatched,
    database: db,
    level,
    showLive: level === "quiet" ? undefined : showLive,
    stop,
  }, reporter);
  const { report, savedAs, signal } = end;
  if (level !== "quiet") {
    reporter.line(runCompletedLine(report), report.failed > 0 ? "bad" : "good");
    if (savedAs !== undefined) reporter.line(resultsSavedLine(db, savedAs));
  }
  if (signal !== undefined) reporter.error(`Stopped by ${signal}`);
  return end;
}

function checkChoices(choices: RunChoices): void {
  checkRunning(choices);
  checkWhole("timeoutMs", choices.timeoutMs, 1, LONGEST_TIMEOUT_MS);
}
