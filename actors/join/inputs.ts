/**
 * Owns what a build config, or a task file, comes to for a member of a crew, and what a member does beside its tasks: the
 * lock it shares with the others, and the build cache in which all of them have a part.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { sha256 } from "../../graph/digest.ts";
import { schedulable } from "../../graph/schedule/plan.ts";
import { BuildLog, type LogChoices } from "../terminal/build_log.ts";
import { CacheSaver } from "../build/cache_saver.ts";
import { lockReach } from "../locks/kernel_lock.ts";
import type { LoadedBuild } from "../input/load.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { Reporter } from "../terminal/reporter.ts";
import type { OpenReaders, WrittenFile } from "../terminal/run_readers.ts";
import { RunLog, streamsOutput } from "../terminal/run_log.ts";
import { enterInHistory } from "../history/attach.ts";
import { BuildRecorder } from "../history/build_recorder.ts";
import { RunRecorder } from "../history/run_recorder.ts";
import type { SessionOptions } from "../run/session.ts";
import { ShellWork } from "../run/shell_work.ts";
import { Stop, StoppedError } from "../process/stop_listener.ts";
import { isClaims, sweepTemporaries, sweepUnclaimed } from "../build/sweep.ts";
import { takeLock, undoUnfinished } from "../build/build_turn.ts";
import { prepare } from "../build/prepare.ts";
import { DEFAULT_WORKERS, SENDING_MS } from "../build/build_run.ts";
import { DEFAULT_TIMEOUT_MS } from "../run/shell_run.ts";
import { touchesOf } from "../run/touches.ts";
import { awaitCommandsOf } from "../process/watchdog.ts";
import { lateStore, toldStore } from "../build/late_store.ts";
import { CrewBuildWork, takeOver } from "./build_share.ts";
import type { CrewWork } from "./crew_work.ts";
import { Definitions } from "./definitions.ts";
import { isShared } from "../crew/store/guard.ts";
import { joinAgain, type Rejoined } from "./join_again.ts";
import { joinCrew, type JoinEnd, type MembershipContext, type TaskResult } from "./member_run.ts";
import type { CrewSettings } from "../crew/options.ts";
import type { ShellWorkTask, TaskRunInput } from "../input/load_tasks.ts";
import { crewShowCommand } from "../../graph/report/typed_commands.ts";

/** Choices for one member. */
export interface MemberChoices<Input> extends SessionOptions {
  readonly settings: CrewSettings;
  /** Default `num_workers` of the config, or the CPUs for a task file. */
  readonly workers?: number;
  /** How many tasks it may run at once, and what their difficulties may add up to; default without limits. */
  readonly limits?: { readonly maxParallelTasks: number; readonly maxContextComplexity: number };
  /** What is to be written of what it does, and who does so; default nothing. */
  readonly written?: readonly WrittenFile[];
  readonly readers?: OpenReaders;
  /** Path of a history to record in what it does; default none. */
  readonly history?: string;
  /** Whether it does each task that it is given, and begins a run with all of them; default false. */
  readonly force?: boolean;
  /** Path of the store, or false for none; default that of the environment, or the config's own. */
  readonly store?: string | false;
  /** Address of a remote cache, or false for none; default that of the environment, or the config's. */
  readonly remote?: string | false;
  /** Whether what is made is sent there; default only by the environment. */
  readonly remoteWrite?: boolean;
  /** Whether it begins a new run when nobody else is at work; default true. */
  readonly startsOver?: boolean;
  /** Who may end it early; default nobody. */
  readonly stop?: Stop;
  /** Reads the input anew: others may know it otherwise by now. */
  readonly reload: () => Promise<Input>;
}

/**
 * Builds together with the other members.
 *
 * @throws {InputError} When a source is missing or another task's output is read without waiting for it.
 * @throws {StoppedError} When it is stopped while it waits for a build to end.
 */
export async function joinBuild(
  build: LoadedBuild,
  choices: MemberChoices<LoadedBuild>,
  reporter: Reporter,
): Promise<JoinEnd> {
  const { stop = new Stop(), reload, startsOver = true } = choices;
  const join = (build: LoadedBuild, how: Rejoined) => joinUnderLock(build, { ...choices, ...how, stop }, reporter);
  return await joinAgain(build, { join, reload, startsOver, reporter });
}

