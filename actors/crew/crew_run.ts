/**
 * Owns one member's share of a run: which of the tasks it has claimed are at which worker, and what is still to be told
 * to the crew about those that ended. It is reached only through its mailbox.
 *
 * Who may do what, and when, is decided in the crew's database; here nothing waits for a dependency. One exchange with
 * the database is under way at a time: it tells what has ended since the last and asks for as many tasks as there are
 * idle workers, so nothing is kept from the other members by one that is busy.
 *
 * @module
 */
import { describeTaskFailure, type TaskFailure } from "../../graph/failure.ts";
import { unreachable } from "../../graph/task.ts";
import { Mailbox } from "../mailbox.ts";
import type { FromWorker, Output } from "../messages.ts";
import type { StopSignal } from "../stop_listener.ts";
import type { Finding } from "../work.ts";
import { type PoolReport, WorkerStartError } from "../worker_pool.ts";
import type { Claim, ClaimEnd } from "./claims.ts";
import type { CrewCounts, CrewRunParts } from "./crew_work.ts";
import { CrewWorkers } from "./crew_workers.ts";
import type { Member } from "./member.ts";
import type { Turn } from "./store.ts";

type CrewMessage =
  | { readonly kind: "turned"; readonly turn: Turn; readonly asked: number }
  | { readonly kind: "changed" }
  | { readonly kind: "checked"; readonly task: number; readonly finding: Finding }
  | { readonly kind: "interrupt"; readonly signal?: StopSignal }
  | { readonly kind: "over" }
  | { readonly kind: "joined"; readonly member: Member }
  | { readonly kind: "went wrong"; readonly error: unknown }
  | PoolReport;

/** A task in this member's hands. */
interface Held {
  readonly claim: Claim;
  attempts: number;
  isRestoring: boolean;
}

/** The actor of one member's run; it is used once. */
export class CrewRun {
  readonly #parts: CrewRunParts;
  readonly #mailbox: Mailbox<CrewMessage>;
  readonly #workers: CrewWorkers;
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #held = new Map<number, Held>();
  /** Tasks in the database that this member's input does not have. */
  readonly #unknown: string[] = [];
  #endings: ClaimEnd[] = [];
  #member!: Member;
  #isTurning = false;
  #looking: AbortController | undefined;
  #isInterrupted = false;
  #isLost = false;
  #isStopping = false;
  readonly counts: CrewCounts = { executed: 0, hits: 0, failed: 0 };
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  /** Settles when there is nothing more for this member, and nothing of it runs. */
  readonly finished: Promise<void>;

