/**
 * Owns one process's membership in a crew, from a loaded input to its report: opens the database, registers the tasks,
 * runs its share, and closes everything in reverse. It schedules nothing; who does what is the database's to say.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import type { StuckReason } from "../../graph/crew/stuck.ts";
import { DatabaseError } from "../storage/database_error.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { type Stop, StoppedError } from "../process/stop_listener.ts";
import { awaitCommandsOf } from "../process/watchdog.ts";
import { Session, type SessionOptions, type SessionParts } from "../run/session.ts";
import type { RunReaders } from "../terminal/run_readers.ts";
import { CrewError } from "../crew/store/crew_error.ts";
import { ClaimSource } from "./claim_source.ts";
import { CrewStanding } from "./crew_standing.ts";
import type { CrewCounts, CrewWork } from "./crew_work.ts";
import { Member, type MemberOptions } from "../crew/member.ts";
import type { DeadlyTask } from "../crew/store/new_run.ts";
import type { CrewSettings } from "../crew/options.ts";
import type { WorkflowRecord } from "../crew/store/records.ts";
import type { CrewTaskEntry } from "../crew/store/registration.ts";
import { CrewStore } from "../crew/store/store.ts";
import type { Outcomes } from "../engine/outcomes.ts";
import type { StatusTable } from "../worker/status_table.ts";
import type { StopSignal } from "../process/signals.ts";
import { quote } from "../../graph/text.ts";

/** More of the tasks that members died of are not told of. */
const MOST_DEADLY = 5;

/** What a completed task left for the others. */
export interface TaskResult {
  readonly id: string;
  readonly result: string;
}

/** What a crew works through, as one member has it. */
export interface CrewInput extends Omit<SessionParts, "turns" | "failFast" | "shownOf"> {
  readonly work: CrewWork;
  /** Told at the end of each task that others have completed. */
  readonly doneByOthers?: (task: number) => void;
  readonly entries: readonly CrewTaskEntry[];
  /** Takes over what others have completed, and tells which completed tasks are to be done again. */
  readonly takeOver?: (results: readonly TaskResult[]) => Promise<string[]>;
  /** Whether somebody may have left something behind. */
  readonly isUnclean?: boolean;
  /** Removes what dead members have left, and spares what belongs to a claim. */
  readonly sweep?: (claims: () => Promise<ReadonlySet<number>>) => Promise<void>;
  /** Puts on the disk what has been completed, by whomever; called when this member has left, perhaps again. */
  readonly keep?: (results: readonly TaskResult[]) => Promise<void>;
}

/** What a membership is given beside its tasks. */
export interface MembershipContext {
  readonly settings: CrewSettings;
  /** Whether what failed in an earlier run is tried again when nobody else is at work. */
  readonly startsOver: boolean;
  /** Whether what is completed is then done once more. */
  readonly redoes: boolean;
  /** What it goes on with that was a member already. */
  readonly membership?: Membership;
  readonly options: SessionOptions;
  readonly reporter: Reporter;
  readonly readers?: RunReaders;
  readonly stop: Stop;
}

/** How a membership ended. */
export interface JoinEnd {
  readonly identifier: string;
  readonly counts: CrewCounts;
  /** The whole workflow, when this member left. */
  readonly workflow: WorkflowRecord;
  /** Process ids of members that died meanwhile: their temporary files may lie about. */
  readonly died: readonly number[];
  /** The first of the tasks that are not tried again because members died of them. */
  readonly deadly: readonly DeadlyTask[];
  /** Why some of its tasks can never start; empty while others are at work, who may yet change that. */
  readonly stuck: readonly StuckReason[];
  /** Why it left before its time: others have registered this task otherwise than it knows it. */
  readonly outdated?: OutdatedTask;
  /** Then it is still a member, and is to join again, or to end this. */
  readonly membership?: Membership;
  /** What ended it early. */
  readonly signal?: StopSignal;
  /** Its number in the history, if all of it is there. */
  readonly savedAs?: number;
}

