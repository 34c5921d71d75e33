/**
 * Owns one process's membership in a crew, from a loaded input to its report: opens the database, registers the tasks,
 * runs its share, and closes everything in reverse. It schedules nothing; the database does.
 *
 * @module
 */
import type { Reporter } from "../reporter.ts";
import type { Stop, StopSignal } from "../stop_listener.ts";
import { WorkerPool } from "../worker_pool.ts";
import { CrewRun } from "./crew_run.ts";
import type { CrewCounts, CrewRunParts } from "./crew_work.ts";
import { Member } from "./member.ts";
import type { CrewSettings } from "./options.ts";
import type { WorkflowRecord } from "./records.ts";
import type { CrewTaskEntry } from "./registration.ts";
import { CrewStore } from "./store.ts";

/** What a completed task left for the others. */
export interface TaskResult {
  readonly id: string;
  readonly result: string;
}

/** What a crew works through, as one member has it. */
export interface CrewInput extends Pick<CrewRunParts, "names" | "retries" | "needs" | "work" | "onEvent"> {
  /** Absolute; where commands run. */
  readonly folder: string;
  readonly entries: readonly CrewTaskEntry[];
  /** Takes over what others have completed, and tells which completed tasks are to be done again. */
  readonly takeOver?: (results: readonly TaskResult[]) => Promise<string[]>;
  /** Puts on the disk what has been completed, by whomever; called when this member has left, perhaps again. */
  readonly keep?: (results: readonly TaskResult[]) => Promise<void>;
}

/** What a membership is given beside its tasks. */
export interface JoinSetting {
  readonly settings: CrewSettings;
  /** Whether what failed in an earlier run is tried again when nobody else is at work. */
  readonly startsOver: boolean;
  /** At least 1. */
  readonly workers: number;
  readonly reporter: Reporter;
  readonly stop: Stop;
}

/** How a membership ended. */
export interface JoinEnd {
  readonly identifier: string;
  readonly counts: CrewCounts;
  /** The whole workflow, when this member left. */
  readonly workflow: WorkflowRecord;
  /** Whether a member died meanwhile: its temporary files may lie about. */
  readonly sawDeath: boolean;
  /** What ended it early. */
  readonly signal?: StopSignal;
}

/**
 * Works with the crew until there is nothing more for this member.
 *
 * @throws {CrewError} When a living member has the identifier.
 * @throws {DatabaseError} When the database cannot be used.
 * @throws {WorkerStartError} When the system does not let the workers start.
 */
export async function joinCrew(input: CrewInput, setting: JoinSetting): Promise<JoinEnd> {
  const { settings, workers, reporter, stop } = setting;
  const { names, retries, needs, work, folder, onEvent } = input;
  const begun = Date.now();
  using store = await CrewStore.open(settings.db, settings);
  const member = await join(store, settings, { isRegistering: true });
  const { identifier } = member;
  const run = new CrewRun({
    names,
    retries,
    needs,
    work,
    workers,
    join: () => join(store, settings, { isRegistering: false }),
    isHeld: (worker, claim) => store.isHeld(worker, claim),
    createPool: (options) => new WorkerPool({ ...options, folder, onWarning: (sentence) => reporter.error(sentence) }),
    stopsOnFailure: settings.failurePolicy === "stop",
    onEvent,
    onLost: () => reporter.error(`The others had given member '${identifier}' up for dead; it joins again`),
  });
  try {
    await register(input, store, { member, startsOver: setting.startsOver });
    stop.onSignal = () => run.interrupt(stop.signal);
    run.begin(member);
    if (stop.signal !== undefined) run.interrupt(stop.signal);
    await run.finished;
  } finally {
    await run.close();
    await member.leave();
  }
  await store.tidy();
  await keepAll(input, store, member);
  const sawDeath = (await store.workers()).some(({ status, endedAt }) => status === "killed" && endedAt! >= begun);
  return { identifier, counts: run.counts, workflow: await store.workflow(), sawDeath, signal: stop.signal };
}

function join(
  store: CrewStore,
  settings: CrewSettings,
  { isRegistering }: { readonly isRegistering: boolean },
): Promise<Member> {
  const { identifier: named } = settings;
  const identifier = typeof named === "function" ? named() : named;
  const how = { ...settings, identifier, isRegistering, enableFingerprints: true };
  return Member.join(store, { ...how, heart: "thread", storeOptions: settings });
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
  { member, startsOver }: { readonly member: Member; readonly startsOver: boolean },
): Promise<void> {
  await store.register(input.entries, "invalidates");
  await store.setTotal(input.entries.length);
  const spoilt = await input.takeOver?.(await store.results()) ?? [];
  if (spoilt.length > 0) await store.invalidate(spoilt);
  const { worker } = member.claimant;
  if (startsOver) await store.startOver(worker, input.names, member.claimant);
  await store.reopen(member.claimant);
  await member.noteRegistered();
}
