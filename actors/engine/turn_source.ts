/**
 * Owns the words between the scheduler and whoever says whose turn it is, where the tasks of a run are shared with other
 * processes. It holds no code.
 *
 * @module
 */
import type { CompletedBy } from "../../graph/schedule/event.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import type { Output } from "../process/output.ts";
import type { Deed, DeedAnswer } from "../storage/deed.ts";

/** What a source tells the scheduler, at any time. */
export type SourceReport =
  /** Tasks that are claimed now, and none of which was. */
  | { readonly kind: "offered"; readonly tasks: readonly number[] }
  /** Tasks that are others' now. Each is `released` once nothing of it runs here. */
  | { readonly kind: "withdrawn"; readonly tasks: readonly number[] }
  /** Nothing more is to be begun. */
  | { readonly kind: "stopped" }
  /** There is nothing more, unless what functions have left running brings something; it `isExhausted` then. */
  | { readonly kind: "exhausted" }
  /** The source cannot go on. */
  | { readonly kind: "sourceBroke"; readonly error: unknown };

/** What says whose turn it is. All calls are the scheduler's, none waits, and each claim ends by exactly one. */
export interface TurnSource {
  /** Before all else: where it is to report. */
  attach(post: (report: SourceReport) => void): void;
  /** So many claims are wanted in all; also told when some have ended. */
  claim(upTo: number): void;
  completed(task: number, by: CompletedBy): void;
  /** All attempts of this run at it have failed, or it could not be tried. */
  failed(task: number, failure: TaskFailure, output: Output | undefined): void;
  /** The task is neither, and this run does not have it any more. */
  released(task: number): void;
  /** The task has failed after all, though it was completed. */
  failedLate(task: number, failure: TaskFailure, output: Output | undefined): void;
  /** Does the last step for the artifact of a task, if that is still this run's. It does not reject. */
  carryOut(task: number, deed: Deed): Promise<DeedAnswer>;
  /** Whether there is still nothing more. */
  isExhausted(): boolean;
  /** Tells what is left to be told; nothing runs any more. */
  end(): Promise<void>;
}
