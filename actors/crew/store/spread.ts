/**
 * Owns what a change to one task does to those that depend on it: they come nearer to being ready, are blocked, or are
 * invalidated with it. It begins no transaction.
 *
 * What holds before and after: `unmet` of every task is the number of its dependencies that are not completed.
 *
 * @module
 */
import type { CrewTaskState } from "../../../graph/crew/status.ts";
import { enterEvent, enterStatus, type WorkflowTransaction } from "./trails.ts";

const SPREAD_SQL = {
  lower: `update tasks set unmet = unmet - 1,
    is_claimable = case when unmet = 1 and state = 'waiting' then 1 else is_claimable end,
    state = case when unmet = 1 and state = 'waiting' then 'ready' else state end
    where id in (select task_id from task_dependencies where dependency_id = ?)
    returning id, state`,
  downstream: `with recursive downstream (id) as (
      select task_id from task_dependencies join tasks on tasks.id = task_id
        where dependency_id in (select value from json_each(?)) and state in ('waiting', 'ready')
      union
      select d.task_id from downstream join task_dependencies d on d.dependency_id = downstream.id
        join tasks on tasks.id = d.task_id where state in ('waiting', 'ready'))
    select id from downstream`,
  block: "update tasks set state = 'blocked', status = 'blocked', is_claimable = 0 where id = ?",
  endedDownstream: `with recursive gone (id) as (
      select tasks.id from json_each(?) cross join tasks on tasks.id = value
        where state in ('completed', 'failed', 'killed', 'abandoned')
      union
      select d.task_id from gone join task_dependencies d on d.dependency_id = gone.id
        join tasks on tasks.id = d.task_id where state in ('completed', 'failed', 'killed', 'abandoned'))
    select gone.id, state, fingerprint from gone cross join tasks on tasks.id = gone.id`,
  raise: `update tasks set unmet = unmet + missing,
    is_claimable = case when state = 'ready' then 0 else is_claimable end,
    is_stale = case when state = 'running' then 1 else is_stale end,
    state = case when state = 'ready' then 'waiting' else state end
    from (select task_id, count(*) missing from task_dependencies
      where dependency_id in (select value from json_each(?)) group by task_id) as lost
    where tasks.id = lost.task_id`,
  reset: `update tasks set state = case when unmet = 0 then 'ready' else 'waiting' end, is_claimable = (unmet = 0),
    status = 'invalidated', failed_retries = 0, killed_retries = 0, is_stale = 0, has_completed = 0
    where id = ? returning state`,
  stuck: `select id from tasks where workflow_id = ? and state in ('failed', 'killed', 'abandoned')`,
  blocked: "select id from tasks where workflow_id = ? and state = 'blocked'",
  unblock: `update tasks set state = case when unmet = 0 then 'ready' else 'waiting' end, is_claimable = (unmet = 0),
    status = (select status from task_statuses where task_id = tasks.id and status <> 'blocked'
      order by id desc limit 1)
    where id = ? returning state`,
  hasStuckDependency: `select 1 from task_dependencies d join tasks t on t.id = d.dependency_id
    where d.task_id = ? and t.state in ('failed', 'killed', 'abandoned', 'blocked') limit 1`,
} as const;

interface EndedRow {
  readonly id: number;
  readonly state: CrewTaskState;
  readonly fingerprint: string | null;
}

/** Tells the dependents of a task that it is completed. */
export function spreadCompletion(transaction: WorkflowTransaction, task: number): void {
  for (const { id, state } of transaction.database.all<{ id: number; state: string }>(SPREAD_SQL.lower, task)) {
    if (state === "ready") enterEvent(transaction, "TASK_READY", { task: id });
  }
}

/** Tells the dependents of tasks that these are not completed any more. */
export function withdrawCompletions({ database }: WorkflowTransaction, tasks: readonly number[]): void {
  database.run(SPREAD_SQL.raise, JSON.stringify(tasks));
}

/** Blocks all that cannot run because these did not make it. */
export function spreadFailure(transaction: WorkflowTransaction, tasks: readonly number[]): void {
  const ids = transaction.database.all<{ id: number }>(SPREAD_SQL.downstream, JSON.stringify(tasks));
  for (const { id } of ids) block(transaction, id);
}

/** Blocks a task, and all that depends on it, if something it depends on did not make it. */
export function blockIfStuck(transaction: WorkflowTransaction, task: number): void {
  if (transaction.database.get(SPREAD_SQL.hasStuckDependency, task) === undefined) return;
  block(transaction, task);
  spreadFailure(transaction, [task]);
}

/** Invalidates tasks that have ended and, with them, all such that depend on them; answers how many in all. */
export function invalidate(transaction: WorkflowTransaction, tasks: readonly number[]): number {
  const { database } = transaction;
  if (tasks.length === 0) return 0;
  const gone = database.all<EndedRow>(SPREAD_SQL.endedDownstream, JSON.stringify(tasks));
  const completed = gone.filter(({ state }) => state === "completed");
  withdrawCompletions(transaction, completed.map(({ id }) => id));
  for (const { id, fingerprint } of gone) {
    const { state } = database.get<{ state: string }>(SPREAD_SQL.reset, id)!;
    enterStatus(transaction, { task: id, worker: null, status: "invalidated", fingerprint });
    if (state === "ready") enterEvent(transaction, "TASK_READY", { task: id });
  }
  if (completed.length < gone.length) unblock(transaction); // something that had failed may be done again
  else for (const { id } of gone) blockIfStuck(transaction, id);
  return gone.length;
}

/** Lets those go on that were blocked by what is no longer in their way. */
export function unblock(transaction: WorkflowTransaction): void {
  const { database, workflow } = transaction;
  const rows = (sql: string) => database.all<{ id: number }>(sql, workflow).map(({ id }) => id);
  const released = rows(SPREAD_SQL.blocked);
  for (const id of released) {
    const { state } = database.get<{ state: string }>(SPREAD_SQL.unblock, id)!;
    if (state === "ready") enterEvent(transaction, "TASK_READY", { task: id });
  }
  spreadFailure(transaction, rows(SPREAD_SQL.stuck));
}

function block(transaction: WorkflowTransaction, task: number): void {
  transaction.database.run(SPREAD_SQL.block, task);
  enterStatus(transaction, { task, worker: null, status: "blocked", fingerprint: null });
}
