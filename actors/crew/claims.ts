/**
 * Owns the giving of tasks to members and what becomes of them when a member is done. It begins no transaction; the end
 * of one task and the claim of the next share one, so a task costs one commit.
 *
 * A claim has a number that no other ever has. It ends once: with its row goes the right to say how the task ended, so
 * a member that was declared dead, and comes back, publishes nothing.
 *
 * @module
 */
import { afterEnding, type Ending, type Settled } from "../../graph/crew/ending.ts";
import { meets } from "../../graph/crew/requirements.ts";
import type { CrewTaskState, CrewTaskStatus, RetryLimits } from "../../graph/crew/status.ts";
import { type Books, enterEvent, enterStatus } from "./books.ts";
import { blockIfStuck, invalidate, spreadCompletion, spreadFailure, unblock } from "./spread.ts";

/** A member as far as claims go. */
export interface Claimant extends RetryLimits {
  /** Its row. */
  readonly worker: number;
  readonly labels: ReadonlySet<string>;
  /** JSON of the names of all tasks it would take; default all there are. */
  readonly only?: string;
  /** Whether another fingerprint than that of the last completion makes a task be done again. */
  readonly enableFingerprints: boolean;
}

/** A task in a member's hands. */
export interface Claim {
  /** Higher than that of any earlier claim. */
  readonly claim: number;
  /** The task, by the id it was registered with. */
  readonly id: string;
  readonly fingerprint: string | null;
}

/** How a claim ended. */
export interface ClaimEnd {
  readonly claim: number;
  readonly ending: Exclude<Ending, "killed">;
  /** Why it failed. */
  readonly detail?: string;
  /** Of a completion: text that is kept for whoever needs the task's result. */
  readonly result?: string;
}

