/**
 * Owns the command `troupe watch`: whether builds are watched or a crew is, and the flags for builds. What it does is
 * actors/commands/watch.ts's.
 *
 * @module
 */
import { MOST_WORKERS } from "../graph/task.ts";
import { DEFAULT_HISTORY } from "../graph/report/typed_commands.ts";
import type { WatchOptions } from "../actors/commands/watch.ts";
import { asTyped } from "../actors/input/config_search.ts";
import { isFile } from "../actors/machine/regular_file.ts";
import { isConfig } from "../actors/input/input.ts";
import { attempt } from "./build.ts";
import { commandOf, SIGNAL_EXIT } from "./call.ts";
import { specOf } from "./help/page.ts";
import { CREW_GROUP, WATCH_PAGE } from "./help/watch.ts";
import { type Flags, loadLimits, parseFlags, secondsOf, storeOf, wholeNumber } from "./options.ts";
import { crewPlace } from "./snapshot.ts";
import { enteringLine, type NamedTarget, targetOf, withTarget } from "./target.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";

const DEFAULT_QUIET_MS = 30;
const LONGEST_QUIET_MS = 60_000;

/** Runs `troupe watch` and answers with the exit code. */
export async function watchCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("watch", args, specOf(WATCH_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(WATCH_PAGE);
  const crewFlag = givenOf(flags, ({ title }) => title === CREW_GROUP.title);
  const target = crewFlag === undefined ? targetOf("watch", flags, "configs") : undefined;
  if (target !== undefined) return await watchBuilds(flags, target);
  const buildFlag = givenOf(flags, ({ title }) => title !== CREW_GROUP.title);
  if (crewFlag === undefined && (buildFlag !== undefined || !isFile(crewPlace(flags).db))) {
    throw new InputError("No build.json or build.jsonc here or above, and no crew.sqlite; see troupe watch --help");
  }
  const stray = buildFlag ?? flags.positional.map(quote).at(0);
  if (stray !== undefined) throw new InputError(`${crewFlag} is about a crew, ${stray} about builds`);
  return await (await import("./crew_watch.ts")).watchCrew(flags);
}

async function watchBuilds(flags: Flags, target: NamedTarget): Promise<number> {
  const { file } = target;
  if (isFile(file) && !isConfig(file)) {
    throw new InputError(
      `${quote(file)} is a task file: its tasks name no sources, so there is nothing to watch\n` +
        "  a build config names them, see troupe help config",
    );
  }
  const options = { ...optionsOf(flags, target), opening: enteringLine(target) };
  const command = await commandOf(flags);
  return await attempt(command, async (invocation) => {
    const { watchFor } = await import("../actors/commands/watch.ts");
    const end = await withTarget(target, () => watchFor(invocation, file, options));
    // the terminal has written ^C where the shell would go on
    if (invocation.stop.signal === "SIGINT" && command.screen.isLive) await command.reporter.result("");
    if (end === "stopped") return SIGNAL_EXIT[invocation.stop.signal!];
    return command.reporter.isWhole ? 0 : 1;
  });
}

function optionsOf(flags: Flags, { tasks, home }: NamedTarget): WatchOptions {
  const db = flags.on.has("no-history") ? undefined : `${home}${DEFAULT_HISTORY}`;
  return {
    workers: wholeNumber(flags, "jobs", 1, MOST_WORKERS),
    tasks,
    failFast: flags.on.has("fail-fast"),
    ...storeOf(flags),
    loadLimits: loadLimits(flags),
    graceMs: secondsOf(flags, "grace", true),
    validate: flags.on.has("validate"),
    locks: flags.on.has("locks") || undefined,
    gates: flags.values.get("gates"),
    db,
    dbAs: db && asTyped(db, DEFAULT_HISTORY),
    quietMs: wholeNumber(flags, "debounce", 0, LONGEST_QUIET_MS) ?? DEFAULT_QUIET_MS,
    isPolling: flags.on.has("poll"),
  };
}

/** The first flag that was given of some groups. */
function givenOf(flags: Flags, some: (group: typeof CREW_GROUP) => boolean): string | undefined {
  const given = WATCH_PAGE.options.filter(some).flatMap(({ options }) => options).find(({ flag }) =>
    flags.on.has(flag) || flags.values.has(flag) || (flags.lists.get(flag) ?? []).length > 0
  );
  return given && `--${given.flag}`;
}
