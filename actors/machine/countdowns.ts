/**
 * Owns timers that can be held: while they are, no time passes for them. So a task's time is its own, and not that in
 * which it was stopped together with troupe.
 *
 * @module
 */

interface Countdown {
  leftMs: number;
  /** `performance.now()` since when it runs. */
  since: number;
  readonly act: () => void;
  timer?: ReturnType<typeof setTimeout>;
}

/** Some timers that are held and cleared together. */
export class Countdowns {
  readonly #all = new Set<Countdown>();
  #isHeld = false;

  /** Acts once so much time has passed. */
  after(milliseconds: number, act: () => void): void {
    const countdown: Countdown = { leftMs: milliseconds, since: 0, act };
    this.#all.add(countdown);
    if (!this.#isHeld) this.#run(countdown);
  }

  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    const now = performance.now();
    for (const countdown of this.#all) {
      clearTimeout(countdown.timer);
      countdown.leftMs = Math.max(0, countdown.leftMs - (now - countdown.since));
    }
  }

  goOn(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const countdown of this.#all) this.#run(countdown);
  }

  /** Forgets all of them. */
  clear(): void {
    for (const { timer } of this.#all) clearTimeout(timer);
    this.#all.clear();
  }

  #run(countdown: Countdown): void {
    countdown.since = performance.now();
    countdown.timer = setTimeout(() => {
      this.#all.delete(countdown);
      countdown.act();
    }, countdown.leftMs);
  }
}
