/**
 * Owns the words of `--events`: everything that happens in a build or run as one closed union of plain data, one JSON
 * object a line. What each field means is told once more as data in event_fields.ts, for help and schema.
 *
 * Within a version fields and kinds are only added: whoever reads them passes by what they do not know. Times are seconds
 * since 1970 (UTC), durations seconds, paths absolute unless told. No command and no value of an environment stands in any
 * of them, but what a task itself prints.
 *
 * @module
 */
import type { ShownArtifact } from "../artifact.ts";
import type { TaskFailure } from "../failure.ts";

/** The version of the union, told in each `run_started`. */
export const EVENTS_VERSION = 1;

/** A part of what a task printed: as text, or in Base64 where it is not UTF-8. */
export type EventText = { readonly text: string } | { readonly base64: string };

/** What was kept of one stream of a task: at most 1 MiB, and of more the head and the tail. */
export type KeptText = EventText & {
  /** How many bytes were dropped between head and tail, where a line says so; absent when all was kept. */
  readonly dropped?: number;
};

/** What a task printed, by stream; a stream on which it printed nothing is absent. */
export interface KeptOutput {
  readonly stdout?: KeptText;
  readonly stderr?: KeptText;
}

/** What each line has. */
interface Common<Kind extends string> {
  /** What happened. */
  readonly event: Kind;
  /** When, in seconds since 1970. */
  readonly time: number;
}

/** The first line of a run. */
export interface RunStarted extends Common<"run_started"> {
  /** Of the events. */
  readonly version: number;
  readonly troupe: string;
  readonly deno: string;
  readonly process: number;
  /** Artifacts of a config, or the commands of a task file. */
  readonly kind: "build" | "run";
  /** The config or the task file. */
  readonly file: string;
  /** Where commands run, and where the paths of artifacts start. */
  readonly folder: string;
  /** How many tasks may run at once. */
  readonly workers: number;
  /** The number of the recorded run that this one retries. */
  readonly retry_of?: number;
  readonly tasks: readonly {
    readonly name: string;
    readonly dependencies: readonly string[];
    /** Names of tasks that it only comes after. */
    readonly after?: readonly string[];
    /** The file it makes, relative to the folder. */
    readonly artifact?: string;
    /** What it makes where that is not one file; nothing for a check. */
    readonly outputs?: readonly string[];
  }[];
}

/** Why a task will run. */
export interface TaskReason extends Common<"task_reason"> {
  readonly task: string;
  readonly reason: string;
}

/** A task has to wait for what others have locked. */
export interface TaskWaiting extends Common<"task_waiting"> {
  readonly task: string;
  readonly reason: string;
}

/** A worker has begun a task. */
export interface TaskStarted extends Common<"task_started"> {
  readonly task: string;
  readonly worker: number;
  readonly attempt: number;
}

/** What a task has just printed. */
export type TaskOutput =
  & Common<"task_output">
  & { readonly task: string; readonly attempt: number; readonly stream: "stdout" | "stderr" }
  & EventText;

/** What the commands of an attempt took, as far as it is known. */
export interface Taken {
  /** Seconds on processors. */
  readonly cpu?: number;
  /** Bytes, the most at a time. */
  readonly max_memory?: number;
}

/** A task was done. */
export interface TaskCompleted extends Common<"task_completed">, Taken {
  readonly task: string;
  readonly worker: number;
  readonly attempt: number;
  readonly duration: number;
  /** Digest of its artifact. */
  readonly sha256?: string;
  /** All artifacts of a task whose outputs are not one file. */
  readonly artifacts?: readonly ShownArtifact[];
  readonly output?: KeptOutput;
}

/** A task needed no doing. */
export interface TaskCached extends Common<"task_cached"> {
  readonly task: string;
  /** The artifact lay in place, was copied from where an equal one lay, or came out of a store. */
  readonly by: "fresh" | "copied" | "restored";
  /** Digest of its artifact. */
  readonly sha256?: string;
  /** All artifacts of a task whose outputs are not one file. */
  readonly artifacts?: readonly ShownArtifact[];
  /** What was printed when the artifact was made, where it did not lie in place. */
  readonly output?: KeptOutput;
}

/** An attempt at a task has failed. */
export interface TaskFailed extends Common<"task_failed">, Taken {
  readonly task: string;
  /** Null for a task that no worker had. */
  readonly worker: number | null;
  readonly attempt: number;
  readonly duration: number;
  readonly reason: TaskFailure["kind"];
  /** The reason in a sentence. */
  readonly error: string;
  readonly exit_code?: number;
  readonly signal?: string;
  /** The number of the attempt that follows. */
  readonly next_attempt?: number;
  readonly output?: KeptOutput;
}

/** A task was ended before its time. */
export interface TaskCancelled extends Common<"task_cancelled">, Taken {
  readonly task: string;
  readonly worker: number | null;
  readonly attempt: number;
  readonly duration: number;
  /** The task begins anew, since what it reads has changed. */
  readonly again?: true;
  readonly output?: KeptOutput;
}

/** A task is not done: what it needs was not, or the run has ended. */
export interface TaskSkipped extends Common<"task_skipped"> {
  readonly task: string;
}

/** The thread of a worker has ended by itself, and is replaced. */
export interface WorkerCrashed extends Common<"worker_crashed"> {
  readonly worker: number;
}

/** Something that the run has to do without, as it is told on stderr. */
export interface Warning extends Common<"warning"> {
  readonly message: string;
}

/** The last line of a run. */
export interface RunEnded extends Common<"run_ended"> {
  readonly duration: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of the skipped, those that were begun. */
  readonly cancelled: number;
  /** Of the completed, those that needed no doing. */
  readonly cached: number;
  /** What ended it early. */
  readonly signal?: string;
  /** Its number in the history. */
  readonly run?: number;
  /** How many artifacts were put back, of a transaction that came to nothing. */
  readonly rolled_back?: number;
  /** Why it could not go on. */
  readonly error?: string;
}

/** One line of `--events`. */
export type EventLine =
  | RunStarted
  | TaskReason
  | TaskWaiting
  | TaskStarted
  | TaskOutput
  | TaskCompleted
  | TaskCached
  | TaskFailed
  | TaskCancelled
  | TaskSkipped
  | WorkerCrashed
  | Warning
  | RunEnded;

/** Seconds, with as many decimals as a clock is good for. */
export function inSeconds(ms: number): number {
  return Math.round(ms * 10) / 10_000;
}
