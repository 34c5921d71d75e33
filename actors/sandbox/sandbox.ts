/**
 * Owns one sandbox as its host sees it: calls go in, answers come out, and it can be ended at any time.
 * It decides nothing about tasks; which permissions it has is told once, when it is opened.
 *
 * @module
 */
import type { Permissions } from "../../graph/task.ts";
import { deadline } from "@std/async/deadline";
import type {
  Abort,
  AskFile,
  Call,
  EndSandbox,
  FileAnswer,
  Finish,
  FromSandbox,
  HoldSandbox,
  Probe,
  SandboxEnded,
  SandboxPaused,
  SandboxPorts,
  Thrown,
} from "./sandbox_messages.ts";

/** Has a sandbox thread started at the other ends of the ports. */
export type Connect = (permissions: Permissions, ports: SandboxPorts) => void;

/** How a call ended. */
export type Answer =
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly thrown: Thrown }
  /** The thread is no more: it exited, ran out of memory, was ended, or could not be started. */
  | { readonly kind: "ended"; readonly detail: string };

/** What the host does for a call while it lasts. */
export interface CallListener {
  readonly onPrinted?: (stream: "stdout" | "stderr", text: string) => void;
  /** Reads a declared file the function asks for. */
  readonly onFileWanted?: (path: string) => FileAnswer;
  /** Told of an error that the function left to nobody and that came after its answer. */
  readonly onLate?: (thrown: Thrown) => void;
}

/** It is found that a call has run out of memory when it has lasted so long, or a little longer. */
const PROBE_MS = 250;

/**
 * How long a function may keep its thread from hearing that it is to stop: for longer it is in a loop, and what it could still
 * make of its time is nothing that anybody waits for. It is looked at several times, since after Ctrl-Z, or on a busy
 * machine, one of them comes before what was said meanwhile.
 */
const HEARING_MS = 250;
const HEARINGS = 4;

/** How long what functions have left running may take when no call follows. */
const FINISH_MS = 1000;

/** A call that is being made. */
interface CurrentCall {
  readonly id: string;
  readonly listener: CallListener;
  readonly settle: (answer: Answer) => void;
}

/** One sandbox. It makes one call at a time. */
export class Sandbox implements Disposable {
  readonly #calls: MessagePort;
  readonly #files: MessagePort;
  readonly #control: MessagePort;
  #current: CurrentCall | undefined;
  /** Id of each call that was answered → who hears of its late errors. */
  readonly #past = new Map<string, CallListener["onLate"]>();
  /** The sandbox broke for an earlier call: the one that is made is its last. */
  #isBroken = false;
  #ended: string | undefined;
  #onFinished: (() => void) | undefined;
  #onPaused: (() => void) | undefined;
  #probing: ReturnType<typeof setTimeout> | undefined;
  /** Runs while the thread owes word that a function was told to stop. */
  #hearing: ReturnType<typeof setTimeout> | undefined;

  #setReady!: () => void;
  /** Resolves when the thread runs, which takes half a second on Deno 2.9, or when there will be none. */
  readonly ready: Promise<void>;

