/**
 * Owns the order in which an actor hears of things: one message at a time, first come first served.
 * It never waits for a handler: a handler that returns has finished, so every change of state is atomic without a lock.
 *
 * @module
 */

/** How long messages are handled in one go before timers, signals and workers get their turn. */
const SLICE_MS = 50;

/** A queue of messages and the one function that handles them. */
export class Mailbox<Message> {
  readonly #handle: (message: Message) => void;
  readonly #onError: (error: unknown) => void;
  #queue: Message[] = [];
  #scheduled = false;
  #closed = false;

  /** `onError` is told what the handler throws; the mailbox is closed then. */
  constructor(handle: (message: Message) => void, onError: (error: unknown) => void) {
    this.#handle = handle;
    this.#onError = onError;
  }

  /** Puts a message in; it is handled after the caller has returned. After `close` it is dropped. */
  post(message: Message): void {
    if (this.#closed) return;
    this.#queue.push(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#drain());
  }

  /** Drops what is waiting and all that comes. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
  }

  #drain(): void {
    const until = performance.now() + SLICE_MS;
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        for (let i = 0; i < batch.length; i++) {
          if (this.#closed) return;
          this.#handle(batch[i]);
          if ((i & 15) === 15 && performance.now() > until) {
            this.#queue = batch.slice(i + 1).concat(this.#queue);
            setTimeout(() => this.#drain(), 0);
            return;
          }
        }
      }
      this.#scheduled = false;
    } catch (error) {
      this.close();
      this.#onError(error);
    }
  }
}
