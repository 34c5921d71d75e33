/**
 * Owns one run of one command: its entry in the ledger, its limit of time, its end from outside.
 * It knows nothing of artifacts: it says how the command ended and what it printed.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import type { TaskFailure } from "../../graph/failure.ts";
import { Countdowns } from "../machine/countdowns.ts";
import type { LedgerSlot } from "./ledger.ts";
import { type Ended, type RunningProcess, SpawnError, type SpawnOptions, startProcess } from "./process.ts";
import type { Strays } from "./strays.ts";
import type { Output, Usage } from "./output.ts";
import type { EndSignal, JobSignal } from "./signals.ts";

/**
 * Who stops a whole job, as a batch system or a container's end does, signals all of its processes, and a command may be
 * ended before troupe has heard of it. So long troupe's own signal may be on its way.
 */
const SIGNAL_MS = 1000;

/** What a stop signal ends a command with: the signal, or the exit code by which shells tell of it. */
const STOPPED: ReadonlySet<string | number | null> = new Set(["SIGINT", "SIGTERM", "SIGHUP", 130, 143, 129]);

/** What a command needs of the worker that runs it. */
export interface CommandContext {
  readonly workerId: number;
  /** Absolute; where commands run. */
  readonly folder: string;
  /** What all commands have in their environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly ledger: LedgerSlot;
  readonly strays: Strays;
  /** From being asked to end to KILL, for tasks that say nothing of it. */
  readonly graceMs: number;
}

/** How long a command has. */
export interface TimeLimits {
  /** For one attempt; absent for no limit. */
  readonly timeoutMs?: number;
  /** From being asked to end to KILL; absent for that of the run. */
  readonly graceMs?: number;
}

/** How a command ended: well, unless there is a failure. */
export interface CommandEnd {
  readonly failure?: TaskFailure;
  /** Absent when it printed nothing. */
  readonly output?: Output;
  readonly usage?: Usage;
}

/** One run, made by {@linkcode run}, that can be ended from outside while it is waited for. */
export class CommandRun {
  #process: RunningProcess | undefined;
  readonly #countdowns = new Countdowns();
  #isPaused = false;
  readonly #timeoutMs: number | undefined;
  readonly #graceMs: number;
  /** The command was asked to end. */
  #isAsked = false;
  #isTimedOut = false;
  #isCancelled = false;
  readonly #cancelled = Promise.withResolvers<void>();

  constructor(readonly context: CommandContext, limits: TimeLimits) {
    this.#timeoutMs = limits.timeoutMs;
    this.#graceMs = limits.graceMs ?? context.graceMs;
  }

  /** Runs the text by a shell, or without one where `direct` says how, in a folder of its own if one is given. Never rejects. */
  async run(
    command: string,
    { cwd, ...options }: Pick<SpawnOptions, "direct" | "env" | "onOutput" | "mayRead"> & Partial<SpawnOptions>,
  ): Promise<CommandEnd> {
    const { folder, env, ledger, strays } = this.context;
    const argv = ["/bin/sh", "-c", command];
    try {
      const common = { commonEnv: env, graceMs: this.#graceMs, blocks: true };
      this.#process = startProcess({ ...options, ...common, argv, cwd: cwd ?? folder });
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      return { failure: { kind: "spawn", detail: error.message } };
    }
    ledger.set(this.#process.groupId);
    if (this.#timeoutMs !== undefined) {
      this.#countdowns.after(this.#timeoutMs, () => {
        this.#isTimedOut = true;
        this.#end("SIGTERM");
      });
    }
    if (this.#isPaused) this.#process.signal("SIGSTOP");
    const ended = await this.#process.ended;
    ledger.clear();
    const isLikely = ended.isHeld || this.#isAsked || ended.signal !== null;
    await strays.end(this.#graceMs, { isLikely });
    this.#countdowns.clear();
    if (!this.#isAsked && STOPPED.has(ended.signal ?? ended.code)) {
      await deadline(this.#cancelled.promise, SIGNAL_MS).catch(() => {});
    }
    const { stdout, stderr } = ended.output;
    const isSilent = stdout.bytes.length === 0 && stderr.bytes.length === 0;
    return { failure: this.#failureOf(ended), output: isSilent ? undefined : ended.output, usage: ended.usage };
  }

  /** Asks the command to end and, if it does not, makes it. */
  cancel(signal: EndSignal): void {
    this.#isCancelled = true;
    this.#cancelled.resolve();
    this.#end(signal);
  }

  /** Has the command stand still; settles when it does, or does not cease to move for some time. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    this.#countdowns.hold();
    const process = this.#process;
    if (process === undefined) return;
    await this.context.strays.askToPause(process.groupId);
    if (this.#isPaused) this.#send(process, "SIGSTOP");
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#process !== undefined) this.#send(this.#process, "SIGCONT");
    void this.context.strays.continueLate();
    this.#countdowns.goOn();
  }

  #send(process: RunningProcess, signal: JobSignal): void {
    process.signal(signal);
    this.context.strays.signal(signal, process.groupId);
  }

  #end(signal: EndSignal): void {
    const process = this.#process;
    if (process === undefined) return;
    this.#isAsked = true;
    this.#send(process, signal);
    this.resume(); // or it would not hear it
    if (signal !== "SIGKILL") this.#send(process, "SIGCONT"); // it may have been stopped by others, or by itself
    if (signal !== "SIGKILL") this.#countdowns.after(this.#graceMs, () => this.#send(process, "SIGKILL"));
  }

  #failureOf(ended: Ended): TaskFailure | undefined {
    if (this.#isTimedOut) return { kind: "timeout", timeoutMs: this.#timeoutMs ?? 0 };
    if (this.#isCancelled) return { kind: "cancelled" };
    if (ended.signal !== null) return { kind: "signal", signal: ended.signal };
    if (ended.code !== 0) return { kind: "exit", code: ended.code ?? -1 };
  }
}
