/**
 * Owns the shapes in which runs and their tasks are stored, shown and reported. Types only; the words are run_report.ts's.
 *
 * Their fields keep the names and units of the database, so that what is stored, what `--json` shows and what is printed
 * are one thing.
 *
 * @module
 */

/**
 * How a task ended: `passed`, `failed`, `timeout`, `skipped`, or `cancelled` when it was ended before its time as the run
 * was stopped. Of a recorded run that goes on, `running` and `pending` tasks have not ended; of one that was killed with
 * troupe, tasks that ran then are `interrupted`.
 */
export type RunStatus =
  | "passed"
  | "failed"
  | "timeout"
  | "skipped"
  | "cancelled"
  | "running"
  | "pending"
  | "interrupted";

/**
 * How many tasks ended how, as the table `runs` counts them: passed, failed and skipped ones are all that have ended.
 */
export interface RunCounts {
  /** Exit code 0. */
  readonly passed: number;
  /** Tasks that ran out of time included. */
  readonly failed: number;
  /** Of the failed, those that ran out of time. */
  readonly timeout: number;
  /** Not done, as a task they need did not pass or the run was stopped. */
  readonly skipped: number;
  /** Of the skipped, those that were begun and then ended before their time, as the run was stopped or killed; absent if none. */
  readonly cancelled?: number;
}

/** One task of a run. */
export interface TaskRecord {
  /** Unique in its run. */
  readonly name: string;
  /** As it was run. */
  readonly command: string;
  /** How it ended. */
  readonly status: RunStatus;
  /** Null when there is none: skipped, not started, or ended by a signal. */
  readonly exit_code: number | null;
  /** Unix seconds; null when it never started. */
  readonly started_at: number | null;
  /** Unix seconds; null when it never started. */
  readonly finished_at: number | null;
  /** Of the last attempt; null when it never started. */
  readonly duration_ms: number | null;
  /** The signal that ended its command, e.g. `SIGKILL`, if one did that was not troupe's. */
  readonly signal: string | null;
  /** Why it failed, in a sentence, e.g. `Timed out after 1s`. */
  readonly error: string | null;
  /** How often it was tried so far. */
  readonly attempts: number;
  /** How often it may be tried: once, and so many times more as it has retries. */
  readonly max_attempts: number;
  /** Why it was skipped, if not for a failed dependency, e.g. `interrupted`. */
  readonly skip_reason?: string;
}

/** One task with what it printed, as `show --task --json` shows it. */
export interface TaskReport extends TaskRecord {
  /** The number of its run. */
  readonly run_id: number;
  /** What it printed. */
  readonly stdout: string;
  /** What it printed there. */
  readonly stderr: string;
  /** Each attempt, the first first; none of a run that an older troupe has recorded. */
  readonly attempt_records: readonly AttemptRecord[];
}

/** One attempt at a task, with what it printed. */
export interface AttemptRecord {
  /** Counted from 1. */
  readonly attempt: number;
  /** How it went. */
  readonly outcome: "passed" | "failed" | "timeout" | "cancelled";
  /** How a passed one came by what it makes: by work, by a copy of equal work, or out of a store. */
  readonly how: "executed" | "copied" | "restored" | null;
  /** Unix microseconds. */
  readonly started_us: number;
  /** Unix microseconds. */
  readonly ended_us: number;
  /** From 1; null when no worker had it. */
  readonly worker: number | null;
  /** Name of the machine. */
  readonly host: string | null;
  /** Null when there is none. */
  readonly exit_code: number | null;
  /** The signal that ended its command, if one did that was not troupe's. */
  readonly signal: string | null;
  /** Why it was made, if there could have been a reason not to. */
  readonly reason: string | null;
  /** Why it failed. */
  readonly error: string | null;
  /** First 16 hex digits of what names its work: equal ones were made of the same; null when unknown. */
  readonly fingerprint: string | null;
  /** Microseconds on processors; null when unknown. */
  readonly cpu_us: number | null;
  /** KiB, the most memory that its command had at a time; null when unknown, as where it is less than troupe's own. */
  readonly max_rss_kb: number | null;
  /** What it printed. */
  readonly stdout: string;
  /** What it printed there. */
  readonly stderr: string;
}

/** One run without its tasks. */
export interface RunRecord extends RunCounts {
  /** Null when it could not be saved. */
  readonly id: number | null;
  /** Unix seconds. */
  readonly started_at: number;
  /** Unix seconds; null while it goes on, and for ever when it was killed. */
  readonly finished_at: number | null;
  /** Null as long as `finished_at` is. */
  readonly duration_ms: number | null;
  /** All tasks that were asked for: those passed, failed, skipped, running and pending. */
  readonly total_tasks: number;
  /** Tasks that run now; absent when the run is over. */
  readonly running?: number;
  /** Tasks whose turn is still to come; absent when the run is over. */
  readonly pending?: number;
  /** Whether a signal ended it. */
  readonly interrupted: boolean;
  /** What it was: a build, or a run of shell tasks; only in lists of runs. */
  readonly kind?: "build" | "run";
  /** Absolute path of its config or task file; only in lists of runs. */
  readonly source?: string;
  /** The names that were asked for, null for all; only in lists of runs. */
  readonly asked?: readonly string[] | null;
}

/** A run with its tasks, as `run --json` and `show --json` show it. */
export interface RunReport extends RunRecord {
  /** In the order of the file. */
  readonly tasks: readonly TaskRecord[];
}

/** What `history --json` shows, newest first. */
export interface HistoryReport {
  /** How many runs were deleted first; absent where that was not asked for. */
  readonly deleted?: number;
  /** Without their tasks. */
  readonly runs: readonly RunRecord[];
}