/** Undefined when a build came in between before it could begin: what it has made is then to be seen first. */
async function joinUnderLock(
  build: LoadedBuild,
  choices: MemberChoices<LoadedBuild> & Rejoined & { readonly stop: Stop },
  reporter: Reporter,
): Promise<JoinEnd | undefined> {
  const { stop, settings } = choices;
  const areHosts = settings.sharedFs || await abortable(isShared(settings.db), stop.aborted);
  // Who has a lock that is this host's own may be one of many
  const isSafe = !areHosts || lockReach(build.folder) === "all hosts";
  const lock = await takeLock(build, { reporter, stop, shared: "shared" });
  let unclean = lock?.leftBehind ? "unclean" as const : undefined, clean: (() => void) | undefined;
  try {
    if (lock?.leftBy !== undefined) await awaitCommandsOf(lock.leftBy);
    await undoUnfinished(build.folder, { isLocked: lock !== undefined && isSafe, reporter });
    const limited = { ...build, budget: choices.limits?.maxContextComplexity };
    const { settings: { db: database }, history, written = [] } = choices;
    const own = [database, history, ...written.map(({ path }) => path), ...toldStore(build.folder, choices)];
    const { plan, cache, modules, discovered, tools, stale } = await prepare(limited, reporter, {
      isShared: true,
      own,
      written,
      databases: [database, history],
      stop,
    });
    using _files = cache.files;
    using _tools = tools;
    const sweep = () => {
      if (isSafe) sweepTemporaries(build.folder, plan, cache, areHosts ? isClaims : undefined);
    };
    if (lock?.leftBehind) sweep();
    unclean = undefined;
    if (await lock?.share?.() === false) return undefined;
    const saver = new CacheSaver(cache, { reporter });
    const definitions = await Definitions.of(plan, { files: cache.files, modules, stop });
    const { force = false } = choices;
    using store = await lateStore(build.folder, {
      choice: choices,
      settings: build,
      tell: (sentence) => reporter.error(sentence),
    });
    const work = new CrewBuildWork(plan, cache, {
      ...{ modules, discovered, tools, definitions, stop, force, store },
      config: stale.config,
      tell: (sentence) => reporter.error(sentence),
    });
    const recorder = history === undefined
      ? undefined
      : new BuildRecorder(plan, { ...build, database: history, begunMs: performance.now() }, reporter);
    let taken: readonly TaskResult[] = [];
    const end = await joinCrew({
      kind: "build",
      source: build.source,
      folder: build.folder,
      tasks: plan.tasks,
      plan,
      work,
      workers: atMost(choices.workers ?? build.numWorkers ?? DEFAULT_WORKERS, choices),
      callsModules: modules !== undefined,
      whereRest: (task) => crewShowCommand(task, database),
      lines: (logChoices) => {
        const log = new BuildLog(plan, reporter, logChoices);
        return { note: (event) => log.note(event) }; // how far all of it is, no member knows by itself
      },
      onEvent: (event) => {
        if (event.kind === "failed") cache.noteFailure(plan.tasks[event.task].name);
        recorder?.note(event, stop.signal !== undefined);
        return undefined;
      },
      doneByOthers: (task) => recorder?.note({ kind: "hit", task, by: "fresh", worker: null }, false),
      entries: definitions.entries,
      takeOver: async (results) => {
        const spoilt = await takeOver(plan, results, { cache, stop });
        if (stop.signal !== undefined) throw new StoppedError(stop.signal);
        taken = results;
        return spoilt;
      },
      keep: async (results) => {
        work.forget(taken, results);
        await takeOver(plan, results, { cache, stop });
        saver.save();
      },
      isUnclean: lock?.leftBehind,
      sweep: (claims) => sweepUnclaimed(build.folder, plan, { cache, claims }),
    }, await contextOf(choices, reporter));
    if (end.died.length > 0) unclean = "unclean";
    for (const pid of end.died) await awaitCommandsOf(pid);
    clean = sweep;
    const remote = await store?.closeRemote(stop.signal === undefined ? SENDING_MS : 0);
    if (remote !== undefined && choices.level !== "quiet") reporter.line(remote);
    const tidy = store?.close();
    if (stop.signal === undefined) await tidy?.();
    return { ...end, savedAs: await recorder?.finish(stop.signal) };
  } finally {
    lock?.release(unclean, clean);
  }
}

