/**
 * Owns the words between the scheduler and what a run is about: artifacts of a build, or plain shell tasks.
 * It holds no code.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import type { Trace } from "../../graph/fingerprint.ts";
import type { FoundFiles } from "../worker/found_files.ts";
import type { RunShell, RunTask } from "../worker/messages.ts";
import type { Output } from "../process/output.ts";
import type { PublishedArtifact } from "../storage/publication.ts";

/** What was found about one task whose dependencies are completed. */
export type RebuilderAnswer =
  /** The artifact in place is the right one. */
  | { readonly kind: "fresh" }
  /** Another path holds the right artifact. */
  | { readonly kind: "restore"; readonly fingerprint: string }
  /** The task must be done; `reason` says why where there could be a reason not to. */
  | { readonly kind: "run"; readonly fingerprint?: string; readonly reason?: string }
  | { readonly kind: "unreadable"; readonly failure: TaskFailure; readonly output?: Output }
  /** The question takes time: ask again when this has settled. A look alone changes nothing, and may be given up. */
  | { readonly kind: "later"; readonly until: Promise<void>; readonly isLook?: boolean };

/** What comes of what a task was found to read. */
export type DiscoveryAnswer =
  /** It is known by now, and the task has failed by it if there is a failure. */
  | { readonly kind: "settled"; readonly failure?: TaskFailure }
  /** Files are to be read: ask again when this has settled. */
  | { readonly kind: "later"; readonly until: Promise<void> };

/** What an attempt at a task is made of. */
export interface MadeOf {
  readonly trace: Trace;
  /** The same of the task's last completion, if one is known. */
  readonly before?: Trace;
}

/** Where copied artifacts came from. */
export interface Origin {
  /** Out of a store, and not from where equal ones lay. */
  readonly isStored: boolean;
  /** Out of a remote cache. */
  readonly isRemote?: boolean;
  /** What was printed when they were made, as far as that was kept. */
  readonly output?: Output;
}

/** The subject of one run, tasks by index. All calls are the scheduler's, and none waits. */
export interface Work<Message = RunTask | RunShell> {
  /** Whether a task must be done. */
  check(task: number): RebuilderAnswer;
  /** What a worker is told, after `check` said that it must be done or copied. */
  message(task: number, restore: boolean): Message;
  /** The task's artifacts are in place, after so long, and this is what was printed meanwhile. */
  arrived(
    task: number,
    published: readonly PublishedArtifact[],
    ended: { readonly durationMs: number; readonly output?: Output },
  ): void;
  /** What was to be copied was not there. */
  unrestorable(task: number): void;
  /** Remember the task's completion; nothing that needs it has started yet. */
  record(task: number): void;
  /** How long to wait, in milliseconds, after so many failed attempts before the next one; default not at all. */
  retryDelayMs?(task: number, failedAttempts: number): number;
  /** What the task is made of that a worker was given; unknown for one that is copied. */
  madeOf?(task: number): MadeOf | undefined;
  /** Where the artifacts came from that were copied for the task. */
  origin?(task: number): Origin | undefined;
  /** Write what is remembered so far, if it is time; called every second while there are workers. */
  checkpoint?(): void;
  /** Take in what the task that a worker has was found to read; there where tasks may tell that. */
  discovered?(task: number, found: FoundFiles): DiscoveryAnswer;
  /** What the task is made of that was completed, if that was known only when it was done. */
  discoveredOf?(task: number): MadeOf | undefined;
  /** Forget that again: the task has failed after all. */
  distrust?(task: number): void;
}
