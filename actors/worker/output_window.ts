/**
 * Owns the bound on what a command has printed and nobody has dealt with yet: past it, whoever reads the command's
 * streams waits. Any number may wait at once, and all are woken together: a command has two streams.
 * It holds no bytes itself.
 *
 * @module
 */

/** A count of bytes under way, with a limit. */
export class OutputWindow {
  readonly #limit: number;
  #ahead = 0;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** So many bytes are under way. */
  add(bytes: number): void {
    this.#ahead += bytes;
  }

  /** So many bytes have been dealt with. */
  remove(bytes: number): void {
    this.#ahead -= bytes;
    if (this.#ahead >= this.#limit) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** Resolves when there is room; undefined when there is some already. */
  room(): Promise<void> | undefined {
    if (this.#ahead < this.#limit) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }
}
