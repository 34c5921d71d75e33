/**
 * Owns the two questions about single tasks that a look at a crew asks: which are in whose hands, and which failed, why.
 * Both answer with the first few, however many there are, so that a look costs little beside a crew of 100 000 tasks.
 *
 * @module
 */
import type { FailedTask, RunningTask } from "../../../graph/crew/snapshot.ts";
import { lastLines } from "../../../graph/crew/task_lines.ts";
import type { WorkflowTransaction } from "./trails.ts";
import { printedText } from "./task_output.ts";

/** So many of the last lines that a failed task printed: to errors or, where it was silent there, at all. */
const MOST_LINES = 3;

const SNAPSHOT_SQL = {
  running: `select t.name task, w.identifier worker, s.timestamp startedAt from workers w
    cross join claims c on c.worker_id = w.id
    cross join tasks t on t.id = c.task_id
    cross join task_statuses s on s.id = c.id
    where w.workflow_id = ? and w.status in ('idle', 'busy') order by c.id limit ?`,
  failed: `select t.name task, t.state, (
      select case when status = 'failed' or detail is not null then detail
        else 'its member died' || iif(t.killed_retries > 1, ', ' || t.killed_retries || ' times', '') end
      from task_statuses where task_id = t.id and status in ('failed', 'killed') order by id desc limit 1) detail,
      substr(o.stdout, -2000) stdout, substr(o.stderr, -2000) stderr
    from tasks t left join task_outputs o on o.status_id = (
      select max(id) from task_statuses where task_id = t.id and status in ('failed', 'killed'))
    where t.workflow_id = ? and t.state in ('failed', 'killed', 'abandoned') order by t.id limit ?`,
} as const;

/** Tasks in the hands of members, those begun first at the head. */
export function runningTasks({ database, workflow }: WorkflowTransaction, most: number): RunningTask[] {
  return database.all<RunningTask>(SNAPSHOT_SQL.running, workflow, most).map((row) => ({ ...row }));
}

/** Tasks that did not make it, those registered first at the head. */
export function failedTaskDetails({ database, workflow }: WorkflowTransaction, most: number): FailedTask[] {
  type Row = FailedTask & { readonly stdout: string | Uint8Array | null; readonly stderr: string | Uint8Array | null };
  return database.all<Row>(SNAPSHOT_SQL.failed, workflow, most).map(({ task, state, detail, stdout, stderr }) => {
    const said = lastLines(printedText(stderr), MOST_LINES);
    const lines = said.length > 0 ? said : lastLines(printedText(stdout), MOST_LINES);
    return { task, state, detail, ...(lines.length > 0 ? { last_lines: lines } : {}) };
  });
}