  constructor(parts: CrewRunParts) {
    this.#parts = parts;
    this.#workers = new CrewWorkers({
      size: parts.workers,
      tasks: parts.names.length,
      message: (task) => parts.work.message(task, this.#held.get(task)!.isRestoring),
      createPool: (options) =>
        parts.createPool({
          ...options,
          onReport: (report) => this.#mailbox.post(report),
          mayPublish: (task) => this.#mayPublish(task),
        }),
    });
    this.#indexes = new Map(parts.names.map((name, index) => [name, index]));
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#mailbox = new Mailbox((message) => this.#handle(message), (error) => this.#reject(error));
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
    await this.#workers.close();
    await this.#member?.leave();
  }

  #handle(message: CrewMessage): void {
    switch (message.kind) {
      case "joined":
        this.#member = message.member;
        return this.#turn();
      case "turned":
        return this.#turned(message.turn, message.asked);
      case "changed":
        this.#looking = undefined;
        return this.#turn();
      case "over":
        this.#looking = undefined;
        return this.#finishIfDone();
      case "checked":
        return this.#checked(message.task, message.finding);
      case "interrupt":
        return this.#interrupt(message.signal ?? "SIGTERM");
      case "crashed":
        return this.#crashed(message.worker, message.detail);
      case "broken":
        throw new WorkerStartError(`Cannot start worker ${message.worker}: ${message.detail}`);
      case "worker":
        return this.#heard(message.worker, message.message);
      case "went wrong":
        throw message.error;
      default:
        unreachable(message);
    }
  }

  /** Tells the crew what has ended, and asks for more. */
  #turn(): void {
    if (this.#isTurning || this.#isLost) return;
    const limit = this.#isStopping ? 0 : this.#parts.workers - this.#held.size;
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
    if (!isMember) return this.#lose();
    if (failed.length > 0) this.#isStopping = true;
    for (const claim of claims) this.#take(claim);
    if (this.#endings.length > 0) return this.#turn();
    if (this.#isStopping) return this.#finishIfDone();
    if (claims.length < asked) this.#look();
  }

  /** Nothing to take now: waits for news or, where nobody is at anything that could bring some, ends. */
  #look(): void {
    if (this.#isStopping) return;
    const isWorking = this.#held.size > 0;
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

  #take(claim: Claim): void {
    const task = this.#indexes.get(claim.id);
    if (task === undefined) {
      this.#unknown.push(claim.id);
      this.#endings.push({ claim: claim.claim, ending: "cancelled" });
      return;
    }
    this.#held.set(task, { claim, attempts: 0, isRestoring: false });
    this.#check(task);
  }

  #check(task: number): void {
    this.#mailbox.post({ kind: "checked", task, finding: this.#parts.work.check(task) });
  }

  #checked(task: number, finding: Finding): void {
    const held = this.#held.get(task);
    if (held === undefined) return;
    switch (finding.kind) {
      case "later":
        finding.until.then(() => this.#check(task));
        return;
      case "fresh":
        this.counts.hits++;
        this.#parts.onEvent({ kind: "hit", task, worker: null });
        return this.#end(task, "completed");
      case "unreadable":
        return this.#fail(task, finding.failure, { worker: null, durationMs: 0 });
      case "run":
      case "restore":
        held.isRestoring = finding.kind === "restore";
        if (finding.kind === "run" && finding.reason !== undefined) {
          this.#parts.onEvent({ kind: "reason", task, reason: finding.reason });
        }
        if (this.#isStopping) return this.#end(task, "cancelled");
        return this.#workers.run(task);
      default:
        unreachable(finding);
    }
  }

  /** A member that was stopped for long may have lost its claim; what others have made is not to be overwritten. */
  async #mayPublish(task: number): Promise<boolean> {
    const held = this.#held.get(task);
    if (held === undefined || this.#member.lost.aborted) return false;
    try {
      return await this.#parts.isHeld(this.#member.claimant.worker, held.claim.claim);
    } catch {
      // A database that cannot be asked will not take the result either.
      return false;
    }
  }

  #heard(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        return this.#workers.ready(worker);
      case "started":
        if (this.#held.get(message.task)?.isRestoring !== true) this.#parts.onEvent({ ...message, worker });
        return;
      case "completed":
        return this.#completed(worker, message);
      case "failed":
        this.#workers.release(worker, message.task);
        return this.#failed(message.task, message.failure, { ...message, worker });
      case "unrestorable":
        this.#workers.release(worker, message.task);
        this.#parts.work.unrestorable(message.task);
        return this.#check(message.task);
      case "printed":
        return this.#parts.onEvent(message);
      case "lost":
        throw new Error(`Bug: task ${message.task} was given to worker ${worker} and taken by another`);
      case "closed":
        return;
      default:
        unreachable(message);
    }
  }

  #completed(
    worker: number,
    { task, published, durationMs, output }: Extract<FromWorker, { kind: "completed" }>,
  ): void {
    this.#workers.release(worker, task);
    const held = this.#held.get(task);
    if (held === undefined) return this.#joinAgain();
    if (published !== undefined) this.#parts.work.arrived(task, published);
    this.#parts.work.record(task);
    if (held.isRestoring) {
      this.counts.hits++;
      this.#parts.onEvent({ kind: "hit", task, worker });
    } else {
      this.counts.executed++;
      this.#parts.onEvent({ kind: "executed", task, worker, durationMs, output });
    }
    this.#end(task, "completed");
  }

  #failed(
    task: number,
    failure: TaskFailure,
    how: { worker: number; durationMs: number; output?: Output },
  ): void {
    const held = this.#held.get(task);
    if (held === undefined) return this.#joinAgain();
    const mayRetry = failure.kind !== "cancelled" && !this.#isStopping;
    if (!mayRetry || ++held.attempts > this.#parts.retries[task]) return this.#fail(task, failure, how);
    this.#tell(task, failure, { ...how, retry: held.attempts });
    this.#workers.run(task);
  }

  #fail(
    task: number,
    failure: TaskFailure,
    how: { worker: number | null; durationMs: number; output?: Output },
  ): void {
    this.#tell(task, failure, how);
    if (failure.kind === "cancelled") return this.#end(task, "cancelled");
    this.counts.failed++;
    this.#end(task, "failed", describeTaskFailure(failure));
  }

  #tell(
    task: number,
    failure: TaskFailure,
    { worker, durationMs, output, retry }: {
      worker: number | null;
      durationMs: number;
      output?: Output;
      retry?: number;
    },
  ): void {
    this.#parts.onEvent({ kind: "failed", task, worker, durationMs, failure, output, retry });
  }

  #end(task: number, ending: ClaimEnd["ending"], detail?: string): void {
    const { claim } = this.#held.get(task)!.claim;
    this.#held.delete(task);
    const result = ending === "completed" ? this.#parts.work.result(task) : undefined;
    this.#endings.push({ claim, ending, detail, result });
    this.#turn();
  }

  #crashed(worker: number, detail: string): void {
    this.#parts.onEvent({ kind: "crashed", worker });
    const task = this.#workers.crashed(worker);
    if (task !== undefined) this.#failed(task, { kind: "crash", detail }, { worker, durationMs: 0 });
  }

  #interrupt(signal: StopSignal): void {
    this.#workers.cancel(this.#isInterrupted ? "SIGKILL" : signal);
    this.#isInterrupted = this.#isStopping = true;
    for (const task of this.#workers.takeBack()) this.#end(task, "cancelled");
    this.#turn();
  }

  /** Others have this member's tasks now. It drops them and joins again, as a new member. */
  #lose(): void {
    this.#parts.onLost();
    this.#held.clear();
    this.#workers.takeBack();
    this.#endings = [];
    this.#isLost = true;
    this.#workers.cancel("SIGKILL");
    this.#joinAgain();
  }

  /** Once nothing runs any more that is others' by now. */
  #joinAgain(): void {
    if (!this.#isLost || this.#workers.isBusy) return;
    this.#isLost = false;
    if (this.#isStopping) return this.#finishIfDone();
    this.#later(this.#parts.join(), (member) => ({ kind: "joined", member }));
  }

  #finishIfDone(): void {
    const isBusy = this.#held.size > 0 || this.#endings.length > 0 || this.#workers.isBusy;
    if (isBusy || this.#isTurning || this.#isLost) return;
    this.#resolve();
  }

  #later<Value>(promise: Promise<Value>, message: (value: Value) => CrewMessage): void {
    promise.then((value) => this.#mailbox.post(message(value)), (error) => {
      this.#mailbox.post({ kind: "went wrong", error });
    });
  }
}
