/**
 * Owns the turns of one member of a crew: when it tells what has become of its claims, when it asks for more, and when there
 * is nothing more to come. How tasks are done is the scheduler's, who may do which is decided in the crew's database, and
 * nothing here waits for a dependency.
 *
 * One exchange with the database is under way at a time: it tells what has ended since the last and asks for as many tasks
 * as are wanted, so nothing is kept from the other members by one that is busy.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import type { CompletedBy } from "../../graph/schedule/event.ts";
import { unreachable } from "../../graph/task.ts";
import { DatabaseError } from "../storage/database_error.ts";
import { carryOut, type Deed, type DeedAnswer } from "../storage/deed.ts";
import { Mailbox } from "../engine/mailbox.ts";
import type { SourceReport, TurnSource } from "../engine/turn_source.ts";
import type { Claim, OtherTask } from "../crew/store/claims.ts";
import type { DuplicateAnswer, OwnWork } from "../crew/store/duplicates.ts";
import { ClaimBook } from "./claim_book.ts";
import { KnownTasks } from "./known_tasks.ts";
import type { CrewCounts, CrewWork, HeldClaims } from "./crew_work.ts";
import type { Member } from "../crew/member.ts";
import type { CrewStore, Turn } from "../crew/store/store.ts";
import type { Output } from "../process/output.ts";

/** What took time and has come to its end. */
type CrewMessage =
  | { readonly kind: "joined"; readonly member: Member }
  | { readonly kind: "given up"; readonly member: Member }
  | { readonly kind: "turned"; readonly turn: Turn; readonly asked: number }
  | { readonly kind: "changed" }
  | { readonly kind: "over" }
  | { readonly kind: "looked"; readonly other: OtherTask; readonly isKnown: boolean };

/** What a member's turns are made of. Tasks by index. */
export interface ClaimSourceParts {
  readonly names: readonly string[];
  readonly work: CrewWork;
  readonly store: Pick<CrewStore, "whileHeld" | "agree" | "results">;
  /** Joins the crew once more, after this member was declared dead. */
  readonly join: () => Promise<Member>;
  readonly stopsOnFailure: boolean;
  /** Whether somebody has asked the member to end. */
  readonly isInterrupted: () => boolean;
  /** Told when others had declared this member dead, and it joins again. */
  readonly onLost: () => void;
}

/** Whose turn it is in one member's run; it is used once. */
export class ClaimSource implements TurnSource, HeldClaims {
  readonly #parts: ClaimSourceParts;
  readonly #book: ClaimBook;
  readonly #mailbox: Mailbox<CrewMessage>;
  readonly #known: KnownTasks;
  readonly #ended = Promise.withResolvers<void>();
  #post!: (report: SourceReport) => void;
  #member: Member;
  #wanted = 0;
  #isTurning = false;
  #looking: AbortController | undefined;
  #isStopping = false;
  #isEnding = false;
  /** From when others are known to have its tasks until it is a member again. */
  #isLost = false;
  #joining: Promise<Member> | undefined;
  #isHandedOver = false;

  constructor(member: Member, parts: ClaimSourceParts) {
    this.#member = member;
    this.#parts = parts;
    this.#book = new ClaimBook(parts.work);
    this.#known = new KnownTasks(parts.names, parts.work);
    this.#mailbox = new Mailbox((message) => this.#handle(message), (error) => this.#break(error));
    parts.work.attach(this);
  }

  /** What it has done so far. */
  get counts(): CrewCounts {
    return this.#book.counts;
  }

  /** The task because of which it ended early: others know it otherwise. */
  get outdated(): string | undefined {
    return this.#known.outdated;
  }

  /** Once it has ended: its membership, for another run to go on with. */
  handOver(): Member {
    this.#isHandedOver = true;
    return this.#member;
  }

  /** Leaves the crew, unless its membership goes on. */
  async close(): Promise<void> {
    this.#mailbox.close();
    this.#looking?.abort();
    const late = await this.#joining?.catch(() => undefined);
    await late?.leave();
    if (!this.#isHandedOver) await this.#member.leave();
  }

  attach(post: (report: SourceReport) => void): void {
    this.#post = post;
    this.#watch(this.#member);
  }

  claim(upTo: number): void {
    this.#wanted = upTo;
    this.#turn();
  }

  completed(task: number, by: CompletedBy): void {
    this.#book.completed(task, by);
    this.#joinAgain();
  }

  failed(task: number, failure: TaskFailure, output: Output | undefined): void {
    this.#book.failed(task, failure, output);
    this.#joinAgain();
  }

  released(task: number): void {
    this.#book.released(task);
    this.#joinAgain();
  }

  failedLate(task: number, failure: TaskFailure, output: Output | undefined): void {
    this.#book.failedLate(task, failure, output);
    this.#turn();
  }

  /** A member that was stopped for long may have lost its claim; what others have made is not to be overwritten. */
  async carryOut(task: number, deed: Deed): Promise<DeedAnswer> {
    const { worker } = this.#member.claimant;
    try {
      return await this.#parts.store.whileHeld(worker, this.numberOf(task), () => carryOut(deed)) ?? "refused";
    } catch {
      // A database that cannot be asked will not take the result either.
      return "refused";
    }
  }

  isExhausted(): boolean {
    const isBusy = this.#book.size > 0 || this.#book.hasNews;
    return !isBusy && !this.#isTurning && !this.#isLost && !this.#known.isLooking;
  }

  end(): Promise<void> {
    this.#isStopping = true;
    this.#isEnding = true;
    this.#turn();
    return this.#ended.promise;
  }

  numberOf(task: number): number {
    return this.#book.numberOf(task);
  }

  results(names: readonly string[]): Promise<readonly { readonly id: string; readonly result: string }[]> {
    return this.#parts.store.results(names);
  }

  agree(work: Omit<OwnWork, "worker">): Promise<DuplicateAnswer> {
    return this.#parts.store.agree({ ...work, worker: this.#member.claimant.worker });
  }

  #handle(message: CrewMessage): void {
    switch (message.kind) {
      case "joined":
        this.#joining = undefined;
        this.#isLost = false;
        this.#member = message.member;
        this.#member.restrictTo(this.#known.only);
        this.#watch(this.#member);
        return this.#turn();
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
        return this.#rest();
      case "looked":
        return this.#looked(message.other, message.isKnown);
      default:
        unreachable(message);
    }
  }

