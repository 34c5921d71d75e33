/**
 * Owns one build from a loaded config to its report: takes the lock, builds the parts, turns stops and timers into
 * messages, waits for the end and closes everything in reverse.
 * It schedules nothing and prints nothing but warnings about the run itself.
 *
 * @module
 */
import type { LoadLimits } from "../graph/headroom.ts";
import { quote } from "../graph/mistakes.ts";
import type { Plan } from "../graph/plan.ts";
import { makePlan } from "../graph/plan.ts";
import { checkProducers } from "../graph/producers.ts";
import { type BuildReport, buildReport, rolledBackLine, undoneLine } from "../graph/report.ts";
import { BuildCache } from "./build_cache.ts";
import { type BuildLock, takeBuildLock } from "./build_lock.ts";
import { BuildLog, type Level } from "./build_log.ts";
import { BuildRecorder } from "./build_recorder.ts";
import { BuildWork } from "./build_work.ts";
import { CacheSaver } from "./cache_saver.ts";
import { Engine } from "./engine.ts";
import type { LoadedBuild } from "./load.ts";
import type { ModuleGraph } from "./module_graph.ts";
import type { Reporter } from "./reporter.ts";
import type { Counts } from "./run_event.ts";
import { expandSources } from "./sources.ts";
import { Stop, StoppedError, type StopSignal } from "./stop_listener.ts";
import { sweepTemporaries } from "./sweep.ts";
import { systemDetail } from "./system_error.ts";
import type { Transaction } from "./transaction.ts";
import { TransactionError } from "./transaction_error.ts";
import { hasTransaction, TRANSACTION_FOLDER } from "./transaction_folder.ts";
import { touchesOf } from "./touches.ts";
import { awaitCommandsOf } from "./watchdog.ts";

/** Workers when neither the config nor the caller says how many. */
export const DEFAULT_WORKERS = 8;
const PROGRESS_MS = 5000;

/** Members of a crew wait for the first of them, but not for so long: then it is something else. */
const SHARING_MS = 1000;
/** How often a long build looks whether its cache is due to be written. */
const SAVE_CHECK_MS = 1000;

/** Choices for one build. */
export interface RunOptions {
  /** Overrides the config's `num_workers`. */
  readonly workers?: number;
  /** Default false: go on with all that does not need a failed task. */
  readonly failFast: boolean;
  /** Do everything again, whatever the cache says. */
  readonly force: boolean;
  readonly level: Level;
  /** Start nothing more while the machine is busier; default it may be as busy as it likes. */
  readonly loadLimits?: LoadLimits;
  /** Say every few seconds what runs and what the machine bears; default false. */
  readonly isWatched?: boolean;
  /** After every so many tasks done the cache is on the disk, for a build that is killed; default at intervals. */
  readonly checkpointEvery?: number;
  /** All changes or none; with a fallback once more after a failure, with one worker. Default: what was made stays. */
  readonly transaction?: { readonly fallback?: "sequential" };
  /** Path of the history to record it in; default none. */
  readonly database?: string;
  /** The recorded run that this one retries. */
  readonly retryOf?: number;
  /** Shows a display while the run lasts; answers with what takes it away. */
  readonly showLive?: (log: BuildLog, counts: Counts, total: number) => () => void;
  /** `performance.now()` at which the run counts as begun. */
  readonly begunMs: number;
  /** Who may end it early; default nobody. */
  readonly stop?: Stop;
}

/** How a run ended. */
export interface RunEnd {
  readonly report: BuildReport;
  /** What ended it early. */
  readonly signal?: StopSignal;
  /** Its number in the history, if all of it is there. */
  readonly savedAs?: number;
  /** How many artifacts were put back as they were, of a transaction that came to nothing. */
  readonly rolledBack?: number;
}

/** Everything that stands ready before the first task. */
interface Prepared {
  readonly plan: Plan;
  readonly cache: BuildCache;
  /** There when a task calls a module. */
  readonly modules?: ModuleGraph;
}

