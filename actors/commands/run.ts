/**
 * Owns a run of shell tasks as a command, typed or called: the gates first if they are asked for, the run, and the lines
 * around it. It schedules nothing; shell_run.ts does.
 *
 * @module
 */
import { type ClosedRun, closingDetails, closingLine } from "../../graph/report/closing.ts";
import type { LoadLimits } from "../../graph/schedule/headroom.ts";
import type { RunReport } from "../../graph/report/run_records.ts";
import { concurrencyLine, resultsSavedLine, runCompletedLine } from "../../graph/report/run_report.ts";
import { refuseOwnRun } from "../process/build_chain.ts";
import type { BuildStatus } from "../engine/build_status.ts";
import { isConfig } from "../input/input.ts";
import { refuseReplacing, writtenFiles } from "../terminal/run_readers.ts";
import { flakyToTell, withFlakyRetries } from "../history/flaky_tasks.ts";
import { loadTasks, type TaskRunInput } from "../input/load_tasks.ts";
import type { LockPatience } from "../locks/task_locks.ts";
import { DEFAULT_TIMEOUT_MS, runTasks, type TaskRunEnd } from "../run/shell_run.ts";
import { askGates, fewest } from "./ask_gates.ts";
import { isCi } from "../terminal/face.ts";
import { asLibrary, type CallOptions, checkRunning, checkWhole, type Invocation } from "./invocation.ts";
import { DEFAULT_HISTORY } from "../../graph/report/typed_commands.ts";
import { LONGEST_TIME_MS } from "../../graph/task.ts";
import { InputError } from "../../graph/input/input_error.ts";

/** Choices for {@linkcode run}. */
export interface RunOptions extends CallOptions {
  /** Tasks at once; default the CPUs this process may use. */
  readonly workers?: number;
  /** Names of the tasks to run, and patterns, with all they need; default all. */
  readonly tasks?: readonly string[];
  /** Start nothing more after the first failed task; default false. */
  readonly failFast?: boolean;
  /** Limit for one attempt of a task that has none of its own; default 60 s. */
  readonly timeoutMs?: number;
  /** Milliseconds between asking a task to end and killing it, for tasks without a grace of their own; default 5000. */
  readonly graceMs?: number;
  /** Start nothing more while the machine is busier than these shares; default it may be as busy as it likes. */
  readonly loadLimits?: LoadLimits;
  /** Ask the gates first, and start nothing if the settings refuse what they found; default false. */
  readonly validate?: boolean;
  /**
   * Have each task lock what it declares by `reads` and `writes` while it runs, as `troupe locks` shows it; default as
   * `validate`.
   */
  readonly locks?: boolean;
  /** Told where the status of its tasks can be read on any thread, before the first of them starts. */
  readonly onStatus?: (status: BuildStatus) => void;
  /** Path of the gates' settings; default `parallel-execution.json` beside the file, where the gates are asked. */
  readonly gates?: string;
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
}

/** What a run of loaded tasks is given. */
export interface RunChoices
  extends Pick<RunOptions, "workers" | "failFast" | "timeoutMs" | "graceMs" | "loadLimits" | "onStatus" | "db"> {
  /** The first line. */
  readonly opening?: string;
  readonly isWatched?: boolean;
  readonly budget?: number;
  readonly locks?: LockPatience;
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
  return (await asLibrary(options, (invocation) => runFor(invocation, taskFile, options))).report;
}

/** Runs a task file for an invocation, and tells it how that ended. */
export async function runFor(
  invocation: Invocation,
  taskFile: string,
  options: Omit<RunOptions, keyof CallOptions> & { readonly report?: string },
): Promise<TaskRunEnd> {
  if (isConfig(taskFile)) throw new InputError(`'${taskFile}' is a build config, not a task file: build it`);
  const input = { ...loadTasks(taskFile, options.tasks), asked: options.tasks };
  checkChoices(options);
  for (const file of writtenFiles({ report: options.report })) {
    const needed = (path: string) => path === input.source ? "the task file" : undefined;
    refuseReplacing(file, { databases: [options.db ?? DEFAULT_HISTORY], needed });
  }
  const validation = await askGates(input, options, invocation);
  return await runLoaded(invocation, input, {
    ...options,
    locks: validation?.locks,
    workers: validation?.limits === undefined
      ? options.workers
      : fewest(options.workers ?? navigator.hardwareConcurrency, validation),
    isWatched: validation?.isWatched,
    budget: validation?.limits?.maxContextComplexity,
  });
}

/** Runs loaded tasks for an invocation, and tells it how that ended. */
export async function runLoaded(invocation: Invocation, input: TaskRunInput, choices: RunChoices): Promise<TaskRunEnd> {
  checkChoices(choices);
  refuseOwnRun(input.source, input.tasks);
  const { reporter, level, face, stop, showLive, readers } = invocation;
  const begunMs = performance.now();
  const { workers, timeoutMs, graceMs, loadLimits, isWatched, budget, locks, opening, db = DEFAULT_HISTORY } = choices;
  if (opening !== undefined && level !== "quiet") reporter.line(opening);
  if (workers !== undefined && level !== "quiet" && face !== "live") reporter.line(concurrencyLine(workers));
  const tasks = await withFlakyRetries(input.tasks, db, input.source);
  const end = await runTasks({ ...input, tasks }, {
    failFast: choices.failFast,
    jobs: workers ?? navigator.hardwareConcurrency,
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
    graceMs,
    loadLimits,
    isWatched,
    budget,
    locks,
    database: db,
    readers,
    level,
    face: level === "quiet" && !isCi(face) ? undefined : face,
    onStatus: choices.onStatus,
    showLive: level === "quiet" ? undefined : showLive,
    begunMs,
    stop,
  }, reporter);
  const { report, savedAs, signal } = end;
  if (level !== "quiet") {
    const saved = savedAs === undefined ? undefined : { database: db };
    const flaky = await flakyToTell(end.closing, db, input.source);
    const closed: ClosedRun = { ...end.closing, flaky, done: "passed", saved, signal };
    const tone = report.failed + report.skipped > 0 ? "bad" : "good";
    if (face === "live") reporter.line(closingLine(closed), tone);
    else {
      reporter.line("");
      reporter.line(runCompletedLine(report), tone);
      if (savedAs !== undefined) reporter.line(resultsSavedLine(db, savedAs));
    }
    for (const line of closingDetails(closed)) reporter.line(line);
  }
  if (signal !== undefined) reporter.error(`Stopped by ${signal}`);
  return end;
}

function checkChoices(choices: Omit<RunChoices, "locks">): void {
  checkRunning(choices);
  checkWhole("timeoutMs", choices.timeoutMs, 1, LONGEST_TIME_MS);
}
