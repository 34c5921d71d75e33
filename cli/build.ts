/**
 * Owns the command `troupe build`: its flags, its help, and where its report goes. What it does is
 * actors/commands/build.ts's.
 *
 * @module
 */
import type { RunEnd } from "../actors/build/build_run.ts";
import type { NothingDone } from "../actors/build/remember_nothing.ts";
import { questionOf } from "../actors/door/answer.ts";
import { replaceFile } from "../actors/storage/atomic_file.ts";
import { type BuildContext, buildFor, type BuildOptions } from "../actors/commands/build.ts";
import type { Invocation } from "../actors/commands/invocation.ts";
import { MOST_WORKERS } from "../graph/task.ts";
import { DEFAULT_HISTORY } from "../graph/report/typed_commands.ts";
import { asTyped } from "../actors/input/config_search.ts";
import type { ListenerOptions, Stop } from "../actors/process/stop_listener.ts";
import { systemDetail } from "../actors/machine/system_error.ts";
import { TransactionError } from "../actors/build/transaction/error.ts";
import { GateError } from "../graph/gates/gate_task.ts";
import { BUILD_PAGE } from "./help/do.ts";
import { specOf } from "./help/page.ts";
import { asCommand, commandOf, exitOf, showJson, type TypedCommand } from "./call.ts";
import { type Flags, type FlagSpec, loadLimits, parseFlags, secondsOf, storeOf, wholeNumber } from "./options.ts";
import { enteringLine, type NamedTarget, targetOrMissing, withTarget } from "./target.ts";
import { later } from "../actors/machine/later.ts";
import { seconds } from "../graph/report/build_lines.ts";
import { Transcript } from "../actors/terminal/reporter.ts";
import { InputError } from "../graph/input/input_error.ts";
import config from "../deno.json" with { type: "json" };
import { quote } from "../graph/text.ts";

/** The flags of `troupe build`. */
export const BUILD_FLAGS: FlagSpec = specOf(BUILD_PAGE);

/** Flags of a build whose answer is remembered when it finds nothing to do: they change neither what is looked at nor where. */
const PLAIN_FLAGS = [
  "jobs",
  "quiet",
  "verbose",
  "log",
  "fail-fast",
  "grace",
  "db",
  "no-history",
  "config",
  "task",
  "tag",
];

/**
 * Runs the command and answers with the exit code; `troupe run` also names the run in the history. `typed` is all that was
 * typed, if that is not `build` and the arguments.
 */
export async function buildCommand(
  args: readonly string[],
  { saysWhereSaved, typed = ["build", ...args] }: {
    readonly saysWhereSaved?: boolean;
    readonly typed?: readonly string[];
  } = {},
): Promise<number> {
  const flags = parseFlags("build", args, BUILD_FLAGS);
  if (flags.on.has("help")) {
    return await (await later<typeof import("./help/show.ts")>("./help/show.ts", import.meta.url)).showHelp(BUILD_PAGE);
  }
  const target = targetOrMissing("build", flags, "configs");
  const file = target.file;
  const options = { ...optionsOf(flags, target), report: flags.values.get("report"), opening: enteringLine(target) };
  const command = await commandOf(flags);
  if (flags.on.has("dry-run")) {
    const { dryRunFor } = await later<typeof import("../actors/commands/dry_run.ts")>(
      "../actors/commands/dry_run.ts",
      import.meta.url,
    );
    await showJson(await withTarget(target, () => dryRunFor(command.reporter, file, options)), command);
    return 0;
  }
  const transcript = saysWhereSaved || !isPlain(command) ? undefined : new Transcript();
  command.reporter.transcript = transcript;
  return await attempt(command, async (invocation) => {
    const choices = { ...options, saysWhereSaved, transcript };
    const end = await withTarget(target, () => buildFor(invocation, file, choices));
    const code = exitOf(end, await showReport(end.report, command, invocation.stop));
    if (code === 0 && end.nothing !== undefined) await remember(end.nothing, { transcript, typed, target, ...end });
    return code;
  });
}

function isPlain({ flags, face }: TypedCommand): boolean {
  const given = [...flags.on, ...flags.values.keys(), ...flags.lists.keys()];
  return (face === "lines" || face === "live") && given.every((name) => PLAIN_FLAGS.includes(name));
}

/** The same command is answered at once next time, if nothing has changed. */
async function remember(
  nothing: NothingDone,
  { transcript, typed, target, report }: Pick<RunEnd, "report"> & {
    readonly transcript?: Transcript;
    readonly typed: readonly string[];
    readonly target: NamedTarget;
  },
): Promise<void> {
  const said = transcript?.text, question = questionOf(typed, [config.version, Deno.version.deno]);
  if (said === undefined || question === undefined) return;
  const { rememberNothing } = await later<typeof import("../actors/build/remember_nothing.ts")>(
    "../actors/build/remember_nothing.ts",
    import.meta.url,
  );
  const took = seconds(report.total_duration * 1000), at = said.lastIndexOf(took);
  await rememberNothing(nothing, {
    ...question,
    isNamed: target.isNamed,
    text: at < 0 ? [said] : [said.slice(0, at), said.slice(at + took.length)],
  });
}

/**
 * Does a command's work and answers with its exit code: 1 also when the gates refused it, or a transaction could not be
 * begun, finished or undone, and that was said.
 */
export async function attempt(
  command: TypedCommand,
  work: (invocation: Invocation) => Promise<number>,
  options: ListenerOptions = {},
): Promise<number> {
  try {
    return await asCommand(command, work, options);
  } catch (error) {
    if (!(error instanceof TransactionError || error instanceof GateError)) throw error;
    command.reporter.error(error.message);
    return 1;
  }
}

function optionsOf(flags: Flags, { tasks, home }: NamedTarget): BuildOptions & Pick<BuildContext, "dbAs"> {
  const db = flags.on.has("no-history") ? undefined : flags.values.get("db") ?? `${home}${DEFAULT_HISTORY}`;
  return {
    workers: wholeNumber(flags, "jobs", 1, MOST_WORKERS),
    tasks,
    failFast: flags.on.has("fail-fast"),
    force: flags.on.has("force"),
    ...storeOf(flags),
    loadLimits: loadLimits(flags),
    graceMs: secondsOf(flags, "grace", true),
    transaction: transactionOf(flags),
    validate: flags.on.has("validate"),
    locks: flags.on.has("locks") || undefined,
    gates: flags.values.get("gates"),
    db,
    dbAs: db === undefined || home === "" ? db : asTyped(db, DEFAULT_HISTORY),
  };
}

function transactionOf(flags: Flags): BuildOptions["transaction"] {
  const fallback = flags.values.get("fallback");
  if (fallback !== undefined && fallback !== "sequential") {
    throw new InputError(`--fallback must be 'sequential', not ${quote(fallback)}`);
  }
  if (flags.on.has("transaction")) return fallback === undefined ? true : { fallback };
  if (fallback !== undefined) throw new InputError("--fallback needs --transaction");
}

/** Answers whether the report is where it was asked for. */
export async function showReport(report: object, command: TypedCommand, stop: Stop): Promise<boolean> {
  const isShown = await showJson(report, command, stop);
  const path = command.flags.values.get("report");
  if (path === undefined) return isShown;
  try {
    replaceFile(path, JSON.stringify(report, null, 2) + "\n");
    return isShown;
  } catch (error) {
    command.reporter.error(`Cannot write report '${path}': ${systemDetail(error)}`);
    return false;
  }
}
