/**
 * Owns one build from a loaded config to its report: waits for its turn, builds the parts, turns stops and timers into
 * messages, waits for the end and closes everything in reverse.
 * It schedules nothing and prints nothing but warnings about the run itself.
 *
 * @module
 */
import type { ClosedRun } from "../../graph/report/closing.ts";
import { changedLine, rolledBackLine, staleLine } from "../../graph/report/build_lines.ts";
import type { Engine } from "../engine/engine.ts";
import { BuildRecorder } from "../history/build_recorder.ts";
import type { LoadedBuild } from "../input/load.ts";
import { canLockAcrossHosts } from "../locks/kernel_lock.ts";
import { later } from "../machine/later.ts";
import type { StopSignal } from "../process/signals.ts";
import { Stop } from "../process/stop_listener.ts";
import { awaitCommandsOf } from "../process/watchdog.ts";
import { Session, type SessionOptions, warn } from "../run/session.ts";
import type { FileIndex } from "../storage/file_index.ts";
import { BuildLog, type Level } from "../terminal/build_log.ts";
import type { NothingDone } from "./remember_nothing.ts";
import type { Reporter, Transcript } from "../terminal/reporter.ts";
import { type ReaderChoices, type RunReaders, withReaders, writtenFiles } from "../terminal/run_readers.ts";
import { takeLock, undoUnfinished } from "./build_turn.ts";
import { BuildCache } from "./build_cache.ts";
import { BuildWork } from "./build_work.ts";
import { CacheSaver } from "./cache_saver.ts";
import { UnsyncedFolders } from "../storage/unsynced_folders.ts";
import { lateStore, toldStore } from "./late_store.ts";
import type { WarmState } from "./warm_state.ts";
import { prepare, type Prepared, type Preparing, type SourcesFollower } from "./prepare.ts";
import { isClaims, sweepTemporaries } from "./sweep.ts";
import type { Transaction } from "./transaction/transaction.ts";
import { type BuildReport, buildReport, rolledBackReport } from "../../graph/report/build_report.ts";
import { showCommand } from "../../graph/report/typed_commands.ts";

/** So long is waited at the end for what is being sent to a remote cache. */
export const SENDING_MS = 10_000;

/** Workers when neither the config nor the caller says how many. */
export const DEFAULT_WORKERS = 8;

/** Choices for one build. */
export interface BuildRunOptions extends SessionOptions {
  /** Overrides the config's `num_workers`. */
  readonly workers?: number;
  /** Default false: go on with all that does not need a failed task. */
  readonly failFast: boolean;
  /** Do everything again, whatever the cache says. */
  readonly force: boolean;
  /** Path of the store, or false for none; default that of the environment, or the config's own. */
  readonly store?: string | false;
  /** Address of a remote cache, or false for none; default that of the environment, or the config's. */
  readonly remote?: string | false;
  /** Whether what is made is sent there; default only by the environment. */
  readonly remoteWrite?: boolean;
  /** After every so many tasks done the cache is on the disk, for a build that is killed; default at intervals. */
  readonly checkpointEvery?: number;
  /** All changes or none; with a fallback once more after a failure, with one worker. Default: what was made stays. */
  readonly transaction?: { readonly fallback?: "sequential" };
  /** Path of the history to record it in; default none. */
  readonly database?: string;
  /** How the history is named in a command that is typed here; default by its path. */
  readonly databaseAs?: string;
  /** Path of the file that its report will be written to; default none. */
  readonly report?: string;
  /** What else is written of it; default nothing. */
  readonly readers?: ReaderChoices;
  /** The recorded run that this one retries. */
  readonly retryOf?: number;
  /** The names that were asked for, for its record; absent for all. */
  readonly asked?: readonly string[];
  /** `performance.now()` at which the run counts as begun. */
  readonly begunMs: number;
  /** Who may end it early; default nobody. */
  readonly stop?: Stop;
  /** Whoever wants to know what it reads, and tells it what has changed of that. */
  readonly follower?: Follower;
  /** What is known from earlier builds of the config, and to be known by later ones; default nothing is. */
  readonly warm?: WarmState;
  /** Tasks whose sources are known to have changed, by index: they and what they need come first. */
  readonly first?: readonly number[];
  /** Keeps what is said, for as long as nothing is found to be done. */
  readonly transcript?: Transcript;
}

/** Whoever follows a run, to tell it of changes. */
export interface Follower extends SourcesFollower {
  /** The run goes on; undefined when there is nothing more that it could be told. */
  onRunning(run: GoingRun | undefined): void;
}

/** A run that goes on. */
export interface GoingRun extends Pick<Engine, "changed"> {
  /** What it has seen of files, which changes with it. */
  readonly files: FileIndex;
}

