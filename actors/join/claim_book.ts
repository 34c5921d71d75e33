/**
 * Owns what one member holds by which claim, what is still to be told of the claims that ended, and how many of them ended
 * how. It asks nobody and tells nobody; claim_source.ts does.
 *
 * @module
 */
import { describeTaskFailure, isKilled, type TaskFailure } from "../../graph/failure.ts";
import type { CompletedBy } from "../../graph/schedule/event.ts";
import type { ClaimEnd, LateFailure } from "../crew/store/endings.ts";
import type { Output } from "../process/output.ts";
import type { CrewCounts, CrewWork } from "./crew_work.ts";

/** What is to be told. */
export interface ClaimNews {
  readonly endings: readonly ClaimEnd[];
  readonly late: readonly LateFailure[];
}

/** The claims of one member, tasks by index. */
export class ClaimBook {
  readonly counts: CrewCounts = { executed: 0, hits: 0, failed: 0 };
  readonly #work: Pick<CrewWork, "result" | "doneBy">;
  readonly #held = new Set<number>();
  /** Task → the last claim on it. */
  readonly #claims = new Map<number, number>();
  /** Task → the claim by which it was done here; a late error makes it fail after all. */
  readonly #done = new Map<number, number>();
  /** Tasks that are others' by now, and of which something may still run here. */
  readonly #leaving = new Set<number>();
  #endings: ClaimEnd[] = [];
  #late: LateFailure[] = [];

  constructor(work: Pick<CrewWork, "result" | "doneBy">) {
    this.#work = work;
  }

  /** How many tasks it holds. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether there is anything to be told. */
  get hasNews(): boolean {
    return this.#endings.length + this.#late.length > 0;
  }

  /** Whether something may still run here that is others' by now. */
  get isLeaving(): boolean {
    return this.#leaving.size > 0;
  }

  /** The last claim on a task that there was one on. */
  numberOf(task: number): number {
    return this.#claims.get(task)!;
  }

  take(task: number, claim: number): void {
    this.#held.add(task);
    this.#claims.set(task, claim);
  }

  /** A claim on nothing that it knows. */
  refuse(claim: number): void {
    this.#endings.push({ claim, ending: "cancelled" });
  }

  completed(task: number, by: CompletedBy): void {
    const claim = this.#drop(task);
    if (claim === undefined) return;
    if (by === "executed") {
      this.counts.executed++;
      this.#done.set(task, claim);
    } else this.counts.hits++;
    const result = this.#work.result(task), fingerprint = this.#work.doneBy?.(task);
    this.#endings.push({ claim, ending: "completed", result, fingerprint });
  }

  failed(task: number, failure: TaskFailure, output: Output | undefined): void {
    const claim = this.#drop(task);
    if (claim === undefined) return;
    this.counts.failed++;
    const ending = isKilled(failure) ? "killed" : "failed";
    this.#endings.push({ claim, ending, detail: describeTaskFailure(failure), output });
  }

  released(task: number): void {
    const claim = this.#drop(task);
    if (claim !== undefined) this.#endings.push({ claim, ending: "cancelled" });
  }

  failedLate(task: number, failure: TaskFailure, output: Output | undefined): void {
    const claim = this.#done.get(task);
    if (claim === undefined) return;
    this.#done.delete(task);
    this.counts.executed--;
    this.counts.failed++;
    this.#late.push({ claim, detail: describeTaskFailure(failure), output });
  }

  /** All that it holds is others' now, and what it would have told of its claims counts no more; answers which those are. */
  lose(): number[] {
    const tasks = [...this.#held];
    for (const task of tasks) this.#leaving.add(task);
    this.#held.clear();
    this.#endings = [];
    return tasks;
  }

  /** What is to be told, once. */
  takeNews(): ClaimNews {
    const news = { endings: this.#endings, late: this.#late };
    this.#endings = [];
    this.#late = [];
    return news;
  }

  /** Answers with the claim on a task that the run has ended with, if it is still a claim. */
  #drop(task: number): number | undefined {
    this.#leaving.delete(task);
    return this.#held.delete(task) ? this.#claims.get(task) : undefined;
  }
}
