/**
 * Owns one build from a loaded config to its report: takes the lock, builds the parts, turns signals and timers into
 * messages, waits for the end and closes everything in reverse.
 * It schedules nothing and prints nothing but warnings about the run itself.
 *
 * @module
 */
import type { LoadLimits } from "../graph/headroom.ts";
import type { Plan } from "../graph/plan.ts";
import { makePlan } from "../graph/plan.ts";
import { checkProducers } from "../graph/producers.ts";
import { type BuildReport, buildReport } from "../graph/report.ts";
import { BuildCache, CACHE_FILE } from "./build_cache.ts";
import { type BuildLock, takeBuildLock } from "./build_lock.ts";
import { BuildLog, type Level } from "./build_log.ts";
import { BuildRecorder } from "./build_recorder.ts";
import { BuildWork } from "./build_work.ts";
import { Engine } from "./engine.ts";
import type { LoadedBuild } from "./load.ts";
import type { Reporter } from "./reporter.ts";
import type { Counts } from "./run_event.ts";
import { expandSources } from "./sources.ts";
import { StopListener, StoppedError, type StopSignal } from "./stop_listener.ts";
import { sweepTemporaries } from "./sweep.ts";
import { systemDetail } from "./system_error.ts";
import { touchesOf } from "./touches.ts";
import { awaitCommandsOf } from "./watchdog.ts";

/** Workers when neither the config nor the caller says how many. */
const DEFAULT_WORKERS = 8;
const PROGRESS_MS = 5000;
/** How often a long build looks whether its cache is due to be written. */
const SAVE_CHECK_MS = 1000;
/** A build spends at most one part in this many on writing its cache. */
const SAVE_SHARE = 50;

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
  /** Path of the history to record it in; default none. */
  readonly database?: string;
  /** The recorded run that this one retries. */
  readonly retryOf?: number;
  /** Shows a display while the run lasts; answers with what takes it away. */
  readonly showLive?: (log: BuildLog, counts: Counts, total: number) => () => void;
  /** `performance.now()` at which the run counts as begun. */
  readonly begunMs: number;
}

/** How a run ended. */
export interface RunEnd {
  readonly report: BuildReport;
  /** What ended it early. */
  readonly signal?: StopSignal;
  /** Its number in the history, if all of it is there. */
  readonly savedAs?: number;
}

/** Everything that stands ready before the first task. */
interface Prepared {
  readonly plan: Plan;
  readonly cache: BuildCache;
}

/**
 * Builds.
 *
 * @throws {InputError} When a source is missing or another task's output is read without waiting for it.
 * @throws {StoppedError} When a signal comes while it waits for its turn.
 * @throws {WorkerStartError} When the system does not let the workers start.
 */
export async function runBuild(build: LoadedBuild, options: RunOptions, reporter: Reporter): Promise<RunEnd> {
  using stop = new StopListener();
  const lock = await takeLock(build, reporter, stop);
  let untidy = lock?.leftBehind ? "untidy" as const : undefined;
  try {
    if (lock?.leftBy !== undefined) await awaitCommandsOf(lock.leftBy);
    const prepared = await prepare(build, reporter);
    if (lock?.leftBehind) sweepTemporaries(build.folder, prepared.plan, prepared.cache);
    untidy = undefined;
    return await run(build, prepared, options, reporter, stop);
  } finally {
    lock?.release(untidy);
  }
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
  return { plan: makePlan(build.tasks, build.graph, sources.files, restraints), cache };
}

async function run(
  build: LoadedBuild,
  { plan, cache }: Prepared,
  options: RunOptions,
  reporter: Reporter,
  stop: StopListener,
): Promise<RunEnd> {
  const log = new BuildLog(plan, reporter, options.level);
  const saver = new Saver(cache, reporter);
  const work = new BuildWork(plan, cache, { force: options.force });
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
      recorder?.note(event, stop.signal !== undefined);
    },
    onWarning: (sentence) => reporter.error(sentence),
    everyMs: [[PROGRESS_MS, () => log.progress(engine.counts)], [SAVE_CHECK_MS, () => saver.saveIfDue()]],
  });
  const hideLive = options.showLive?.(log, engine.counts, plan.size);
  let report: BuildReport;
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
    saver.save();
  }
  // Last, since another process may have the history's lock for seconds.
  return { report, signal: stop.signal, savedAs: await recorder?.finish(stop.signal) };
}

/** Without a lock (a folder that cannot be written) the build goes on: it may still find that all is done. */
async function takeLock(build: LoadedBuild, reporter: Reporter, stop: StopListener): Promise<BuildLock | undefined> {
  const onWait = (holder: string) => reporter.error(`Waiting for another build of this config (process ${holder})`);
  try {
    const taking = takeBuildLock(build.folder, onWait);
    const signal = await Promise.race([taking, stop.stopped]);
    if (typeof signal === "string") throw new StoppedError(signal);
    return signal;
  } catch (error) {
    if (error instanceof StoppedError) throw error;
    reporter.error(`Cannot lock '${build.folder}': ${systemDetail(error)}; building without a lock`);
  }
}

/** Writes the cache now and then and at the end; a disk that refuses is told of once and stops nothing. */
class Saver {
  #lastEndMs = performance.now();
  #lastCostMs = 0;
  #hasFailed = false;

  constructor(readonly cache: BuildCache, readonly reporter: Reporter) {}

  saveIfDue(): void {
    if (performance.now() - this.#lastEndMs >= SAVE_SHARE * this.#lastCostMs) this.save();
  }

  save(): void {
    const begun = performance.now();
    try {
      this.cache.save();
    } catch (error) {
      if (!this.#hasFailed) {
        this.reporter.error(
          `Cannot write build cache '${CACHE_FILE}': ${systemDetail(error)}; the next build will repeat work`,
        );
      }
      this.#hasFailed = true;
    }
    this.#lastEndMs = performance.now();
    this.#lastCostMs = this.#lastEndMs - begun;
  }
}
