/**
 * Owns what becomes of tasks when a member is done with them, dies or leaves: it counts the attempt, tells the dependents,
 * and keeps what is to be known of it. It begins no transaction.
 *
 * @module
 */
import { afterEnding, type Ending, type Settled } from "../../../graph/crew/ending.ts";
import type { CrewTaskState, CrewTaskStatus, RetryLimits } from "../../../graph/crew/status.ts";
import { enterEvent, enterStatus, type WorkflowTransaction } from "./trails.ts";
import type { Claimant } from "./claims.ts";
import { blockIfStuck, invalidate, spreadCompletion, spreadFailure, withdrawCompletions } from "./spread.ts";
import { keepOutput } from "./task_output.ts";
import type { Output } from "../../process/output.ts";

/** How a claim ended. */
export interface ClaimEnd {
  readonly claim: number;
  readonly ending: Ending;
  /** Why it failed, or was killed. */
  readonly detail?: string;
  /** Of what did not succeed: what it printed. */
  readonly output?: Output;
  /** Of a completion: text that is kept for whoever needs the task's result. */
  readonly result?: string;
  /** Of a completion: by which fingerprint it was done, null when nobody can tell; default that of the claim. */
  readonly fingerprint?: string | null;
}

/** Why a task has failed after all whose completion was booked already. */
export interface LateFailure extends Pick<ClaimEnd, "claim" | "output"> {
  readonly detail: string;
}

interface HeldRow {
  readonly id: number;
  readonly work: string | null;
  readonly task: number;
  readonly worker: number;
  readonly fingerprint: string | null;
}

interface TaskRow {
  readonly activeWorkers: number;
  readonly maxParallelWorkers: number;
  readonly hasCompleted: number;
  readonly failures: number;
  readonly kills: number;
  readonly isStale: number;
  readonly unmet: number;
}

const ENDING_SQL = {
  held: "select id, task_id task, worker_id worker, fingerprint, work from claims where worker_id = ?",
  drop: `delete from claims where id = ? and worker_id = ?
    returning id, task_id task, worker_id worker, fingerprint, work`,
  task: `select active_workers activeWorkers, max_parallel_workers maxParallelWorkers, has_completed hasCompleted,
    failed_retries failures, killed_retries kills, is_stale isStale, unmet from tasks where id = ?`,
  settle: `update tasks set state = ?, status = ?, active_workers = ?, is_claimable = ?, has_completed = ?,
    failed_retries = ?, killed_retries = ?, ended_at = ? where id = ?`,
  completed: `update tasks set last_fingerprint = ?, is_stale = 0, result = ?, work = ?,
    rank = coalesce(json_extract(definition, '$[0]'), rank) where id = ?`,
  last: "update tasks set rank = ? where id = ?",
  stillDone: `select t.id task, s.worker_id worker, s.fingerprint from task_statuses s join tasks t on t.id = s.task_id
    where s.id = ? and t.state = 'completed' and not exists (
      select 1 from task_statuses where task_id = t.id and status = 'running' and id > s.id)`,
  takeBack: `update tasks set state = 'running', active_workers = 1, last_fingerprint = null, result = null, work = null
    where id = ?`,
  used: `insert into used_dependencies select ?, dependency_id from task_dependencies where task_id = ?`,
  wait: "update tasks set state = 'waiting', is_claimable = 0 where id = ?",
} as const;

/** Beyond any rank; the number of the line that tells of the death is added, so the last death is the last of all. */
const BEHIND_ALL = 1e12;

/** Ends a claim; false when it was not the member's any more, and then nothing has changed. */
export function endClaim(transaction: WorkflowTransaction, member: Claimant, { claim, ...end }: ClaimEnd): boolean {
  const held = transaction.database.get<HeldRow>(ENDING_SQL.drop, claim, member.worker);
  if (held === undefined) return false;
  const fingerprint = end.fingerprint === undefined ? held.fingerprint : end.fingerprint;
  settle(transaction, { ...held, ...end, fingerprint, limits: member, canInvalidate: member.enableFingerprints });
  return true;
}

/**
 * Has a task fail after all that was completed by a claim, unless it is to be done again anyway. What needed it, and has
 * been done meanwhile, stays.
 */
