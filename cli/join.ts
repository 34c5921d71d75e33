/**
 * Owns the command `troupe join`: its flags, its help, and where its report goes. What it does is actors/commands/join.ts's.
 *
 * @module
 */
import { MOST_WORKERS } from "../actors/commands/caller.ts";
import { isDone, joinFor, type JoinOptions } from "../actors/commands/join.ts";
import { DEFAULT_DATABASE } from "../actors/crew/options.ts";
import { InputError } from "../actors/input.ts";
import { Reporter } from "../actors/reporter.ts";
import type { FailurePolicy } from "../graph/crew/status.ts";
import { forTerminal, showJson, SIGNAL_EXIT, typed } from "./call.ts";
import { type Flags, type FlagSpec, parseFlags, wholeNumber } from "./options.ts";

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

/** What differs when `troupe crew` has started the member. */
export interface JoinContext {
  /** It has begun the run, and says at the end how the workflow stands. */
  readonly isOneOfSeveral?: boolean;
}

/** Runs the command and answers with the exit code. */
export async function joinCommand(
  args: readonly string[],
  { isOneOfSeveral }: JoinContext = {},
): Promise<number> {
  const flags = parseFlags("join", args, JOIN_FLAGS);
  if (flags.on.has("help")) {
    new Reporter({ lines: "stdout" }).result(JOIN_HELP.trimEnd());
    return 0;
  }
  const [path] = flags.positional;
  if (path === undefined) throw new InputError("troupe join needs a config or a task file; see troupe join --help");
  const options = joinOptions(flags);
  const command = await typed(flags);
  const { report, signal } = await forTerminal(
    command,
    (caller) => joinFor(caller, path, { ...options, isOneOfSeveral }),
  );
  const isShown = showJson(report, command);
  if (signal !== undefined) return SIGNAL_EXIT[signal];
  return isDone(report) && isShown ? 0 : 1;
}

/**
 * What a member is to be, by its flags.
 *
 * @throws {InputError} When one has no usable value.
 */
export function joinOptions(flags: Flags): JoinOptions {
  const policy = flags.values.get("failure-policy");
  if (policy !== undefined && policy !== "continue" && policy !== "stop") {
    throw new InputError(`--failure-policy must be 'continue' or 'stop', not '${policy}'`);
  }
  return {
    db: flags.values.get("db"),
    workflow: flags.values.get("workflow"),
    identifier: flags.values.get("id"),
    labels: flags.lists.get("label"),
    workers: wholeNumber(flags, "jobs", 1, MOST_WORKERS),
    tasks: flags.lists.get("task"),
    failurePolicy: policy as FailurePolicy | undefined,
    maxFailedRetries: wholeNumber(flags, "max-failed-retries", 0, 1_000_000),
    maxKilledRetries: wholeNumber(flags, "max-killed-retries", 0, 1_000_000),
    heartbeatIntervalMs: seconds(flags, "heartbeat-interval"),
    heartbeatTimeoutMs: seconds(flags, "heartbeat-timeout"),
    sharedFs: flags.on.has("shared-fs"),
  };
}

function seconds(flags: Flags, name: string): number | undefined {
  const text = flags.values.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InputError(`--${name} must be a number of seconds, not '${text}'`);
  return value * 1000;
}
