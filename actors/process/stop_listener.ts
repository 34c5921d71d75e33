/**
 * Owns the wish that a run ends early, and who may utter it: on the command line the process's signals, in a program its
 * AbortSignal. A library must not take the signals of the program that uses it.
 * It ends nothing: it tells.
 *
 * @module
 */
import type { Pausing } from "../machine/suspension.ts";
import { keeperOfThis } from "./build_chain.ts";
import { later } from "../machine/later.ts";
import type { StopSignal } from "./signals.ts";

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
  /** What stands still while this process does. */
  pausing: Pausing | undefined;
  /** Whether all of this process is troupe's: its signals, and its children. */
  readonly ownsProcess: boolean = false;
  readonly #controller = new AbortController();

  /** Aborts with the first signal, with a {@linkcode StoppedError} as its reason. */
  get aborted(): AbortSignal {
    return this.#controller.signal;
  }

  /** Wishes it; a second time means haste. */
  ask(signal: StopSignal): void {
    this.signal ??= signal;
    this.#controller.abort(new StoppedError(this.signal));
    this.onSignal?.();
  }

  /** All is done but what is still to be written: whoever is in haste need not wait for that. */
  wrapUp(): void {}
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

/** From the second signal to an end without order, if the one in order has not come by then. */
const HASTE_MS = 1500;

/** The same when all is done, and what was said is only to be written. */
const WRITING_MS = 100;

/** Who signals all processes, as a batch system does, reaches a member twice: by itself, and by who started it. */
const ECHO_MS = 1000;

/** What differs from one who listens to signals to another. */
export interface ListenerOptions {
  /**
   * Whether a process of troupe's has started this one, to which Ctrl-Z does not come: it is only told what to do. It is
   * told to be in haste by SIGUSR2.
   */
  readonly isMember?: boolean;
  /** Told when this process was stopped and goes on: a shell may have written to the terminal meanwhile. */
  readonly onContinued?: () => void;
}

/**
 * Hears the signals that ask for an end for as long as it is in scope. After a second one, whatever hangs by then is left
 * as it is: files are whole at any moment, and the watchdog ends what still runs. A third one is not waited for at all.
 * It also hears Ctrl-Z, where there is a way to tell whether anybody would continue it.
 */
export class StopListener extends Stop implements Disposable {
  readonly #listeners: [Deno.Signal, () => void][] = [];
  override readonly ownsProcess = true;
  readonly #exit: ((signal: StopSignal) => void) | undefined;
  readonly #options: ListenerOptions;
  #isSuspending = false;
  #firstMs = 0;
  #count = 0;
  #patienceMs = HASTE_MS;
  #haste: ReturnType<typeof setTimeout> | undefined;

  /** `exit` ends the process at once; without it nothing but an end in order is known. */
  constructor(exit?: (signal: StopSignal) => void, options: ListenerOptions = {}) {
    super();
    this.#exit = exit;
    this.#options = options;
    for (const signal of STOP_SIGNALS) this.#listen(signal, () => this.#hear(signal));
    if (options.isMember) {
      this.#listen("SIGUSR2", () => this.#hasten());
      this.#listen("SIGTSTP", () => void this.pausing?.pause());
      this.#listen("SIGCONT", () => this.pausing?.resume());
    } else if (Deno.build.os === "linux") this.#listen("SIGTSTP", () => this.#suspend());
  }

  #listen(signal: Deno.Signal, listener: () => void): void {
    Deno.addSignalListener(signal, listener);
    this.#listeners.push([signal, listener]);
  }

  override wrapUp(): void {
    this.#patienceMs = WRITING_MS;
    if (this.#count > 1) this.#endSoon();
  }

  #hear(signal: StopSignal): void {
    const now = performance.now();
    if (this.#count === 0) this.#firstMs = now;
    else if (this.#options.isMember && now - this.#firstMs < ECHO_MS) return;
    this.#note(signal);
  }

  #hasten(): void {
    if (this.#count === 0) this.#note("SIGTERM");
    this.#note("SIGTERM");
  }

  #note(signal: StopSignal): void {
    this.ask(signal);
    this.#count++;
    if (this.#count > 2) this.#exit?.(this.signal!);
    if (this.#count > 1) this.#endSoon();
  }

  async #suspend(): Promise<void> {
    if (this.#isSuspending) return;
    this.#isSuspending = true;
    const { suspend } = await later<typeof import("../machine/suspension.ts")>(
      "../machine/suspension.ts",
      import.meta.url,
    );
    if (await suspend(this.pausing, keeperOfThis())) this.#options.onContinued?.();
    this.#isSuspending = false;
  }

  #endSoon(): void {
    const exit = this.#exit;
    if (exit === undefined) return;
    clearTimeout(this.#haste);
    this.#haste = setTimeout(() => exit(this.signal!), this.#patienceMs);
  }

  [Symbol.dispose](): void {
    if (this.#haste !== undefined) clearTimeout(this.#haste); // which loads what Deno has timers by
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
