/**
 * Owns the two questions about single tasks that a look at a crew asks: which are in whose hands, and which failed, why.
 * Both answer with the first few, however many there are, so that a look costs little beside a crew of 100 000 tasks.
 *
 * @module
 */
import type { FailedTask, RunningTask } from "../../graph/crew/sight.ts";
import type { Books } from "./books.ts";

export const GLANCE_SQL = {
  running: `select t.name task, w.identifier worker, s.timestamp startedAt from workers w
    cross join claims c on c.worker_id = w.id
    cross join tasks t on t.id = c.task_id
    cross join task_statuses s on s.id = c.id
    where w.workflow_id = ? and w.status in ('idle', 'busy') order by c.id limit ?`,
  failed: `select t.name task, t.state, (
      select detail from task_statuses where task_id = t.id and status = 'failed' order by id desc limit 1) detail
    from tasks t where t.workflow_id = ? and t.state in ('failed', 'killed', 'abandoned') order by t.id limit ?`,
} as const;

/** Tasks in the hands of members, those begun first at the head. */
export function runningTasks({ database, workflow }: Books, most: number): RunningTask[] {
  return database.all<RunningTask>(GLANCE_SQL.running, workflow, most).map((row) => ({ ...row }));
}

/** Tasks that did not make it, those registered first at the head. */
export function failedTaskDetails({ database, workflow }: Books, most: number): FailedTask[] {
  return database.all<FailedTask>(GLANCE_SQL.failed, workflow, most).map((row) => ({ ...row }));
}
