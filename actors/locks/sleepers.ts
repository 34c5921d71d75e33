/**
 * Owns those in this process who wait for locks: a lock that is given back here wakes them before their delay has passed.
 * It grants nothing.
 *
 * @module
 */
import { isAbout } from "./match.ts";
import type { Wish } from "./request.ts";

/** The longest delay that a timer takes. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The waiters for locks of one manager. */
export class Sleepers {
  readonly #sleepers = new Set<{ readonly wish: Wish; wake(): void }>();
  #releases = 0;

  /** How often something was given back. */
  get releases(): number {
    return this.#releases;
  }

  /** Wakes those who want something that was given back. */
  wake({ wanted }: Wish): void {
    this.#releases++;
    for (const { wish, wake } of this.#sleepers) {
      if (wanted.some((freed) => wish.wanted.some((other) => isAbout(freed, other)))) wake();
    }
  }

  /** Resolves when the time has passed, something that is waited for was given back here, or the signal came. */
  async sleep(wish: Wish, ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve: wake } = Promise.withResolvers<void>();
    const sleeper = { wish, wake };
    const timer = setTimeout(wake, Math.min(Math.ceil(ms), LONGEST_DELAY_MS));
    const onAbort = () => wake();
    signal?.addEventListener("abort", onAbort);
    this.#sleepers.add(sleeper);
    try {
      await promise;
    } finally {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    }
  }
}
