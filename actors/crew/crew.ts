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
import type { Claim, ClaimEnd } from "./claims.ts";
import { CrewLock, type LockOwnerOptions } from "./crew_lock.ts";
import { CrewError, TasksFailedError } from "./crew_error.ts";
import { type CrewTask, crewTaskOf } from "./crew_task.ts";
import { Intake, type Items } from "./intake.ts";
import { Member } from "./member.ts";
import { type CrewOptions, type CrewSettings, readSettings } from "./options.ts";
import { CrewStore } from "./store.ts";

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

/**
 * The tasks that an iterable of such items gives.
 *
 * @example
 * ```ts
 * import { Crew, type TaskOf } from "./mod.ts";
 *
 * async function print(task: TaskOf<string>) {
 *   await Deno.stdout.write(new TextEncoder().encode(`${task.id}: ${task.data}\n`));
 * }
 *
 * await using crew = new Crew(["a", "b"], { db: "task_of.sqlite" });
 * for await (const task of crew) await print(task);
 * ```
 */
export type TaskOf<Item> = Item extends CrewTask<infer Data> ? CrewTask<Data>
  : Item extends { readonly id: string; readonly data?: infer Data } ? CrewTask<Data>
  : Item extends { readonly id: string } ? CrewTask<undefined>
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
  #intake: Intake | undefined;
  #taking: Promise<void> | undefined;
  /** Ids of tasks that others have registered and this one's items do not give. */
  #unknown: string[] = [];
  #member: Member | undefined;
  #previous: number | undefined;
  #current: Current | undefined;
  #closing: Promise<void> | undefined;
  #isIterating = false;
  #hasIterated = false;
  #hasMore: { readonly answer: Promise<boolean>; readonly sinceMs: number } | undefined;

  /**
   * Reads the options, and the environment for those left out; it opens nothing.
   *
   * @throws {CrewError} When an option or a variable has no usable value.
   */
  constructor(items: Iterable<Item> | AsyncIterable<Item>, options: CrewOptions = {}) {
    this.#items = items;
    this.#settings = readSettings(options);
    this.lock = new CrewLock(GLOBAL_LOCK, this.#lockOptions());
  }

  /** The name by which this member is known to the others; the process id until it has joined under another. */
  get identifier(): string {
    const { identifier } = this.#settings;
    return this.#member?.identifier ?? (typeof identifier === "string" ? identifier : String(Deno.pid));
  }

  /** Aborted when this member was declared dead, and the current task is somebody else's. */
  get lost(): AbortSignal | undefined {
    return this.#member?.lost;
  }

  /** How long this member has waited for others to let go of the database, in all. */
  get waitedMs(): number {
    return this.#waitedMs();
  }

  /** Held by one member at a time for each task. */
  taskLock(id: string): CrewLock {
    return new CrewLock(`task_lock ${id}`, this.#lockOptions());
  }

  /** Tasks for this member until there are none; going on to the next completes the one before. */
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
   * one of those that failed may be tried again. The answer is kept for {@linkcode HAS_MORE_TTL_MS}.
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

  /** Leaves the crew, should it be in one, and closes the database. A task that is not over is given back. */
  async [Symbol.asyncDispose](): Promise<void> {
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
    if (this.#intake === undefined || this.#intake.canBeginAgain) {
      this.#intake = new Intake(this.#items);
      this.#taking = undefined;
      this.#unknown = [];
    }
    const intake = this.#intake;
    try {
      this.#member = await this.#join(store, intake);
      if (intake.total !== null) await this.#takeAll(store, intake);
      await store.reopen(this.#settings);
      while (true) {
        const task = await this.#next(store, intake);
        if (task === undefined) return;
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
      await this.#leave();
      await store.tidy();
    }
  }

  /** The next task, ending the current one with the same transaction. Undefined when there is nothing to wait for. */
  async #next(store: CrewStore, intake: Intake): Promise<CrewTask | undefined> {
    const except = this.#unknown;
    const stopsOnFailure = this.#settings.failurePolicy === "stop";
    let endings = this.#endings("completed");
    while (true) {
      const member = this.#member!;
      const turn = await member.turn({ endings, limit: 1, except, stopsOnFailure });
      endings = [];
      if (turn.failed.length > 0) throw new TasksFailedError(turn.failed);
      const [claim] = turn.claims;
      if (claim !== undefined) {
        this.#current = { member, claim };
        const task = await this.#find(claim.id, store, intake);
        if (task !== undefined) return task;
        endings = this.#endings("cancelled");
        except.push(claim.id);
      } else if (!turn.isMember) {
        await this.#leave();
        this.#member = await this.#join(store, intake);
      } else if (!intake.isDone) {
        await this.#takeOrWait(store, intake);
      } else if ((await member.outlook(except)).isMoving) {
        await member.change();
      } else {
        return undefined;
      }
    }
  }

  /** A task that another member has registered may lie further on in this one's items. */
  async #find(id: string, store: CrewStore, intake: Intake): Promise<CrewTask | undefined> {
    while (intake.task(id) === undefined && !intake.isDone) await this.#take(store, intake);
    return intake.task(id);
  }

  async #takeAll(store: CrewStore, intake: Intake): Promise<void> {
    while (!intake.isDone) await this.#take(store, intake);
    await store.setTotal(intake.total);
  }

  /** Takes some more items. Asked again before there are any, it is the same taking; an error waits for who asks. */
  #take(store: CrewStore, intake: Intake): Promise<void> {
    if (this.#taking === undefined) {
      this.#taking = this.#takeNow(store, intake).then(() => void (this.#taking = undefined));
      this.#taking.catch(() => {});
    }
    return this.#taking;
  }

  async #takeNow(store: CrewStore, intake: Intake): Promise<void> {
    const { enableFingerprints } = this.#settings;
    await store.register(await intake.more(), enableFingerprints ? "invalidates" : "only recorded");
    if (intake.isDone) await this.#member?.noteRegistered();
  }

  /** Until there is another item, or others have brought some work. */
  async #takeOrWait(store: CrewStore, intake: Intake): Promise<void> {
    const waiting = new AbortController();
    try {
      await Promise.race([this.#take(store, intake), this.#member!.change(waiting.signal)]);
    } finally {
      waiting.abort();
    }
  }

  /** What is to be said of the current task; from then on there is none. */
  #endings(ending: ClaimEnd["ending"]): ClaimEnd[] {
    const current = this.#current;
    this.#current = undefined;
    // One that was claimed in an earlier membership is somebody else's
    return current === undefined || current.member !== this.#member ? [] : [{ claim: current.claim.claim, ending }];
  }

  async #endCurrent(ending: ClaimEnd["ending"]): Promise<void> {
    const endings = this.#endings(ending);
    if (endings.length > 0) await this.#member!.turn({ endings, limit: 0 });
  }

  async #join(store: CrewStore, intake: Intake): Promise<Member> {
    const { identifier, ...settings } = this.#settings;
    return await Member.join(store, {
      ...settings,
      identifier: typeof identifier === "function" ? identifier() : identifier,
      isRegistering: !intake.isDone,
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
    const isLeft = this.#intake !== undefined && !this.#intake.isDone;
    return isLeft ||
      await (await this.#open()).hasMoreTasks({ ...this.#settings, labels: new Set(this.#settings.labels) });
  }

  #lockOptions(): LockOwnerOptions {
    const { disabled, heartbeatIntervalMs } = this.#settings;
    const open = () => disabled ? undefined : this.#open();
    return { open, owner: this.#owner, holder: () => this.identifier, heartbeatIntervalMs };
  }
}
