/**
 * Owns what a build config, or a task file, comes to for a member of a crew, and what a member does beside its tasks: the
 * lock it shares with the others, and the build cache in which all of them have a part.
 *
 * @module
 */
import { sha256 } from "../../graph/digest.ts";
import { schedulable } from "../../graph/plan.ts";
import { BuildLog, type Level } from "../build_log.ts";
import { CacheSaver } from "../cache_saver.ts";
import type { LoadedBuild } from "../load.ts";
import type { Reporter } from "../reporter.ts";
import { RunLog } from "../run_log.ts";
import { RunRecorder } from "../run_recorder.ts";
import { ShellWork } from "../shell_work.ts";
import { Stop } from "../stop_listener.ts";
import { sweepTemporaries } from "../sweep.ts";
import { DEFAULT_WORKERS, prepare, takeLock, undoUnfinished } from "../system.ts";
import { DEFAULT_TIMEOUT_MS, type TaskRunInput } from "../task_run.ts";
import { touchesOf } from "../touches.ts";
import { awaitCommandsOf } from "../watchdog.ts";
import { CrewBuildWork, entriesOf, takeOver } from "./crew_build.ts";
import type { CrewWork } from "./crew_work.ts";
import { joinCrew, type JoinEnd } from "./join_crew.ts";
import type { CrewSettings } from "./options.ts";

/** Choices for one member. */
export interface MemberChoices {
  readonly settings: CrewSettings;
  /** Default `num_workers` of the config, or the CPUs for a task file. */
  readonly workers?: number;
  readonly level: Level;
  /** Whether it begins a new run when nobody else is at work; default true. */
  readonly startsOver?: boolean;
  /** Who may end it early; default nobody. */
  readonly stop?: Stop;
}

/**
 * Builds together with the other members.
 *
 * @throws {InputError} When a source is missing or another task's output is read without waiting for it.
 * @throws {StoppedError} When it is stopped while it waits for a build to end.
 */
export async function joinBuild(build: LoadedBuild, choices: MemberChoices, reporter: Reporter): Promise<JoinEnd> {
  const { stop = new Stop() } = choices;
  while (true) {
    const end = await joinUnderLock(build, { ...choices, stop }, reporter);
    if (end !== undefined) return end;
  }
}

/** Undefined when a build came in between before it could begin: what it has made is then to be seen first. */
async function joinUnderLock(
  build: LoadedBuild,
  choices: MemberChoices & { readonly stop: Stop },
  reporter: Reporter,
): Promise<JoinEnd | undefined> {
  const { stop } = choices;
  const lock = await takeLock(build, { reporter, stop, shared: "shared" });
  let untidy = lock?.leftBehind ? "untidy" as const : undefined;
  try {
    if (lock?.leftBy !== undefined) await awaitCommandsOf(lock.leftBy);
    await undoUnfinished(build.folder, { isLocked: lock !== undefined, reporter });
    const { plan, cache, modules } = await prepare(build, reporter);
    if (lock?.leftBehind) sweepTemporaries(build.folder, plan, cache);
    untidy = undefined;
    if (await lock?.share?.() === false) return undefined;
    const saver = new CacheSaver(cache, { reporter });
    const log = new BuildLog(plan, reporter, choices.level);
    const end = await joinCrew({
      names: plan.tasks.map(({ name }) => name),
      retries: plan.retries,
      needs: plan.needs,
      work: new CrewBuildWork(plan, cache, modules),
      folder: build.folder,
      entries: await entriesOf(plan, cache, modules),
      takeOver: (results) => takeOver(plan, cache, results),
      keep: async (results) => {
        await takeOver(plan, cache, results);
        saver.save();
      },
      onEvent: (event) => log.note(event),
    }, {
      settings: choices.settings,
      startsOver: choices.startsOver ?? true,
      workers: choices.workers ?? build.numWorkers ?? DEFAULT_WORKERS,
      reporter,
      stop,
    });
    if (end.sawDeath) untidy = "untidy";
    return end;
  } finally {
    lock?.release(untidy);
  }
}

/** Runs shell tasks together with the other members. */
export async function joinTasks(input: TaskRunInput, choices: MemberChoices, reporter: Reporter): Promise<JoinEnd> {
  const { stop = new Stop() } = choices;
  const { folder, source } = input;
  const tasks = input.tasks.map((task) => ({ ...task, timeoutMs: task.timeoutMs ?? DEFAULT_TIMEOUT_MS }));
  const records = new RunRecorder({
    kind: "run",
    source,
    folder,
    tasks: tasks.map((task) => ({ ...task, env: task.env ?? {} })),
  });
  const log = new RunLog(tasks, reporter, choices.level);
  return await joinCrew({
    names: tasks.map(({ name }) => name),
    retries: tasks.map(({ retries }) => retries),
    needs: schedulable(tasks, input.graph, { touches: await touchesOf(tasks) }).needs,
    work: new CrewShellWork(tasks, { stream: choices.level === "verbose" }),
    folder,
    entries: tasks.map(({ name: id, dependencies, declared, command, env = {} }, rank) => ({
      id,
      rank,
      dependencies,
      requirements: declared?.requirements ?? [],
      maxParallelWorkers: 1,
      fingerprint: sha256(JSON.stringify([command, Object.entries(env).sort()])),
    })),
    onEvent: (event) => log.note(event, records.note(event, stop.signal !== undefined)),
  }, {
    settings: choices.settings,
    startsOver: choices.startsOver ?? true,
    workers: choices.workers ?? navigator.hardwareConcurrency,
    reporter,
    stop,
  });
}

/** Shell tasks leave nothing behind. */
class CrewShellWork extends ShellWork implements CrewWork {
  result(): undefined {}
}
