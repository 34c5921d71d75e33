/**
 * Owns the words that pass between threads: plain data, split by direction, each with its task's index.
 * It holds no code.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import type { Action, DeclaredOutput, Permissions } from "../../graph/task.ts";
import type { Deed, DeedAnswer } from "../storage/deed.ts";
import type { SandboxPorts } from "../sandbox/sandbox_messages.ts";
import type { Output, Usage } from "../process/output.ts";
import type { PublishedArtifact } from "../storage/publication.ts";
import type { BlobPlace } from "../storage/blobs.ts";
import type { EndSignal } from "../process/signals.ts";
import type { FoundFiles } from "./found_files.ts";

/** Told to a worker once, when it starts. */
export interface WorkerSetup {
  readonly kind: "setup";
  /** From 1; the `{tid}` of its temporary files. */
  readonly workerId: number;
  /** The status table, one Int32 a task. */
  readonly table: SharedArrayBuffer;
  /** Absolute path of the config's folder: where commands run and relative paths start. */
  readonly folder: string;
  /** What commands are told they are part of: the folder that is locked, or the task file. */
  readonly origin: string;
  /** File of live process groups that the watchdog reads when troupe dies; empty when there is none. */
  readonly ledger: string;
  /** Environment handed to commands beside what the task declares. */
  readonly env: Readonly<Record<string, string>>;
  /** The entry of that environment which marks this worker's commands. */
  readonly mark: string;
  /** Whether what commands leave behind may become a child of this process. */
  readonly adoptsOrphans: boolean;
  /** One Int32, not 0 once the task is cancelled: a worker that copies a large file reads no messages meanwhile. */
  readonly cancelled: SharedArrayBuffer;
  /** How many threads for functions it may keep at hand. */
  readonly sandboxes: number;
  /** URL of the program's main module, if that can be known. */
  readonly main?: string;
  /** For tasks without a grace of their own. */
  readonly graceMs: number;
}

/** Told to an idle worker when it goes over to a further run, which is like the one before. */
export interface BeginRun {
  readonly kind: "begin";
  /** The status table, one Int32 a task. */
  readonly table: SharedArrayBuffer;
}

/** Everything a worker needs to know to do one task. */
export interface RunTask {
  readonly kind: "run";
  readonly task: number;
  readonly name: string;
  /** Do the action, or copy the artifacts of equal work from other paths. */
  readonly work: Action | { readonly kind: "restore"; readonly copies: readonly CopySource[] };
  /** What it makes, relative to the folder; nothing for a check. */
  readonly outputs: readonly DeclaredOutput[];
  /** Expanded source files, in order, relative to the folder. */
  readonly sources: readonly string[];
  /** Artifacts of the dependencies, in order, relative to the folder. */
  readonly dependencyArtifacts: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly graceMs?: number;
  /** By path the digest that an artifact must have. */
  readonly expected?: Readonly<Record<string, string>>;
  /** Where its command tells which files it has read, as declared. */
  readonly depfile?: string;
  /** By path of an output, there when what lies at it is known not to be what this work makes. */
  readonly spoilt?: Readonly<Record<string, Spoilt>>;
  /** Folders of others that lie at outputs, and where each is kept from now on, by path; both relative to the folder. */
  readonly foreign?: Readonly<Record<string, string>>;
  /** Files that globs among the outputs match and that were made before: they are removed first. */
  readonly leftovers?: readonly string[];
  /** In a crew the number of the claim on the task, for the name of its temporary file. */
  readonly claim?: number;
  /** Whether to ask for a permit before the artifact is put in place. */
  readonly asksPermit?: boolean;
  /** Whether the main thread makes the name of its artifact durable, some time later; default the worker does at once. */
  readonly syncsLater?: boolean;
  /** Where the content of its artifacts is put as well; default nowhere. */
  readonly blobs?: BlobPlace;
  /** Whether to pass on what its command prints as it comes. */
  readonly stream?: boolean;
  /** For a call of a module's function: the name of the dependency that made each of their artifacts, and the module's own files. */
  readonly call?: { readonly dependencies: readonly string[]; readonly modules: readonly string[] };
}

