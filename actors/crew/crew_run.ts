/**
 * Owns one member's share of a run, as far as the crew goes: what is still to be told about the tasks that ended, when
 * more are asked for, and when there is nothing more to come. It is reached only through its mailbox.
 *
 * Who may do what, and when, is decided in the crew's database; here nothing waits for a dependency. One exchange with
 * the database is under way at a time: it tells what has ended since the last and asks for as many tasks as there are
 * idle workers, so nothing is kept from the other members by one that is busy.
 *
 * @module
 */
import { unreachable } from "../../graph/task.ts";
import { Mailbox } from "../mailbox.ts";
import type { StopSignal } from "../stop_listener.ts";
import { type PoolReport, WorkerStartError } from "../worker_pool.ts";
import type { Claim, ClaimEnd } from "./claims.ts";
import { CrewTasks, type HeldTask } from "./crew_tasks.ts";
import type { CrewCounts, CrewRunParts } from "./crew_work.ts";
import type { Member } from "./member.ts";
import type { Turn } from "./store.ts";

type CrewMessage =
  | { readonly kind: "joined"; readonly member: Member }
  | { readonly kind: "given up"; readonly member: Member }
  | { readonly kind: "turned"; readonly turn: Turn; readonly asked: number }
  | { readonly kind: "changed" }
  | { readonly kind: "over" }
  | { readonly kind: "check"; readonly held: HeldTask }
  | { readonly kind: "interrupt"; readonly signal?: StopSignal }
  | { readonly kind: "went wrong"; readonly error: unknown }
  | PoolReport;

/** Once it was given so many tasks that its input does not have, it asks for its own by name: that costs as much each time. */
const MOST_UNKNOWN = 50;

/** The actor of one member's run; it is used once. */
export class CrewRun {
  readonly #parts: CrewRunParts;
  readonly #mailbox: Mailbox<CrewMessage>;
  readonly #tasks: CrewTasks;
  readonly #indexes: ReadonlyMap<string, number>;
  /** Tasks in the database that this member's input does not have. */
  readonly #unknown: string[] = [];
  #endings: ClaimEnd[] = [];
  #member!: Member;
  #isTurning = false;
  #looking: AbortController | undefined;
  #isInterrupted = false;
  #isStopping = false;
  /** From when others are known to have its tasks until it is a member again. */
  #isLost = false;
  #joining: Promise<Member> | undefined;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  /** Settles when there is nothing more for this member, and nothing of it runs. */
  readonly finished: Promise<void>;

