/**
 * Owns the two trails that every change leaves, the audit trail of a task and the events of a workflow, and what is
 * handed around to write them.
 * It begins no transaction: whoever changes something writes its trails in the same one.
 *
 * @module
 */
import type { CrewTaskStatus } from "../../../graph/crew/status.ts";
import type { Database } from "../../storage/database.ts";

/** A workflow in a database. */
export interface WorkflowTransaction {
  readonly database: Database;
  /** Its row. */
  readonly workflow: number;
}

/** What can happen in a workflow. */
export type CrewEventKind =
  | "TASKS_REGISTERED"
  | "TASK_READY"
  | "TASK_RUNNING"
  | "TASK_COMPLETED"
  | "TASK_FAILED"
  | "TASK_ABANDONED"
  | "TASK_CANCELLED"
  | "TASK_BLOCKED"
  | "TASK_KILLED"
  | "TASK_INVALIDATED"
  | "WORKER_JOINED"
  | "WORKER_LEFT"
  | "WORKER_KILLED";

/** Something that happened; `task` and `worker` are rows. */
export interface CrewEvent {
  readonly sequence: number;
  readonly kind: CrewEventKind;
  readonly task: number | null;
  readonly worker: number | null;
  /** Unix milliseconds. */
  readonly timestamp: number;
}

/** One line of the audit trail. */
export interface StatusLine {
  readonly task: number;
  readonly worker: number | null;
  readonly status: CrewTaskStatus;
  readonly fingerprint: string | null;
  readonly detail?: string;
}

const TRAIL_SQL = {
  status: `insert into task_statuses (task_id, worker_id, status, fingerprint, timestamp, detail)
    values (?, ?, ?, ?, ?, ?)`,
  event: "insert into events (workflow_id, kind, task_id, worker_id, timestamp) values (?, ?, ?, ?, ?)",
  since: `select sequence, kind, task_id task, worker_id worker, timestamp from events
    where sequence > ? and workflow_id = ? order by sequence limit ?`,
  latest: "select coalesce(max(sequence), 0) latest from events",
} as const;

/** Adds a line to the audit trail of a task, and the event of the same name; answers with the line's number. */
export function enterStatus(
  transaction: WorkflowTransaction,
  { task, worker, status, fingerprint, detail }: StatusLine,
): number {
  const { lastId } = transaction.database.run(
    TRAIL_SQL.status,
    task,
    worker,
    status,
    fingerprint,
    Date.now(),
    detail ?? null,
  );
  enterEvent(transaction, `TASK_${status.toUpperCase()}` as CrewEventKind, { task, worker });
  return lastId;
}

export function enterEvent(
  { database, workflow }: WorkflowTransaction,
  kind: CrewEventKind,
  about: { task?: number | null; worker?: number | null } = {},
): void {
  database.run(TRAIL_SQL.event, workflow, kind, about.task ?? null, about.worker ?? null, Date.now());
}

/** What happened after an event, oldest first. */
export function eventsSince({ database, workflow }: WorkflowTransaction, sequence: number, limit: number): CrewEvent[] {
  return database.all<CrewEvent>(TRAIL_SQL.since, sequence, workflow, limit).map((row) => ({ ...row }));
}

/** The number of the newest event. */
export function latestEvent({ database }: WorkflowTransaction): number {
  return database.get<{ latest: number }>(TRAIL_SQL.latest)!.latest;
}
