/**
 * Owns the shape in which `status --json` and `watch --json` show a crew. Its names are those of the database where there
 * is a column for it; times are Unix seconds, lengths of time seconds.
 *
 * @module
 */
import { progressOf } from "./overview.ts";
import type { OverviewWorker, Snapshot } from "./snapshot.ts";

/** What a look saw. */
export interface SnapshotReport {
  /** When that was. */
  readonly time: number;
  /** Its path. */
  readonly database: string;
  /** Which workflow in it. */
  readonly workflow: string;
  /** Why there is nothing to see yet; all that follows is absent then. */
  readonly waiting: string | null;
  /** Null when nobody knows how many there will be. */
  readonly total_tasks?: number | null;
  /** Tasks registered so far. */
  readonly discovered_tasks?: number;
  /** Tasks that are over: completed, or given up. */
  readonly done_tasks?: number;
  /** Tasks by state. */
  readonly counts?: Readonly<Record<string, number>>;
  /** All members there ever were. */
  readonly workers?: readonly WorkerReport[];
  /** The first of them. */
  readonly running?: readonly { readonly task: string; readonly worker: string; readonly started_at: number }[];
  /** The first of them. */
  readonly failed?: readonly {
    readonly task: string;
    readonly state: string;
    readonly detail: string | null;
    readonly last_lines?: readonly string[];
  }[];
}

/** A member in it. */
export interface WorkerReport {
  /** Its identifier. */
  readonly id: string;
  /** Where it stands. */
  readonly status: string;
  /** At work by the record, but its heartbeat has expired. */
  readonly stale: boolean;
  /** By the clock of its host. */
  readonly last_heartbeat: number;
  /** How long ago that was, by the clock of whoever looked. */
  readonly heartbeat_age: number;
  /** Between two signs of life. */
  readonly heartbeat_interval: number;
  /** Without one for so long it counts as dead. */
  readonly heartbeat_timeout: number;
  /** How many tasks it has brought to an end. */
  readonly processed_tasks: number;
  /** Where it runs. */
  readonly hostname: string;
  /** Its process there. */
  readonly pid: number;
  /** What tasks may require. */
  readonly labels: readonly string[];
  /** When it joined. */
  readonly started_at: number;
  /** When it left or was given up for dead; null while it is at work. */
  readonly ended_at: number | null;
}

/** What a look at a moment saw. */
export function snapshotReport(
  snapshot: Snapshot,
  { database, workflow, nowMs }: { readonly database: string; readonly workflow: string; readonly nowMs: number },
): SnapshotReport {
  const looked = { time: nowMs / 1000, database, workflow };
  if ("waiting" in snapshot) return { ...looked, waiting: snapshot.waiting };
  return {
    ...looked,
    waiting: null,
    total_tasks: snapshot.totalTasks,
    discovered_tasks: snapshot.discoveredTasks,
    done_tasks: progressOf(snapshot).done,
    counts: snapshot.counts,
    workers: snapshot.workers.map(workerReport),
    running: snapshot.running.map(({ task, worker, startedAt }) => ({ task, worker, started_at: startedAt / 1000 })),
    failed: snapshot.failed,
  };
}

function workerReport(worker: OverviewWorker): WorkerReport {
  return {
    id: worker.id,
    status: worker.status,
    stale: worker.isStale,
    last_heartbeat: worker.lastHeartbeat / 1000,
    heartbeat_age: worker.heartbeatAgeMs / 1000,
    heartbeat_interval: worker.heartbeatIntervalMs / 1000,
    heartbeat_timeout: worker.heartbeatTimeoutMs / 1000,
    processed_tasks: worker.processedTasks,
    hostname: worker.hostname,
    pid: worker.pid,
    labels: worker.labels,
    started_at: worker.startedAt / 1000,
    ended_at: worker.endedAt === null ? null : worker.endedAt / 1000,
  };
}