/** What a run is given beside its tasks. */
interface Setting {
  readonly options: RunOptions;
  readonly reporter: Reporter;
  readonly stop: Stop;
}

/**
 * Builds.
 *
 * @throws {InputError} When a source is missing or another task's output is read without waiting for it.
 * @throws {StoppedError} When it is stopped while it waits for its turn.
 * @throws {WorkerStartError} When the system does not let the workers start.
 * @throws {TransactionError} When a transaction cannot be begun, finished or undone.
 */
export async function runBuild(build: LoadedBuild, options: RunOptions, reporter: Reporter): Promise<RunEnd> {
  const { stop = new Stop() } = options;
  const lock = await takeLock(build, { reporter, stop });
  let untidy = lock?.leftBehind ? "untidy" as const : undefined;
  try {
    if (lock?.leftBy !== undefined) await awaitCommandsOf(lock.leftBy);
    await undoUnfinished(build.folder, { isLocked: lock !== undefined, reporter });
    const prepared = await prepare(build, reporter);
    if (lock?.leftBehind) sweepTemporaries(build.folder, prepared.plan, prepared.cache);
    untidy = undefined;
    const setting = { options, reporter, stop };
    if (options.transaction === undefined) return await run(build, prepared, setting);
    return await runInTransaction(build, prepared, { ...setting, isLocked: lock !== undefined });
  } finally {
    lock?.release(untidy);
  }
}

/** Undoes what a build that was killed in a transaction has changed, and says so. */
export async function undoUnfinished(
  folder: string,
  { isLocked, reporter }: { readonly isLocked: boolean; readonly reporter: Reporter },
): Promise<void> {
  if (!hasTransaction(folder)) return;
  const { recoverTransaction } = await import("./transaction_recovery.ts");
  if (!isLocked) {
    const path = quote(`${folder}/${TRANSACTION_FOLDER}`);
    throw new TransactionError(`Cannot undo the unfinished transaction in ${path} without a lock`);
  }
  const undone = recoverTransaction(folder);
  if (undone !== undefined) reporter.error(undoneLine(undone));
}

/** Reads the cache and looks at the sources; without the lock, for those who only look. */
export async function prepare(build: LoadedBuild, reporter: Reporter): Promise<Prepared> {
  const { cache, warning } = BuildCache.load(build.folder);
  if (warning !== undefined) reporter.error(warning);
  const sources = await expandSources(build.tasks, build.folder, (path) => cache.files.exists(path));
  for (const odd of sources.warnings) reporter.error(odd);
  const producerMistakes = checkProducers(build.tasks, build.graph, sources.files, sources.origins);
  const mistakes = [...sources.mistakes, ...producerMistakes];
  if (mistakes.length > 0) throw await build.explain(mistakes);
  const restraints = { limits: build.resourceLimits, touches: await touchesOf(build.tasks) };
  const plan = makePlan(build.tasks, build.graph, sources.files, restraints);
  if (!build.tasks.some(({ action }) => action.kind === "module")) return { plan, cache };
  const { ModuleGraph } = await import("./module_graph.ts");
  return { plan, cache, modules: new ModuleGraph(cache.files) };
}

/** All or nothing; whatever fails, what comes after it would be undone as well, so nothing more is started then. */
async function runInTransaction(
  build: LoadedBuild,
  prepared: Prepared,
  { isLocked, ...setting }: Setting & { readonly isLocked: boolean },
): Promise<RunEnd> {
  const { Transaction } = await import("./transaction.ts");
  if (!isLocked) throw new TransactionError("A transaction needs a lock, so that nobody else builds here meanwhile");
  const { options, reporter, stop } = setting;
  const strict = { ...options, failFast: true };
  using transaction = new Transaction(build.folder);
  const end = await run(build, prepared, { ...setting, options: strict }, transaction);
  const isOver = end.rolledBack === undefined || stop.signal !== undefined;
  if (isOver || options.transaction?.fallback === undefined) return end;
  reporter.line(rolledBackLine(end.rolledBack), "bad");
  reporter.error("Building once more, one task at a time");
  const sequential = { ...strict, workers: 1 };
  using again = new Transaction(build.folder);
  return await run(build, await prepare(build, reporter), { ...setting, options: sequential }, again);
}

