/**
 * Owns the command `troupe run`: its flags, its help, and where its report goes. What it does is actors/commands/run.ts's.
 *
 * @module
 */
import { MOST_WORKERS } from "../graph/task.ts";
import { runFor, type RunOptions } from "../actors/commands/run.ts";
import { isConfig } from "../actors/input/input.ts";
import { attempt, BUILD_FLAGS, buildCommand, showReport } from "./build.ts";
import { RUN_PAGE } from "./help/do.ts";
import { specOf } from "./help/page.ts";
import { commandOf, exitOf, showJson } from "./call.ts";
import { type Flags, type FlagSpec, loadLimits, parseFlags, secondsOf, wholeNumber } from "./options.ts";
import { initHint, NO_CONFIG, targetOf, withTarget } from "./target.ts";
import { InputError } from "../graph/input/input_error.ts";

const FLAGS: FlagSpec = specOf(RUN_PAGE);

/** What may stand in either of a run and a build, which the file decides on. */
const EITHER: FlagSpec = {
  boolean: [...new Set([...FLAGS.boolean, ...BUILD_FLAGS.boolean])],
  string: [...new Set([...FLAGS.string, ...BUILD_FLAGS.string])],
  collect: FLAGS.collect,
  dash: BUILD_FLAGS.dash,
  alias: { ...FLAGS.alias, ...BUILD_FLAGS.alias },
  positional: Infinity,
};

/** Runs `troupe run` and answers with the exit code. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const either = parseFlags("run", args, EITHER);
  if (either.on.has("help")) return await (await import("./help/show.ts")).showHelp(RUN_PAGE);
  const target = targetOf("run", either, "both");
  if (target !== undefined && isConfig(target.file)) return await buildCommand(args, { saysWhereSaved: true });
  const flags = parseFlags("run", args, FLAGS);
  const path = target?.file ?? flags.positional[0];
  if (path === undefined) {
    throw new InputError(`troupe run needs a task file; see troupe run --help\n  ${NO_CONFIG}${await initHint()}`);
  }
  const named = target ?? { file: path, home: "", isNamed: true, isName: true };
  const options = {
    ...limitsOf(flags),
    tasks: target?.tasks,
    validate: flags.on.has("validate"),
    gates: flags.values.get("gates"),
    failFast: flags.on.has("fail-fast"),
    report: flags.values.get("report"),
  };
  const command = await commandOf(flags);
  if (flags.on.has("dry-run")) {
    const { dryRunTasksFor } = await import("../actors/commands/dry_run.ts");
    const work = () => Promise.resolve(dryRunTasksFor(command.reporter, path, options));
    await showJson(await withTarget(named, work), command);
    return 0;
  }
  return await attempt(command, async (invocation) => {
    const end = await withTarget(named, () => runFor(invocation, path, options));
    return exitOf(end, await showReport(end.report, command, invocation.stop));
  });
}

/** What `troupe run` and `troupe retry` have in common. */
export function limitsOf(
  flags: Flags,
): Pick<RunOptions, "workers" | "timeoutMs" | "graceMs" | "loadLimits" | "locks" | "db"> {
  return {
    workers: wholeNumber(flags, "jobs", 1, MOST_WORKERS),
    timeoutMs: secondsOf(flags, "timeout"),
    graceMs: secondsOf(flags, "grace", true),
    loadLimits: loadLimits(flags),
    locks: flags.on.has("locks") || undefined,
    db: flags.values.get("db"),
  };
}
