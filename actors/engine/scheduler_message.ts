/**
 * Owns the words in which a scheduler is told of things. It holds no code.
 *
 * @module
 */
import type { PoolReport } from "./pool.ts";
import type { SourceReport } from "./turn_source.ts";
import type { RebuilderAnswer } from "./work.ts";
import type { StopSignal } from "../process/signals.ts";
import type { TaskLockReport } from "../locks/task_locks.ts";

/** What the scheduler is told. */
export type SchedulerMessage =
  | { readonly kind: "begin" }
  | { readonly kind: "checked"; readonly task: number; readonly finding: RebuilderAnswer }
  /** What a task's check has waited for is there. */
  | { readonly kind: "answerable"; readonly task: number; readonly isLook: boolean }
  /** A delayed attempt may start. */
  | { readonly kind: "due"; readonly task: number }
  /** A signal is what running commands are asked to end by; SIGTERM unless told. */
  | { readonly kind: "interrupt"; readonly signal?: StopSignal }
  /** So many more tasks may run at once than do now. */
  | { readonly kind: "limit"; readonly room: number }
  | TaskLockReport
  | SourceReport
  /** What is remembered may be due to be written. */
  | { readonly kind: "checkpoint" }
  /** What functions have left running has come to its end. */
  | { readonly kind: "quiet" }
  /** What tasks read is not what it was: of some the content, of others which files these are. */
  | { readonly kind: "changed"; readonly edited: readonly number[]; readonly reshaped: readonly number[] }
  | PoolReport;
