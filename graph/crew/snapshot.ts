/**
 * Owns what a look at a crew sees. Types only; the words are overview.ts's.
 *
 * @module
 */
import type { CrewTaskState, WorkerStatus } from "./status.ts";

/** A member, as far as it is shown. Times in Unix milliseconds. */
export interface OverviewWorker {
  /** Its identifier. */
  readonly id: string;
  /** Where it stands. */
  readonly status: WorkerStatus;
  /** At work by the record, but its heartbeat has expired. */
  readonly isStale: boolean;
  /** By the clock of its host. */
  readonly lastHeartbeat: number;
  /** How long ago that was, by the clock of whoever looks. */
  readonly heartbeatAgeMs: number;
  /** Between two signs of life. */
  readonly heartbeatIntervalMs: number;
  /** Without one for so long it counts as dead. */
  readonly heartbeatTimeoutMs: number;
  /** How many tasks it has brought to an end. */
  readonly processedTasks: number;
  /** Where it runs. */
  readonly hostname: string;
  /** Its process there. */
  readonly pid: number;
  /** What tasks may require. */
  readonly labels: readonly string[];
  /** When it joined. */
  readonly startedAt: number;
  /** When it left or was given up for dead; null while it is at work. */
  readonly endedAt: number | null;
}

/** A task in the hands of a member. */
export interface RunningTask {
  /** Its id. */
  readonly task: string;
  /** The member's identifier. */
  readonly worker: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
}

/** A task that did not make it. */
export interface FailedTask {
  /** Its id. */
  readonly task: string;
  /** How it ended. */
  readonly state: CrewTaskState;
  /** Why; null where nobody said. */
  readonly detail: string | null;
  /** The last lines that it printed; absent where there are none. */
  readonly last_lines?: readonly string[];
}

/** All there is to see of a workflow at one moment. */
export interface Overview {
  /** Its name. */
  readonly workflow: string;
  /** Null when nobody knows how many there will be. */
  readonly totalTasks: number | null;
  /** Tasks registered so far. */
  readonly discoveredTasks: number;
  /** Tasks by state. */
  readonly counts: Readonly<Record<Exclude<CrewTaskState, "announced">, number>>;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** All members there ever were, the oldest first. */
  readonly workers: readonly OverviewWorker[];
  /** The first of them. */
  readonly running: readonly RunningTask[];
  /** The first of them. */
  readonly failed: readonly FailedTask[];
}

/** An overview, or why there is none yet. */
export type Snapshot = Overview | { readonly waiting: string };
