/**
 * Owns the words for where a task and a member of a crew stand, and which of them mean that nothing more will happen.
 * It knows no database.
 *
 * @module
 */

/** What happened to a task, as the audit trail words it. */
export type CrewTaskStatus =
  /** A member has begun it. */
  | "running"
  | "completed"
  /** An attempt failed. It is the end where no retries are allowed, and else it may be tried again. */
  | "failed"
  /** Its retries are used up. */
  | "abandoned"
  /** The user or fail-fast stopped an attempt; it uses up no retry. */
  | "cancelled"
  /** A task it depends on did not make it, or no member at work has the labels it requires. */
  | "blocked"
  /** The member that had it died. */
  | "killed"
  /** The task was completed, but with another fingerprint than it has now. */
  | "invalidated";

/** Where a task stands. */
export type CrewTaskState =
  /** Only named as a dependency so far. */
  | "announced"
  /** Some of its dependencies are not completed. */
  | "waiting"
  /** A member may take it. */
  | "ready"
  | "running"
  | "completed"
  /** Ended by a failure, without a retry allowed; likewise `killed`. `abandoned`: after all retries. */
  | "failed"
  | "killed"
  | "abandoned"
  | "blocked";

/** Where a member stands; `idle` and `busy` ones are at work. */
export type WorkerStatus = "idle" | "busy" | "offline" | "killed";

/** What members of a crew may do about a task that failed. */
export type FailurePolicy =
  /** The others go on. */
  | "continue"
  /** The others stop. */
  | "stop";

/** The states of tasks that did not make it. */
export const FAILED_STATES: readonly CrewTaskState[] = ["failed", "killed", "abandoned"];

/** How often an attempt may be repeated. 0 means one attempt in all, N means N more after the first. */
export interface RetryLimits {
  readonly maxFailedRetries: number;
  /** After the death of a member. */
  readonly maxKilledRetries: number;
}