  constructor(permissions: Permissions, connect: Connect) {
    this.ready = new Promise((resolve) => this.#setReady = resolve);
    const calls = new MessageChannel(), files = new MessageChannel(), control = new MessageChannel();
    this.#calls = calls.port1;
    this.#files = files.port1;
    this.#control = control.port1;
    this.#calls.onmessage = ({ data }: MessageEvent<FromSandbox>) => this.#heard(data);
    this.#files.onmessage = ({ data }: MessageEvent<AskFile>) => this.#sendFile(data);
    this.#control.onmessage = ({ data }: MessageEvent<SandboxEnded | SandboxPaused>) => {
      if (data.kind === "paused") return this.#onPaused?.();
      if (this.#onFinished === undefined) this.#gone(data.detail);
      // What the thread said last came before this, but by another port.
      else setTimeout(() => this.#gone(data.detail), 0);
    };
    // Who started the thread may have failed itself, and the thread with it; Deno 2.4 does not tell.
    this.#control.addEventListener("close", () => setTimeout(() => this.#gone("its end was not told"), 0));
    connect(permissions, { calls: calls.port2, files: files.port2, control: control.port2 });
  }

  /** Whether it can be called again. */
  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Calls an exported function. Never rejects, but throws when the argument cannot be cloned. */
  call(call: Omit<Call, "kind" | "id">, listener: CallListener = {}): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.resolve({ kind: "ended", detail: this.#ended });
    if (this.#current !== undefined) throw new Error("Bug: a sandbox makes one call at a time");
    const id = crypto.randomUUID();
    this.#calls.postMessage({ kind: "call", id, ...call } satisfies Call);
    this.#probing ??= this.#probe(id);
    return new Promise((settle) => this.#current = { id, listener, settle });
  }

  /** Goes on from call to call: to set a timer for each takes longer than most calls. */
  #probe(last: string): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      const id = this.#current?.id;
      this.#probing = id === undefined ? undefined : this.#probe(id);
      if (id === last) this.#calls.postMessage({ kind: "probe" } satisfies Probe);
    }, PROBE_MS);
    // Whoever has made a call may be done with it.
    Deno.unrefTimer(timer);
    return timer;
  }

  /** Tells the function that is called, by its signal, to stop; one that cannot hear it is ended soon. */
  abort(reason: Abort["reason"]): void {
    if (this.#current === undefined) return;
    this.#calls.postMessage({ kind: "abort", reason } satisfies Abort);
    clearTimeout(this.#hearing);
    this.#awaitHearing(HEARINGS);
  }

  #awaitHearing(times: number): void {
    this.#hearing = setTimeout(() => {
      if (times > 1) this.#awaitHearing(times - 1);
      else this[Symbol.dispose]();
    }, HEARING_MS);
  }

  /** Has one that is a process stand still, until it is to go on or to end; settles when it does. */
  pause(): Promise<void> {
    if (this.#ended !== undefined) return Promise.resolve();
    this.#control.postMessage({ kind: "pause" } satisfies HoldSandbox);
    return new Promise((resolve) => this.#onPaused = resolve);
  }

  resume(): void {
    if (this.#ended === undefined) this.#control.postMessage({ kind: "resume" } satisfies HoldSandbox);
  }

  /**
   * Lets what functions have left running come to its end, for a second at most, and resolves when the thread has ended.
   * Whoever makes a call meanwhile has it ended.
   */
  finish(): Promise<void> {
    if (this.#ended !== undefined) return Promise.resolve();
    if (this.#current !== undefined) {
      this[Symbol.dispose]();
      return Promise.resolve();
    }
    this.#calls.postMessage({ kind: "finish" } satisfies Finish);
    const finished = new Promise<void>((resolve) => this.#onFinished = resolve);
    return deadline(finished, FINISH_MS).catch(() => this[Symbol.dispose]());
  }

  /** Ends the thread, and the call with it. */
  [Symbol.dispose](): void {
    this.#end("it was ended");
  }

  #end(detail: string): void {
    if (this.#ended !== undefined) return;
    this.#control.postMessage({ kind: "end" } satisfies EndSandbox);
    this.#gone(detail);
  }

  /** Words of another call than the one that is made are nobody's, and so are those that are none. */
  #heard(message: FromSandbox): void {
    if (typeof message !== "object" || message === null) return;
    switch (message.kind) {
      case "ready":
        return this.#setReady();
      case "printed":
        return message.id === this.#current?.id
          ? this.#current.listener.onPrinted?.(message.stream, String(message.text))
          : undefined;
      case "heard":
        if (message.id === this.#current?.id) clearTimeout(this.#hearing);
        return;
      case "broke":
        return this.#broke(message);
      case "exiting":
        return this.#end(`it exited with code ${message.code}`);
      case "returned":
      case "threw":
        if (message.id !== this.#current?.id) return;
        this.#answer(message.kind === "threw" ? { kind: "threw", thrown: message.thrown } : message);
        if (this.#isBroken) this[Symbol.dispose]();
    }
  }

  #broke({ id, thrown }: Extract<FromSandbox, { kind: "broke" }>): void {
    this.#isBroken = true;
    // Without an id it broke before its first call.
    if (id === "" || id === this.#current?.id) this.#answer({ kind: "threw", thrown });
    else this.#past.get(id)?.(thrown);
    if (id === "") return this.#end(thrown.message);
    if (this.#current === undefined && this.#onFinished === undefined) this[Symbol.dispose]();
  }

  #sendFile({ path, flag }: AskFile): void {
    const answer = this.#current?.listener.onFileWanted?.(path) ?? { detail: `'${path}' is not declared` };
    this.#files.postMessage(answer);
    const word = new Int32Array(flag);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
  }

  #answer(answer: Answer): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    clearTimeout(this.#hearing);
    if (current.listener.onLate !== undefined) this.#past.set(current.id, current.listener.onLate);
    const { kind } = answer;
    current.settle(kind === "returned" ? { kind, value: answer.value } : answer);
  }

  #gone(detail: string): void {
    this.#ended ??= detail;
    this.#setReady();
    this.#answer({ kind: "ended", detail });
    clearTimeout(this.#probing);
    this.#onFinished?.();
    this.#onPaused?.();
    for (const port of [this.#calls, this.#files, this.#control]) port.close();
  }
}
