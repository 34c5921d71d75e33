/**
 * Owns one attempt at a task that is a function: when it began, and the signal by which it is told that nobody waits for
 * it any more.
 * It neither starts the function nor decides when it is too late.
 *
 * @module
 */

/** What an attempt is made with. */
interface AttemptParts {
  /** Whose place it takes up. */
  readonly worker: number;
  /** From 1. */
  readonly number: number;
  /** Aborted when the run has ended. */
  readonly over: AbortSignal;
  /** Told when it begins. */
  readonly onBegun: (attempt: Attempt) => void;
}

/** One attempt. */
export class Attempt {
  readonly worker: number;
  readonly number: number;
  readonly madeMs = performance.now();
  #begunMs = this.madeMs;
  readonly #over: AbortSignal;
  readonly #onBegun: (attempt: Attempt) => void;
  #controller: AbortController | undefined;
  #reason: unknown;
  #isAbandoned = false;
  #bond: AbortSignal | undefined;

  constructor(readonly task: number, { worker, number, over, onBegun }: AttemptParts) {
    this.worker = worker;
    this.number = number;
    this.#over = over;
    this.#onBegun = onBegun;
  }

  /** When it began by `performance.now()`, or was made if it has not. */
  get begunMs(): number {
    return this.#begunMs;
  }

  /** Its time begins: what had to be there first is there. */
  begin(): void {
    this.#begunMs = performance.now();
    this.#onBegun(this);
  }

  /** Most functions never ask for it, so it is made for those that do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAbandoned) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** What it does to shared things ends with it: it is given up, or nothing more can come of it. */
  get bond(): AbortSignal {
    return this.#bond ??= AbortSignal.any([this.signal, this.#over]);
  }

  /** Nobody waits for it any more, or will soon. */
  abandon(reason: unknown): void {
    this.#isAbandoned = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