export function failAfterAll(
  transaction: WorkflowTransaction,
  limits: RetryLimits,
  { claim, detail, output }: LateFailure,
): void {
  const done = transaction.database.get<Pick<HeldRow, "task" | "worker" | "fingerprint">>(ENDING_SQL.stillDone, claim);
  if (done === undefined) return;
  transaction.database.run(ENDING_SQL.takeBack, done.task);
  withdrawCompletions(transaction, [done.task]);
  settle(transaction, {
    ...{ ...done, id: claim, work: null, detail, output, limits },
    ending: "failed",
    canInvalidate: false,
  });
}

/** Ends all claims of a member that died or leaves; answers how many. */
export function endAllClaims(
  transaction: WorkflowTransaction,
  worker: number,
  { ending, limits }: { readonly ending: "killed" | "cancelled"; readonly limits: RetryLimits },
): number {
  const claims = transaction.database.all<HeldRow>(ENDING_SQL.held, worker);
  for (const held of claims) {
    transaction.database.run(ENDING_SQL.drop, held.id, worker);
    settle(transaction, { ...held, ending, limits, canInvalidate: true });
  }
  return claims.length;
}

interface EndedClaim extends HeldRow {
  readonly ending: Ending;
  readonly detail?: string;
  readonly output?: Output;
  readonly result?: string;
  readonly limits: RetryLimits;
  readonly canInvalidate: boolean;
}

/** The claim is gone already; what follows from that. */
function settle(transaction: WorkflowTransaction, ended: EndedClaim): void {
  const { task, worker, fingerprint, ending, detail, output, result, limits, canInvalidate } = ended;
  const { database } = transaction;
  const row = database.get<TaskRow>(ENDING_SQL.task, task)!;
  const after = afterEnding({ ...row, hasCompleted: row.hasCompleted === 1 }, ending, limits);
  const line = enterStatus(transaction, { task, worker, status: ending, fingerprint, detail });
  const status = currentStatus(after.state, ending);
  database.run(
    ENDING_SQL.settle,
    after.state,
    status,
    after.activeWorkers,
    after.isClaimable ? 1 : 0,
    after.hasCompleted ? 1 : 0,
    after.failures,
    after.kills,
    Date.now(),
    task,
  );
  if (ending === "completed") database.run(ENDING_SQL.used, line, task);
  if (output !== undefined && ending !== "completed") keepOutput(transaction, line, output);
  if (ending === "killed") database.run(ENDING_SQL.last, BEHIND_ALL + line, task);
  const isStale = row.isStale === 1 && canInvalidate;
  if (after.state === "completed") complete(transaction, task, { fingerprint, isStale, result, work: ended.work });
  else if (after.state === "ready") becomeReady(transaction, task, row.unmet);
  else if (after.state !== "running") giveUp(transaction, { task, worker, state: after.state });
}

function currentStatus(state: Settled["state"], ending: Ending): CrewTaskStatus {
  if (state === "running" || state === "completed") return state;
  return state === "abandoned" ? "abandoned" : ending;
}

function complete(
  transaction: WorkflowTransaction,
  task: number,
  { fingerprint, isStale, result, work }: Pick<EndedClaim, "fingerprint" | "result" | "work"> & {
    readonly isStale: boolean;
  },
): void {
  transaction.database.run(ENDING_SQL.completed, fingerprint, result ?? null, work, task);
  spreadCompletion(transaction, task);
  if (isStale) invalidate(transaction, [task]);
}

/** What it depends on may have been invalidated meanwhile. */
function becomeReady(transaction: WorkflowTransaction, task: number, unmet: number): void {
  if (unmet === 0) return enterEvent(transaction, "TASK_READY", { task });
  transaction.database.run(ENDING_SQL.wait, task);
  blockIfStuck(transaction, task);
}

function giveUp(
  transaction: WorkflowTransaction,
  { task, worker, state }: { task: number; worker: number; state: CrewTaskState },
): void {
  if (state === "abandoned") enterStatus(transaction, { task, worker, status: "abandoned", fingerprint: null });
  spreadFailure(transaction, [task]);
}
