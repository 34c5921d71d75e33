/**
 * Owns the command `troupe crew`: it starts members as processes of troupe itself, waits for all of them, and says how the
 * workflow stands then. What a member does is cli/join.ts's; its flags are handed on.
 *
 * @module
 */
import type { Level } from "../actors/build_log.ts";
import { CrewError } from "../actors/crew/crew_error.ts";
import { loadShared, memberSettings } from "../actors/commands/join.ts";
import { Lookout } from "../actors/crew/lookout.ts";
import { type MemberCommand, type MemberEnd, runMembers } from "../actors/crew/muster.ts";
import { endWithParent } from "../actors/crew/parent.ts";
import { CrewStore } from "../actors/crew/store.ts";
import { DatabaseError } from "../actors/database_error.ts";
import { InputError } from "../actors/input.ts";
import type { Reporter } from "../actors/reporter.ts";
import { StopListener, type StopSignal } from "../actors/stop_listener.ts";
import { crewSummaryLine, isAllCompleted } from "../graph/crew/overview.ts";
import type { Sight } from "../graph/crew/sight.ts";
import { sightReport } from "../graph/crew/overview_report.ts";
import type { RetryLimits } from "../graph/crew/status.ts";
import { SIGNAL_EXIT } from "./call.ts";
import { JOIN_FLAGS, joinCommand, joinOptions } from "./join.ts";
import { type Flags, levelOf, parseFlags } from "./options.ts";
import { createReporter, detectScreen } from "./terminal.ts";

const HELP = `Start several members of a crew on this machine, and wait for all of them.

Usage: troupe crew N CONFIG|TASKFILE [OPTIONS]

  N                 how many members
  CONFIG|TASKFILE   what they work through; a file that ends in .json is a build config

Options: those of troupe join, which go to every member, but for
  -j, --jobs N      tasks at once for each member (default: the CPUs this process may use, divided by the members)
      --id NAME     they are called NAME-1, NAME-2, …
      --json        write how the workflow and the members ended to stdout as JSON, and all lines to stderr
  -h, --help        show this help

The lines of each member have its number before them. The first Ctrl-C asks the members to end their tasks, a second one to
do so at once, a third one kills them. When troupe crew itself is killed, its members end as by SIGTERM.

Exit codes: 0 all tasks completed, 1 some did not make it, 2 the input is wrong, 70 a bug in troupe,
128+n ended by signal n.
`;

const MOST_MEMBERS = 256;

/** The first argument of a process that is to be a member; it is for this file alone. */
const MEMBER_MARK = "--as-member";

/** Nobody's row in the database. */
const NO_MEMBER = 0;

/** What a process ends with that found its input wrong, or a bug in troupe. */
const INPUT_WRONG = 2, BUG = 70;

/** Runs `troupe crew` and answers with the exit code. */
export async function crewCommand(args: readonly string[]): Promise<number> {
  if (args[0] === MEMBER_MARK) {
    endWithParent();
    return await joinCommand(args.slice(1), { isOneOfSeveral: true });
  }
  const begunMs = performance.now();
  const flags = parseFlags("crew", args, { ...JOIN_FLAGS, positional: 2 });
  const isJson = flags.on.has("json");
  const reporter = await createReporter(detectScreen(isJson ? "stderr" : "stdout"));
  if (flags.on.has("help")) {
    reporter.result(HELP.trimEnd());
    return 0;
  }
  const { members, path } = positionals(flags);
  using stop = new StopListener();
  // All that can be found wrong is found here, and told once instead of by each member
  const options = joinOptions(flags), settings = memberSettings(options), level = levelOf(flags);
  const { db, workflow, identifier } = settings;
  const input = await loadShared(path, options.tasks);
  const { tasks } = "build" in input ? input.build : input.tasks;
  using store = await CrewStore.open(db, settings);
  await store.startOver(NO_MEMBER, tasks.map(({ name }) => name), settings);
  const names = typeof identifier === "string" ? identifier : undefined;
  const ends = await runMembers(commandsFor(members, { path, flags, names }), {
    reporter,
    stop,
    onDeath: (pid) => declareDead(store, pid, settings),
  });
  if (ends === undefined) return 1;
  using lookout = new Lookout(db, settings);
  const sight = await lookout.look();
  const ms = performance.now() - begunMs;
  const isShown = tell({ sight, ends, ms, signal: stop.signal }, { db, workflow, isJson, level }, reporter);
  return exitCode({ sight, ends, signal: stop.signal, isShown });
}

