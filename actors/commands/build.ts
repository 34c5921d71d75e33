/**
 * Owns a build as a command, typed or called: the gates first if they are asked for, the build, and the lines at its end.
 * It schedules nothing; system.ts does.
 *
 * @module
 */
import type { LoadLimits } from "../../graph/headroom.ts";
import { type BuildReport, rolledBackLine, summaryLine } from "../../graph/report.ts";
import { resultsSavedLine } from "../../graph/run_report.ts";
import { loadBuild } from "../load.ts";
import { runBuild, type RunEnd } from "../system.ts";
import { askGates } from "./ask_gates.ts";
import { type Caller, type CallOptions, checkRunning, forProgram } from "./caller.ts";

/**
 * Choices for {@linkcode build}.
 *
 * @example
 * ```ts
 * import { build, type BuildOptions } from "./mod.ts";
 *
 * const options: BuildOptions = { tasks: ["sitemap"], workers: 2, failFast: true };
 * console.log((await build("fixtures/site/build.json", options)).total_tasks);
 * ```
 */
export interface BuildOptions extends CallOptions {
  /** Number of workers; default `num_workers` of the config, or 8. */
  readonly workers?: number;
  /** Names of the tasks to build, with all they need; default all. */
  readonly tasks?: readonly string[];
  /** Start nothing more after the first failed task; default false. */
  readonly failFast?: boolean;
  /** Do every task again, whatever the build cache says; default false. */
  readonly force?: boolean;
  /** Start nothing more while the machine is busier than these shares; default it may be as busy as it likes. */
  readonly loadLimits?: LoadLimits;
  /**
   * All or nothing: unless every task succeeds, all artifacts are put back as they were, and the report says that they
   * were. With the fallback the tasks are then done once more, one after another. Default: what was made stays.
   */
  readonly transaction?: boolean | { readonly fallback: "sequential" };
  /** Ask the gates first, and start nothing if the settings refuse what they found; default false. */
  readonly validate?: boolean;
  /** Path of the gates' settings; default `parallel-execution.json` beside the config, where the gates are asked. */
  readonly gates?: string;
  /** Path of a history to record the build in, unless there is nothing to do; default none. */
  readonly db?: string;
}

/** What differs when another command builds. */
export interface BuildContext {
  /** Also name the run in the history. */
  readonly saysWhereSaved?: boolean;
  /** The first line. */
  readonly opening?: string;
  /** The recorded run that this one retries. */
  readonly retryOf?: number;
}

/**
 * Builds the artifacts of a config that are not up to date, as `troupe build` does, and gives the report of `--json`.
 * Failed tasks are in it; they do not reject.
 *
 * @example
 * ```ts
 * import { build } from "./mod.ts";
 *
 * const report = await build("fixtures/site/build.json", { workers: 4 });
 * for (const { task_name, error_message } of Object.values(report.results)) {
 *   if (error_message !== undefined) console.log(task_name, error_message);
 * }
 * ```
 *
 * @throws {InputError} When the config, an option or one of the names in `tasks` is wrong; nothing was started then.
 * @throws {GateError} When the gates were asked, and the settings refuse what they found; nothing was started then.
 * @throws {TransactionError} When a transaction cannot be finished, or the unfinished one of a killed build not undone.
 */
export async function build(config: string, options: BuildOptions = {}): Promise<BuildReport> {
  return (await forProgram(options, (caller) => buildFor(caller, config, options))).report;
}

/** Builds for a caller, and tells it how that ended. */
export async function buildFor(
  caller: Caller,
  config: string,
  options: Omit<BuildOptions, keyof CallOptions> & BuildContext,
): Promise<RunEnd> {
  const begunMs = performance.now();
  checkRunning(options);
  const { reporter, level, stop, showLive } = caller;
  const { transaction, db, opening, retryOf, workers, loadLimits } = options;
  const build = await loadBuild(config, options.tasks);
  const validation = await askGates(config, options, caller);
  if (opening !== undefined && level !== "quiet") reporter.line(opening);
  const end = await runBuild(build, {
    database: db,
    retryOf,
    workers,
    failFast: options.failFast ?? false,
    loadLimits,
    force: options.force ?? false,
    transaction: transaction === true ? {} : transaction || undefined,
    isWatched: validation?.isWatched,
    checkpointEvery: validation?.settings.checkpointFrequency,
    level,
    showLive: level === "quiet" ? undefined : showLive,
    begunMs,
    stop,
  }, reporter);
  tell(end, options, caller);
  return end;
}

function tell(
  { report, rolledBack, savedAs, signal }: RunEnd,
  { db, saysWhereSaved }: Pick<BuildOptions, "db"> & BuildContext,
  { reporter, level }: Caller,
): void {
  if (level !== "quiet") reporter.line(summaryLine(report), report.failed > 0 ? "bad" : "good");
  if (rolledBack !== undefined) reporter.line(rolledBackLine(rolledBack), "bad");
  if (saysWhereSaved && level !== "quiet" && savedAs !== undefined) reporter.line(resultsSavedLine(db!, savedAs));
  if (signal !== undefined) reporter.error(`Stopped by ${signal}`);
}
