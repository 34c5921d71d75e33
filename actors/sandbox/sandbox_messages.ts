/**
 * Owns the words between a sandbox and those who use it: plain data, split by direction. It holds no code.
 *
 * Three threads take part. The host, a worker or the main thread, has work to be done. The guard is a Web Worker with
 * few permissions; the sandbox thread is started by it and so has no more of them. Host and sandbox thread talk over a port
 * of their own; the guard only tells the host when the thread has ended, which a Web Worker's thread does not tell. Where the
 * sandbox is a process, sandbox_host.ts stands between it and the same ports.
 *
 * @module
 */
import type { MessagePort as NodePort } from "node:worker_threads";

/** The ends of a sandbox's ports that are not the host's. */
export interface SandboxPorts {
  /** Calls and their answers. */
  readonly calls: MessagePort;
  /** Contents of declared files, asked for while the sandbox thread waits. */
  readonly files: MessagePort;
  /** Between host and guard. */
  readonly control: MessagePort;
}

/** Told to a guard: a thread will soon be wanted. */
export interface ExpectSandbox {
  /** URL of the module that the thread begins with. */
  readonly own: string;
  /** See {@linkcode SandboxData}. */
  readonly nested: string;
  /** Most memory of the thread's heap, in MiB. */
  readonly heapMiB: number;
}

/** Told to a guard: start a thread, or take one that was expected. */
export interface StartSandbox extends SandboxPorts, ExpectSandbox {}

/** Guard → sandbox thread: who makes the calls. */
export type SandboxUse = Pick<SandboxPorts, "calls" | "files">;

/** Guard → main thread. */
export type FromGuard =
  | { readonly kind: "ready" }
  /** All of the threads it was ever told to start have ended. */
  | { readonly kind: "idle"; readonly started: number };

/** Host → guard: make an end of the thread. */
export interface EndSandbox {
  readonly kind: "end";
}

/** Guard → host: the thread is no more. */
export interface SandboxEnded {
  readonly kind: "ended";
  readonly detail: string;
}

/** Host → process: stand still, or go on. */
export interface HoldSandbox {
  readonly kind: "pause" | "resume";
}

/** Process → host: it stands still. */
export interface SandboxPaused {
  readonly kind: "paused";
}

/** What the sandbox thread is given; it is not among what a module may find on the thread. */
export interface SandboxData {
  /** By this comes, once, a {@linkcode SandboxUse}. */
  readonly inbox: NodePort;
  /** URL of the module by which threads begin that a module starts itself. */
  readonly nested: string;
}

/** What a process that runs a function is told first: what stands before each of its answers; nobody can guess it. */
export interface StartProcess {
  readonly mark: string;
  /** See {@linkcode SandboxData}. */
  readonly nested: string;
}

/** The files of a task, as its function sees them. Paths are relative to the folder. */
export interface TaskFiles {
  /** Absolute. */
  readonly folder: string;
  readonly sources: readonly string[];
  /** Name of each dependency and its artifact. */
  readonly dependencies: readonly (readonly [name: string, path: string])[];
  /** Absolute path of the temporary file; empty for a task that makes nothing. */
  readonly out: string;
  /** Where a task makes anything but one file: each output as declared, and the absolute path to write it to. */
  readonly outs?: readonly (readonly [output: string, out: string])[];
  /** It makes nothing, whatever its function returns. */
  readonly isCheck?: boolean;
  /** Contents of small files, by path, so that they need not be asked for. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** Host → thread: call an exported function. */
export interface Call {
  readonly kind: "call";
  /** Told with all that is said of the call; nobody can guess it. */
  readonly id: string;
  /** URL of the module. */
  readonly module: string;
  readonly export: string;
  /** What the function is given, beside `signal` and `log`. */
  readonly argument: Readonly<Record<string, unknown>>;
  /** For a task of a build: variables of the environment that it, and what it starts, finds beside what is declared. */
  readonly told?: Readonly<Record<string, string>>;
  /** For a task of a build: its files, and that its value is to be turned into the content of an artifact. */
  readonly files?: TaskFiles;
}

/** Host → thread: tell the function to stop. */
export interface Abort {
  readonly kind: "abort";
  readonly reason: "timeout" | "cancelled";
}

/** Host → thread: say so if the call was stopped for want of memory. */
export interface Probe {
  readonly kind: "probe";
}

/** Host → thread: no call will follow; end when nothing that was started is left running. */
export interface Finish {
  readonly kind: "finish";
}

export type ToSandbox = Call | Abort | Probe | Finish;

/** Why a function failed. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  /** Empty when there is none. */
  readonly stack: string;
  /** The right it lacked, if that was the reason. */
  readonly lacking?: MissingPermission;
  /** What it says it was caused by. */
  readonly cause?: Thrown;
  /** The first of the errors that it stands for. */
  readonly errors?: readonly Thrown[];
  /** How many there are. */
  readonly errorCount?: number;
}

/** A right that was asked for and not given. */
export interface MissingPermission {
  /** `read`, `write`, `net`, `run`, `env`, `ffi`, `sys` or `import`. */
  readonly access: string;
  /** To what; absent when it was everything. */
  readonly to?: string;
}

export type FromSandbox =
  /** Told once: the thread runs. */
  | { readonly kind: "ready" }
  /** With files: bytes or text, or undefined when there is no artifact. Without: what the function returned. */
  | { readonly kind: "returned"; readonly id: string; readonly value: unknown }
  | { readonly kind: "threw"; readonly id: string; readonly thrown: Thrown }
  /** The function was told to stop: what it runs in is in no loop. */
  | { readonly kind: "heard"; readonly id: string }
  /** An error that nobody handled, outside of the call or after it; nothing of the thread is to be trusted any more. */
  | { readonly kind: "broke"; readonly id: string; readonly thrown: Thrown }
  /** The function is ending the thread; Deno 2.4 does not tell the guard. */
  | { readonly kind: "exiting"; readonly code: number }
  | { readonly kind: "printed"; readonly id: string; readonly stream: "stdout" | "stderr"; readonly text: string };

/** Thread → host: send the content of a declared file, then raise the flag. */
export interface AskFile {
  readonly path: string;
  /** One Int32, from 0 to 1. */
  readonly flag: SharedArrayBuffer;
}

/** Host → thread. */
export type FileAnswer = { readonly content: Uint8Array } | { readonly detail: string };
