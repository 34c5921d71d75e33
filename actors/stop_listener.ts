/**
 * Owns the signals that ask troupe to end, for as long as it listens.
 * It ends nothing: it tells.
 *
 * @module
 */

/** Signals that end a run in good order. */
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** What a command is ended by: asked to in the words in which troupe was, or made to. */
export type EndSignal = StopSignal | "SIGKILL";

const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** A stop was asked for before the first task; nothing was started. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
  constructor(readonly signal: StopSignal) {
    super(`Stopped by ${signal}`);
  }
}

/** Hears the signals that ask for an end for as long as it is in scope. */
export class StopListener implements Disposable {
  signal: StopSignal | undefined;
  onSignal: (() => void) | undefined;
  /** Resolves with the first signal. */
  readonly stopped: Promise<StopSignal>;
  readonly #listeners: [StopSignal, () => void][] = [];

  constructor() {
    let resolve: (signal: StopSignal) => void;
    this.stopped = new Promise((settle) => resolve = settle);
    for (const signal of STOP_SIGNALS) {
      const listener = () => {
        this.signal ??= signal;
        resolve(this.signal);
        this.onSignal?.();
      };
      Deno.addSignalListener(signal, listener);
      this.#listeners.push([signal, listener]);
    }
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