  constructor(parts: CrewRunParts) {
    this.#parts = parts;
    this.#tasks = new CrewTasks({
      ...parts,
      createPool: (options) =>
        parts.createPool({
          ...options,
          onReport: (report) => this.#mailbox.post(report),
          mayPublish: (task) => this.#mayPublish(task),
        }),
      onCheck: (held) => this.#mailbox.post({ kind: "check", held }),
      onEnd: (end) => {
        this.#endings.push(end);
        this.#turn();
      },
    });
    this.#indexes = new Map(parts.names.map((name, index) => [name, index]));
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#mailbox = new Mailbox((message) => this.#handle(message), (error) => this.#reject(error));
  }

  /** What it has done so far. */
  get counts(): CrewCounts {
    return this.#tasks.counts;
  }

  /** Begins, as the member that has just joined. */
  begin(member: Member): void {
    this.#mailbox.post({ kind: "joined", member });
  }

  /** The first time running tasks are asked to end, the second time they are made to. */
  interrupt(signal?: StopSignal): void {
    this.#mailbox.post({ kind: "interrupt", signal });
  }

  /** Ends the workers and leaves the crew. */
  async close(): Promise<void> {
    this.#mailbox.close();
    this.#looking?.abort();
    await this.#tasks.close();
    const late = await this.#joining?.catch(() => undefined);
    await late?.leave();
    await this.#member?.leave();
  }

  #handle(message: CrewMessage): void {
    switch (message.kind) {
      case "joined":
        return this.#joined(message.member);
      case "given up":
        // If it is just being asked, the answer will tell the same.
        if (message.member === this.#member && !this.#isTurning && !this.#isLost) this.#lose();
        return;
      case "turned":
        return this.#turned(message.turn, message.asked);
      case "changed":
        this.#looking = undefined;
        return this.#turn();
      case "over":
        this.#looking = undefined;
        return this.#finishIfDone();
      case "check":
        return this.#tasks.check(message.held);
      case "interrupt":
        return this.#interrupt(message.signal ?? "SIGTERM");
      case "worker":
        this.#tasks.heard(message.worker, message.message);
        return this.#joinAgain();
      case "crashed":
        this.#tasks.crashed(message.worker, message.detail);
        return this.#joinAgain();
      case "broken":
        throw new WorkerStartError(`Cannot start worker ${message.worker}: ${message.detail}`);
      case "went wrong":
        throw message.error;
      default:
        unreachable(message);
    }
  }

  #joined(member: Member): void {
    this.#joining = undefined;
    this.#isLost = false;
    this.#member = member;
    if (this.#unknown.length >= MOST_UNKNOWN) member.restrictTo(this.#parts.names);
    const { lost } = member;
    // Also while all workers are busy, when nothing would be asked for long.
    const tell = () => this.#mailbox.post({ kind: "given up", member });
    if (lost.aborted) tell();
    else lost.addEventListener("abort", tell, { once: true });
    this.#turn();
  }

  /** Tells the crew what has ended, and asks for more. */
  #turn(): void {
    if (this.#isTurning || this.#isLost) return;
    const limit = this.#isStopping ? 0 : this.#parts.workers - this.#tasks.size;
    const endings = this.#endings;
    if (endings.length === 0 && limit === 0) return this.#finishIfDone();
    this.#endings = [];
    this.#isTurning = true;
    const { stopsOnFailure } = this.#parts;
    this.#later(this.#member.turn({ endings, limit, except: this.#unknown, stopsOnFailure }), (turn) => ({
      kind: "turned",
      turn,
      asked: limit,
    }));
  }

  #turned({ isMember, claims, failed }: Turn, asked: number): void {
    this.#isTurning = false;
    if (!isMember || this.#member.lost.aborted) return this.#lose();
    if (failed.length > 0) this.#stop();
    for (const claim of claims) this.#take(claim);
    if (this.#endings.length > 0) return this.#turn();
    if (this.#isStopping) return this.#finishIfDone();
    if (claims.length < asked) this.#look();
  }

  #take(claim: Claim): void {
    const task = this.#indexes.get(claim.id);
    if (task !== undefined) return this.#tasks.take(task, claim);
    this.#unknown.push(claim.id);
    if (this.#unknown.length === MOST_UNKNOWN) this.#member.restrictTo(this.#parts.names);
    this.#endings.push({ claim: claim.claim, ending: "cancelled" });
  }

  /** Nothing to take now: waits for news or, where nobody is at anything that could bring some, ends. */
  #look(): void {
    const isWorking = this.#tasks.size > 0;
    if (this.#looking !== undefined) {
      // What this member has done itself is no news to it, so it would wait for long.
      if (!isWorking) this.#looking.abort();
      return;
    }
    const looking = this.#looking = new AbortController();
    const member = this.#member;
    const wait = async (): Promise<CrewMessage> => {
      if (!isWorking && !(await member.outlook(this.#unknown)).isMoving) return { kind: "over" };
      await member.change(looking.signal);
      return { kind: "changed" };
    };
    this.#later(wait(), (message) => message);
  }

  /** A member that was stopped for long may have lost its claim; what others have made is not to be overwritten. */
  async #mayPublish(task: number): Promise<boolean> {
    const claim = this.#tasks.claimOf(task);
    if (claim === undefined || this.#member.lost.aborted) return false;
    try {
      return await this.#parts.isHeld(this.#member.claimant.worker, claim);
    } catch {
      // A database that cannot be asked will not take the result either.
      return false;
    }
  }

  #stop(): void {
    this.#isStopping = true;
    this.#tasks.stop();
  }

  #interrupt(signal: StopSignal): void {
    this.#stop();
    this.#tasks.cancel(this.#isInterrupted ? "SIGKILL" : signal);
    this.#isInterrupted = true;
    this.#turn();
  }

  /** Others have this member's tasks now. It drops them and joins again, as a new member. */
  #lose(): void {
    if (!this.#isStopping) this.#parts.onLost();
    this.#isLost = true;
    this.#endings = [];
    this.#tasks.drop();
    this.#joinAgain();
  }

  /** Once nothing runs any more that is others' by now. */
  #joinAgain(): void {
    if (!this.#isLost || this.#joining !== undefined || this.#tasks.isBusy) return;
    if (this.#isStopping) return this.#resolve();
    const former = this.#member;
    const join = async () => {
      await former.leave();
      return await this.#parts.join();
    };
    this.#joining = join();
    this.#later(this.#joining, (member) => ({ kind: "joined", member }));
  }

  #finishIfDone(): void {
    const isBusy = this.#tasks.size > 0 || this.#endings.length > 0 || this.#tasks.isBusy;
    if (isBusy || this.#isTurning || this.#isLost) return;
    this.#resolve();
  }

  #later<Value>(promise: Promise<Value>, message: (value: Value) => CrewMessage): void {
    promise.then((value) => this.#mailbox.post(message(value)), (error) => {
      this.#mailbox.post({ kind: "went wrong", error });
    });
  }
}