/** How a run ended. */
export interface RunEnd {
  readonly report: BuildReport;
  /** What ended it early. */
  readonly signal?: StopSignal;
  /** Its number in the history, if all of it is there. */
  readonly savedAs?: number;
  /** How each task ended, for the last lines. */
  readonly closing: Pick<ClosedRun, "tasks" | "outcomes" | "warned" | "retried">;
  /** How many artifacts were put back as they were, of a transaction that came to nothing. */
  readonly rolledBack?: number;
  /** Whether the run was told of changes that it does not make up for. */
  readonly isOutdated?: boolean;
  /** Whether all that the readers were to write was written. */
  readonly isWritten: boolean;
  /** There when nothing was to be done, and that is to be remembered. */
  readonly nothing?: NothingDone;
  /** There when it is time to look after the store, which nobody should have to wait for. */
  readonly tidy?: () => Promise<void>;
  /** What a remote cache was good for, if there is one. */
  readonly remote?: string;
}

/** What a run is given beside its tasks. */
interface RunContext {
  readonly options: BuildRunOptions;
  readonly reporter: Reporter;
  readonly stop: Stop;
  readonly preparing: Preparing;
  readonly readers?: RunReaders;
}

/**
 * Builds.
 *
 * @throws {InputError} When a source is missing or another task's output is read without waiting for it.
 * @throws {StoppedError} When it is stopped while it waits for its turn.
 * @throws {WorkerStartError} When the system does not let the workers start.
 * @throws {TransactionError} When a transaction cannot be begun, finished or undone.
 */
export async function runBuild(build: LoadedBuild, options: BuildRunOptions, reporter: Reporter): Promise<RunEnd> {
  const { stop = new Stop() } = options;
  const toDo = options.transaction === undefined ? undefined : "transaction";
  const lock = await takeLock(build, { reporter, stop, toDo });
  let unclean = lock?.leftBehind ? "unclean" as const : undefined;
  try {
    if (lock?.leftBy !== undefined) await awaitCommandsOf(lock.leftBy);
    await undoUnfinished(build.folder, { isLocked: lock !== undefined, reporter });
    const written = writtenFiles({ ...options.readers, report: options.report });
    const own = [options.database, ...written.map(({ path }) => path), ...toldStore(build.folder, options)];
    const { database, follower, warm, first } = options;
    const preparing = { own, written, databases: [database], stop, follower, warm, first };
    const prepared = await prepare(build, reporter, preparing);
    if (lock?.leftBehind) sweepAfterBuild(build.folder, prepared);
    unclean = undefined;
    const stale = tellStale(prepared, options.level, reporter);
    return await withReaders(options.readers, (fault) => reporter.error(fault), async (open) => {
      const readers = await open();
      const context = { options, reporter, stop, preparing, readers };
      const end = options.transaction === undefined
        ? await run(build, prepared, context)
        : await runInTransaction(build, prepared, context);
      return stale.length === 0 ? end : { ...end, report: { ...end.report, stale_artifacts: stale } };
    });
  } finally {
    lock?.release(unclean);
  }
}

/** Says once which artifacts belong to no task any more, and gives the paths of all of them. */
function tellStale({ stale }: Prepared, level: Level, reporter: Reporter): readonly string[] {
  const { all, untold, remember } = stale.find();
  const isTold = level !== "quiet";
  if (isTold && untold.length > 0) reporter.error(staleLine(untold, stale.config));
  remember(isTold);
  return all;
}

/** Where the lock is this host's own, members of a crew may be at work on another, and they know what is theirs. */
function sweepAfterBuild(folder: string, { plan, cache }: Prepared): void {
  const canLock = canLockAcrossHosts(folder);
  sweepTemporaries(folder, plan, cache, canLock ? undefined : isClaims);
}

/** All or nothing; whatever fails, what comes after it would be undone as well, so nothing more is started then. */
async function runInTransaction(
  build: LoadedBuild,
  prepared: Prepared,
  context: RunContext,
): Promise<Omit<RunEnd, "isWritten">> {
  const { Transaction } = await later<typeof import("./transaction/transaction.ts")>(
    "./transaction/transaction.ts",
    import.meta.url,
  );
  const { options, reporter, stop } = context;
  const strict = { ...options, failFast: true };
  using transaction = new Transaction(build.folder);
  const end = await run(build, prepared, { ...context, options: strict }, transaction);
  const isOver = end.rolledBack === undefined || stop.signal !== undefined;
  if (isOver || options.transaction?.fallback === undefined) return end;
  reporter.line(rolledBackLine(end.rolledBack), "bad");
  reporter.error("Building once more, one task at a time");
  const sequential = { ...strict, workers: 1 };
  using again = new Transaction(build.folder);
  return await run(
    build,
    await prepare(build, reporter, context.preparing),
    { ...context, options: sequential },
    again,
  );
}

