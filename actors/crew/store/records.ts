/**
 * Owns the shapes of what users of a crew see and say: what is on record, who has a lock or asks for it, and how its
 * database is opened. Types only; the questions are queries.ts's.
 *
 * @module
 */
import type { ProcessIdentity } from "../../machine/process_identity.ts";
import type { CrewTaskState, CrewTaskStatus, WorkerStatus } from "../../../graph/crew/status.ts";

/** A member as it is on record. Times in Unix milliseconds. */
export interface WorkerRecord {
  /** Its row: another one each time it joins. */
  readonly worker: number;
  /** Its identifier. */
  readonly id: string;
  /** Where it stands. */
  readonly status: WorkerStatus;
  /** Grows with each sign of life. */
  readonly beat: number;
  /** By the clock of its host. */
  readonly lastHeartbeat: number;
  /** Between two signs of life. */
  readonly heartbeatIntervalMs: number;
  /** Without one for so long it counts as dead. */
  readonly heartbeatTimeoutMs: number;
  /** What tasks may require. */
  readonly labels: readonly string[];
  /** Where it runs. */
  readonly hostname: string;
  /** Its process there. */
  readonly pid: number;
  /** When it joined. */
  readonly startedAt: number;
  /** When it left or was given up for dead; null while it is at work. */
  readonly endedAt: number | null;
  /** How many tasks it has brought to an end. */
  readonly processedTasks: number;
}

/** A task as it is on record. Times in Unix milliseconds. */
export interface TaskRecord {
  /** Unique in its workflow. */
  readonly id: string;
  /** Where it stands. */
  readonly state: CrewTaskState;
  /**
   * The last line of its audit trail, or `blocked` when no member at work may run it; null when nothing has happened.
   */
  readonly currentStatus: CrewTaskStatus | null;
  /** Its place in the order in which tasks are given out. */
  readonly rank: number;
  /** Labels that a member must have to be given it. */
  readonly requirements: readonly string[];
  /** How many members may be at it at once. */
  readonly maxParallelWorkers: number;
  /** How many are. */
  readonly activeWorkers: number;
  /** Attempts that failed since it was last invalidated. */
  readonly failedRetries: number;
  /** Attempts that died with their member since it was last invalidated. */
  readonly killedRetries: number;
  /** Names its content; null when nobody does. */
  readonly fingerprint: string | null;
  /** The fingerprint of the last completion. */
  readonly lastFingerprint: string | null;
  /** When an attempt began last. */
  readonly startedAt: number | null;
  /** When it ended. */
  readonly endedAt: number | null;
  /** From the last start to the end, -1 unless it is completed. */
  readonly runtimeMs: number;
}

/** One line of a task's audit trail. */
export interface StatusRecord {
  /** What happened. */
  readonly status: CrewTaskStatus;
  /** The member's identifier; null where none had the task. */
  readonly worker: string | null;
  /** What the task was then. */
  readonly fingerprint: string | null;
  /** Unix milliseconds. */
  readonly timestamp: number;
  /** Why it failed. */
  readonly detail: string | null;
}

/** A workflow as a whole. */
export interface WorkflowRecord {
  /** Its name. */
  readonly name: string;
  /** Null when nobody knows how many there will be. */
  readonly totalTasks: number | null;
  /** Tasks registered so far. */
  readonly discoveredTasks: number;
  /** Tasks by state; those that are ready, but not for any member at work, count as blocked. */
  readonly counts: Readonly<Record<Exclude<CrewTaskState, "announced">, number>>;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** Who has a lock. */
export interface LockRow extends ProcessIdentity {
  readonly name: string;
  /** Unlike that of any other holding. */
  readonly token: string;
  /** Grows while its holder lives. */
  readonly beat: number;
  /** How the holder is known to people. */
  readonly holder: string;
}

/** Who asks for one. */
export interface LockAsker {
  readonly token: string;
  /** Common to all locks of one crew object. */
  readonly owner: string;
  readonly holder: string;
}

/** How a crew's database is opened. */
export interface StoreOptions {
  /** Which of the workflows in the database; default `main`. */
  readonly workflow?: string;
  /** Whose tasks these are: to work with those of another project is refused; default nobody's. */
  readonly project?: string;
  /**
   * The database is on a network file system: a rollback journal, and a file lock around every access. A database that was
   * used so before, or is by members at work, is used so in any case.
   */
  readonly sharedFs?: boolean;
  /** Default 30 s; it says how long the file lock may be held by one that gives no sign of life. */
  readonly heartbeatIntervalMs?: number;
}
