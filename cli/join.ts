/**
 * Owns the command `troupe join`: its flags, its help, and what of a member's work goes where.
 * It schedules nothing; the crew's database does.
 *
 * @module
 */
import { joinBuild, joinTasks, type MemberChoices } from "../actors/crew/crew_inputs.ts";
import type { JoinEnd } from "../actors/crew/join_crew.ts";
import { type CrewSettings, DEFAULT_DATABASE, readSettings } from "../actors/crew/options.ts";
import { InputError } from "../actors/input.ts";
import { loadBuild, type LoadedBuild } from "../actors/load.ts";
import { loadTasks } from "../actors/load_tasks.ts";
import { Reporter } from "../actors/reporter.ts";
import type { TaskRunInput } from "../actors/task_run.ts";
import { crewReport, memberLine, workflowLine } from "../graph/crew/member_report.ts";
import type { FailurePolicy } from "../graph/crew/status.ts";
import { SIGNAL_EXIT } from "./build.ts";
import { type Flags, type FlagSpec, parseFlags, wholeNumber } from "./options.ts";
import { createReporter, detectScreen } from "./terminal.ts";

/** What `troupe join --help` prints. */
const JOIN_HELP = `Work through a config or a task file together with other processes that join the same database.

Usage: troupe join CONFIG|TASKFILE [OPTIONS]

Each task is done once, by whichever member is free. Members may come and go; what a dead one had is taken over.

Options:
      --db PATH                the crew's database, the same for all members (default: ${DEFAULT_DATABASE})
      --workflow NAME          which of several works in one database (default: main)
      --id NAME                this member's name, unlike that of any other at work (default: the process id)
  -l, --label NAME             a label of this member, for tasks that require it; may be repeated
  -j, --jobs N                 tasks at once (default: num_workers of the config, or 8; CPUs for a task file)
  -t, --task NAME              only this task and what it needs; may be repeated
      --failure-policy POLICY  continue (default), or stop taking tasks once one has failed
      --max-failed-retries N   further attempts, by any member, after a failed one (default: 0)
      --max-killed-retries N   further attempts after one whose member died (default: 1)
      --heartbeat-interval S   seconds between two signs of life (default: 30)
      --heartbeat-timeout S    seconds without one after which a member counts as dead (default: twice the interval)
      --shared-fs              the database is on a network file system
  -q, --quiet                  show only what goes wrong
  -v, --verbose                also show why each task runs and what it prints
      --json                   write the report to stdout as JSON, and all lines to stderr
  -h, --help                   show this help

The variables TROUPE_IDENTIFIER, TROUPE_FAILURE_POLICY, TROUPE_MAX_FAILED_RETRIES, TROUPE_MAX_KILLED_RETRIES,
TROUPE_HEARTBEAT_INTERVAL and TROUPE_HEARTBEAT_TIMEOUT stand in for the options.

Exit codes: 0 all tasks are completed, 1 some are not, 2 the input is wrong, 70 a bug in troupe, 128+n ended by signal n.
`;

/** The flags of `join`, which `crew` hands on. */
export const JOIN_FLAGS: FlagSpec = {
  boolean: ["shared-fs", "quiet", "verbose", "json", "help"],
  string: [
    "db",
    "workflow",
    "id",
    "label",
    "jobs",
    "task",
    "failure-policy",
    "max-failed-retries",
    "max-killed-retries",
    "heartbeat-interval",
    "heartbeat-timeout",
  ],
  collect: ["label", "task"],
  alias: { l: "label", j: "jobs", t: "task", q: "quiet", v: "verbose", h: "help" },
  positional: 1,
};

/** A member that dies is no fault of its task's, so on the command line one more attempt is the default. */
const DEFAULT_KILLED_RETRIES = 1;

/** What differs when `troupe crew` has started the member. */
export interface JoinContext {
  /** It has begun the run, and says at the end how the workflow stands. */
  readonly isOneOfSeveral?: boolean;
}

