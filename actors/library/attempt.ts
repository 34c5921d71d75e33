/**
 * Owns one attempt of a task that is a function: when it began, and the signal by which it is told that nobody waits for
 * it any more.
 * It neither starts the function nor decides when it is too late.
 *
 * @module
 */

/** One attempt; made when it begins. */
export class Attempt {
  begunMs = performance.now();
  #controller: AbortController | undefined;
  #reason: unknown;
  #isAbandoned = false;

  readonly slot: number;
  /** From 1. */
  readonly number: number;

  constructor(readonly task: number, { slot, number }: { readonly slot: number; readonly number: number }) {
    this.slot = slot;
    this.number = number;
  }

  /** Most functions never ask for it, so it is made for those that do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isAbandoned) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Nobody waits for it any more. */
  abandon(reason: unknown): void {
    this.#isAbandoned = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  let text;
  try {
    text = String(thrown);
  } catch {
    text = "A value without a text was thrown";
  }
  return new Error(text, { cause: thrown });
}
