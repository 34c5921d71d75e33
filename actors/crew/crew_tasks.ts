/**
 * Owns the tasks in one member's hands, from the claim to how it ended: whether there is anything to be done, which
 * worker is at it, and what is tried again. It asks the crew for nothing and tells it nothing; its user does.
 *
 * Its user also has the mailbox: what takes time comes back as a message, about a claim that may be gone by then.
 *
 * @module
 */
import { describeTaskFailure, type TaskFailure } from "../../graph/failure.ts";
import { unreachable } from "../../graph/task.ts";
import type { FromWorker, Output } from "../messages.ts";
import type { EndSignal } from "../stop_listener.ts";
import type { Claim, ClaimEnd } from "./claims.ts";
import type { CrewCounts, CrewRunParts } from "./crew_work.ts";
import { CrewWorkers, type CrewWorkersParts } from "./crew_workers.ts";

/** A task in this member's hands. */
export interface HeldTask {
  readonly task: number;
  readonly claim: Claim;
  attempts: number;
  isRestoring: boolean;
}

/** What the handling of tasks needs. */
export interface CrewTasksParts
  extends
    Pick<CrewRunParts, "names" | "retries" | "needs" | "work" | "workers" | "onEvent">,
    Pick<CrewWorkersParts, "createPool"> {
  /** Has {@linkcode CrewTasks.check} called, later. */
  readonly onCheck: (held: HeldTask) => void;
  /** Told how a claim ended. */
  readonly onEnd: (end: ClaimEnd) => void;
}

/** How an attempt went. */
interface How {
  readonly worker: number | null;
  readonly durationMs: number;
  readonly output?: Output;
}

/** The tasks of one member. */
export class CrewTasks {
  readonly counts: CrewCounts = { executed: 0, hits: 0, failed: 0 };
  readonly #parts: CrewTasksParts;
  readonly #workers: CrewWorkers;
  readonly #held = new Map<number, HeldTask>();
  #isStopping = false;

  constructor(parts: CrewTasksParts) {
    this.#parts = parts;
    const { workers: size, createPool, work } = parts;
    this.#workers = new CrewWorkers({
      size,
      tasks: parts.names.length,
      needs: parts.needs,
      message: (task) => work.message(task, this.#held.get(task)!.isRestoring),
      createPool,
    });
  }

  /** How many there are. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether a worker is at something, which may be a task that was dropped. */
  get isBusy(): boolean {
    return this.#workers.isBusy;
  }

  /** The claim on a task, if it is still held. */
  claimOf(task: number): number | undefined {
    return this.#held.get(task)?.claim.claim;
  }

  take(task: number, claim: Claim): void {
    const held: HeldTask = { task, claim, attempts: 0, isRestoring: false };
    this.#held.set(task, held);
    this.#parts.onCheck(held);
  }

  /** Looks whether there is anything to be done. */
  check(held: HeldTask): void {
    const { task } = held;
    if (this.#held.get(task) !== held) return;
    const finding = this.#parts.work.check(task);
    switch (finding.kind) {
      case "later":
        finding.until.then(() => this.#parts.onCheck(held));
        return;
      case "fresh":
        this.counts.hits++;
        this.#parts.onEvent({ kind: "hit", task, worker: null });
        return this.#end(held, "completed");
      case "unreadable":
        return this.#fail(held, finding.failure, { worker: null, durationMs: 0 });
      case "run":
      case "restore":
        if (this.#isStopping) return this.#end(held, "cancelled");
        held.isRestoring = finding.kind === "restore";
        if (finding.kind === "run" && finding.reason !== undefined) {
          this.#parts.onEvent({ kind: "reason", task, reason: finding.reason });
        }
        return this.#workers.run(task);
      default:
        unreachable(finding);
    }
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Begins nothing more, and ends what runs. */
  cancel(signal: EndSignal): void {
    this.#isStopping = true;
    this.#workers.cancel(signal);
    for (const task of this.#workers.takeBack()) this.#end(this.#held.get(task)!, "cancelled");
  }

  /** Forgets all of them, as they are others' now, and ends what runs. */
  drop(): void {
    this.#held.clear();
    this.#workers.takeBack();
    this.#workers.cancel("SIGKILL");
  }

  /** A worker says something. */
  heard(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        return this.#workers.ready(worker);
      case "started":
        if (this.#held.get(message.task)?.isRestoring === false) this.#parts.onEvent({ ...message, worker });
        return;
      case "completed":
        this.#workers.release(worker, message.task);
        return this.#completed(worker, message);
      case "failed":
        this.#workers.release(worker, message.task);
        return this.#failed(message.task, message.failure, { ...message, worker });
      case "unrestorable": {
        this.#workers.release(worker, message.task);
        this.#parts.work.unrestorable(message.task);
        const held = this.#held.get(message.task);
        if (held !== undefined) this.#parts.onCheck(held);
        return;
      }
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

  /** A worker crashed, and will be ready again. */
  crashed(worker: number, detail: string): void {
    this.#parts.onEvent({ kind: "crashed", worker });
    const task = this.#workers.crashed(worker);
    if (task !== undefined) this.#failed(task, { kind: "crash", detail }, { worker, durationMs: 0 });
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await this.#workers.close();
  }

  #completed(
    worker: number,
    { task, published, durationMs, output }: Extract<FromWorker, { kind: "completed" }>,
  ): void {
    const held = this.#held.get(task);
    if (held === undefined) return;
    if (published !== undefined) this.#parts.work.arrived(task, published);
    this.#parts.work.record(task);
    if (held.isRestoring) {
      this.counts.hits++;
      this.#parts.onEvent({ kind: "hit", task, worker });
    } else {
      this.counts.executed++;
      this.#parts.onEvent({ kind: "executed", task, worker, durationMs, output });
    }
    this.#end(held, "completed");
  }

  #failed(task: number, failure: TaskFailure, how: How): void {
    const held = this.#held.get(task);
    if (held === undefined) return;
    const mayRetry = failure.kind !== "cancelled" && !this.#isStopping;
    if (!mayRetry || ++held.attempts > this.#parts.retries[task]) return this.#fail(held, failure, how);
    this.#tell(held, failure, { ...how, retry: held.attempts });
    this.#workers.run(task);
  }

  #fail(held: HeldTask, failure: TaskFailure, how: How): void {
    this.#tell(held, failure, how);
    if (failure.kind === "cancelled") return this.#end(held, "cancelled");
    this.counts.failed++;
    this.#end(held, "failed", describeTaskFailure(failure));
  }

  #tell(
    { task }: HeldTask,
    failure: TaskFailure,
    { worker, durationMs, output, retry }: How & { readonly retry?: number },
  ): void {
    this.#parts.onEvent({ kind: "failed", task, worker, durationMs, failure, output, retry });
  }

  #end({ task, claim: { claim } }: HeldTask, ending: ClaimEnd["ending"], detail?: string): void {
    this.#held.delete(task);
    const result = ending === "completed" ? this.#parts.work.result(task) : undefined;
    this.#parts.onEnd({ claim, ending, detail, result });
  }
}
