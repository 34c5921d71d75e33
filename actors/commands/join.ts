/**
 * Owns a membership in a crew as a command, typed or called: what is worked through, what the member is to be, and the
 * lines at its end. It schedules nothing; the crew's database does.
 *
 * @module
 */
import { type CrewReport, crewReport, memberLine, workflowLine } from "../../graph/crew/member_report.ts";
import { slurmLine, type SlurmPlace, slurmPlace } from "../../graph/crew/slurm.ts";
import type { LoadLimits } from "../../graph/schedule/headroom.ts";
import { resultsSavedLine } from "../../graph/report/run_report.ts";
import { stuckSentence } from "../../graph/crew/stuck.ts";
import { MOST_WORKERS } from "../../graph/task.ts";
import { refuseOwnBuild, refuseOwnRun } from "../process/build_chain.ts";
import { joinBuild, joinTasks } from "../join/inputs.ts";
import { type CrewOptions, type CrewSettings, readSettings } from "../crew/options.ts";
import { projectOf } from "../crew/store/project.ts";
import { isConfig } from "../input/input.ts";
import { checkThreads, loadBuild, type LoadedBuild } from "../input/load.ts";
import { loadTasks, type TaskRunInput } from "../input/load_tasks.ts";
import { refuseReplacing, withReaders, writtenFiles } from "../terminal/run_readers.ts";
import { askGates } from "./ask_gates.ts";
import { isCi } from "../terminal/face.ts";
import { asLibrary, type CallOptions, checkRunning, type Invocation } from "./invocation.ts";
import type { StopSignal } from "../process/signals.ts";
import { quote } from "../../graph/text.ts";

/** A member that dies is no fault of its task's, so one more attempt is the default. */
const DEFAULT_KILLED_RETRIES = 1;

/**
 * Choices for {@linkcode join}; those of a {@linkcode Crew} mean the same, but that `maxKilledRetries` is 1 by default.
 */
export interface JoinOptions extends CallOptions, Omit<CrewOptions, "disabled" | "enableFingerprints"> {
  /**
   * Tasks at once; default the CPUs that Slurm gives each task of its job (`SLURM_CPUS_PER_TASK`), or `num_workers` of the
   * config, or 8, or for a task file the CPUs this process may use.
   */
  readonly workers?: number;
  /** Milliseconds between asking a task to end and killing it, for tasks without a grace of their own; default 5000. */
  readonly graceMs?: number;
  /** Path of a history to record in what this member does, as a run; default none. */
  readonly history?: string;
  /** Do each task that this member is given, and all of them if it begins a run, whatever is done; default false. */
  readonly force?: boolean;
  /** Path of the store, or false for none, as for a build; shell tasks have none. */
  readonly store?: string | false;
  /** Address of a remote cache, or false for none, as for a build. */
  readonly remote?: string | false;
  /** Send there what is made here, as for a build. */
  readonly remoteWrite?: boolean;
  /** Start nothing more while the machine is busier than these shares; default it may be as busy as it likes. */
  readonly loadLimits?: LoadLimits;
  /** Names of the tasks to work through, and patterns, with all they need; default all. */
  readonly tasks?: readonly string[];
  /**
   * Ask the gates first, start nothing if the settings refuse what they found, and keep to their limits as this member;
   * default false.
   */
  readonly validate?: boolean;
  /**
   * Have each task lock what it declares by `reads` and `writes` while it runs, which keeps it apart from those of other
   * members too; default as `validate`.
   */
  readonly locks?: boolean;
  /** Path of the gates' settings; default `parallel-execution.json` beside the file, where the gates are asked. */
  readonly gates?: string;
}

/** How a membership ended. */
export interface JoinedEnd {
  readonly report: CrewReport;
  /** What ended it early. */
  readonly signal?: StopSignal;
  /** Whether all that was to be written of it was written. */
  readonly isWritten: boolean;
}

/**
 * Works through a build config or a task file together with other processes that join the same database, as `troupe join`
 * does, until there is nothing more for this member, and gives the report of `--json`.
 *
 * @example
 * ```ts
 * import { join } from "./mod.ts";
 *
 * const { executed, remaining } = await join("fixtures/tasks/pipeline.txt", { db: "crew.sqlite" });
 * console.log(executed, remaining);
 * ```
 *
 * @throws {InputError} When the file, an option or one of the names in `tasks` is wrong; nothing was started then.
 * @throws {GateError} When the gates were asked, and the settings refuse what they found; nothing was started then.
 * @throws {CrewError} When an option has no usable value, or another member has the identifier.
 * @throws {DatabaseError} When the database cannot be used.
 */
export async function join(file: string, options: JoinOptions = {}): Promise<CrewReport> {
  return (await asLibrary(options, (invocation) => joinFor(invocation, file, options))).report;
}

