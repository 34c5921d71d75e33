/**
 * Owns how long one waits for what others have, and that whoever is to leave does not wait as long as one who stays.
 * It waits for nothing itself.
 *
 * @module
 */

/** What is left to somebody who is to leave: enough for those before it in a queue, too little for one that hangs. */
const LEAVING_MS = 2000;

/** The patience of one who may be told to leave. */
export class Patience {
  readonly #ms: number;
  #leavingSinceMs: number | undefined;
  #isSpent = false;

  /** From when the signal is aborted there is little left for all that is still waited for. */
  constructor(ms: number, leaving?: AbortSignal) {
    this.#ms = ms;
    const leave = () => this.#leavingSinceMs ??= performance.now();
    if (leaving?.aborted) leave();
    else leaving?.addEventListener("abort", leave, { once: true });
  }

  /** Whether something has been waited for long enough since then. */
  isOver(sinceMs: number): boolean {
    const nowMs = performance.now();
    if (nowMs > sinceMs + this.#ms) return true;
    if (this.#leavingSinceMs === undefined) return false;
    // what has hung for so long goes on hanging
    return this.#isSpent ||= nowMs > Math.max(sinceMs, this.#leavingSinceMs) + LEAVING_MS;
  }
}