  /** A member hears that it is given up also while all workers are busy, when nothing would be asked for long. */
  #watch(member: Member): void {
    const tell = () => this.#mailbox.post({ kind: "given up", member });
    if (member.lost.aborted) tell();
    else member.lost.addEventListener("abort", tell, { once: true });
  }

  /** Tells the crew what has ended, and asks for more. */
  #turn(): void {
    if (this.#isTurning || this.#isLost) return this.#rest();
    const isStopping = this.#isStopping || this.#parts.isInterrupted();
    const limit = isStopping ? 0 : Math.max(0, this.#wanted - this.#book.size);
    if (limit === 0 && !this.#book.hasNews) return this.#rest();
    this.#isTurning = true;
    const { stopsOnFailure } = this.#parts;
    const request = { ...this.#book.takeNews(), limit, ...this.#known.wishes, stopsOnFailure };
    this.#later(this.#member.turn(request), (turn) => ({ kind: "turned", turn, asked: limit }));
  }

  #turned({ isMember, claims, other, failed }: Turn, asked: number): void {
    this.#isTurning = false;
    if (!isMember || this.#member.lost.aborted) return this.#lose();
    if (failed.length > 0) this.#stop();
    const tasks = claims.map((claim) => this.#take(claim)).filter((task) => task !== undefined);
    if (tasks.length > 0) this.#post({ kind: "offered", tasks });
    if (other !== undefined) {
      this.#later(this.#known.lookAgain(other), (isKnown) => ({ kind: "looked", other, isKnown }));
    }
    if (this.#book.hasNews) return this.#turn();
    if (this.#isStopping) return this.#rest();
    if (claims.length < asked) this.#look();
  }

  #take(claim: Claim): number | undefined {
    const task = this.#known.indexOf(claim);
    if (task === undefined) {
      this.#member.restrictTo(this.#known.only);
      this.#book.refuse(claim.claim);
    } else this.#book.take(task, claim.claim);
    return task;
  }

  /** What it knows otherwise even so it must not do, and nobody can tell what else of its input has changed. */
  #looked(other: OtherTask, isKnown: boolean): void {
    this.#known.looked(other, isKnown);
    if (!isKnown) this.#stop();
    this.#turn();
  }

  /** Nothing to take now: waits for news or, where nobody is at anything that could bring some, ends. */
  #look(): void {
    const isWorking = this.#book.size > 0;
    if (this.#looking !== undefined) {
      // What this member has done itself is no news to it, so it would wait for long.
      if (!isWorking) this.#looking.abort();
      return;
    }
    const looking = this.#looking = new AbortController();
    const member = this.#member;
    const wait = async (): Promise<CrewMessage> => {
      if (!isWorking && !(await member.outlook(this.#known.wishes.except)).isMoving) return { kind: "over" };
      await member.change(looking.signal);
      return { kind: "changed" };
    };
    this.#later(wait(), (message) => message);
  }

  /** Nothing is under way: that may be the end. */
  #rest(): void {
    if (this.#isEnding && (this.#isLost || this.isExhausted())) return this.#ended.resolve();
    if (this.isExhausted()) this.#post({ kind: "exhausted" });
  }

  #stop(): void {
    this.#isStopping = true;
    this.#post({ kind: "stopped" });
  }

  /**
   * Others have this member's tasks now. It drops them and joins again, as a new member, unless there is no crew any more.
   */
  #lose(): void {
    const { reason } = this.#member.lost;
    if (reason instanceof DatabaseError) throw reason;
    if (!this.#isStopping && !this.#parts.isInterrupted()) this.#parts.onLost();
    this.#isLost = true;
    this.#post({ kind: "withdrawn", tasks: this.#book.lose() });
    this.#joinAgain();
  }

  /** Once nothing runs any more that is others' by now. */
  #joinAgain(): void {
    if (!this.#isLost || this.#joining !== undefined || this.#book.isLeaving) return;
    if (this.#isStopping || this.#parts.isInterrupted()) return this.#rest();
    const former = this.#member;
    const join = async () => {
      await former.leave();
      return await this.#parts.join();
    };
    this.#joining = join();
    this.#later(this.#joining, (member) => ({ kind: "joined", member }));
  }

  #later<Value>(promise: Promise<Value>, message: (value: Value) => CrewMessage): void {
    promise.then((value) => this.#mailbox.post(message(value)), (error) => this.#break(error));
  }

  #break(error: unknown): void {
    this.#mailbox.close();
    this.#post({ kind: "sourceBroke", error });
  }
}
