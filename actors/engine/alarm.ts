/**
 * Owns the one timer of an execution, whatever there is to be woken for: time limits of attempts, and delayed ones.
 * It does not know what its ids stand for.
 *
 * An id whose time is put off keeps its old entry, which is looked at when it fires: attempts that end long before their
 * limits, one after another, cost neither a timer nor an entry each. Nor is a timer set before all that is at hand is done:
 * the first one in a process takes Deno 5 ms, and most functions that do not wait for anything have ended by then.
 *
 * @module
 */
import { Heap } from "../../graph/heap.ts";

/** Longer than this a timer cannot be. */
const LONGEST_MS = 2 ** 31 - 1;

/** Wakes each id once, at or after its time by `performance.now()`. */
export class Alarm {
  readonly #onDue: (id: number) => void;
  readonly #dueMs = new Map<number, number>();
  /** Id → its earliest entry. */
  readonly #enteredMs = new Map<number, number>();
  /** Whole milliseconds with entries. */
  readonly #times = new Heap();
  readonly #entries = new Map<number, number[]>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerMs = Infinity;
  #isWinding = false;

  constructor(onDue: (id: number) => void) {
    this.#onDue = onDue;
  }

  /** Sets the time of an id, in place of the one it had. */
  set(id: number, atMs: number): void {
    const dueMs = Math.ceil(atMs);
    this.#dueMs.set(id, dueMs);
    if ((this.#enteredMs.get(id) ?? Infinity) > dueMs) this.#enter(id, dueMs);
  }

  /** The id is not to be woken any more. */
  cancel(id: number): void {
    this.#dueMs.delete(id);
  }

  /** Wakes nobody any more. */
  close(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#dueMs.clear();
  }

  #enter(id: number, dueMs: number): void {
    this.#enteredMs.set(id, dueMs);
    const entries = this.#entries.get(dueMs);
    if (entries !== undefined) {
      entries.push(id);
      return;
    }
    this.#entries.set(dueMs, [id]);
    this.#times.push(dueMs);
    if (this.#isWinding) return;
    this.#isWinding = true;
    queueMicrotask(() => this.#wind());
  }

  #wind(): void {
    this.#isWinding = false;
    if (this.#dueMs.size === 0) return this.#forget();
    const first = this.#times.first!;
    if (first >= this.#timerMs) return;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timerMs = first;
    this.#timer = setTimeout(() => this.#ring(), clamped(first - performance.now()));
  }

  /** There is nobody to wake, so there is nothing to look at. */
  #forget(): void {
    while (this.#times.pop() !== undefined);
    this.#entries.clear();
    this.#enteredMs.clear();
  }

  #ring(): void {
    this.#timerMs = Infinity;
    const nowMs = performance.now();
    while (this.#times.size > 0) {
      const time = this.#times.first!;
      if (time > nowMs) return this.#wind();
      this.#times.pop();
      const entries = this.#entries.get(time)!;
      this.#entries.delete(time);
      for (const id of entries) this.#look(id, { time, nowMs });
    }
  }

  #look(id: number, { time, nowMs }: { time: number; nowMs: number }): void {
    // One that was put before it has been looked at already.
    if (this.#enteredMs.get(id) !== time) return;
    this.#enteredMs.delete(id);
    const dueMs = this.#dueMs.get(id);
    if (dueMs === undefined) return;
    if (dueMs > nowMs) return this.#enter(id, dueMs);
    this.#dueMs.delete(id);
    this.#onDue(id);
  }
}

function clamped(ms: number): number {
  return Math.max(0, Math.min(LONGEST_MS, ms));
}