/** A member and what it works with. */
export class Membership implements AsyncDisposable {
  constructor(readonly store: CrewStore, readonly member: Member) {}

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.member.leave();
    } finally {
      this.store.close();
    }
  }
}

/** A task as a member knows it, and others do not. */
export interface OutdatedTask {
  readonly id: string;
  readonly fingerprint: string | undefined;
}

/**
 * Works with the crew until there is nothing more for this member.
 *
 * @throws {CrewError} When a living member has the identifier.
 * @throws {DatabaseError} When the database cannot be used.
 * @throws {StoppedError} When it is stopped while it waits to join.
 * @throws {WorkerStartError} When the system does not let the workers start.
 */
export async function joinCrew(input: CrewInput, context: MembershipContext): Promise<JoinEnd> {
  const { settings, reporter, stop } = context;
  try {
    const store = context.membership?.store ?? await openStore(settings, { reporter, stop });
    let end: JoinEnd | undefined;
    try {
      return end = await takePart(store, input, context);
    } finally {
      if (end?.membership === undefined) store.close();
    }
  } catch (error) {
    if (stop.signal === undefined || !isLocked(error)) throw error;
    reporter.error(`${error.message}: what this member had is given to others once its heartbeat is missed`);
    throw new StoppedError(stop.signal);
  }
}

/**
 * Opens the database of a crew, however long others have it, and says so when it is used otherwise than asked for.
 *
 * @throws {StoppedError} When it is stopped meanwhile.
 */
export async function openStore(
  settings: CrewSettings,
  { reporter, stop: { aborted } }: Pick<MembershipContext, "reporter" | "stop">,
): Promise<CrewStore> {
  const opening = CrewStore.open(settings.db, settings, aborted);
  try {
    const store = await abortable(opening, aborted);
    if (store.guard !== "sqlite" && !settings.sharedFs) {
      reporter.error(`Database ${quote(settings.db)} is shared by hosts: joining as with --shared-fs`);
    }
    return store;
  } catch (error) {
    opening.then((store) => store.close(), () => {}); // a program goes on
    throw error;
  }
}

function isLocked(error: unknown): error is Error {
  return error instanceof DatabaseError && error.kind === "locked" ||
    error instanceof CrewError && error.kind === "lock";
}

async function takePart(store: CrewStore, input: CrewInput, context: MembershipContext): Promise<JoinEnd> {
  const { settings, reporter, stop } = context;
  const begun = Date.now();
  let membership: Membership | undefined;
  const member = context.membership?.member ?? await join(store, settings, {
    isRegistering: true,
    mayBegin: context.startsOver,
    reporter,
    stop,
  });
  const { identifier } = member;
  const source = new ClaimSource(member, {
    names: input.tasks.map(({ name }) => name),
    work: input.work,
    store,
    join: () => join(store, settings, { isRegistering: false, reporter, stop }),
    stopsOnFailure: settings.failurePolicy === "stop",
    isInterrupted: () => stop.signal !== undefined,
    onLost: () => reporter.error(`The others had given member ${quote(identifier)} up for dead; it joins again`),
  });
  try {
    await register(input, store, { ...context, member });
    if (input.isUnclean) await sweep(input, store, []);
    await work(input, { store, source }, context);
    if (source.outdated !== undefined && stop.signal === undefined) {
      membership = new Membership(store, source.handOver());
      await store.noteRegistering(membership.member.claimant.worker);
    }
  } finally {
    await source.close();
    if (membership?.member !== member) await member.leave();
  }
  await store.clean(settings.keepStatuses);
  await keepAll(input, store, member);
  const dead = (await store.workers()).filter(({ status, endedAt }) => status === "killed" && endedAt! >= begun);
  if (dead.length > 0) await sweep(input, store, dead.map(({ pid }) => pid));
  const stuck = await stuckReasons(input, store, member);
  const deadly = await store.deadlyTasks(settings, MOST_DEADLY);
  return {
    identifier,
    counts: source.counts,
    workflow: await store.workflow(),
    died: dead.map(({ pid }) => pid),
    deadly,
    stuck,
    outdated: outdatedTask(source, input),
    membership,
    signal: stop.signal,
  };
}