/** Runs the command and answers with the exit code. */
export async function joinCommand(args: readonly string[], context: JoinContext = {}): Promise<number> {
  const flags = parseFlags("join", args, JOIN_FLAGS);
  if (flags.on.has("help")) {
    new Reporter({ lines: "stdout" }).result(JOIN_HELP.trimEnd());
    return 0;
  }
  const [path] = flags.positional;
  if (path === undefined) throw new InputError("troupe join needs a config or a task file; see troupe join --help");
  const isOneOfSeveral = context.isOneOfSeveral === true;
  const choices = { ...memberChoices(flags), startsOver: !isOneOfSeveral };
  const isJson = flags.on.has("json");
  const reporter = await createReporter(detectScreen(isJson ? "stderr" : "stdout"));
  const input = await loadShared(path, flags);
  const end = "build" in input
    ? await joinBuild(input.build, choices, reporter)
    : await joinTasks(input.tasks, choices, reporter);
  return conclude(end, { isQuiet: choices.level === "quiet", isJson, isOneOfSeveral }, reporter);
}

/**
 * What a member is to be, by its flags.
 *
 * @throws {InputError | CrewError} When one has no usable value.
 */
export function memberChoices(flags: Flags): MemberChoices {
  if (flags.on.has("quiet") && flags.on.has("verbose")) {
    throw new InputError("--quiet and --verbose exclude each other");
  }
  const level = flags.on.has("quiet") ? "quiet" : flags.on.has("verbose") ? "verbose" : "normal";
  return { settings: settingsOf(flags), workers: wholeNumber(flags, "jobs", 1, 1024), level };
}

/**
 * Loads what a crew works through.
 *
 * @throws {InputError} With every mistake in it, or why it cannot be read.
 */
export async function loadShared(
  path: string,
  flags: Flags,
): Promise<{ build: LoadedBuild } | { tasks: TaskRunInput }> {
  const only = flags.lists.get("task");
  return path.endsWith(".json") ? { build: await loadBuild(path, only) } : { tasks: loadTasks(path, only) };
}

function conclude(
  end: JoinEnd,
  how: { isQuiet: boolean; isJson: boolean; isOneOfSeveral: boolean },
  reporter: Reporter,
): number {
  const report = crewReport(end);
  const isDone = report.remaining === 0 && report.unsuccessful === 0;
  if (!how.isQuiet) {
    reporter.line(memberLine(report));
    const tone = isDone ? "good" : report.unsuccessful > 0 ? "bad" : "plain";
    if (!how.isOneOfSeveral) reporter.line(workflowLine(report), tone);
  }
  if (end.signal !== undefined) reporter.error(`Stopped by ${end.signal}`);
  const isShown = !how.isJson || reporter.result(JSON.stringify(report, null, 2));
  reporter.flush();
  if (end.signal !== undefined) return SIGNAL_EXIT[end.signal];
  return isDone && isShown ? 0 : 1;
}

function settingsOf(flags: Flags): CrewSettings {
  const policy = flags.values.get("failure-policy");
  if (policy !== undefined && policy !== "continue" && policy !== "stop") {
    throw new InputError(`--failure-policy must be 'continue' or 'stop', not '${policy}'`);
  }
  const isKilledSet = Deno.env.get("TROUPE_MAX_KILLED_RETRIES") !== undefined;
  return readSettings({
    db: flags.values.get("db"),
    workflow: flags.values.get("workflow"),
    identifier: flags.values.get("id"),
    labels: flags.lists.get("label"),
    failurePolicy: policy as FailurePolicy | undefined,
    maxFailedRetries: wholeNumber(flags, "max-failed-retries", 0, 1_000_000),
    maxKilledRetries: wholeNumber(flags, "max-killed-retries", 0, 1_000_000) ??
      (isKilledSet ? undefined : DEFAULT_KILLED_RETRIES),
    heartbeatIntervalMs: seconds(flags, "heartbeat-interval"),
    heartbeatTimeoutMs: seconds(flags, "heartbeat-timeout"),
    sharedFs: flags.on.has("shared-fs"),
  });
}

function seconds(flags: Flags, name: string): number | undefined {
  const text = flags.values.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InputError(`--${name} must be a number of seconds, not '${text}'`);
  return value * 1000;
}
