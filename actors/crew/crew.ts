/**
 * Owns a crew as programs use it: an iterable of tasks goes in, and out come, one at a time, those that this process is
 * to do, while others do the rest. What members and the database do is its neighbours'.
 *
 * Going on to the next task completes the one before; leaving the loop by `break` or an error fails it, unless the crew
 * was closed. A loop ends when there is nothing for this member now and nobody is at anything that could bring it some;
 * the crew can then be iterated again, which joins it again.
 *
 * @module
 */
import { stuckSentence } from "../../graph/crew/stuck.ts";
import type { Claim, KnownAs } from "./store/claims.ts";
import type { ClaimEnd } from "./store/endings.ts";
import { CrewLock, type LockOwnerOptions } from "./crew_lock.ts";
import { changed, CrewError, TasksFailedError } from "./store/crew_error.ts";
import { checkText, type CrewTask, type CrewTaskInit, crewTaskOf } from "./crew_task.ts";
import { Registrar } from "./registrar.ts";
import { checkItems, type Items } from "./task_source.ts";
import { Member } from "./member.ts";
import { checkKeys, type CrewOptions, type CrewSettings, identifierOf, readSettings } from "./options.ts";
import { CrewStore } from "./store/store.ts";
import type { StuckScope } from "./store/stuck.ts";

/**
 * How long an answer of {@linkcode Crew.hasMoreJobs} is given again.
 *
 * @example
 * ```ts
 * import { Crew, HAS_MORE_TTL_MS } from "./mod.ts";
 *
 * await using crew = new Crew(["a", "b"], { db: "has_more.sqlite" });
 * for await (const task of crew) console.log(task.data);
 * console.log(await crew.hasMoreJobs(), "for the next", HAS_MORE_TTL_MS, "ms");
 * ```
 */
export const HAS_MORE_TTL_MS = 5000;

const GLOBAL_LOCK = "global_lock";

/** The row of no member: whoever is at something is another one. */
const NOBODY = 0;

/** The tasks that an iterable of such items gives. */
export type TaskOf<Item> = Item extends CrewTask<infer Data> ? CrewTask<Data>
  : Item extends { readonly id: string } ? Required<Item> extends { readonly data: infer Data } ? CrewTask<Data>
      // deno-lint-ignore no-explicit-any
    : Record<Exclude<keyof CrewTaskInit, "data">, any> extends Item ? CrewTask<undefined>
      // what has other fields is its own data
    : CrewTask<Item>
  : CrewTask<Item>;

/** A task in the hands of the loop. */
interface Current {
  readonly member: Member;
  readonly claim: Claim;
}

/**
 * One member of a crew, and all it needs.
 *
 * @example
 * ```ts
 * import { Crew, type CrewTaskInit } from "./mod.ts";
 *
 * const tasks: CrewTaskInit<string>[] = [
 *   { id: "fetch", data: "orders.csv" },
 *   { id: "report", data: "orders.html", dependencies: ["fetch"] },
 * ];
 * await using crew = new Crew(tasks, { db: "orders.sqlite", maxKilledRetries: 1 });
 * for await (const task of crew) console.log(task.id, task.data);
 * ```
 */
export class Crew<Item = unknown> implements AsyncDisposable {
  /** Held by one member of the crew at a time. */
  readonly lock: CrewLock;
  readonly #items: Items;
  readonly #settings: CrewSettings;
  readonly #owner = crypto.randomUUID();
  #store: Promise<CrewStore> | undefined;
  #waitedMs = () => 0;
  #registrar: Registrar | undefined;
  #member: Member | undefined;
  #previous: number | undefined;
  #current: Current | undefined;
  #closing: Promise<void> | undefined;
  #isIterating = false;
  #hasIterated = false;
  /** Whether the last loop was given nothing, and nothing was to be waited for. */
  #wasIdle = false;
  #hasMore: { readonly answer: Promise<boolean>; readonly sinceMs: number } | undefined;

