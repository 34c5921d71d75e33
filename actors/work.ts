/**
 * Owns the words between the scheduler and what a run is about: artifacts of a build, or plain shell tasks.
 * It holds no code.
 *
 * @module
 */
import type { TaskFailure } from "../graph/failure.ts";
import type { Published, RunShell, RunTask } from "./messages.ts";

/** What was found about one task whose dependencies are completed. */
export type Finding =
  /** The artifact in place is the right one. */
  | { readonly kind: "fresh" }
  /** Another path holds the right artifact. */
  | { readonly kind: "restore"; readonly fingerprint: string }
  /** It must be done; `reason` says why where there could be a reason not to. */
  | { readonly kind: "run"; readonly fingerprint?: string; readonly reason?: string }
  | { readonly kind: "unreadable"; readonly failure: TaskFailure }
  /** The question takes time: ask again when this has settled. */
  | { readonly kind: "later"; readonly until: Promise<void> };

/** The subject of one run, tasks by index. All calls are the scheduler's, and none waits. */
export interface Work {
  /** Whether a task must be done. */
  check(task: number): Finding;
  /** What a worker is told, after `check` said that it must be done or copied. */
  message(task: number, restore: boolean): RunTask | RunShell;
  /** The task's artifact is in place. */
  arrived(task: number, published: Published): void;
  /** What was to be copied was not there. */
  unrestorable(task: number): void;
  /** Remember the task's completion; nothing that needs it has started yet. */
  record(task: number): void;
}
