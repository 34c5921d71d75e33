/**
 * Owns one sandbox as its host sees it: calls go in, answers come out, and it can be ended at any time.
 * It decides nothing about tasks; which rights it has is told once, when it is opened.
 *
 * @module
 */
import type {
  Abort,
  AskFile,
  Call,
  EndSandbox,
  FileAnswer,
  FromSandbox,
  Probe,
  Rights,
  SandboxEnded,
  SandboxPorts,
  Thrown,
} from "./sandbox_messages.ts";

/** Has a sandbox thread started at the other ends of the ports. */
export type Connect = (rights: Rights, ports: SandboxPorts) => void;

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
}

/** How soon it is found that a call has run out of memory. */
const PROBE_MS = 250;

/** One sandbox. It makes one call at a time. */
export class Sandbox implements Disposable {
  readonly #calls: MessagePort;
  readonly #files: MessagePort;
  readonly #control: MessagePort;
  #listener: CallListener = {};
  #settle: ((answer: Answer) => void) | undefined;
  #ended: string | undefined;
  #probing: ReturnType<typeof setInterval> | undefined;

  #setReady!: () => void;
  /** Resolves when the thread runs, which takes half a second on Deno 2.9, or when there will be none. */
  readonly ready: Promise<void>;

  constructor(rights: Rights, connect: Connect) {
    this.ready = new Promise((resolve) => this.#setReady = resolve);
    const calls = new MessageChannel(), files = new MessageChannel(), control = new MessageChannel();
    this.#calls = calls.port1;
    this.#files = files.port1;
    this.#control = control.port1;
    this.#calls.onmessage = ({ data }: MessageEvent<FromSandbox>) => this.#heard(data);
    this.#files.onmessage = ({ data }: MessageEvent<AskFile>) => this.#sendFile(data);
    this.#control.onmessage = ({ data }: MessageEvent<SandboxEnded>) => this.#gone(data.detail);
    connect(rights, { calls: calls.port2, files: files.port2, control: control.port2 });
  }

  /** Whether it can be called again. */
  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Calls an exported function. Never rejects, but throws when the argument cannot be cloned. */
  call(call: Omit<Call, "kind">, listener: CallListener = {}): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.resolve({ kind: "ended", detail: this.#ended });
    if (this.#settle !== undefined) throw new Error("Bug: a sandbox makes one call at a time");
    this.#calls.postMessage({ kind: "call", ...call } satisfies Call);
    this.#listener = listener;
    this.#probing = setInterval(() => this.#calls.postMessage({ kind: "probe" } satisfies Probe), PROBE_MS);
    return new Promise((resolve) => this.#settle = resolve);
  }

  /** Tells the function that is called, by its signal, to stop. */
  abort(reason: Abort["reason"]): void {
    if (this.#settle !== undefined) this.#calls.postMessage({ kind: "abort", reason } satisfies Abort);
  }

  /** Ends the thread, and the call with it. */
  [Symbol.dispose](): void {
    if (this.#ended !== undefined) return;
    this.#control.postMessage({ kind: "end" } satisfies EndSandbox);
    this.#gone("it was ended");
  }

  #heard(message: FromSandbox): void {
    switch (message.kind) {
      case "ready":
        return this.#setReady();
      case "printed":
        return this.#settle === undefined ? undefined : this.#listener.onPrinted?.(message.stream, message.text);
      case "broke":
        this.#answer({ kind: "threw", thrown: message.thrown });
        return this[Symbol.dispose]();
      case "exiting":
        this.#control.postMessage({ kind: "end" } satisfies EndSandbox);
        return this.#gone(`it exited with code ${message.code}`);
      case "returned":
      case "threw":
        return this.#answer(message);
    }
  }

  #sendFile({ path, flag }: AskFile): void {
    const answer = this.#listener.onFileWanted?.(path) ?? { detail: `'${path}' is not declared` };
    this.#files.postMessage(answer);
    const word = new Int32Array(flag);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
  }

  #answer(answer: Answer): void {
    const settle = this.#settle;
    this.#settle = undefined;
    clearInterval(this.#probing);
    settle?.(answer);
  }

  #gone(detail: string): void {
    this.#ended ??= detail;
    this.#setReady();
    this.#answer({ kind: "ended", detail });
    for (const port of [this.#calls, this.#files, this.#control]) port.close();
  }
}
