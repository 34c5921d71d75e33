/**
 * Owns one worker's thread as its pool sees it: the task it has, what it owes word of, and for how long that is waited for.
 * It decides nothing: what it hears, and that it hears nothing, is its pool's to judge.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { isThere } from "../machine/regular_file.ts";
import { removeIfPresent } from "../storage/artifact.ts";
import { carryOut } from "../storage/deed.ts";
import { asideOf } from "../storage/temporaries.ts";
import type { Runner } from "./command_growth.ts";
import type { EndSignal } from "../process/signals.ts";
import { startThread } from "./thread_ahead.ts";
import type { Caller } from "./thread_growth.ts";
import type {
  FromWorker,
  PermitWanted,
  RunShell,
  RunTask,
  SandboxWanted,
  ToWorker,
  WorkerSetup,
} from "../worker/messages.ts";

/** What setTimeout can wait for. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** From SIGKILL to a worker's word that its command has ended; whoever says nothing by then is blocked. */
const ANSWER_MS = 500;

/** The same where it is in no hurry: the worker sends SIGKILL itself, and may be reading or writing a file that long. */
const PATIENT_ANSWER_MS = 3000;

/** How long a worker has to make its command stand still. */
const PAUSE_MS = 1500;

/** How long an idle worker has to end its thread before it is ended. */
const CLOSE_MS = 1000;

/** How long an idle worker has for what its functions have left running, which it limits itself; it may have died. */
const FINISH_MS = 5000;

/** What a worker may say that is word for its pool. */
export type Said = Exclude<FromWorker, { kind: "closed" | "finished" | "paused" }> | PermitWanted | SandboxWanted;

/** Who hears of a worker. */
export interface WorkerListener {
  readonly onSaid: (message: Said) => void;
  /** The thread is no more. */
  readonly onCrashed: (detail: string) => void;
  /** The worker has said nothing of a command that was to end, and has had its time. */
  readonly onBlocked: () => void;
}

/** What a task that a worker is given means for its thread. */
export interface Assignment {
  readonly message: RunTask | RunShell;
  /** How long the task has to end when it is asked to. */
  readonly graceMs: number;
  /** The temporary files and folders it may make, absolute; with the outputs that these are to become, if they are. */
  readonly temporaries: readonly { readonly temporary: string; readonly path?: string }[];
}

/** One thread. It is used until it ends; another one takes its place. */
export class WorkerThread implements Caller, Runner {
  readonly #thread: Worker;
  /** See {@linkcode WorkerSetup}. */
  readonly #cancelled: Int32Array<SharedArrayBuffer>;
  readonly #listener: WorkerListener;
  #isReady = false;
  #adoptsOrphans = false;
  #assignment: Assignment | undefined;
  /** When it was ready, last was given a task, or had done with one. */
  #turnedMs = 0;
  #hasSandboxes = false;
  /** When it was given the function it calls in a thread (`performance.now()`); undefined when it calls none. */
  #callingSince: number | undefined;
  #hasCalled = false;
  /** Runs while it owes word of a command that is to end. */
  #givingUp: ReturnType<typeof setTimeout> | undefined;
  #onPaused: (() => void) | undefined;
  #onFinished: (() => void) | undefined;
  #onClosed: (() => void) | undefined;

