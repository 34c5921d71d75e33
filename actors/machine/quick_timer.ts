/**
 * Owns timers for what nearly every run waits for: the first `setTimeout` of a thread has Deno load Node's timers, which takes
 * 8 to 14 ms, and the timer of a signal takes one. One that is stopped is forgotten when its time has come, so it is for
 * seconds, and for few.
 *
 * @module
 */

/** Something that is called after a while, unless it is stopped before. */
export class QuickTimer {
  readonly #action: () => void;
  #signal: AbortSignal | undefined;

  /** Is called so many milliseconds from now. */
  constructor(milliseconds: number, action: () => void) {
    this.#action = action;
    this.#wind(milliseconds);
  }

  /** The same again and again. */
  static every(milliseconds: number, action: () => void): QuickTimer {
    const timer: QuickTimer = new QuickTimer(milliseconds, () => {
      timer.#wind(milliseconds);
      action();
    });
    return timer;
  }

  /** It is called no more, and keeps no program alive. */
  stop(): void {
    this.#signal?.removeEventListener("abort", this.#ring);
    this.#signal = undefined;
  }

  #wind(milliseconds: number): void {
    this.#signal = AbortSignal.timeout(milliseconds);
    this.#signal.addEventListener("abort", this.#ring);
  }

  readonly #ring = (): void => {
    this.#signal = undefined;
    this.#action();
  };
}
