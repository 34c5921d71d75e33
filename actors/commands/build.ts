/**
 * Owns a build as a command, typed or called: the gates first if they are asked for, the build, and the lines at its end.
 * It schedules nothing; build_run.ts does.
 *
 * @module
 */
import type { Verdict } from "../../graph/gates/findings.ts";
import type { LoadLimits } from "../../graph/schedule/headroom.ts";
import { rolledBackLine, summaryLine } from "../../graph/report/build_lines.ts";
import { type ClosedRun, closingDetails, closingLine, nothingToDoLine } from "../../graph/report/closing.ts";
import { resultsSavedLine } from "../../graph/report/run_report.ts";
import type { BuildStatus } from "../engine/build_status.ts";
import { flakyToTell, withFlakyRetries } from "../history/flaky_tasks.ts";
import { refuseOwnBuild } from "../process/build_chain.ts";
import { checkThreads, loadBuild, type LoadedBuild } from "../input/load.ts";
import { DEFAULT_WORKERS, type Follower, runBuild, type RunEnd } from "../build/build_run.ts";
import type { WarmState } from "../build/warm_state.ts";
import { askGates, fewest } from "./ask_gates.ts";
import { isCi } from "../terminal/face.ts";
import type { Transcript } from "../terminal/reporter.ts";
import { asLibrary, type CallOptions, checkRunning, type Invocation } from "./invocation.ts";
import type { BuildReport } from "../../graph/report/build_report.ts";

/** Choices for {@linkcode build}. */
export interface BuildOptions extends CallOptions {
  /** Number of workers; default `num_workers` of the config, or 8. */
  readonly workers?: number;
  /** Names of the tasks to build, and patterns such as `web:*`, with all they need; default all. */
  readonly tasks?: readonly string[];
  /** Start nothing more after the first failed task; default false. */
  readonly failFast?: boolean;
  /** Do every task again, whatever the build cache says; default false. */
  readonly force?: boolean;
  /**
   * Path of the store in which artifacts are kept that may be wanted again, which several checkouts may share; false for
   * none. Default that of `TROUPE_STORE`, or `.troupe/store` beside the config.
   */
  readonly store?: string | false;
  /**
   * Address of a remote cache that is asked for what the store does not have; false for none. Default that of
   * `TROUPE_REMOTE`, or of the config.
   */
  readonly remote?: string | false;
  /** Send there what is made here; default only with `TROUPE_REMOTE_WRITE=1`. */
  readonly remoteWrite?: boolean;
  /** Milliseconds between asking a task to end and killing it, for tasks without a grace of their own; default 5000. */
  readonly graceMs?: number;
  /** Start nothing more while the machine is busier than these shares; default it may be as busy as it likes. */
  readonly loadLimits?: LoadLimits;
  /**
   * All or nothing: unless every task succeeds, all artifacts are put back as they were, and the report says that they
   * were. With the fallback the tasks are then done once more, one after another. Default: what was made stays.
   */
  readonly transaction?: boolean | { readonly fallback: "sequential" };
  /** Ask the gates first, and start nothing if the settings refuse what they found; default false. */
  readonly validate?: boolean;
  /**
   * Have each task lock what it declares by `reads` and `writes` while it runs, as `troupe locks` shows it; default as
   * `validate`.
   */
  readonly locks?: boolean;
  /** Told where the status of its tasks can be read on any thread, before the first of them starts. */
  readonly onStatus?: (status: BuildStatus) => void;
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
  /** How the history is named in a command that is typed here; default by its path. */
  readonly dbAs?: string;
  /** The recorded run that this one retries. */
  readonly retryOf?: number;
  /** Where its report will be written, as a file. */
  readonly report?: string;
  /** Told what the gates said, where they are asked, before anything is started. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** The config, where it is known already. */
  readonly loaded?: LoadedBuild;
  /** Whoever tells it what has changed while it goes on. */
  readonly follower?: Follower;
  /** What is kept from one build of the config to the next. */
  readonly warm?: WarmState;
  /** Tasks whose sources are known to have changed, by index. */
  readonly first?: readonly number[];
  /** Keeps what is said, for as long as nothing is found to be done. */
  readonly transcript?: Transcript;
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
  const { report } = await asLibrary(options, (invocation) => buildFor(invocation, config, options));
  return { ...report };
}