/** Runs shell tasks together with the other members. */
export async function joinTasks(
  input: TaskRunInput,
  choices: MemberChoices<TaskRunInput>,
  reporter: Reporter,
): Promise<JoinEnd> {
  const { stop = new Stop(), reload, startsOver = true } = choices;
  const join = (input: TaskRunInput, how: Rejoined) => joinWithTasks(input, { ...choices, ...how, stop }, reporter);
  return await joinAgain(input, { join, reload, startsOver, reporter });
}

async function joinWithTasks(
  input: TaskRunInput,
  choices: MemberChoices<TaskRunInput> & Rejoined & { readonly stop: Stop },
  reporter: Reporter,
): Promise<JoinEnd> {
  const { stop, history } = choices;
  const { folder, source } = input;
  const tasks = input.tasks.map((task) => ({ ...task, timeoutMs: task.timeoutMs ?? DEFAULT_TIMEOUT_MS }));
  const records = new RunRecorder({
    kind: "run",
    source,
    folder,
    tasks: tasks.map((task) => ({ ...task, env: task.env ?? {} })),
    begunMs: performance.now(),
  });
  const opening = history === undefined ? undefined : enterInHistory(records, history, reporter);
  const entries = tasks.map(({ name: id, dependencies, declared, command, env = {} }, rank) => ({
    id,
    rank,
    dependencies,
    requirements: declared?.requirements ?? [],
    maxParallelWorkers: 1,
    fingerprint: sha256(JSON.stringify([command, Object.entries(env).sort()])),
  }));
  const end = await joinCrew({
    kind: "run",
    source,
    folder,
    taskFile: source,
    tasks,
    plan: schedulable(tasks, input.graph, {
      touches: await touchesOf(tasks, folder),
      budget: choices.limits?.maxContextComplexity,
    }),
    work: new CrewShellWork(tasks, entries, { stream: streamsOutput(choices) }),
    workers: atMost(choices.workers ?? navigator.hardwareConcurrency, choices),
    whereRest: (task: string) => crewShowCommand(task, choices.settings.db),
    lines: (logChoices: LogChoices) => new RunLog(tasks, reporter, logChoices),
    onEvent: (event: RunEvent) => records.note(event, stop.signal !== undefined),
    doneByOthers: (task) => void records.note({ kind: "hit", task, by: "fresh", worker: null }, false),
    entries,
  }, await contextOf(choices, reporter));
  const opened = await opening;
  const isSaved = await records.finish(stop.signal);
  opened?.close();
  return { ...end, savedAs: isSaved ? records.id : undefined };
}

async function contextOf(
  { settings, startsOver = true, force = false, membership, readers, stop, ...options }:
    & Omit<MemberChoices<unknown>, "reload">
    & Rejoined
    & { readonly stop: Stop },
  reporter: Reporter,
): Promise<MembershipContext> {
  return { settings, startsOver, redoes: force, membership, options, reporter, readers: await readers?.(), stop };
}

function atMost(workers: number, { limits }: Pick<MemberChoices<unknown>, "limits">): number {
  return Math.min(workers, limits?.maxParallelTasks ?? Infinity);
}

/** Shell tasks leave nothing behind. */
class CrewShellWork extends ShellWork implements CrewWork {
  readonly #entries: readonly { readonly fingerprint: string }[];

  constructor(
    tasks: readonly ShellWorkTask[],
    entries: readonly { readonly fingerprint: string }[],
    options: ShellWork["options"],
  ) {
    super(tasks, options);
    this.#entries = entries;
  }

  fingerprint(task: number): string {
    return this.#entries[task].fingerprint;
  }

  attach(): void {}

  result(): undefined {}
}
