/**
 * Owns a membership in a crew as a command, typed or called: what is worked through, what the member is to be, and the
 * lines at its end. It schedules nothing; the crew's database does.
 *
 * @module
 */
import { type CrewReport, crewReport, memberLine, workflowLine } from "../../graph/crew/member_report.ts";
import { joinBuild, joinTasks } from "../crew/crew_inputs.ts";
import { type CrewOptions, type CrewSettings, readSettings } from "../crew/options.ts";
import { loadBuild, type LoadedBuild } from "../load.ts";
import { loadTasks } from "../load_tasks.ts";
import type { StopSignal } from "../stop_listener.ts";
import type { TaskRunInput } from "../task_run.ts";
import { type Caller, type CallOptions, checkRunning, forProgram } from "./caller.ts";

/** A member that dies is no fault of its task's, so one more attempt is the default. */
const DEFAULT_KILLED_RETRIES = 1;

/**
 * Choices for {@linkcode join}; those of a {@linkcode Crew} mean the same, but that `maxKilledRetries` is 1 by default.
 *
 * @example
 * ```ts
 * import { join, type JoinOptions } from "./mod.ts";
 *
 * const options: JoinOptions = { db: "pipeline.sqlite", identifier: "first", labels: ["gpu"] };
 * console.log((await join("fixtures/tasks/pipeline.txt", options)).member); // first
 * ```
 */
export interface JoinOptions extends CallOptions, Omit<CrewOptions, "disabled" | "enableFingerprints"> {
  /** Tasks at once; default `num_workers` of the config, or 8, or for a task file the CPUs this process may use. */
  readonly workers?: number;
  /** Names of the tasks to work through, with all they need; default all. */
  readonly tasks?: readonly string[];
}

/** How a membership ended. */
export interface JoinedEnd {
  readonly report: CrewReport;
  /** What ended it early. */
  readonly signal?: StopSignal;
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
 * @throws {CrewError} When an option has no usable value, or another member has the identifier.
 * @throws {DatabaseError} When the database cannot be used.
 */
export async function join(file: string, options: JoinOptions = {}): Promise<CrewReport> {
  return (await forProgram(options, (caller) => joinFor(caller, file, options))).report;
}

/** Joins for a caller, and tells it how that ended. One of several that troupe started itself begins no new run. */
export async function joinFor(
  caller: Caller,
  file: string,
  { isOneOfSeveral = false, ...options }: Omit<JoinOptions, keyof CallOptions> & { readonly isOneOfSeveral?: boolean },
): Promise<JoinedEnd> {
  const { reporter, level, stop } = caller;
  const settings = memberSettings(options);
  const input = await loadShared(file, options.tasks);
  const choices = { settings, workers: options.workers, level, startsOver: !isOneOfSeveral, stop };
  const end = "build" in input
    ? await joinBuild(input.build, choices, reporter)
    : await joinTasks(input.tasks, choices, reporter);
  const report = crewReport(end);
  if (level !== "quiet") {
    reporter.line(memberLine(report));
    const tone = isDone(report) ? "good" : report.unsuccessful > 0 ? "bad" : "plain";
    if (!isOneOfSeveral) reporter.line(workflowLine(report), tone);
  }
  if (end.signal !== undefined) reporter.error(`Stopped by ${end.signal}`);
  return { report, signal: end.signal };
}

/** Whether all tasks of the crew are completed. */
export function isDone({ remaining, unsuccessful }: CrewReport): boolean {
  return remaining === 0 && unsuccessful === 0;
}

/**
 * What a member is to be.
 *
 * @throws {InputError | CrewError} When an option or a variable of the environment has no usable value.
 */
export function memberSettings(options: Omit<JoinOptions, keyof CallOptions>): CrewSettings {
  checkRunning(options);
  const isKilledSet = Deno.env.get("TROUPE_MAX_KILLED_RETRIES") !== undefined;
  const maxKilledRetries = options.maxKilledRetries ?? (isKilledSet ? undefined : DEFAULT_KILLED_RETRIES);
  return readSettings({ ...options, maxKilledRetries });
}

/**
 * Loads what a crew works through.
 *
 * @throws {InputError} With every mistake in it, or why it cannot be read.
 */
export async function loadShared(
  file: string,
  tasks: readonly string[] | undefined,
): Promise<{ build: LoadedBuild } | { tasks: TaskRunInput }> {
  return file.endsWith(".json") ? { build: await loadBuild(file, tasks) } : { tasks: loadTasks(file, tasks) };
}