/** Builds for an invocation, and tells it how that ended. */
export async function buildFor(
  invocation: Invocation,
  config: string,
  options: Omit<BuildOptions, keyof CallOptions> & BuildContext,
): Promise<RunEnd> {
  const begunMs = performance.now();
  checkRunning(options);
  const { reporter, level, face, stop, showLive, readers } = invocation;
  const { transaction, db, opening, retryOf, report, workers, loadLimits, graceMs } = options;
  const loaded = options.loaded ?? await loadBuild(config, options.tasks);
  const build = { ...loaded, tasks: await withFlakyRetries(loaded.tasks, db, loaded.source) };
  refuseOwnBuild(build.folder);
  await checkThreads(build);
  if (opening !== undefined && level !== "quiet") reporter.line(opening);
  const validation = await askGates(loaded, options, invocation);
  if (validation?.verdict !== undefined) options.onVerdict?.(validation.verdict);
  const end = await runBuild({ ...build, budget: validation?.limits?.maxContextComplexity }, {
    database: db,
    databaseAs: options.dbAs,
    report,
    readers,
    retryOf,
    asked: options.tasks,
    workers: fewest(workers ?? build.numWorkers ?? DEFAULT_WORKERS, validation),
    failFast: options.failFast ?? false,
    loadLimits,
    graceMs,
    force: options.force ?? false,
    store: options.store,
    remote: options.remote,
    remoteWrite: options.remoteWrite,
    transaction: transaction === true ? {} : transaction || undefined,
    isWatched: validation?.isWatched,
    checkpointEvery: validation?.checkpointEvery,
    locks: validation?.locks,
    level,
    face: level === "quiet" && !isCi(face) ? undefined : face,
    onStatus: options.onStatus,
    showLive: level === "quiet" ? undefined : showLive,
    begunMs,
    stop,
    follower: options.follower,
    warm: options.warm,
    first: options.first,
    transcript: options.transcript,
  }, reporter);
  const { closing } = end;
  const flaky = await flakyToTell(closing, db, build.source);
  tell({ ...end, closing: { ...closing, flaky } }, options, invocation);
  await end.tidy?.();
  return end;
}

function tell(
  { report, rolledBack, savedAs, signal, closing, isOutdated, remote }: Omit<RunEnd, "closing"> & {
    readonly closing: Pick<ClosedRun, "tasks" | "outcomes" | "warned" | "retried" | "flaky">;
  },
  { db, dbAs = db, saysWhereSaved }: Pick<BuildOptions, "db"> & BuildContext,
  invocation: Invocation,
): void {
  const { reporter, level, face } = invocation;
  const saved = dbAs === undefined || savedAs === undefined ? undefined : { database: dbAs };
  const run: ClosedRun = {
    ...closing,
    durationMs: report.total_duration * 1000,
    done: "built",
    saved,
    signal,
    isOutdated,
  };
  if (level !== "quiet") {
    const tone = report.failed + report.skipped > 0 ? "bad" : "good";
    reporter.line(face === "live" ? nothingToDoLine(run) ?? closingLine(run) : summaryLine(report), tone);
    for (const line of closingDetails(run)) reporter.line(line);
    if (remote !== undefined) reporter.line(remote);
  }
  if (rolledBack !== undefined) reporter.line(rolledBackLine(rolledBack), "bad");
  if (saysWhereSaved && level !== "quiet" && savedAs !== undefined) reporter.line(resultsSavedLine(db!, savedAs));
  if (signal !== undefined) reporter.error(`Stopped by ${signal}`);
}
