/**
 * Owns what becomes of tasks that did not make it: which those are, which may be tried again, and what a new run forgets of
 * an earlier one. It begins no transaction.
 *
 * Failures are forgiven by a new run, since something may have been mended. Deaths are not: members that are started again
 * and again from outside would die of the same task for ever.
 *
 * @module
 */
import type { RetryLimits } from "../../../graph/crew/status.ts";
import { enterEvent, type WorkflowTransaction } from "./trails.ts";
import { invalidate, unblock } from "./spread.ts";

/** A task that is not tried again because too many members have died of it. */
export interface DeadlyTask {
  readonly id: string;
  readonly kills: number;
}

/** Whoever asks for a new run wants to see a task again that has killed one member. */
const LEAST_KILLED_RETRIES = 1;

const NEW_RUN_SQL = {
  // The plus keeps it from going through all tasks for the sake of the order.
  failed: `select name from tasks where workflow_id = ? and state in ('failed', 'killed', 'abandoned') order by +name`,
  retryable: `select id, name from tasks where workflow_id = ? and state in ('failed', 'killed', 'abandoned')
      and (state = 'failed' and failed_retries <= ?
        or state = 'killed' and killed_retries <= ?
        or state = 'abandoned' and failed_retries <= ? and killed_retries <= ?)`,
  deadly: `select name id, killed_retries kills from tasks where workflow_id = ? and state in ('killed', 'abandoned')
    and killed_retries > ? order by +rank limit ?`,
  others: `select max(is_registering < 2) isGoing, max(is_registering = 2) isComing from workers
    where workflow_id = ? and status in ('idle', 'busy') and id <> ?`,
  comes: "update workers set is_registering = 1 where id = ? and is_registering = 2",
  forgive: `update tasks set failed_retries = 0 where workflow_id = ? and state in ('failed', 'killed', 'abandoned')`,
  forget: `update tasks set state = 'announced', definition = null, is_claimable = 0,
    status = (select status from task_statuses where task_id = tasks.id order by id desc limit 1)
    where workflow_id = ? and state in ('waiting', 'ready', 'failed', 'killed', 'abandoned', 'blocked')
    and name not in (select value from json_each(?))`,
  done: `select id from tasks where workflow_id = ? and name in (select value from json_each(?))
    and +state = 'completed'`,
  // Equal work that was done in an earlier run is none of this one's.
  unshare: "update tasks set work = null where id = ?",
  killed: "select id, killed_retries kills from tasks where workflow_id = ? and state in ('killed', 'abandoned')",
  killedAsOften: "update tasks set killed_retries = ? where id = ?",
  reopen: `update tasks set state = case when unmet = 0 then 'ready' else 'waiting' end, is_claimable = (unmet = 0)
    where id = ? returning state`,
} as const;

/** Names of the tasks that did not make it, sorted. */
export function failedTasks({ database, workflow }: WorkflowTransaction): string[] {
  return database.all<{ name: string }>(NEW_RUN_SQL.failed, workflow).map(({ name }) => name);
}

/** The first of the tasks that nobody with these limits tries again because members died of them. */
export function deadlyTasks(
  { database, workflow }: WorkflowTransaction,
  limits: RetryLimits,
  most: number,
): DeadlyTask[] {
  const rows = database.all<DeadlyTask>(NEW_RUN_SQL.deadly, workflow, limits.maxKilledRetries, most);
  return rows.map((row) => ({ ...row }));
}

/** Lets tasks go on that were given up by members with fewer retries; answers their names. */
export function reopen(transaction: WorkflowTransaction, limits: RetryLimits): string[] {
  const { database } = transaction;
  const rows = database.all<{ id: number; name: string }>(NEW_RUN_SQL.retryable, ...retryValues(transaction, limits));
  for (const { id } of rows) {
    const { state } = database.get<{ state: string }>(NEW_RUN_SQL.reopen, id)!;
    if (state === "ready") enterEvent(transaction, "TASK_READY", { task: id });
  }
  if (rows.length > 0) unblock(transaction);
  return rows.map(({ name }) => name);
}

/** What a new run is about. */
export interface NewRun {
  readonly names: readonly string[];
  readonly limits: RetryLimits;
  /** Whether what is completed is done once more; default false. */
  readonly redoes?: boolean;
}

/**
 * Begins a new run, unless another member is at work: the failed attempts of tasks that did not make it are forgotten,
 * and so is, until somebody registers it again, what is not completed and not among these. Of several that come at once the
 * first begins it, and forgets nothing, since the others may have registered it.
 */
export function startOver(
  transaction: WorkflowTransaction,
  worker: number,
  { names, limits, redoes = false }: NewRun,
): void {
  const { database, workflow } = transaction;
  database.run(NEW_RUN_SQL.comes, worker);
  const others = database.get<{ isGoing: number | null; isComing: number | null }>(
    NEW_RUN_SQL.others,
    workflow,
    worker,
  )!;
  if (others.isGoing === 1) return;
  if (redoes) redo(transaction, names);
  database.run(NEW_RUN_SQL.forgive, workflow);
  if (others.isComing !== 1) database.run(NEW_RUN_SQL.forget, workflow, JSON.stringify(names));
  const maxKilledRetries = Math.max(limits.maxKilledRetries, LEAST_KILLED_RETRIES);
  reopen(transaction, { maxFailedRetries: -1, maxKilledRetries });
}

/** Has these done once more that are completed, and all that depend on them; how often members died of them stays known. */
function redo(transaction: WorkflowTransaction, names: readonly string[]): void {
  const { database, workflow } = transaction;
  const done = database.all<{ id: number }>(NEW_RUN_SQL.done, workflow, JSON.stringify(names)).map(({ id }) => id);
  const killed = database.all<{ id: number; kills: number }>(NEW_RUN_SQL.killed, workflow);
  invalidate(transaction, done);
  for (const id of done) database.run(NEW_RUN_SQL.unshare, id);
  for (const { id, kills } of killed) database.run(NEW_RUN_SQL.killedAsOften, kills, id);
}

/** Whether there is something that {@linkcode reopen} would let go on. */
export function canReopen(transaction: WorkflowTransaction, limits: RetryLimits): boolean {
  return transaction.database.get(`${NEW_RUN_SQL.retryable} limit 1`, ...retryValues(transaction, limits)) !==
    undefined;
}

function retryValues({ workflow }: WorkflowTransaction, { maxFailedRetries, maxKilledRetries }: RetryLimits): number[] {
  return [workflow, maxFailedRetries, maxKilledRetries, maxFailedRetries, maxKilledRetries];
}
