/**
 * Owns what running tasks hold of things that are limited: amounts of named resources, and files and shared state that
 * one task at a time may change. A task takes all it needs at once or nothing, so tasks cannot wait for each other in a
 * cycle.
 * It decides nothing else: a task it turns away is asked about again when what it lacked is given back.
 *
 * An exclusive claim takes the whole of a resource, a shared one takes a single unit: that is all a lock is here.
 *
 * @module
 */
import { Heap } from "../heap.ts";

/** What each task needs, in compressed form: task t needs `amount[i]` of `resource[i]` for i in `start[t] … start[t + 1]`. */
export interface Needs {
  readonly start: Int32Array;
  readonly resource: Int32Array;
  readonly amount: Float64Array;
  /** What there is of each resource. */
  readonly limits: Float64Array;
}

/** The books of one run. */
export class Admission {
  readonly #needs: Needs;
  readonly #used: Float64Array;
  /** Tasks that use each resource now. */
  readonly #users: Int32Array;
  /** Ranks of the tasks turned away for lack of each resource. */
  readonly #waiting = new Map<number, Heap>();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#used = new Float64Array(needs.limits.length);
    this.#users = new Int32Array(needs.limits.length);
  }

  /**
   * Takes what the task needs. If it cannot, it keeps the rank until what was lacking is given back, and answers with
   * the ranks to ask about again: those who wait for the other things it needs, which it has no use for now.
   */
  admit(rank: number, order: Int32Array): readonly number[] | undefined {
    const { start, resource, amount } = this.#needs;
    const task = order[rank];
    for (let i = start[task]; i < start[task + 1]; i++) {
      if (this.#fits(resource[i], amount[i])) continue;
      let waiting = this.#waiting.get(resource[i]);
      if (waiting === undefined) this.#waiting.set(resource[i], waiting = new Heap());
      waiting.push(rank);
      const woken: number[] = [];
      for (let j = start[task]; j < start[task + 1]; j++) if (j !== i) this.#wake(resource[j], order, woken);
      return woken;
    }
    for (let i = start[task]; i < start[task + 1]; i++) {
      this.#used[resource[i]] += amount[i];
      this.#users[resource[i]]++;
    }
    return undefined;
  }

  /**
   * Gives back what the task held. Answers with the ranks of tasks to ask about again, most urgent first: for each
   * resource as many as it now has room for, so that a long queue at one lock is not walked at every release.
   */
  release(task: number, order: Int32Array): number[] {
    const { start, resource, amount } = this.#needs;
    for (let i = start[task]; i < start[task + 1]; i++) {
      this.#users[resource[i]]--;
      // Not the difference, which would gather the errors of fractions.
      this.#used[resource[i]] = this.#users[resource[i]] === 0 ? 0 : this.#used[resource[i]] - amount[i];
    }
    return this.instead(task, order);
  }

  /** The ranks of tasks to ask about in the place of one that was to be asked about and wants nothing any more. */
  instead(task: number, order: Int32Array): number[] {
    const { start, resource } = this.#needs;
    const woken: number[] = [];
    for (let i = start[task]; i < start[task + 1]; i++) this.#wake(resource[i], order, woken);
    return woken;
  }

  /** Wakes those whom the resource has room for; one that it has none for goes on waiting, and so do all behind it. */
  #wake(resource: number, order: Int32Array, woken: number[]): void {
    const waiting = this.#waiting.get(resource);
    let room = this.#needs.limits[resource] - this.#used[resource];
    let isFree = this.#users[resource] === 0;
    while (waiting !== undefined && waiting.size > 0) {
      const rank = waiting.pop()!;
      const wanted = this.#wanted(order[rank], resource);
      if (wanted > room && !isFree) {
        waiting.push(rank);
        return;
      }
      isFree = false;
      room -= wanted;
      woken.push(rank);
    }
  }

  #wanted(task: number, resource: number): number {
    const { start, resource: needed, amount } = this.#needs;
    for (let i = start[task]; i < start[task + 1]; i++) if (needed[i] === resource) return amount[i];
    throw new Error(`Bug: task ${task} waits for a resource it does not need`);
  }

  /** A resource that nobody uses admits anyone, so that too large a need delays a task and does not stop the run. */
  #fits(resource: number, amount: number): boolean {
    return this.#users[resource] === 0 || this.#used[resource] + amount <= this.#needs.limits[resource] + 1e-9;
  }
}
