/**
 * Owns a clock for tests of waits: a timer runs off at once, and the time has gone by then that it was asked for, and no
 * other. So the lengths of waits are seen exactly, however busy the machine is, and take no time.
 *
 * @module
 */

/** This thread's clock for as long as it is in scope; only for waits one after another. */
export class JumpingClock implements Disposable {
  /** What the timers that ran off were asked for, in whole tenths of a second; shorter ones are left out. */
  readonly waits: number[] = [];
  readonly #setTimeout = globalThis.setTimeout;
  readonly #now = performance.now;
  #aheadMs = 0;

  constructor() {
    const begunMs = performance.now();
    performance.now = () => begunMs + this.#aheadMs;
    const jump = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      this.#setTimeout(() => {
        this.#aheadMs += ms;
        if (ms >= 50) this.waits.push(Math.round(ms / 100) / 10);
        callback(...args);
      }, 0);
    globalThis.setTimeout = jump as typeof setTimeout;
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
    performance.now = this.#now;
  }
}
