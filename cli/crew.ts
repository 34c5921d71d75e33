/**
 * Owns the command `troupe crew`: it starts members as processes of troupe itself, waits for all of them, and says how the
 * workflow stands then. What a member does is cli/join.ts's; its flags are handed on.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import type { Level } from "../actors/terminal/build_log.ts";
import { CrewError } from "../actors/crew/store/crew_error.ts";
import { entryModule } from "../actors/machine/entry_modules.ts";
import { flagsForSame } from "../actors/sandbox/thread_needs.ts";
import { askGates } from "../actors/commands/ask_gates.ts";
import type { Invocation } from "../actors/commands/invocation.ts";
import { type JoinOptions, loadShared, memberSettings, placeInSlurm } from "../actors/commands/join.ts";
import type { RunLimits } from "../actors/commands/validate.ts";
import { openStore } from "../actors/join/member_run.ts";
import { CrewWatcher } from "../actors/crew/crew_watcher.ts";
import { type MemberCommand, type MemberEnd, runMembers } from "../actors/join/supervisor.ts";
import { endWithParent } from "../actors/join/parent.ts";
import type { CrewStore } from "../actors/crew/store/store.ts";
import { DatabaseError } from "../actors/storage/database_error.ts";
import type { Reporter } from "../actors/terminal/reporter.ts";
import { StopListener } from "../actors/process/stop_listener.ts";
import { GateError } from "../graph/gates/gate_task.ts";
import { crewSummaryLine, isAllCompleted } from "../graph/crew/overview.ts";
import { stuckSentence } from "../graph/crew/stuck.ts";
import type { Snapshot } from "../graph/crew/snapshot.ts";
import { snapshotReport } from "../graph/crew/overview_report.ts";
import type { RetryLimits } from "../graph/crew/status.ts";
import { SIGNAL_EXIT } from "./call.ts";
import { joinCommand, joinOptions, memberFlags } from "./join.ts";
import { CREW_PAGE } from "./help/many.ts";
import type { Task } from "../graph/task.ts";
import { type Flags, levelOf } from "./options.ts";
import { createReporter, detectScreen } from "./terminal.ts";
import { enteringLine, type NamedTarget, targetOf } from "./target.ts";
import { InputError } from "../graph/input/input_error.ts";
import type { StopSignal } from "../actors/process/signals.ts";
import { quote } from "../graph/text.ts";

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
  const flags = memberFlags(args, CREW_PAGE);
  const isJson = flags.on.has("json");
  const reporter = await createReporter(detectScreen(isJson ? "stderr" : "stdout"));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(CREW_PAGE);
  const { members, target } = positionals(flags);
  using stop = new StopListener();
  // All that can be found wrong is found here, and told once instead of by each member
  const options = joinOptions(flags, target), settings = memberSettings(target.file, options), level = levelOf(flags);
  const { db, workflow, identifier } = settings;
  const input = await loadShared(target.file, options.tasks);
  const { tasks } = "build" in input ? input.build : input.tasks;
  const limits = await limitsOf(target, options, { reporter, level, stop });
  if (limits === "refused") return 1;
  const share = limits === undefined ? undefined : shareOf(limits, { members, tasks });
  if (share !== undefined && share.members < members) {
    reporter.error(`Starting ${share.members} of ${members} members, which is all that the gates' limits allow`);
  }
  using store = await openStore(settings, { reporter, stop });
  const names = tasks.map(({ name }) => name);
  await abortable(store.startOver(NO_MEMBER, names, { ...settings, redoes: options.force }), stop.aborted);
  const prefix = typeof identifier === "string" ? identifier : undefined;
  const opening = enteringLine(target);
  if (opening !== undefined && level !== "quiet") reporter.line(opening);
  const on = store.guard === "sqlite" ? flags.on : flags.on.union(new Set(["shared-fs"])); // so that it is said once
  const setting = { target, flags: { ...flags, on }, prefix, db, env: share?.env };
  const commands = commandsFor(share?.members ?? members, setting);
  const ends = await runMembers(commands, {
    reporter,
    stop,
    onDeath: (pid) => declareDead(store, pid, settings),
  });
  if (ends === undefined) return 1;
  using watcher = new CrewWatcher(db, settings);
  const snapshot = await watcher.look();
  const ms = performance.now() - begunMs;
  const mine = new Set(tasks.map(({ name }) => name));
  const isOver = stop.signal !== undefined || "waiting" in snapshot;
  const stuck = isOver ? [] : await store.stuckReasons({ mine, countsLabels: true });
  if (stuck.length > 0) reporter.error(stuckSentence(stuck));
  const isShown = await tell({ snapshot, ends, ms, signal: stop.signal }, { db, workflow, isJson, level }, reporter);
  return exitCode({ snapshot, ends, signal: stop.signal, isShown });
}

function positionals(flags: Flags): { members: number; target: NamedTarget } {
  const [count, ...words] = flags.positional;
  const target = targetOf("crew", { ...flags, positional: words }, "both");
  const file = target?.file ?? words[0];
  if (count === undefined || file === undefined) {
    throw new InputError("troupe crew needs a number and a config or a task file; see troupe crew --help");
  }
  const members = Number(count);
  if (!/^\d+$/.test(count) || members < 1 || members > MOST_MEMBERS) {
    throw new InputError(`The number of members must be a whole number from 1 to ${MOST_MEMBERS}, not ${quote(count)}`);
  }
  return { members, target: target ?? { file, home: "", isNamed: true } };
}

function commandsFor(
  members: number,
  { target: { file, tasks = [] }, flags, prefix, db, env }: {
    readonly env?: MemberCommand["env"];
    readonly target: NamedTarget;
    readonly flags: Flags;
    readonly prefix: string | undefined;
    readonly db: string;
  },
): MemberCommand[] {
  const own = Deno.build.standalone ? [] : ["run", "-A", "--quiet", ...flagsForSame(), entryModule("main").href];
  const cpus = placeInSlurm()?.cpus ?? navigator.hardwareConcurrency;
  const jobs = Math.max(1, Math.floor(cpus / members));
  const common = [
    `--config=${file}`,
    ...tasks.map((task) => `--task=${task}`),
    `--db=${db}`,
    `--jobs=${flags.values.get("jobs") ?? jobs}`,
    ...handedOn(flags),
  ];
  return Array.from({ length: members }, (_, i) => {
    const name = prefix === undefined ? [] : [`--id=${prefix}-${i + 1}`];
    return { program: Deno.execPath(), args: [...own, "crew", MEMBER_MARK, ...common, ...name], env };
  });
}

/** What the gates want kept to, if they are asked; what they refuse is said. */
async function limitsOf(
  { file }: NamedTarget,
  options: JoinOptions,
  invocation: Invocation,
): Promise<RunLimits | "refused" | undefined> {
  try {
    return (await askGates(file, options, invocation))?.limits;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    invocation.reporter.error(error.message);
    return "refused";
  }
}

