/**
 * Owns what ends the module processes of a program that is ended itself: their mark, and a watchdog that looks for it. One
 * that computes hears of no closed pipe. It starts no module.
 *
 * @module
 */
import { makeToken, RUN_VARIABLE, startWatchdog, type Watchdog } from "../process/watchdog.ts";

/** Watches over the processes that have its mark. */
export class ProcessWatch {
  readonly #token = makeToken();
  /** There from the first one on, or null where there can be none. */
  #watchdog: Watchdog | null | undefined;

  /** Begins to watch, if it does not yet, and gives what a process is to have in its environment. */
  mark(): Readonly<Record<string, string>> {
    if (this.#watchdog === undefined) this.#watch();
    return { [RUN_VARIABLE]: `${this.#token}-` };
  }

  /** No such process is left. */
  async close(): Promise<void> {
    await this.#watchdog?.close().catch(() => {}); // it goes by itself when this process has ended
  }

  /** A program that may not run everything would be asked whether it may run this. */
  #watch(): void {
    this.#watchdog = null;
    if (Deno.permissions.querySync({ name: "run" }).state !== "granted") return;
    try {
      this.#watchdog = startWatchdog({ ledger: "", token: this.#token, onGone: () => {} });
    } catch {
      // The processes go on without one.
    }
  }
}
