/**
 * Owns the pauses of long work on the main thread, in which signals are heard and others get their turn. Whoever works
 * asks now and then whether one is due; it costs nothing until it is.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { type Stop, StoppedError } from "./stop_listener.ts";

/** Work between two pauses: a signal is to be heard within 0.2 s, and the machine may be busy. */
const SLICE_MS = 25;

/** The pauses of one piece of work. */
export class Breath {
  readonly #stop: Pick<Stop, "signal"> | undefined;
  #until = performance.now() + SLICE_MS;

  /** A stop that is asked for ends the work at its next pause; default nothing does. */
  constructor(stop?: Pick<Stop, "signal">) {
    this.#stop = stop;
  }

  get isDue(): boolean {
    return performance.now() > this.#until;
  }

  /**
   * Gives way to whoever waits.
   *
   * @throws {StoppedError} When the work is to be stopped.
   */
  async take(): Promise<void> {
    // A timer, as signals are heard between two rounds of the event loop and not between two promises.
    await delay(0);
    if (this.#stop?.signal !== undefined) throw new StoppedError(this.#stop.signal);
    this.#until = performance.now() + SLICE_MS;
  }
}
