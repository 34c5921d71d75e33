/**
 * Owns one run of one command: its entry in the ledger, its limit of time, its end from outside.
 * It knows nothing of artifacts: it says how the command ended and what it printed.
 *
 * @module
 */
import type { TaskFailure } from "../graph/failure.ts";
import type { LedgerSlot } from "./ledger.ts";
import type { Output } from "./messages.ts";
import { type Ended, type Invocation, type RunningProcess, SpawnError, startProcess } from "./process.ts";
import type { EndSignal } from "./stop_listener.ts";

/** How long a command has between being asked to end and KILL. */
export const GRACE_MS = 500;

/** What a command needs of the worker that runs it. */
export interface Surroundings {
  readonly workerId: number;
  /** Absolute; where commands run. */
  readonly folder: string;
  /** What all commands have in their environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly ledger: LedgerSlot;
}

/** How a command ended: well, unless there is a failure. */
export interface CommandEnd {
  readonly failure?: TaskFailure;
  /** Absent when it printed nothing. */
  readonly output?: Output;
}

/** One run, made by {@linkcode run}, that can be ended from outside while it is waited for. */
export class CommandRun {
  #process: RunningProcess | undefined;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #isTimedOut = false;
  #isCancelled = false;

  constructor(readonly surroundings: Surroundings, readonly timeoutMs: number | undefined) {}

  /** Runs the text by a shell, or without one where `direct` says how. Never rejects. */
  async run(
    command: string,
    options: Pick<Invocation, "direct" | "env" | "onOutput" | "mayRead">,
  ): Promise<CommandEnd> {
    const { folder, env, ledger } = this.surroundings;
    const argv = ["/bin/sh", "-c", command];
    try {
      this.#process = startProcess({ ...options, argv, cwd: folder, commonEnv: env });
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      return { failure: { kind: "spawn", detail: error.message } };
    }
    ledger.set(this.#process.groupId);
    if (this.timeoutMs !== undefined) {
      this.#timers.push(setTimeout(() => {
        this.#isTimedOut = true;
        this.#end("SIGTERM");
      }, this.timeoutMs));
    }
    const ended = await this.#process.ended;
    ledger.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    const { stdout, stderr } = ended.output;
    const isSilent = stdout.bytes.length === 0 && stderr.bytes.length === 0;
    return { failure: this.#failureOf(ended), output: isSilent ? undefined : ended.output };
  }

  /** Asks the command to end and, if it does not, makes it. */
  cancel(signal: EndSignal): void {
    this.#isCancelled = true;
    this.#end(signal);
  }

  #end(signal: EndSignal): void {
    const process = this.#process;
    if (process === undefined) return;
    process.signal(signal);
    if (signal !== "SIGKILL") this.#timers.push(setTimeout(() => process.signal("SIGKILL"), GRACE_MS));
  }

  #failureOf(ended: Ended): TaskFailure | undefined {
    if (this.#isTimedOut) return { kind: "timeout", timeoutMs: this.timeoutMs ?? 0 };
    if (this.#isCancelled) return { kind: "cancelled" };
    if (ended.signal !== null) return { kind: "signal", signal: ended.signal };
    if (ended.code !== 0) return { kind: "exit", code: ended.code ?? -1 };
  }
}