function positionals({ positional: [count, path] }: Flags): { members: number; path: string } {
  if (count === undefined || path === undefined) {
    throw new InputError("troupe crew needs a number and a config or a task file; see troupe crew --help");
  }
  const members = Number(count);
  if (!/^\d+$/.test(count) || members < 1 || members > MOST_MEMBERS) {
    throw new InputError(`The number of members must be a whole number from 1 to ${MOST_MEMBERS}, not '${count}'`);
  }
  return { members, path };
}

function commandsFor(
  members: number,
  { path, flags, names }: { path: string; flags: Flags; names: string | undefined },
): MemberCommand[] {
  const own = Deno.build.standalone ? [] : ["run", "-A", new URL("../main.ts", import.meta.url).href];
  const jobs = Math.max(1, Math.floor(navigator.hardwareConcurrency / members));
  const common = [`--jobs=${flags.values.get("jobs") ?? jobs}`, ...handedOn(flags)];
  return Array.from({ length: members }, (_, i) => {
    const name = names === undefined ? [] : [`--id=${names}-${i + 1}`];
    return { program: Deno.execPath(), args: [...own, "crew", MEMBER_MARK, path, ...common, ...name] };
  });
}

/** The flags that mean the same to each member as they do to all. */
function handedOn({ on, values, lists }: Flags): string[] {
  const isOwn = (name: string) => ["jobs", "id", "json"].includes(name);
  return [
    ...[...on].filter((name) => !isOwn(name)).map((name) => `--${name}`),
    ...[...values].filter(([name]) => !isOwn(name)).map(([name, value]) => `--${name}=${value}`),
    ...[...lists].flatMap(([name, list]) => list.map((value) => `--${name}=${value}`)),
  ];
}

/** So that the others need not wait for its heartbeat to expire. */
async function declareDead(store: CrewStore, pid: number, limits: RetryLimits): Promise<void> {
  const host = Deno.hostname();
  try {
    for (const { worker, status, ...member } of await store.workers()) {
      const isAtWork = status === "idle" || status === "busy";
      if (isAtWork && member.pid === pid && member.hostname === host) await store.declareDead(worker, limits);
    }
  } catch (error) {
    // then the others will find out by themselves, or say what is wrong with the database
    if (!(error instanceof DatabaseError || error instanceof CrewError)) throw error;
  }
}

/** How all of it ended. */
interface CrewEnd {
  readonly sight: Sight;
  readonly ends: readonly MemberEnd[];
  readonly signal: StopSignal | undefined;
}

function tell(
  { sight, ends, ms, signal }: CrewEnd & { readonly ms: number },
  { db, workflow, isJson, level }: { db: string; workflow: string; isJson: boolean; level: Level },
  reporter: Reporter,
): boolean {
  if ("waiting" in sight) reporter.error(sight.waiting);
  else if (level !== "quiet") {
    const line = crewSummaryLine(sight, { members: ends.length, ms });
    reporter.line(line, isAllCompleted(sight) ? "good" : "bad");
  }
  if (signal !== undefined) reporter.error(`Stopped by ${signal}`);
  reporter.flush();
  if (!isJson) return true;
  const members = ends.map((end, i) => ({ number: i + 1, ...end }));
  const report = sightReport(sight, { database: db, workflow, nowMs: Date.now() });
  return reporter.result(JSON.stringify({ ...report, members }, null, 2));
}

function exitCode({ sight, ends, signal, isShown }: CrewEnd & { readonly isShown: boolean }): number {
  if (signal !== undefined) return SIGNAL_EXIT[signal];
  if (ends.some(({ code }) => code === BUG)) return BUG;
  if (ends.every(({ code }) => code === INPUT_WRONG)) return INPUT_WRONG;
  return !("waiting" in sight) && isAllCompleted(sight) && isShown ? 0 : 1;
}
