/**
 * Owns the words between a sandbox and those who use it: plain data, split by direction. It holds no code.
 *
 * Three threads take part. The host, a worker or the main thread, has work to be done. The guard is a Web Worker with
 * few rights; the sandbox thread is started by it and so has no more of them. Host and sandbox thread talk over a port
 * of their own; the guard only tells the host when the thread has ended, which a Web Worker's thread does not tell.
 *
 * @module
 */
import type { MessagePort as NodePort } from "node:worker_threads";

/** What a sandbox may do beside computing; absent means nothing of that kind. Paths are absolute. */
export interface Rights {
  readonly read?: true | readonly string[];
  readonly write?: true | readonly string[];
  readonly net?: true | readonly string[];
  readonly run?: true | readonly string[];
  readonly env?: true | readonly string[];
  readonly ffi?: true | readonly string[];
  readonly sys?: true | readonly string[];
  readonly import?: true | readonly string[];
}

/** The ends of a sandbox's ports that are not the host's. */
export interface SandboxPorts {
  /** Calls and their answers. */
  readonly calls: MessagePort;
  /** Contents of declared files, asked for while the sandbox thread waits. */
  readonly files: MessagePort;
  /** Between host and guard. */
  readonly control: MessagePort;
}

/** Told to a guard: start a thread. */
export interface StartSandbox extends SandboxPorts {
  /** Most memory of the thread's heap, in MiB. */
  readonly heapMiB: number;
}

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

/** What the sandbox thread is started with. */
export interface SandboxData {
  readonly calls: NodePort;
  readonly files: NodePort;
}

/** The files of a task, as its function sees them. Paths are relative to the folder. */
export interface TaskFiles {
  /** Absolute. */
  readonly folder: string;
  readonly sources: readonly string[];
  /** Name of each dependency and its artifact. */
  readonly dependencies: readonly (readonly [name: string, path: string])[];
  /** Absolute path of the temporary file. */
  readonly out: string;
  /** Contents of small files, by path, so that they need not be asked for. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** Host → thread: call an exported function. */
export interface Call {
  readonly kind: "call";
  /** URL of the module. */
  readonly module: string;
  readonly export: string;
  /** What the function is given, beside `signal` and `log`. */
  readonly argument: Readonly<Record<string, unknown>>;
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

export type ToSandbox = Call | Abort | Probe;

/** Why a function failed. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  /** Empty when there is none. */
  readonly stack: string;
  /** The right it lacked, if that was the reason. */
  readonly lacking?: LackingRight;
}

/** A right that was asked for and not given. */
export interface LackingRight {
  /** `read`, `write`, `net`, `run`, `env`, `ffi`, `sys` or `import`. */
  readonly access: string;
  /** To what; absent when it was everything. */
  readonly to?: string;
}

export type FromSandbox =
  /** Told once: the thread runs. */
  | { readonly kind: "ready" }
  /** With files: bytes or text, or undefined when there is no artifact. Without: what the function returned. */
  | { readonly kind: "returned"; readonly value: unknown }
  | { readonly kind: "threw"; readonly thrown: Thrown }
  /** An error outside of the call, after which nothing of the thread is to be trusted. */
  | { readonly kind: "broke"; readonly thrown: Thrown }
  /** The function is ending the thread; Deno 2.4 does not tell the guard. */
  | { readonly kind: "exiting"; readonly code: number }
  | { readonly kind: "printed"; readonly stream: "stdout" | "stderr"; readonly text: string };

/** Thread → host: send the content of a declared file, then raise the flag. */
export interface AskFile {
  readonly path: string;
  /** One Int32, from 0 to 1. */
  readonly flag: SharedArrayBuffer;
}

/** Host → thread. */
export type FileAnswer = { readonly content: Uint8Array } | { readonly detail: string };