async function run(
  build: LoadedBuild,
  prepared: Prepared,
  { options, reporter, stop, readers, preparing }: RunContext,
  transaction?: Transaction,
): Promise<Omit<RunEnd, "isWritten">> {
  const { plan, cache, stale, modules, discovered, tools } = prepared;
  // What a transaction has done is durable one after another.
  const folders = transaction === undefined ? new UnsyncedFolders(build.folder) : undefined;
  const saver = new CacheSaver(cache, {
    reporter,
    folders,
    // What a killed transaction completed is undone, so there is nothing to resume.
    checkpointEvery: transaction === undefined ? options.checkpointEvery : undefined,
  });
  const store = await lateStore(build.folder, {
    choice: options,
    settings: build,
    tell: (sentence) => warn(sentence, { reporter, readers }),
  });
  const { database, databaseAs = database, retryOf, asked, face, failFast, follower, warm } = options;
  const work = new BuildWork(plan, cache, {
    force: options.force,
    modules,
    discovered,
    tools,
    transaction,
    stream: face === "stream",
    tell: (sentence) => warn(sentence, { reporter, readers }),
    config: stale.config,
    store,
    // A cache that knows of artifacts that were put back would do no harm, but have forgotten the ones that are there.
    saver: transaction === undefined ? saver : undefined,
    folders,
    refresh: warm && (() => warm.refresh(build)),
  });
  const recorder = database === undefined
    ? undefined
    : new BuildRecorder(plan, { ...build, database, retryOf, asked, begunMs: options.begunMs }, reporter);
  const session: Session = await Session.open(
    {
      kind: "build",
      source: build.source,
      folder: build.folder,
      retryOf,
      tasks: plan.tasks,
      plan,
      work,
      workers: options.workers ?? build.numWorkers ?? DEFAULT_WORKERS,
      failFast,
      callsModules: modules !== undefined,
      keptWorkers: warm?.workers,
      database,
      whereRest: databaseAs === undefined
        ? undefined
        : (task) => showCommand(task, { run: recorder?.id, database: databaseAs }),
      lines: (choices) => new BuildLog(plan, reporter, choices),
      digestOf: (task) => work.digest(task),
      artifactsOf: (task) => work.artifacts(task),
      onEvent: (event) => {
        if (event.kind === "failed" && event.failure.kind === "moved") session.engine.giveUp();
        if (event.kind !== "hit") options.transcript?.spoil();
        if (event.kind === "failed") cache.noteFailure(plan.tasks[event.task].name);
        if (event.kind === "executed") cache.noteDuration(plan.tasks[event.task].name, event.durationMs);
        recorder?.note(event, stop.signal !== undefined);
        return undefined;
      },
    },
    options,
    { reporter, readers, stop },
  );
  const { engine } = session;
  let report: BuildReport | undefined;
  let rolledBack: number | undefined;
  let tidy: RunEnd["tidy"], remote: string | undefined;
  try {
    follower?.onRunning({ changed: (change) => engine.changed(change), files: cache.files });
    const { ends, utilization } = await session.run();
    // Whoever follows it builds again at once, and says for what.
    const isToldOf = work.changed.size > 0 && stop.signal === undefined && follower === undefined;
    if (isToldOf) warn(changedLine(work.changed), { reporter, readers });
    report = buildReport(plan.tasks, ends, {
      totalMs: performance.now() - options.begunMs,
      utilization,
      digestOf: (task) => work.digest(task),
      artifactsOf: (task) => work.artifacts(task),
    });
  } finally {
    follower?.onRunning(undefined);
    cache.files[Symbol.dispose]();
    tools?.[Symbol.dispose]();
    await session.close();
    remote = await store?.closeRemote(stop.signal === undefined ? SENDING_MS : 0);
    tidy = store?.close();
    const isWhole = report?.completed === plan.size && stop.signal === undefined;
    if (transaction !== undefined && !isWhole) {
      const { count, failures } = transaction.rollBack();
      rolledBack = count;
      for (const failure of failures) reporter.error(failure);
      // Of what was put back the disk knows best.
      const { cache: before } = BuildCache.load(build.folder);
      for (const { name } of plan.tasks) if (cache.hasFailed(name)) before.noteFailure(name);
      new CacheSaver(before, { reporter }).save();
    } else {
      transaction?.commit();
      saver.save({ isWhole: report !== undefined && report.completed === report.total_tasks });
    }
    warm?.end();
  }
  // Last, since another process may have the history's lock for seconds.
  const durationMs = report.total_duration * 1000;
  const savedAs = await recorder?.finish(stop.signal, durationMs);
  return {
    report: rolledBack === undefined ? report : await reportNow(report, cache.files),
    signal: stop.signal,
    savedAs,
    rolledBack,
    closing: session.ended({ savedAs, rolledBack, durationMs }),
    isOutdated: engine.isOutdated || work.isOutdated,
    ...(options.transcript?.text === undefined || report.completed < plan.size || stop.signal !== undefined
      ? {}
      : { nothing: { build, prepared, own: preparing.own?.filter((path) => path !== undefined) ?? [] } }),
    ...(stop.signal === undefined ? { tidy } : {}),
    ...(remote === undefined ? {} : { remote }),
  };
}

/** What a report says of artifacts that were put back is what lies there now. */
async function reportNow(report: BuildReport, files: FileIndex): Promise<BuildReport> {
  const digests = new Map<string, string>();
  for (const { artifact_path: path } of Object.values(report.results)) {
    if (path === null) continue;
    files.lookAgain(path);
    files.begin();
    if (typeof files.digest(path) === "object") await files.readSlowly(path);
    const digest = files.digest(path);
    if (typeof digest === "string") digests.set(path, digest);
  }
  return rolledBackReport(report, (path) => digests.get(path));
}
