/**
 * Owns what the history says, as values: runs, their tasks, attempts, and what a retry has to do. It neither asks nor writes.
 *
 * @module
 */
import type { AttemptRecord } from "../../graph/report/run_records.ts";
import type { Declarations } from "../../graph/task.ts";
import type { Liveness } from "../machine/process_identity.ts";

/** How a task of a run ended; cancelled ones are skipped ones that were begun. */
export type RecordedStatus = "passed" | "failed" | "skipped" | "timeout";

/** What is needed to run a task again without the file it came from. */
export interface TaskDefinition {
  readonly name: string;
  readonly command: string;
  readonly dependencies: readonly string[];
  readonly timeoutMs?: number;
  readonly graceMs?: number;
  readonly retries: number;
  readonly env: Readonly<Record<string, string>>;
  /** What keeps it apart from others; absent where nothing was declared. */
  readonly declared?: Declarations;
}

/** `interrupted`: by a signal, or because troupe itself was killed. */
export type RunState = "running" | "finished" | "interrupted";

/** One run. Times in Unix seconds. */
export interface RunRecord {
  readonly id: number;
  readonly state: RunState;
  readonly startedAt: number;
  /** Null while it goes on, and for ever if troupe was killed. */
  readonly finishedAt: number | null;
  readonly durationMs: number | null;
  readonly totalTasks: number;
  readonly passed: number;
  /** Tasks that timed out count too. */
  readonly failed: number;
  readonly skipped: number;
  readonly timeouts: number;
  /** Of the skipped, those that were begun and then ended with the run; of a killed run those that ran then. */
  readonly cancelled: number;
  /** Tasks that run now. */
  readonly running: number;
  /** Tasks whose turn is still to come. */
  readonly pending: number;
  /** The signal that stopped it. */
  readonly interruptedBy: string | null;
  readonly kind: "run" | "build";
  readonly source: string;
  readonly folder: string;
  readonly retryOf: number | null;
  /** The names that were asked for; null for all. */
  readonly asked: readonly string[] | null;
  /** Limit for one attempt of a task that has none of its own. */
  readonly timeoutMs: number | null;
  /** Of a run without an end: its process, and whether that lives. */
  readonly process?: { readonly pid: number; readonly host: string; readonly liveness: Liveness };
}

/** Which runs are looked for. */
export interface RunFilter {
  /** Only those of which a task failed or timed out. */
  readonly hasFailed?: boolean;
  /** Only those begun at this time or later, in Unix seconds. */
  readonly since?: number;
  /** Only those in which this task was tried. */
  readonly task?: string;
}

/** One task of a run; without a status it runs, was never started, or troupe was killed. */
export interface TaskRecord {
  readonly name: string;
  readonly command: string;
  readonly status: RecordedStatus | null;
  readonly exitCode: number | null;
  /** Unix seconds. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly signal: string | null;
  readonly attempts: number;
  /** Further attempts that it has. */
  readonly retries: number;
  /** Skipped, but begun. */
  readonly isCancelled: boolean;
}

/** One attempt at a task, with what it printed; null when that was nothing. */
export type StoredAttempt = Omit<AttemptRecord, "stdout" | "stderr"> & {
  readonly stdout: Uint8Array | null;
  readonly stderr: Uint8Array | null;
};

/** How an attempt at a task of some run ended. */
export interface EndedAttempt {
  readonly task: string;
  readonly run: number;
  readonly outcome: AttemptRecord["outcome"];
  readonly how: AttemptRecord["how"];
  readonly fingerprint: string | null;
  /** Seconds. */
  readonly duration: number;
  /** Unix seconds, with what is finer. */
  readonly endedAt: number;
  readonly error: string | null;
}

/** One attempt, and where it stands. Times in Unix microseconds. */
export interface AttemptAt {
  readonly run: number;
  /** Absolute path of the task file or config. */
  readonly source: string;
  readonly attempt: number;
  readonly outcome: "passed" | "failed" | "timeout" | "cancelled";
  readonly how: AttemptRecord["how"];
  readonly reason: string | null;
  readonly startedUs: number;
  readonly endedUs: number;
  readonly fingerprint: string | null;
}

/** A task with what it printed, byte for byte; null when it was never started or runs. */
export interface TaskWithOutput extends TaskRecord {
  readonly stdout: Uint8Array | null;
  readonly stderr: Uint8Array | null;
}

/** What a retry of a run has to do. */
export interface RetrySet {
  /** Tasks that did not pass, in the order of the task file. */
  readonly tasks: readonly (TaskDefinition & Pick<TaskRecord, "status" | "startedAt" | "isCancelled">)[];
  /** Names that these depend on and that are not among them: they passed, so nobody waits for them. */
  readonly passed: ReadonlySet<string>;
}
