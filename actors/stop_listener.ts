/**
 * Owns the wish that a run ends early, and who may utter it: on the command line the process's signals, in a program its
 * AbortSignal. A library must not take the signals of the program that uses it.
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

/** A wish that a run ends early, which nobody has yet; commands are then told in the words of a signal. */
export class Stop {
  signal: StopSignal | undefined;
  onSignal: (() => void) | undefined;
  /** Resolves with the first signal. */
  readonly stopped: Promise<StopSignal>;
  #resolve!: (signal: StopSignal) => void;

  constructor() {
    this.stopped = new Promise((resolve) => this.#resolve = resolve);
  }

  /** Wishes it; a second time means haste. */
  ask(signal: StopSignal): void {
    this.signal ??= signal;
    this.#resolve(this.signal);
    this.onSignal?.();
  }
}

/** Takes the abort of a program's signal for Ctrl-C, for as long as it is in scope. */
export class AbortListener extends Stop implements Disposable {
  readonly #signal: AbortSignal | undefined;
  readonly #listener = () => this.ask("SIGINT");

  constructor(signal: AbortSignal | undefined) {
    super();
    this.#signal = signal;
    signal?.addEventListener("abort", this.#listener);
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#listener);
  }
}

/** Hears the signals that ask for an end for as long as it is in scope. */
export class StopListener extends Stop implements Disposable {
  readonly #listeners: [StopSignal, () => void][] = [];

  constructor() {
    super();
    for (const signal of STOP_SIGNALS) {
      const listener = () => this.ask(signal);
      Deno.addSignalListener(signal, listener);
      this.#listeners.push([signal, listener]);
    }
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
