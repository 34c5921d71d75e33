/**
 * Owns the words between the scheduler's rules and the world: what it is told, and what it wants done.
 * It holds no rule; those are in schedule.ts.
 *
 * @module
 */

import type { TaskFailure } from "../failure.ts";

/** The five words of the status table, by their value in shared memory. */
export const STATUSES = ["pending", "running", "completed", "failed", "skipped"] as const satisfies readonly Status[];

/** Where a task stands. */
export type Status = "pending" | "running" | "completed" | "failed" | "skipped";

/** What a check of a ready task found. */
export type Decision =
  /** The artifact in place is the right one. */
  | { readonly kind: "fresh" }
  /** Another path holds the right artifact: copy it. */
  | { readonly kind: "restore"; readonly fingerprint: string }
  /** The task must be done. Without a fingerprint it shares its work with nobody. */
  | { readonly kind: "run"; readonly fingerprint?: string }
  /** A source cannot be read: the task fails without being tried. */
  | { readonly kind: "unreadable" };

/** What the scheduler is told. Workers are named by id, from 1. */
export type Event =
  | { readonly kind: "begun" }
  | { readonly kind: "checked"; readonly task: number; readonly verdict: Decision }
  | { readonly kind: "workerReady"; readonly worker: number }
  | { readonly kind: "completed"; readonly worker: number; readonly task: number }
  | {
    readonly kind: "failed";
    readonly worker: number;
    readonly task: number;
    readonly retriable: boolean;
    /** Whether it was ended as the run is to end: then it did not fail, and is given back. */
    readonly isCancelled?: boolean;
    /** If it is tried again, then only once it is `due`; no worker is kept for it meanwhile. */
    readonly isDelayed?: boolean;
  }
  /** A delayed attempt may start. */
  | { readonly kind: "due"; readonly task: number }
  /** The artifact to copy was gone or differed. */
  | { readonly kind: "unrestorable"; readonly worker: number; readonly task: number }
  | { readonly kind: "crashed"; readonly worker: number }
  /** In a crew: the run has claimed these tasks, which it does not have. */
  | { readonly kind: "offered"; readonly tasks: readonly number[] }
  /** In a crew: these are others' now, whatever becomes of them here. What runs of them is ended at once. */
  | { readonly kind: "withdrawn"; readonly tasks: readonly number[] }
  /** Nothing more is to be begun: what runs is let finish. */
  | { readonly kind: "stopped" }
  /** What the task was to lock is locked. */
  | { readonly kind: "locked"; readonly task: number }
  /** Others have it: until there is word of it again, the task keeps no worker. */
  | { readonly kind: "barred"; readonly task: number }
  /** The run itself has it now: the task waits for its turn. */
  | { readonly kind: "unbarred"; readonly task: number }
  /** The lock is not to be had: the task fails without being tried. */
  | { readonly kind: "unlockable"; readonly task: number }
  /**
   * What the machine bears: so many tasks beside those that run now, until told otherwise. With no room nothing is
   * started, but for one task when none runs.
   */
  | { readonly kind: "limited"; readonly room: number }
  /**
   * What tasks read is not what it was. Those of `edited` that have not ended are looked at again, the running ones after
   * they were asked to end; nothing else is disturbed. Those of `reshaped` read other files than this run knows of, and
   * are left to another one.
   */
  | { readonly kind: "changed"; readonly edited: readonly number[]; readonly reshaped: readonly number[] }
  /** Someone asked to stop: the first time running tasks are asked to end, the second time they are made to. */
  | { readonly kind: "interrupted" };

/**
 * How a completed task came by its artifact: it was made, copied from where an equal one lay, brought back out of a store,
 * or lay in place. The rules know the last two but one as a copy.
 */
export type CompletedBy = "executed" | "copied" | "restored" | "fresh";

/** How one task ended. */
export interface TaskEnd {
  readonly status: Status;
  /** How a completed task came by its artifact. */
  readonly by?: CompletedBy;
  readonly durationMs: number;
  /** Null for a task that no worker had. */
  readonly worker: number | null;
  /** Why it was run, where there could have been a reason not to. */
  readonly reason?: string;
  readonly failure?: TaskFailure;
}

/** What the scheduler wants done, in this order. */
export type Effect =
  /** Find out whether the task's artifact is right; answer with `checked`. */
  | { readonly kind: "check"; readonly task: number }
  /** Start the workers; each answers with `workerReady`. */
  | { readonly kind: "startWorkers" }
  | { readonly kind: "run"; readonly task: number; readonly worker: number; readonly restore: boolean }
  /** Lock what the task declares; answer with `locked`, `unlockable`, or `barred` and later one of these or `unbarred`. */
  | { readonly kind: "lock"; readonly task: number }
  /** Give that back, or stop asking for it. */
  | { readonly kind: "unlock"; readonly task: number }
  /** Enter the task's artifact in the build cache; always before its dependents are released. */
  | { readonly kind: "record"; readonly task: number }
  /** The task will be tried again: its word goes back to `pending`. `attempt` is 0 when a copy had not worked. */
  | { readonly kind: "retry"; readonly task: number; readonly worker: number; readonly attempt: number }
  /** The task was begun on what has changed since: its word goes back to `pending`, and it is looked at again. */
  | { readonly kind: "redo"; readonly task: number; readonly worker: number }
  | { readonly kind: "complete"; readonly task: number; readonly by: CompletedBy; readonly worker: number | null }
  | { readonly kind: "fail"; readonly task: number; readonly worker: number | null }
  /** `worker` had begun it, and gave it back. */
  | { readonly kind: "skip"; readonly task: number; readonly worker?: number }
  | { readonly kind: "cancel"; readonly worker: number; readonly signal: "SIGTERM" | "SIGKILL" }
  /** In a crew: have so many claims in all. Told anew when some have ended. */
  | { readonly kind: "claim"; readonly upTo: number }
  /** In a crew: the task is in the run's hands no more, and not done by it; `worker` had begun it. */
  | { readonly kind: "release"; readonly task: number; readonly worker?: number }
  /** Everything is settled and nothing runs. */
  | { readonly kind: "finish" };
