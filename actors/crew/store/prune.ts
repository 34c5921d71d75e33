/**
 * Owns the deletion of what is old: lines of the audit trail beyond the newest of each task, and events that everybody
 * has seen. It begins no transaction.
 *
 * @module
 */
import type { WorkflowTransaction } from "./trails.ts";

/** Lines of the audit trail that a task keeps when nothing is left to do, unless told otherwise. */
export const KEPT_STATUSES = 100;

/** The same where somebody asks for it to be made short. */
export const FEW_STATUSES = 10;

/** Events that stay; a member that has slept through more of them looks at everything again, as it does anyway. */
export const KEPT_EVENTS = 10_000;

const PRUNE_SQL = {
  long: `select task_id task from task_statuses group by task_id having count(*) > ?`,
  mine: "select 1 from tasks where id = ? and workflow_id = ?",
  old: `select id from task_statuses where task_id = ? and id not in (
      select id from task_statuses where task_id = ? order by id desc limit ?)
    and id not in (select id from claims where task_id = ?)`,
  output: "delete from task_outputs where status_id = ?",
  used: "delete from used_dependencies where status_id = ?",
  status: "delete from task_statuses where id = ?",
  events: "delete from events where sequence <= (select max(sequence) from events) - ?",
  open: `select 1 from tasks where workflow_id = ? and state in ('ready', 'waiting', 'running') limit 1`,
} as const;

/** Whether nothing is left to do. */
export function isFinished({ database, workflow }: WorkflowTransaction): boolean {
  return database.get(PRUNE_SQL.open, workflow) === undefined;
}

/** Deletes what is old of both. */
export function prune(transaction: WorkflowTransaction, keepStatuses: number): void {
  pruneStatuses(transaction, keepStatuses);
  pruneEvents(transaction, KEPT_EVENTS);
}

/** Deletes the older lines of each task's audit trail, and answers how many; the current status always stays. */
export function pruneStatuses({ database, workflow }: WorkflowTransaction, keepLatest: number): number {
  let deleted = 0;
  for (const { task } of database.all<{ task: number }>(PRUNE_SQL.long, keepLatest)) {
    if (database.get(PRUNE_SQL.mine, task, workflow) === undefined) continue;
    for (const { id } of database.all<{ id: number }>(PRUNE_SQL.old, task, task, Math.max(1, keepLatest), task)) {
      database.run(PRUNE_SQL.used, id);
      database.run(PRUNE_SQL.output, id);
      deleted += database.run(PRUNE_SQL.status, id).changes;
    }
  }
  return deleted;
}

/** Deletes the older events, and answers how many. */
export function pruneEvents({ database }: WorkflowTransaction, keepLatest: number): number {
  return database.run(PRUNE_SQL.events, keepLatest).changes;
}
