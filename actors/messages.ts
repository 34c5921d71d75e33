/**
 * Owns the words that pass between threads: plain data, split by direction, each with its task's index.
 * It holds no code.
 *
 * @module
 */
import type { TaskFailure } from "../graph/failure.ts";
import type { Action } from "../graph/task.ts";
import type { Rights, SandboxPorts } from "./sandbox_messages.ts";
import type { EndSignal } from "./stop_listener.ts";

/** Told to a worker once, when it starts. */
export interface WorkerSetup {
  readonly kind: "setup";
  /** From 1; the `{tid}` of its temporary files. */
  readonly workerId: number;
  /** The status table, one Int32 a task. */
  readonly table: SharedArrayBuffer;
  /** Absolute path of the config's folder: where commands run and relative paths start. */
  readonly folder: string;
  /** File of live process groups that the watchdog reads when troupe dies; empty when there is none. */
  readonly ledger: string;
  /** Environment handed to commands beside what the task declares. */
  readonly env: Readonly<Record<string, string>>;
}

/** Everything a worker needs to know to do one task. */
export interface RunTask {
  readonly kind: "run";
  readonly task: number;
  readonly name: string;
  /** Do the action, or copy the artifact of equal work from another path. */
  readonly work: Action | { readonly kind: "restore"; readonly from: string; readonly sha256: string };
  /** Relative to the folder. */
  readonly output: string;
  /** Expanded source files, in order, relative to the folder. */
  readonly sources: readonly string[];
  /** Artifacts of the dependencies, in order, relative to the folder. */
  readonly dependencyArtifacts: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly expectedSha256?: string;
  /** Whether to ask for a permit before the artifact is put in place. */
  readonly asksPermit?: boolean;
  /** For a call of a module's function: names of the dependencies, in order, and the module's own files. */
  readonly call?: { readonly dependencies: readonly string[]; readonly modules: readonly string[] };
}

/** One task that makes no artifact: a command, run for what it does and prints. */
export interface RunShell {
  readonly kind: "shell";
  readonly task: number;
  readonly name: string;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Whether to pass on what it prints as it comes. */
  readonly stream: boolean;
}

/** Asks the worker to end the command it runs; `KILL` when asking was not enough. */
export interface CancelTask {
  readonly kind: "cancel";
  readonly signal: EndSignal;
}

/** So many bytes that were `printed` have been dealt with. */
export interface Shown {
  readonly kind: "shown";
  readonly bytes: number;
}

/** Asks an idle worker to end its thread. */
export interface Close {
  readonly kind: "close";
}

export type ToWorker = WorkerSetup | RunTask | RunShell | CancelTask | Shown | Close;

/** One captured stream: the head of what was printed, and how much of it was dropped. */
export interface Captured {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly dropped: number;
}

/** What a command printed. */
export interface Output {
  readonly stdout: Captured;
  readonly stderr: Captured;
}

/** An artifact in place: content digest and the stat by which it is known again. */
export interface Published {
  readonly sha256: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  readonly inode: number;
}

/** A worker's question that the pool answers while it waits: may the artifact be put in place? */
export interface PermitWanted {
  readonly kind: "permit";
  readonly task: number;
  /** One Int32: 0 until there is an answer, then 1 for yes and 2 for no. */
  readonly answer: SharedArrayBuffer;
}

/** A worker's wish that the pool answers: a sandbox, which only the main thread can have started. */
export interface SandboxWanted {
  readonly kind: "sandbox";
  readonly rights: Rights;
  readonly ports: SandboxPorts;
}

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "started"; readonly task: number }
  | {
    readonly kind: "completed";
    readonly task: number;
    /** Absent when the task makes no artifact. */
    readonly published?: Published;
    readonly durationMs: number;
    readonly output?: Output;
  }
  | {
    readonly kind: "failed";
    readonly task: number;
    readonly failure: TaskFailure;
    readonly durationMs: number;
    readonly output?: Output;
  }
  /** What a command has just printed, when it was asked to be passed on. */
  | {
    readonly kind: "printed";
    readonly task: number;
    readonly stream: "stdout" | "stderr";
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  /** The task was no longer pending: another worker has it. */
  | { readonly kind: "lost"; readonly task: number }
  /** The artifact to copy was gone or differed: the task must be done after all. */
  | { readonly kind: "unrestorable"; readonly task: number }
  /** The answer to `close`; nothing follows it. */
  | { readonly kind: "closed" };