async function run(
  build: LoadedBuild,
  { plan, cache, modules }: Prepared,
  { options, reporter, stop }: Setting,
  transaction?: Transaction,
): Promise<RunEnd> {
  const log = new BuildLog(plan, reporter, options.level);
  const saver = new CacheSaver(cache, {
    reporter,
    // What a killed transaction completed is undone, so there is nothing to resume.
    checkpointEvery: transaction === undefined ? options.checkpointEvery : undefined,
  });
  const work = new BuildWork(plan, cache, { force: options.force, modules, transaction });
  const watch = options.isWatched ? new (await import("./run_watch.ts")).RunWatch(log, reporter) : undefined;
  const { database, retryOf } = options;
  const recorder = database === undefined
    ? undefined
    : new BuildRecorder(plan, { ...build, database, retryOf }, reporter);
  const engine: Engine = new Engine({
    plan,
    work,
    workers: options.workers ?? build.numWorkers ?? DEFAULT_WORKERS,
    failFast: options.failFast,
    loadLimits: options.loadLimits,
    folder: build.folder,
    onEvent: (event) => {
      log.note(event);
      if (event.kind === "executed" || (event.kind === "hit" && event.worker !== null)) saver.noteCompleted();
      recorder?.note(event, stop.signal !== undefined);
    },
    onWarning: (sentence) => reporter.error(sentence),
    everyMs: [
      [PROGRESS_MS, () => log.progress(engine.counts)],
      ...(watch === undefined ? [] : [[watch.everyMs, () => watch.tell()] as const]),
      // A cache that knows of artifacts that were put back would do no harm, but have forgotten the ones that are there.
      ...(transaction === undefined ? [[SAVE_CHECK_MS, () => saver.saveIfDue()] as const] : []),
    ],
  });
  const hideLive = options.showLive?.(log, engine.counts, plan.size);
  let report: BuildReport | undefined;
  let rolledBack: number | undefined;
  try {
    const { ends, utilization } = await engine.run(stop);
    report = buildReport(plan.tasks, ends, {
      totalMs: performance.now() - options.begunMs,
      utilization,
      digestOf: (task) => work.digest(task),
    });
    if (cache.isDirty && report.completed === report.total_tasks) cache.prune();
  } finally {
    hideLive?.();
    await engine.close();
    const isWhole = report?.completed === plan.size && stop.signal === undefined;
    if (transaction !== undefined && !isWhole) rolledBack = transaction.rollBack();
    else {
      transaction?.commit();
      saver.save();
    }
  }
  // Last, since another process may have the history's lock for seconds.
  const savedAs = await recorder?.finish(stop.signal);
  return {
    report: rolledBack === undefined ? report : { ...report, rolled_back: true },
    signal: stop.signal,
    savedAs,
    rolledBack,
  };
}

/** Without a lock (a folder that cannot be written) the build goes on: it may still find that all is done. */
export async function takeLock(
  build: LoadedBuild,
  { reporter, stop, shared }: Pick<Setting, "reporter" | "stop"> & { readonly shared?: "shared" },
): Promise<BuildLock | undefined> {
  const tell = (holder: string) => reporter.error(`Waiting for another build of this config (process ${holder})`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onWait = shared === undefined ? tell : (holder: string) => timer = setTimeout(() => tell(holder), SHARING_MS);
  try {
    const taking = takeBuildLock(build.folder, onWait, shared);
    const signal = await Promise.race([taking, stop.stopped]);
    if (typeof signal !== "string") return signal;
    // A program goes on, and would keep everyone out once it is its turn.
    taking.then((lock) => lock.release(lock.leftBehind ? "untidy" : undefined), () => {});
    throw new StoppedError(signal);
  } catch (error) {
    if (error instanceof StoppedError) throw error;
    reporter.error(`Cannot lock '${build.folder}': ${systemDetail(error)}; building without a lock`);
  } finally {
    clearTimeout(timer);
  }
}