  /** `thread` waits for its setup; default one is started. */
  constructor(
    setup: Omit<WorkerSetup, "kind" | "cancelled">,
    listener: WorkerListener,
    thread: Worker = startThread(setup.workerId),
  ) {
    const cancelled = new SharedArrayBuffer(4);
    this.#cancelled = new Int32Array(cancelled);
    this.#listener = listener;
    this.#thread = thread;
    this.#thread.onmessage = ({ data }: MessageEvent<FromWorker | PermitWanted | SandboxWanted>) => this.#heard(data);
    this.#thread.onerror = (event) => {
      event.preventDefault(); // or it would end the whole process
      listener.onCrashed(event.message);
    };
    this.send({ kind: "setup", ...setup, cancelled });
  }

  /** Whether the worker has said that it can be given tasks. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether it has no task, and nothing that a task has left in it. */
  get isIdle(): boolean {
    return this.task === undefined && this.#givingUp === undefined && !this.#hasSandboxes;
  }

  get hasCalled(): boolean {
    return this.#hasCalled;
  }

  get callingMs(): number | undefined {
    return this.#callingSince === undefined ? undefined : performance.now() - this.#callingSince;
  }

  get sameMs(): number {
    return performance.now() - this.#turnedMs;
  }

  /** Whether it finds all that its commands leave behind. */
  get adoptsOrphans(): boolean {
    return this.#adoptsOrphans;
  }

  /** The task it has. */
  get task(): number | undefined {
    return this.#assignment?.message.task;
  }

  send(message: ToWorker): void {
    this.#thread.postMessage(message);
  }

  /** Gives it a task. */
  assign(assignment: Assignment): void {
    this.#assignment = assignment;
    this.#turnedMs = performance.now();
    const { message } = assignment;
    if (message.kind === "run" && message.work.kind === "module") {
      this.#hasSandboxes = true;
      this.#callingSince = message.work.isolate === "process" ? undefined : performance.now();
    }
    this.#stopGivingUp(); // of a task that had ended before it was to
    Atomics.store(this.#cancelled, 0, 0);
    this.send(message);
  }

  /**
   * Ends its command. If it is blocked, and does not say that the command has ended when that has had its grace and some time
   * more, it is told of; after SIGKILL it is soon.
   */
  cancel(signal: EndSignal): void {
    this.send({ kind: "cancel", signal });
    Atomics.store(this.#cancelled, 0, 1);
    if (signal === "SIGKILL") this.#giveUpAfter(ANSWER_MS);
    else if (this.#givingUp === undefined) this.#giveUpPatiently();
  }

  /** Has its command stand still. */
  async pause(): Promise<void> {
    await within(PAUSE_MS, (resolve) => {
      this.#onPaused = resolve;
      this.send({ kind: "pause" });
    });
  }

  /** Lets it go on. No time has passed for what is to end. */
  resume(): void {
    this.send({ kind: "resume" });
    if (this.#givingUp !== undefined) this.#giveUpPatiently();
  }

  /** Lets what its functions have left running come to its end. */
  async finish(): Promise<void> {
    if (!this.#hasSandboxes) return;
    await within(FINISH_MS, (resolve) => {
      this.#onFinished = resolve;
      this.send({ kind: "finish" });
    });
  }

  /** Ends it when it has had the time to do so itself. */
  async close(): Promise<void> {
    if (this.#isReady) {
      await within(CLOSE_MS, (resolve) => {
        this.#onClosed = resolve;
        this.send({ kind: "close" });
      });
    }
    this.#thread.terminate();
    this.#removeTemporary();
  }

  /** Ends it at once, whatever it does, and hears nothing more. */
  end(): void {
    this.#stopGivingUp();
    this.#thread.onmessage = null;
    this.#thread.terminate();
    this.#removeTemporary();
  }

  #heard(message: FromWorker | PermitWanted | SandboxWanted): void {
    switch (message.kind) {
      case "closed":
        return this.#onClosed?.();
      case "finished":
        return this.#onFinished?.();
      case "paused":
        return this.#onPaused?.();
      case "ready":
        this.#isReady = true;
        this.#turnedMs = performance.now();
        this.#adoptsOrphans = message.adoptsOrphans ?? false;
        break;
      case "completed":
      case "failed":
      case "unrestorable":
      case "lost":
        this.#assignment = undefined;
        this.#turnedMs = performance.now();
        this.#hasCalled ||= this.#callingSince !== undefined;
        this.#callingSince = undefined;
        this.#stopGivingUp();
    }
    this.#listener.onSaid(message);
  }

  #stopGivingUp(): void {
    // Even this loads what Deno has timers by.
    if (this.#givingUp !== undefined) clearTimeout(this.#givingUp);
    this.#givingUp = undefined;
  }

  #giveUpPatiently(): void {
    this.#giveUpAfter((this.#assignment?.graceMs ?? 0) + PATIENT_ANSWER_MS);
  }

  #giveUpAfter(milliseconds: number): void {
    this.#stopGivingUp();
    this.#givingUp = setTimeout(() => this.#listener.onBlocked(), Math.min(milliseconds, LONGEST_TIMER_MS));
  }

  /** What a dead worker cannot do itself. */
  #removeTemporary(): void {
    for (const { temporary, path } of this.#assignment?.temporaries ?? []) {
      try {
        removeIfPresent(temporary);
        // A folder that was moved out of its command's way comes back.
        const aside = asideOf(temporary);
        if (path !== undefined && isThere(aside)) carryOut({ kind: "return", aside, path });
      } catch {
        // A stray file harms nobody; the task has failed already.
      }
    }
  }
}

/** Resolves when what is begun says so, or when the time is up. */
async function within(milliseconds: number, begin: (resolve: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  begin(resolve);
  await deadline(promise, milliseconds).catch(() => {});
}