/** An artifact that lies elsewhere, and where it is to lie. */
export interface CopySource {
  /** Relative to the folder, or absolute. */
  readonly from: string;
  readonly path: string;
  readonly sha256: string;
  /** In bytes, of a file in a store: what has grown there without an end is not read. */
  readonly size?: number;
  /** Its listing, where it is a folder. */
  readonly tree?: string;
  /** Permission bits that it is to have; default those of what lies there. */
  readonly mode?: number;
  /** The text of a link that is made anew. */
  readonly link?: string;
  /** There when it is a folder in a store: the folder of blobs. */
  readonly blobs?: string;
}

/** What is wrong with an artifact that was changed since it was made. */
export interface Spoilt {
  /** The permission bits that it should have. */
  readonly mode: number;
  /** Its content or kind is another: as it is, it is no artifact. */
  readonly isEdited: boolean;
  /** It should be a folder, and is none. */
  readonly isFolder?: true;
}

/** One task that makes no artifact: a command, run for what it does and prints. */
export interface RunShell {
  readonly kind: "shell";
  readonly task: number;
  readonly name: string;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly graceMs?: number;
  /** Whether to pass on what it prints as it comes. */
  readonly stream: boolean;
}

/** Asks the worker to end the command it runs; `KILL` when asking was not enough. */
export interface CancelTask {
  readonly kind: "cancel";
  readonly signal: EndSignal;
}

/** What came of a wish. */
export interface PermitAnswered {
  readonly kind: "permit";
  readonly wish: number;
  readonly answer: DeedAnswer;
}

/** What came of a task's telling what it has read: why it has failed by that, if it has. */
export interface DiscoveryAnswered {
  readonly kind: "discovery";
  readonly wish: number;
  readonly failure?: TaskFailure;
}

/** Asks the worker to have what it does stand still, and to say when it does. */
export interface Pause {
  readonly kind: "pause";
}

/** Lets that go on. */
export interface Resume {
  readonly kind: "resume";
}

/** So many bytes that were `printed` have been dealt with. */
export interface Shown {
  readonly kind: "shown";
  readonly bytes: number;
}

/** Asks an idle worker to let what functions have left running come to its end. */
export interface FinishFunctions {
  readonly kind: "finish";
}

/** Asks an idle worker to end its thread. */
export interface Close {
  readonly kind: "close";
}

export type ToWorker =
  | WorkerSetup
  | BeginRun
  | RunTask
  | RunShell
  | CancelTask
  | Pause
  | Resume
  | PermitAnswered
  | DiscoveryAnswered
  | Shown
  | FinishFunctions
  | Close;

/** A worker's wish that the pool answers: that the last step of a publication is done, if it may be. */
export interface PermitWanted {
  readonly kind: "permit";
  readonly task: number;
  /** Unlike that of any other wish of the worker's. */
  readonly wish: number;
  readonly deed: Deed;
}

/** A worker's wish that the pool answers: a sandbox, which only the main thread can have started. */
export interface SandboxWanted {
  readonly kind: "sandbox";
  readonly permissions: Permissions;
  readonly ports: SandboxPorts;
}

/** A command was successful and told what it has read: its task waits for the answer. */
export interface Discovered extends FoundFiles {
  readonly kind: "discovered";
  readonly task: number;
  /** Unlike that of any other wish of the worker's. */
  readonly wish: number;
}

export type FromWorker =
  /** With what commands leave behind as children of this process, if it was told so and that is possible. */
  | { readonly kind: "ready"; readonly adoptsOrphans?: boolean }
  | { readonly kind: "started"; readonly task: number }
  | {
    readonly kind: "completed";
    readonly task: number;
    /** What lies in its place now; absent when the task has nothing to do with artifacts. */
    readonly published?: readonly PublishedArtifact[];
    readonly durationMs: number;
    readonly output?: Output;
    readonly usage?: Usage;
  }
  | {
    readonly kind: "failed";
    readonly task: number;
    readonly failure: TaskFailure;
    readonly durationMs: number;
    readonly output?: Output;
    readonly usage?: Usage;
  }
  | Discovered
  /** An error that a completed task's function left to nobody; the task has failed after all. */
  | { readonly kind: "late"; readonly task: number; readonly failure: TaskFailure; readonly output?: Output }
  /** The answer to `pause`. */
  | { readonly kind: "paused" }
  /** The answer to `finish`: all that functions have left running has come to its end. */
  | { readonly kind: "finished" }
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