interface HeldRow {
  readonly id: number;
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

export const CLAIM_SQL = {
  sets: "select requirements from requirement_sets where workflow_id = ?",
  next: `select id, name, rank, fingerprint from tasks
    where workflow_id = ? and requirements = ? and is_claimable = 1
      and not exists (select 1 from claims where task_id = tasks.id and worker_id = ?)
      and name not in (select value from json_each(?))
    order by rank, id limit ?`,
  // The pluses have it go by the names, of which the member has few, and not through all that is ready.
  nextOf: `select id, name, rank, fingerprint from tasks
    where workflow_id = ? and name in (select value from json_each(?)) and +requirements = ? and +is_claimable = 1
      and not exists (select 1 from claims where task_id = tasks.id and worker_id = ?)
    order by rank, id limit ?`,
  held: "select id, task_id task, worker_id worker, fingerprint from claims where worker_id = ?",
  heldCount: "select count(*) count from claims where worker_id = ?",
  take: `update tasks set state = 'running', status = 'running', started_at = ?, ended_at = null,
    is_claimable = (active_workers + 1 < max_parallel_workers), is_stale = (is_stale and active_workers > 0),
    active_workers = active_workers + 1 where id = ?`,
  hold: "insert into claims values (?, ?, ?, ?)",
  drop: `delete from claims where id = ? and worker_id = ?
    returning id, task_id task, worker_id worker, fingerprint`,
  task: `select active_workers activeWorkers, max_parallel_workers maxParallelWorkers, has_completed hasCompleted,
    failed_retries failures, killed_retries kills, is_stale isStale, unmet from tasks where id = ?`,
  settle: `update tasks set state = ?, status = ?, active_workers = ?, is_claimable = ?, has_completed = ?,
    failed_retries = ?, killed_retries = ?, ended_at = ? where id = ?`,
  completed: "update tasks set last_fingerprint = ?, is_stale = 0, result = ? where id = ?",
  isHeld: "select 1 from claims where id = ? and worker_id = ?",
  used: `insert into used_dependencies select ?, dependency_id from task_dependencies where task_id = ?`,
  wait: "update tasks set state = 'waiting', is_claimable = 0 where id = ?",
  failed: `select name from tasks where workflow_id = ? and state in ('failed', 'killed', 'abandoned') order by name`,
  retryable: `select id, name from tasks where workflow_id = ? and (
      state = 'failed' and failed_retries <= ?
      or state = 'killed' and killed_retries <= ?
      or state = 'abandoned' and failed_retries <= ? and killed_retries <= ?)`,
  otherAtWork: "select 1 from workers where workflow_id = ? and status in ('idle', 'busy') and id <> ? limit 1",
  forgive: `update tasks set failed_retries = 0, killed_retries = 0
    where workflow_id = ? and state in ('failed', 'killed', 'abandoned')`,
  forget: `update tasks set state = 'announced', definition = null, is_claimable = 0,
    status = (select status from task_statuses where task_id = tasks.id order by id desc limit 1)
    where workflow_id = ? and state in ('waiting', 'ready', 'failed', 'killed', 'abandoned', 'blocked')
    and name not in (select value from json_each(?))`,
  reopen: `update tasks set state = case when unmet = 0 then 'ready' else 'waiting' end, is_claimable = (unmet = 0)
    where id = ? returning state`,
} as const;

interface Candidate {
  readonly id: number;
  readonly name: string;
  readonly rank: number;
  readonly fingerprint: string | null;
}

/** Who asks, as far as finding goes. */
type Seeker = Pick<Claimant, "worker" | "labels" | "only">;

/** Whether there is a task to take. */
export function hasClaimable(books: Books, member: Seeker, { except = [] }: { except?: readonly string[] }): boolean {
  return candidates(books, member, { limit: 1, except }).length > 0;
}

/** Whether a claim is still a member's. */
export function isHeld({ database }: Books, worker: number, claim: number): boolean {
  return database.get(CLAIM_SQL.isHeld, claim, worker) !== undefined;
}

/** How many tasks a member has. */
export function heldClaims({ database }: Books, worker: number): number {
  return database.get<{ count: number }>(CLAIM_SQL.heldCount, worker)!.count;
}

/**
 * Takes up to `limit` tasks for a member, those of the lowest rank, but none of those it has and none `except` these.
 */
export function claimNext(
  books: Books,
  member: Seeker,
  { limit, except = [] }: { readonly limit: number; readonly except?: readonly string[] },
): Claim[] {
  if (limit <= 0) return [];
  const { database } = books;
  const { worker } = member;
  return candidates(books, member, { limit, except }).map(({ id, name, fingerprint }) => {
    database.run(CLAIM_SQL.take, Date.now(), id);
    const claim = enterStatus(books, { task: id, worker, status: "running", fingerprint });
    database.run(CLAIM_SQL.hold, claim, id, worker, fingerprint);
    return { claim, id: name, fingerprint };
  });
}

/** Ends a claim; false when it was not the member's any more, and then nothing has changed. */
export function endClaim(books: Books, member: Claimant, { claim, ending, detail, result }: ClaimEnd): boolean {
  const held = books.database.get<HeldRow>(CLAIM_SQL.drop, claim, member.worker);
  if (held === undefined) return false;
  settle(books, { ...held, ending, detail, result, limits: member, canInvalidate: member.enableFingerprints });
  return true;
}

/** Ends all claims of a member that died or leaves; answers how many. */
export function endAllClaims(
  books: Books,
  worker: number,
  { ending, limits }: { readonly ending: "killed" | "cancelled"; readonly limits: RetryLimits },
): number {
  const claims = books.database.all<HeldRow>(CLAIM_SQL.held, worker);
  for (const held of claims) {
    books.database.run(CLAIM_SQL.drop, held.id, worker);
    settle(books, { ...held, ending, limits, canInvalidate: true });
  }
  return claims.length;
}

/** Names of the tasks that did not make it, sorted. */
export function failedTasks({ database, workflow }: Books): string[] {
  return database.all<{ name: string }>(CLAIM_SQL.failed, workflow).map(({ name }) => name);
}

/** Lets tasks go on that were given up by members with fewer retries; answers their names. */
export function reopen(books: Books, limits: RetryLimits): string[] {
  const { database } = books;
  const rows = database.all<{ id: number; name: string }>(CLAIM_SQL.retryable, ...retryValues(books, limits));
  for (const { id } of rows) {
    const { state } = database.get<{ state: string }>(CLAIM_SQL.reopen, id)!;
    if (state === "ready") enterEvent(books, "TASK_READY", { task: id });
  }
  if (rows.length > 0) unblock(books);
  return rows.map(({ name }) => name);
}

/**
 * Begins a new run, unless another member is at work: the failed attempts of tasks that did not make it are forgotten,
 * and so is, until somebody registers it again, what is not completed and not among these.
 */
export function startOver({ database, workflow }: Books, worker: number, names: readonly string[]): void {
  if (database.get(CLAIM_SQL.otherAtWork, workflow, worker) !== undefined) return;
  database.run(CLAIM_SQL.forgive, workflow);
  database.run(CLAIM_SQL.forget, workflow, JSON.stringify(names));
}

/** Whether there is something that {@linkcode reopen} would let go on. */
export function canReopen(books: Books, limits: RetryLimits): boolean {
  return books.database.get(`${CLAIM_SQL.retryable} limit 1`, ...retryValues(books, limits)) !== undefined;
}

function retryValues({ workflow }: Books, { maxFailedRetries, maxKilledRetries }: RetryLimits): number[] {
  return [workflow, maxFailedRetries, maxKilledRetries, maxFailedRetries, maxKilledRetries];
}

/** One query for each set of requirements that the member meets; there are few of them. */
function candidates(
  { database, workflow }: Books,
  { worker, labels, only }: Seeker,
  { limit, except }: { limit: number; except: readonly string[] },
): Candidate[] {
  const exceptText = JSON.stringify(except);
  const next = (requirements: string) =>
    only === undefined
      ? database.all<Candidate>(CLAIM_SQL.next, workflow, requirements, worker, exceptText, limit)
      : database.all<Candidate>(CLAIM_SQL.nextOf, workflow, only, requirements, worker, limit);
  const found = database.all<{ requirements: string }>(CLAIM_SQL.sets, workflow).flatMap(({ requirements }) =>
    meets(labels, requirements) ? next(requirements) : []
  );
  return found.sort((a, b) => a.rank - b.rank || a.id - b.id).slice(0, limit);
}

interface EndedClaim extends HeldRow {
  readonly ending: Ending;
  readonly detail?: string;
  readonly result?: string;
  readonly limits: RetryLimits;
  readonly canInvalidate: boolean;
}

/** The claim is gone already; what follows from that. */
function settle(books: Books, ended: EndedClaim): void {
  const { task, worker, fingerprint, ending, detail, result, limits, canInvalidate } = ended;
  const { database } = books;
  const row = database.get<TaskRow>(CLAIM_SQL.task, task)!;
  const after = afterEnding({ ...row, hasCompleted: row.hasCompleted === 1 }, ending, limits);
  const line = enterStatus(books, { task, worker, status: ending, fingerprint, detail });
  const status = currentStatus(after.state, ending);
  database.run(
    CLAIM_SQL.settle,
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
  if (ending === "completed") database.run(CLAIM_SQL.used, line, task);
  const isStale = row.isStale === 1 && canInvalidate;
  if (after.state === "completed") complete(books, task, { fingerprint, isStale, result });
  else if (after.state === "ready") becomeReady(books, task, row.unmet);
  else if (after.state !== "running") giveUp(books, { task, worker, state: after.state });
}

function currentStatus(state: Settled["state"], ending: Ending): CrewTaskStatus {
  if (state === "running" || state === "completed") return state;
  return state === "abandoned" ? "abandoned" : ending;
}

function complete(
  books: Books,
  task: number,
  { fingerprint, isStale, result = null }: { fingerprint: string | null; isStale: boolean; result?: string | null },
): void {
  books.database.run(CLAIM_SQL.completed, fingerprint, result, task);
  spreadCompletion(books, task);
  if (isStale) invalidate(books, [task]);
}

/** What it depends on may have been invalidated meanwhile. */
function becomeReady(books: Books, task: number, unmet: number): void {
  if (unmet === 0) return enterEvent(books, "TASK_READY", { task });
  books.database.run(CLAIM_SQL.wait, task);
  blockIfStuck(books, task);
}

function giveUp(
  books: Books,
  { task, worker, state }: { task: number; worker: number; state: CrewTaskState },
): void {
  if (state === "abandoned") enterStatus(books, { task, worker, status: "abandoned", fingerprint: null });
  spreadFailure(books, [task]);
}