  /**
   * Reads the options, and the environment for those left out; it opens nothing.
   *
   * @throws {CrewError} When an option or a variable has no usable value, or the items are none.
   */
  constructor(items: Iterable<Item> | AsyncIterable<Item>, options: CrewOptions = {}) {
    checkItems(items);
    checkKeys(options);
    this.#items = items;
    this.#settings = readSettings(options);
    this.lock = new CrewLock(GLOBAL_LOCK, this.#lockOptions());
  }

  /** The name by which this member is known to the others; the process id until it has joined under another. */
  get identifier(): string {
    const { identifier } = this.#settings;
    return this.#member?.identifier ?? (typeof identifier === "string" ? identifier : String(Deno.pid));
  }

  /**
   * Aborted when this member was declared dead, and the current task is somebody else's, or when its database was removed
   * or replaced; then the reason is a {@linkcode DatabaseError}.
   */
  get lost(): AbortSignal | undefined {
    return this.#member?.lost;
  }

  /** How long this member has waited for others to let go of the database, in all. */
  get waitedMs(): number {
    return this.#waitedMs();
  }

  /** Held by one member at a time for each task. */
  taskLock(id: string): CrewLock {
    checkText("Task id", id);
    return new CrewLock(`task_lock ${id}`, this.#lockOptions());
  }

  /**
   * Tasks for this member until there are none; going on to the next completes the one before.
   *
   * @throws {CrewError} Of kind `stuck` when tasks of its own can never start: because of a cycle, because of a
   * dependency that nobody gives or, in a loop that is given nothing, because of a label that no member had.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<TaskOf<Item>, void, void> {
    if (this.#isIterating) throw new CrewError("use", "This crew is being iterated already: make a Crew for each loop");
    this.#isIterating = true;
    this.#closing = undefined;
    this.#hasMore = undefined;
    try {
      yield* (this.#settings.disabled ? this.#plain() : this.#shared()) as AsyncGenerator<TaskOf<Item>, void, void>;
    } finally {
      this.#isIterating = false;
      this.#hasMore = undefined;
      this.#hasIterated = true;
    }
  }

  /** Completes the current task and ends the loop; the next loop goes on from there. */
  async close(): Promise<void> {
    await (this.#closing ??= this.#isIterating ? this.#endCurrent("completed") : Promise.resolve());
  }

  /**
   * Whether this member may have more to do: before its first loop, while tasks that it could take are open, and while
   * one of those that failed may be tried again. What can never start does not count; nor does, after a loop that was
   * given nothing, what waits for a label that no member had. The answer is kept for {@linkcode HAS_MORE_TTL_MS}.
   */
  async hasMoreJobs(): Promise<boolean> {
    if (!this.#hasIterated && !this.#isIterating) return true;
    if (this.#settings.disabled) return this.#isIterating;
    const nowMs = performance.now();
    if (this.#hasMore === undefined || nowMs - this.#hasMore.sinceMs > HAS_MORE_TTL_MS) {
      this.#hasMore = { answer: this.#askHasMore(), sinceMs: nowMs };
    }
    return await this.#hasMore.answer;
  }

  /**
   * Deletes all but the newest lines of each task's audit trail, and answers how many it has deleted. The current status
   * always stays. When nothing is left to do, the members do so by themselves; see {@linkcode CrewOptions.keepStatuses}.
   *
   * @throws {CrewError} When the number is no whole number.
   */
  async pruneStatusHistory(keepLatest = 10): Promise<number> {
    if (!Number.isSafeInteger(keepLatest) || keepLatest < 0) {
      throw new CrewError("option", `keepLatest must be a whole number from 0, not ${keepLatest}`);
    }
    return this.#settings.disabled ? 0 : await (await this.#open()).pruneStatusHistory(keepLatest);
  }

  /** Leaves the crew, should it be in one, and closes the database. A task that is not over is given back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registrar?.source.end();
    await this.#leave();
    const store = await this.#store?.catch(() => undefined);
    this.#store = undefined;
    store?.close();
  }

  async *#plain(): AsyncGenerator<CrewTask, void, void> {
    let position = 0;
    for await (const item of this.#items) {
      if (this.#closing !== undefined) return;
      yield crewTaskOf(item, position++);
    }
  }

  async *#shared(): AsyncGenerator<CrewTask, void, void> {
    const store = await this.#open();
    if (this.#registrar === undefined || this.#registrar.source.canBeginAgain) {
      this.#registrar = new Registrar(this.#items, { store, settings: this.#settings, member: () => this.#member });
    }
    const registrar = this.#registrar;
    try {
      this.#member = await this.#join(store, registrar);
      if (registrar.source.total !== null) await registrar.takeAll();
      await store.reopen(this.#settings);
      for (let isIdle = true;; isIdle = false) {
        const task = await this.#next(store, registrar);
        if (task === undefined) return await this.#checkProspects(store, { isIdle });
        let isDone = false;
        try {
          yield task;
          isDone = true;
        } finally {
          if (!isDone) await (this.#closing ?? this.#endCurrent("failed"));
        }
        await this.#closing;
        if (this.#closing !== undefined) return;
      }
    } finally {
      if (registrar.source.canBeginAgain) await registrar.source.end();
      await this.#leave();
      await store.clean(this.#settings.keepStatuses);
    }
  }

  /** The next task, ending the current one with the same transaction. Undefined when there is nothing to wait for. */
  async #next(store: CrewStore, registrar: Registrar): Promise<CrewTask | undefined> {
    const stopsOnFailure = this.#settings.failurePolicy === "stop";
    let endings = this.#endings("completed");
    while (true) {
      const member = this.#member!;
      const { source, unknown } = registrar;
      const except = [...unknown.values()];
      const knownAs: KnownAs = (id, registered) => this.#knownAs(source.task(id), registered);
      const turn = await member.turn({ endings, limit: 1, except, knownAs, stopsOnFailure });
      endings = [];
      if (turn.other !== undefined) throw changed(turn.other, source.task(turn.other.id)?.fingerprint);
      if (turn.failed.length > 0) throw new TasksFailedError(turn.failed);
      const [claim] = turn.claims;
      if (claim !== undefined) {
        this.#current = { member, claim };
        const task = await registrar.find(claim);
        if (task !== undefined) return task;
        endings = this.#endings("cancelled");
        unknown.set(claim.id, claim.task);
      } else if (!turn.isMember) {
        await this.#leave();
        this.#member = await this.#join(store, registrar);
      } else if (!registrar.isDone) {
        await registrar.takeOrWait(member);
      } else if ((await member.outlook(except)).isMoving) {
        await member.change();
      } else {
        return undefined;
      }
    }
  }

  /** Without fingerprints switched on, what it does is booked by its own; with them it must be that of the registration. */
  #knownAs(task: CrewTask | undefined, registered: string | null): string | null | undefined {
    const own = task === undefined ? registered : task.fingerprint ?? null;
    const isOther = own !== null && registered !== null && own !== registered;
    return isOther && this.#settings.enableFingerprints ? undefined : own;
  }

  /** A label may yet come with another member: as long as others are served, nobody is bothered with that. */
  async #checkProspects(store: CrewStore, { isIdle }: { isIdle: boolean }): Promise<void> {
    this.#wasIdle = isIdle;
    const reasons = await store.stuckReasons({ ...this.#scope(), countsLabels: true });
    const isError = reasons.some(({ kind }) => isIdle || kind !== "label");
    if (isError) throw new CrewError("stuck", stuckSentence(reasons));
  }

  #scope(): StuckScope {
    return { mine: this.#registrar?.source.tasks ?? new Set(), countsLabels: this.#wasIdle };
  }

  /** What is to be said of the current task; from then on there is none. */
  #endings(ending: ClaimEnd["ending"]): ClaimEnd[] {
    const current = this.#current;
    this.#current = undefined;
    // One that was claimed in an earlier membership is somebody else's
    if (current === undefined || current.member !== this.#member) return [];
    const { claim, id, fingerprint } = current.claim;
    // It may have been claimed before its item was taken
    const item = this.#registrar?.source.task(id);
    return [{ claim, ending, fingerprint: item === undefined ? fingerprint : item.fingerprint ?? null }];
  }

  async #endCurrent(ending: ClaimEnd["ending"]): Promise<void> {
    const endings = this.#endings(ending);
    if (endings.length > 0) await this.#member!.turn({ endings, limit: 0 });
  }

  async #join(store: CrewStore, { source }: Registrar): Promise<Member> {
    const settings = { ...this.#settings, identifier: identifierOf(this.#settings) };
    return await Member.join(store, {
      ...settings,
      isRegistering: !source.isDone,
      previous: this.#previous,
      heart: "thread",
      owner: this.#owner,
      storeOptions: settings,
    });
  }

  async #leave(): Promise<void> {
    const member = this.#member;
    this.#member = undefined;
    this.#current = undefined;
    this.#previous = member?.claimant.worker ?? this.#previous;
    await member?.leave();
  }

  #open(): Promise<CrewStore> {
    this.#store ??= CrewStore.open(this.#settings.db, this.#settings).then((store) => {
      this.#waitedMs = () => store.waitedMs;
      return store;
    }, (error) => {
      this.#store = undefined; // so that it can be tried again
      throw error;
    });
    return this.#store;
  }

  async #askHasMore(): Promise<boolean> {
    const { source, unknown } = this.#registrar ?? {};
    if (source !== undefined && !source.isDone) return true;
    const member = { ...this.#settings, labels: new Set(this.#settings.labels), worker: NOBODY };
    return await (await this.#open()).hasProspects(member, [...unknown?.values() ?? []], this.#scope());
  }

  #lockOptions(): LockOwnerOptions {
    const { disabled, heartbeatIntervalMs } = this.#settings;
    const open = () => disabled ? undefined : this.#open();
    return { open, owner: this.#owner, holder: () => this.identifier, heartbeatIntervalMs };
  }
}
