/**
 * Owns the command `troupe join`: its flags, its help, and where its report goes. What it does is actors/commands/join.ts's.
 *
 * @module
 */
import { MOST_WORKERS } from "../graph/task.ts";
import { isDone, joinFor, type JoinOptions } from "../actors/commands/join.ts";
import { DEFAULT_DATABASE } from "../actors/crew/options.ts";
import type { FailurePolicy } from "../graph/crew/status.ts";
import { attempt, showReport } from "./build.ts";
import { commandOf, SIGNAL_EXIT } from "./call.ts";
import { JOIN_PAGE } from "./help/many.ts";
import { type Page, specOf } from "./help/page.ts";
import { type Flags, loadLimits, parseFlags, secondsOf, storeOf, wholeNumber } from "./options.ts";
import { enteringLine, type NamedTarget, targetOf } from "./target.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";

/** A day. */
const LONGEST_HEARTBEAT_S = 86_400;

/** What differs when `troupe crew` has started the member. */
export interface JoinContext {
  /** `troupe crew` has begun the run, and says at the end how the workflow stands. */
  readonly isOneOfSeveral?: boolean;
}

/** Runs the command and answers with the exit code. */
export async function joinCommand(
  args: readonly string[],
  { isOneOfSeveral }: JoinContext = {},
): Promise<number> {
  const flags = memberFlags(args, JOIN_PAGE);
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(JOIN_PAGE);
  const target = targetOf("join", flags, "both");
  const path = target?.file ?? flags.positional[0];
  if (path === undefined) throw new InputError("troupe join needs a config or a task file; see troupe join --help");
  const options = joinOptions(flags, target);
  const command = await commandOf(flags);
  return await attempt(command, async (invocation) => {
    const { report, signal, isWritten } = await joinFor(invocation, path, {
      ...options,
      report: flags.values.get("report"),
      isOneOfSeveral,
      opening: target && enteringLine(target),
    });
    const isShown = await showReport(report, command, invocation.stop);
    if (signal !== undefined) return SIGNAL_EXIT[signal];
    return isDone(report) && isShown && isWritten ? 0 : 1;
  }, { isMember: isOneOfSeveral });
}

/**
 * The flags of a command for members.
 *
 * @throws {InputError} When they are wrong, or ask for what only one process can do.
 */
export function memberFlags(args: readonly string[], page: Page): Flags {
  const spec = specOf(page);
  const flags = parseFlags(page.command, args, { ...spec, boolean: [...spec.boolean, "transaction"] });
  if (!flags.on.has("transaction")) return flags;
  const why = "what one member has done the others go on with at once, so it cannot be taken back";
  throw new InputError(`troupe ${page.command} has no --transaction: ${why}`);
}

/**
 * What a member is to be, by its flags.
 *
 * @throws {InputError} When one has no usable value.
 */
export function joinOptions(
  flags: Flags,
  { tasks, home }: Pick<NamedTarget, "tasks" | "home"> = { home: "" },
): JoinOptions {
  const policy = flags.values.get("failure-policy");
  if (policy !== undefined && policy !== "continue" && policy !== "stop") {
    throw new InputError(`--failure-policy must be 'continue' or 'stop', not ${quote(policy)}`);
  }
  return {
    db: flags.values.get("db") ?? (home === "" ? undefined : `${home}${DEFAULT_DATABASE}`),
    workflow: flags.values.get("workflow"),
    project: flags.values.get("project"),
    identifier: flags.values.get("id"),
    labels: flags.lists.get("label"),
    workers: wholeNumber(flags, "jobs", 1, MOST_WORKERS),
    tasks,
    validate: flags.on.has("validate"),
    locks: flags.on.has("locks") || undefined,
    gates: flags.values.get("gates"),
    failurePolicy: policy as FailurePolicy | undefined,
    maxFailedRetries: wholeNumber(flags, "max-failed-retries", 0, 1_000_000),
    maxKilledRetries: wholeNumber(flags, "max-killed-retries", 0, 1_000_000),
    force: flags.on.has("force"),
    ...storeOf(flags),
    history: flags.values.get("history"),
    graceMs: secondsOf(flags, "grace", true),
    loadLimits: loadLimits(flags),
    keepStatuses: wholeNumber(flags, "keep-statuses", 1, 1_000_000_000),
    heartbeatIntervalMs: seconds(flags, "heartbeat-interval"),
    heartbeatTimeoutMs: seconds(flags, "heartbeat-timeout"),
    sharedFs: flags.on.has("shared-fs"),
  };
}

function seconds(flags: Flags, name: string): number | undefined {
  const text = flags.values.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value <= 0 || value > LONGEST_HEARTBEAT_S) {
    const range = `above 0 and up to ${LONGEST_HEARTBEAT_S}`;
    throw new InputError(`--${name} must be a number of seconds ${range}, not ${quote(text)}`);
  }
  return value * 1000;
}