/** A member's part of what all of them together are to keep to, and how many there can be of them. */
function shareOf(
  { maxParallelTasks, maxContextComplexity }: RunLimits,
  { members, tasks }: { readonly members: number; readonly tasks: readonly Pick<Task, "declared">[] },
): { readonly members: number; readonly env: Record<string, string> } {
  const hardest = Math.max(...tasks.map(({ declared }) => declared?.difficulty ?? 1));
  const most = Math.min(members, maxParallelTasks, Math.max(1, Math.floor(maxContextComplexity / hardest)));
  const part = (limit: number) => `${Math.floor(limit / most)}`;
  return {
    members: most,
    env: { MAX_PARALLEL_TASKS: part(maxParallelTasks), MAX_CONTEXT_COMPLEXITY: part(maxContextComplexity) },
  };
}

/** The flags that mean the same to each member as they do to all. */
function handedOn({ on, values, lists }: Flags): string[] {
  const isOwn = (name: string) => ["config", "task", "db", "jobs", "id", "json"].includes(name);
  return [
    ...[...on].filter((name) => !isOwn(name)).map((name) => `--${name}`),
    ...[...values].filter(([name]) => !isOwn(name)).map(([name, value]) => `--${name}=${value}`),
    ...[...lists].filter(([name]) => !isOwn(name)).flatMap(([name, list]) => list.map((value) => `--${name}=${value}`)),
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
  readonly snapshot: Snapshot;
  readonly ends: readonly MemberEnd[];
  readonly signal: StopSignal | undefined;
}

async function tell(
  { snapshot, ends, ms, signal }: CrewEnd & { readonly ms: number },
  { db, workflow, isJson, level }: { db: string; workflow: string; isJson: boolean; level: Level },
  reporter: Reporter,
): Promise<boolean> {
  if ("waiting" in snapshot) reporter.error(snapshot.waiting);
  else if (level !== "quiet") {
    const line = crewSummaryLine(snapshot, { members: ends.length, ms });
    reporter.line(line, isAllCompleted(snapshot) ? "good" : "bad");
  }
  if (signal !== undefined) reporter.error(`Stopped by ${signal}`);
  await reporter.flush();
  if (!isJson) return true;
  const members = ends.map((end, i) => ({ number: i + 1, ...end }));
  const report = snapshotReport(snapshot, { database: db, workflow, nowMs: Date.now() });
  return await reporter.json({ ...report, members });
}

function exitCode({ snapshot, ends, signal, isShown }: CrewEnd & { readonly isShown: boolean }): number {
  if (signal !== undefined) return SIGNAL_EXIT[signal];
  if (ends.some(({ code }) => code === BUG)) return BUG;
  if (ends.every(({ code }) => code === INPUT_WRONG)) return INPUT_WRONG;
  return !("waiting" in snapshot) && isAllCompleted(snapshot) && isShown ? 0 : 1;
}