/** Does its share of the tasks. */
async function work(
  input: CrewInput,
  { store, source }: { readonly store: CrewStore; readonly source: ClaimSource },
  context: MembershipContext,
): Promise<void> {
  const shownOf = (table: StatusTable) => new CrewStanding(table, () => store.workflow());
  const parts = { ...input, turns: source, failFast: false, shownOf };
  const session = await Session.open(parts, context.options, context);
  try {
    await session.run();
  } finally {
    await session.close();
  }
  await tellDone(input, store, session.outcomes);
  session.ended({});
}

async function tellDone({ tasks, doneByOthers }: CrewInput, store: CrewStore, outcomes: Outcomes): Promise<void> {
  if (doneByOthers === undefined) return;
  const done = new Set((await store.tasks({ state: "completed" })).map(({ id }) => id));
  for (const [task, { name }] of tasks.entries()) {
    const kind = outcomes.of(task)?.kind;
    if (done.has(name) && kind !== "built" && kind !== "cached" && kind !== "restored") doneByOthers(task);
  }
}

function outdatedTask({ outdated: id }: ClaimSource, { tasks, work }: CrewInput): OutdatedTask | undefined {
  if (id === undefined) return undefined;
  return { id, fingerprint: work.fingerprint?.(tasks.findIndex(({ name }) => name === id)) };
}

/** Where hosts share the database nobody knows that it is alone, and only the claims tell what is still in use. */
async function sweep(input: CrewInput, store: CrewStore, died: readonly number[]): Promise<void> {
  if (store.guard === "sqlite" || input.sweep === undefined) return;
  for (const pid of died) await awaitCommandsOf(pid);
  await input.sweep(() => store.claims());
}

async function stuckReasons(
  { tasks }: CrewInput,
  store: CrewStore,
  { claimant: { worker } }: Member,
): Promise<StuckReason[]> {
  if ((await store.othersAtWork(worker)).length > 0) return [];
  return await store.stuckReasons({ mine: new Set(tasks.map(({ name }) => name)), countsLabels: true });
}

type Coming = Pick<MemberOptions, "isRegistering" | "mayBegin">;

async function join(
  store: CrewStore,
  settings: CrewSettings,
  { isRegistering, mayBegin, reporter, stop }: Pick<MembershipContext, "reporter" | "stop"> & Coming,
): Promise<Member> {
  const { identifier: named } = settings;
  const identifier = typeof named === "function" ? named() : named;
  const how = { ...settings, identifier, isRegistering, mayBegin, enableFingerprints: true };
  const onWait = (sentence: string) => reporter.error(sentence);
  return await Member.join(store, { ...how, heart: "thread", storeOptions: settings, onWait, signal: stop.aborted });
}

/**
 * Who ends last keeps all that was done. Where others have ended since the results were read, they have kept more
 * already, and then this member has written over that; where others are still at work, they will keep more.
 */
async function keepAll({ keep }: CrewInput, store: CrewStore, { claimant: { worker } }: Member): Promise<void> {
  if (keep === undefined) return;
  while (true) {
    const latest = await store.latestEvent();
    await keep(await store.results());
    if (await store.latestEvent() === latest || (await store.othersAtWork(worker)).length > 0) return;
  }
}

/** Who comes when nobody is at work begins a new run, in which what failed in the last one is tried again. */
async function register(
  input: CrewInput,
  store: CrewStore,
  { member, startsOver, redoes }: Pick<MembershipContext, "startsOver" | "redoes"> & { readonly member: Member },
): Promise<void> {
  await store.register(input.entries, "invalidates");
  await store.setTotal(input.entries.length);
  const spoilt = await input.takeOver?.(await store.results()) ?? [];
  if (spoilt.length > 0) await store.invalidate(spoilt);
  const { worker } = member.claimant;
  const names = input.tasks.map(({ name }) => name);
  if (startsOver) await store.startOver(worker, names, { ...member.claimant, redoes });
  await store.reopen(member.claimant);
  await member.noteRegistered();
}