/** Joins for an invocation, and tells it how that ended. One of several that troupe started itself begins no new run. */
export async function joinFor(
  invocation: Invocation,
  file: string,
  { isOneOfSeveral = false, opening, ...options }: Omit<JoinOptions, keyof CallOptions> & {
    readonly isOneOfSeveral?: boolean;
    /** Where its report will be written, as a file. */
    readonly report?: string;
    /** The first line. */
    readonly opening?: string;
  },
): Promise<JoinedEnd> {
  const { reporter, level, face, stop, showLive } = invocation;
  // The page about a job would be about what this member did of it.
  const { events, junit } = (isOneOfSeveral ? undefined : invocation.readers) ?? {};
  const written = writtenFiles({ events, junit, report: options.report });
  const settings = memberSettings(file, options);
  const place = isOneOfSeveral ? undefined : placeInSlurm();
  const workers = options.workers ?? place?.cpus;
  const input = await loadShared(file, options.tasks);
  for (const warning of "tasks" in input ? input.tasks.warnings ?? [] : []) reporter.error(warning);
  const { validate, locks, gates, tasks } = options;
  const validation = await askGates("tasks" in input ? input.tasks : input.build, {
    validate,
    locks,
    gates,
    tasks,
    isAsked: isOneOfSeveral,
  }, invocation);
  if (opening !== undefined && level !== "quiet") reporter.line(opening);
  if (place !== undefined && level !== "quiet") reporter.line(placeLine(place, { settings, workers }));
  const choices = {
    settings,
    workers,
    limits: validation?.limits,
    locks: validation?.locks,
    history: options.history,
    force: options.force,
    store: options.store,
    remote: options.remote,
    remoteWrite: options.remoteWrite,
    graceMs: options.graceMs,
    loadLimits: options.loadLimits,
    level,
    // What several say is put together line by line, in which there are no commands.
    face: isOneOfSeveral || (level === "quiet" && !isCi(face)) ? undefined : face,
    showLive: isOneOfSeveral || level === "quiet" ? undefined : showLive,
    startsOver: !isOneOfSeveral,
    written,
    stop,
  };
  if ("tasks" in input) {
    const { source } = input.tasks;
    const needed = (path: string) => path === source ? "the task file" : undefined;
    const databases = [settings.db, ...(options.history === undefined ? [] : [options.history])];
    for (const each of written) refuseReplacing(each, { databases, needed });
  }
  const end = await withReaders({ events, junit }, (fault) => reporter.error(fault), async (readers) => {
    if ("build" in input) {
      const reload = () => loadSharedBuild(file, options.tasks);
      return await joinBuild(input.build, { ...choices, readers, reload }, reporter);
    }
    const reload = () => Promise.resolve(loadSharedTasks(file, options.tasks));
    return await joinTasks(input.tasks, { ...choices, readers, reload }, reporter);
  });
  const report = crewReport({ ...end, stuck: end.stuck.map(({ why }) => why), outdated: end.outdated?.id });
  if (level !== "quiet") {
    reporter.line(memberLine(report));
    const tone = isDone(report) ? "good" : report.unsuccessful > 0 ? "bad" : "plain";
    if (!isOneOfSeveral) reporter.line(workflowLine(report), tone);
    if (end.savedAs !== undefined) reporter.line(resultsSavedLine(options.history!, end.savedAs));
  }
  for (const { id, kills } of isOneOfSeveral ? [] : end.deadly) {
    const times = kills === 1 ? "it was killed once" : `it was killed ${kills} times`;
    reporter.error(`Task ${quote(id)} is not tried again: ${times}; --max-killed-retries ${kills} allows one more`);
  }
  if (!isOneOfSeveral && end.stuck.length > 0) reporter.error(stuckSentence(end.stuck));
  if (end.signal !== undefined) reporter.error(`Stopped by ${end.signal}`);
  return { report, signal: end.signal, isWritten: end.isWritten };
}

/** Whether all tasks of the crew are completed, as this member knows them. */
export function isDone({ remaining, unsuccessful, outdated }: CrewReport): boolean {
  return remaining === 0 && unsuccessful === 0 && outdated === undefined;
}

/**
 * What a member is to be.
 *
 * @throws {InputError | CrewError} When an option or a variable of the environment has no usable value.
 */
export function memberSettings(file: string, options: Omit<JoinOptions, keyof CallOptions>): CrewSettings {
  checkRunning(options);
  const isKilledSet = Deno.env.get("TROUPE_MAX_KILLED_RETRIES") !== undefined;
  const maxKilledRetries = options.maxKilledRetries ?? (isKilledSet ? undefined : DEFAULT_KILLED_RETRIES);
  const settings = readSettings({ ...options, maxKilledRetries });
  return {
    ...settings,
    identifier: settings.identifier ?? placeInSlurm()?.identifier,
    project: settings.project ?? projectOf(file, settings.db),
  };
}

/** What this process is where a node of Slurm's has started it. */
export function placeInSlurm(): SlurmPlace | undefined {
  const place = slurmPlace((name) => Deno.env.get(name));
  return place?.cpus === undefined ? place : { ...place, cpus: Math.min(place.cpus, MOST_WORKERS) };
}

function placeLine(
  place: SlurmPlace,
  { settings: { identifier }, workers }: { readonly settings: CrewSettings; readonly workers: number | undefined },
): string {
  return slurmLine(place, { identifier: typeof identifier === "string" ? identifier : place.identifier, workers });
}

/**
 * Loads what a crew works through.
 *
 * @throws {InputError} With every diagnostic in it, or why it cannot be read.
 */
export async function loadShared(
  file: string,
  tasks: readonly string[] | undefined,
): Promise<{ build: LoadedBuild } | { tasks: TaskRunInput }> {
  return isConfig(file) ? { build: await loadSharedBuild(file, tasks) } : { tasks: loadSharedTasks(file, tasks) };
}

function loadSharedTasks(file: string, only: readonly string[] | undefined): TaskRunInput {
  const input = loadTasks(file, only);
  refuseOwnRun(input.source, input.tasks);
  return input;
}

async function loadSharedBuild(file: string, tasks: readonly string[] | undefined): Promise<LoadedBuild> {
  const build = await loadBuild(file, tasks);
  refuseOwnBuild(build.folder);
  await checkThreads(build);
  return build;
}
