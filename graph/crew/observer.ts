/**
 * Owns the judgement of who has died, from what one observer sees on its own clock: a number of the other's that should
 * grow. No clock is compared with another's, so those of hosts may differ by any amount.
 *
 * @module
 */

/** Something that shows that it lives by a number that grows. */
export interface Pulse {
  readonly id: number | string;
  readonly beat: number | string;
  /** How long the number may stay the same. */
  readonly timeoutMs: number;
}

/** What one observer has seen of the others. */
export class Observer {
  readonly #seen = new Map<Pulse["id"], { beat: Pulse["beat"]; sinceMs: number }>();
  readonly #longestGapMs: number;
  #lastMs = -Infinity;
  #dueMs = Infinity;

  /** `intervalMs`: how often it means to look. */
  constructor(intervalMs: number) {
    this.#longestGapMs = 2 * intervalMs;
  }

  /**
   * Looks at all others, and answers with those whose number has stayed the same for too long. `nowMs` is of a clock
   * that never goes back.
   */
  expired<Other extends Pulse>(others: readonly Other[], nowMs: number): Other[] {
    // Who was away itself, suspended together with the others perhaps, knows nothing of that time
    const wasAway = nowMs - this.#lastMs > this.#longestGapMs;
    this.#lastMs = nowMs;
    this.#dueMs = Infinity;
    const gone = new Set(this.#seen.keys());
    const expired = others.filter(({ id, beat, timeoutMs }) => {
      gone.delete(id);
      const seen = this.#seen.get(id);
      const isSame = seen !== undefined && seen.beat === beat && !wasAway;
      if (!isSame) this.#seen.set(id, { beat, sinceMs: nowMs });
      const leftMs = (isSame ? seen.sinceMs : nowMs) + timeoutMs - nowMs;
      if (leftMs < 0) return true;
      this.#dueMs = Math.min(this.#dueMs, leftMs);
      return false;
    });
    for (const id of gone) this.#seen.delete(id);
    return expired;
  }

  /** In how many milliseconds from the last look on a further one would find somebody dead; infinite without others. */
  get dueMs(): number {
    return this.#dueMs;
  }
}
