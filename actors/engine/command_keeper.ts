/**
 * Owns what sees to it that no command outlives its run: the ledger of the workers' process groups, the watchdog that reads it
 * should this process be killed, and the mark by which what has left its group is found.
 * It starts no command.
 *
 * @module
 */
import { createLedger, LedgerSlot, readSlot } from "../process/ledger.ts";
import { makeToken, markOf, startWatchdog, type Watchdog } from "../process/watchdog.ts";
import type { JobSignal } from "../process/signals.ts";
import { later } from "../machine/later.ts";
import { systemDetail } from "../machine/system_error.ts";

/** What one run's commands have in common. */
export interface CommandKeeperOptions {
  readonly workers: number;
  /** From being asked to end to SIGKILL. */
  readonly graceMs: number;
  /** Told what it has to do without. */
  readonly onWarning: (sentence: string) => void;
}

/** Keeps one run's commands from outliving it. */
export class CommandKeeper {
  readonly #options: CommandKeeperOptions;
  /** What marks this run's commands. */
  readonly #token = makeToken();
  #ledger = "";
  #watchdog: Watchdog | undefined;
  #mayHaveStrays = false;
  #isWhole = true;

  constructor(options: CommandKeeperOptions) {
    this.#options = options;
  }

  /** Path of the ledger; empty when there is none. */
  get ledger(): string {
    return this.#ledger;
  }

  /** Whether commands are watched over, as far as is known. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The value of the variable that marks a worker's commands, and the mark as a process's environment has it. */
  marksOf(worker: number): { readonly value: string; readonly mark: string } {
    return { value: `${this.#token}-${worker}`, mark: markOf(this.#token, worker) };
  }

  /** Makes the ledger. A full temp folder is no reason not to build. */
  begin(): void {
    try {
      this.#ledger = createLedger(this.#options.workers);
    } catch (error) {
      this.#doWithout(systemDetail(error));
    }
  }

  /** Starts the watchdog, before the first command is. Too few descriptors are no reason not to build either. */
  watch(): void {
    try {
      const onGone = (why: string) => this.#doWithout(why);
      this.#watchdog = startWatchdog({ ledger: this.#ledger, token: this.#token, onGone });
    } catch (error) {
      if (this.#ledger !== "") Deno.removeSync(this.#ledger);
      this.#ledger = "";
      this.#doWithout(systemDetail(error));
    }
  }

  #doWithout(why: string): void {
    if (this.#isWhole) {
      this.#options.onWarning(`Cannot watch over commands: ${why}; if troupe is killed they may go on`);
    }
    this.#isWhole = false;
  }

  /** There may be processes that no worker has looked for, or will. */
  noteStrays(): void {
    this.#mayHaveStrays = true;
  }

  /** Sends a signal to the group of the worker's command, if it has one. */
  signal(worker: number, signal: JobSignal): void {
    const group = readSlot(this.#ledger, worker);
    if (group === undefined) return;
    try {
      Deno.kill(-group, signal);
    } catch {
      // The process is gone already.
    }
  }

  /** A worker's thread is no more, and its command was ended: nobody has looked for what that has left behind. */
  forget(worker: number): void {
    this.noteStrays();
    using slot = new LedgerSlot(this.#ledger, worker);
    slot.clear();
  }

  /** Ends what commands have left behind while their workers are alive; answers whether nothing is left. */
  async clear(): Promise<boolean> {
    if (await this.#areStraysLeft()) return false;
    this.#mayHaveStrays = false;
    return true;
  }

  /** Resolves when nothing of the run's commands is left. No worker is alive any more. */
  async close(): Promise<void> {
    const areLeft = await this.#areStraysLeft();
    try {
      await this.#watchdog?.close(areLeft);
    } catch (error) {
      this.#options.onWarning(`Cannot remove '${this.#ledger}': ${systemDetail(error)}`);
    }
  }

  /** There is one look at all processes for all workers. */
  async #areStraysLeft(): Promise<boolean> {
    if (!this.#mayHaveStrays) return false;
    const { canLook, endMarked } = await later<typeof import("../process/strays.ts")>(
      "../process/strays.ts",
      import.meta.url,
    );
    if (!canLook()) return true; // the watchdog is no Deno, of which permissions are wanted
    await endMarked(`\0${markOf(this.#token, "")}`, this.#options.graceMs);
    return false;
  }
}
