/**
 * Owns every question about a crew that changes nothing: what there is to see, and whether it is worth a member's while
 * to wait. Those who only look need nothing else.
 *
 * @module
 */
import { labelsOf, meets } from "../../../graph/crew/requirements.ts";
import type { CrewTaskState, RetryLimits } from "../../../graph/crew/status.ts";
import type { WorkflowTransaction } from "./trails.ts";
import { type Claimant, hasClaimable } from "./claims.ts";
import { canReopen } from "./new_run.ts";
import type { StatusRecord, TaskRecord, WorkerRecord, WorkflowRecord } from "./records.ts";

/** Whether there is anything to come for a member that finds nothing to take. */
export interface Outlook {
  /** There are tasks that it could take some day. */
  readonly hasMore: boolean;
  /** There is something now, or others are at something that may bring it work. */
  readonly isMoving: boolean;
}

/** Which tasks to show. */
export interface TaskFilter {
  readonly state?: CrewTaskState;
  /** Only those that the member of this identifier has had. */
  readonly worker?: string;
}

const WORKER = `select id worker, identifier id, status, beat, last_heartbeat lastHeartbeat,
  heartbeat_interval_ms heartbeatIntervalMs, heartbeat_timeout_ms heartbeatTimeoutMs, labels, hostname, pid,
  started_at startedAt, ended_at endedAt, processed_tasks processedTasks from workers where workflow_id = ?`;

const TASK = `select name id, state, status currentStatus, rank, requirements, max_parallel_workers maxParallelWorkers,
  active_workers activeWorkers, failed_retries failedRetries, killed_retries killedRetries, fingerprint,
  last_fingerprint lastFingerprint, started_at startedAt, ended_at endedAt,
  case when state = 'completed' then ended_at - started_at else -1 end runtimeMs
  from tasks where `;

const LOOK_SQL = {
  workers: `${WORKER} order by workers.id`,
  tasks: `${TASK} workflow_id = ? and state <> 'announced' order by rank, tasks.id`,
  tasksInState: `${TASK} workflow_id = ? and state = ? order by rank, tasks.id`,
  tasksOfWorker: `${TASK} +workflow_id = ? and id in (select task_id from task_statuses where worker_id in (
    select id from workers where workflow_id = ? and identifier = ?)) order by rank, tasks.id`,
  task: `${TASK} workflow_id = ? and name = ? and state <> 'announced'`,
  trail: `select s.status, w.identifier worker, s.fingerprint, s.timestamp, s.detail
    from task_statuses s left join workers w on w.id = s.worker_id
    where s.task_id = (select id from tasks where workflow_id = ? and name = ?) order by s.id`,
  results: `select name id, result from tasks where workflow_id = ? and state = 'completed' and result is not null`,
  // Of one that is being done again what it left the last time
  resultsOf: `select name id, result from tasks where workflow_id = ? and result is not null
    and name in (select value from json_each(?))`,
  used: `select t.name from used_dependencies u join tasks t on t.id = u.dependency_id where u.status_id = (
    select max(id) from task_statuses where status = 'completed' and task_id = (
      select id from tasks where workflow_id = ? and name = ?)) order by t.name`,
  workflow: "select name, total_tasks totalTasks, created_at createdAt from workflows where id = ?",
  counts: `select state, requirements, count(*) count from tasks where workflow_id = ? group by state, requirements`,
  sets: "select requirements from requirement_sets where workflow_id = ?",
  open: `select 1 from tasks where workflow_id = ? and state = ? and requirements = ? limit 1`,
  labelsAtWork: `select distinct labels from workers where workflow_id = ? and status in ('idle', 'busy')`,
  others: `select id, labels from workers where workflow_id = ? and status in ('idle', 'busy') and id <> ?`,
  // What a member has given back it does not know, and will not take.
  openFor: `select 1 from tasks t where workflow_id = ? and state = 'ready' and requirements = ? and not exists (
    select 1 from task_statuses where task_id = t.id and status = 'cancelled' and worker_id = ?) limit 1`,
  otherClaim: `select 1 from workers w join claims c on c.worker_id = w.id
    where w.workflow_id = ? and w.status in ('idle', 'busy') and w.id <> ? limit 1`,
  otherRegistering: `select 1 from workers where workflow_id = ? and status in ('idle', 'busy') and id <> ?
    and is_registering > 0 limit 1`,
} as const;

/** All members there ever were, the oldest first. */
export function workerRecords({ database, workflow }: WorkflowTransaction): WorkerRecord[] {
  type Row = Omit<WorkerRecord, "labels"> & { labels: string };
  return database.all<Row>(LOOK_SQL.workers, workflow).map((row) => ({ ...row, labels: labelsOf(row.labels) }));
}

/** Tasks by rank. */
export function taskRecords(transaction: WorkflowTransaction, { state, worker }: TaskFilter = {}): TaskRecord[] {
  const { database, workflow } = transaction;
  const isRunnable = runnableBy(labelsAtWork(transaction));
  const rows = worker !== undefined
    ? database.all<TaskRow>(LOOK_SQL.tasksOfWorker, workflow, workflow, worker)
    : state !== undefined && state !== "blocked" && state !== "ready"
    ? database.all<TaskRow>(LOOK_SQL.tasksInState, workflow, state)
    : database.all<TaskRow>(LOOK_SQL.tasks, workflow);
  const records = rows.map((row) => taskRecordOf(row, isRunnable));
  return state === undefined ? records : records.filter((record) => record.state === state);
}

/** One task; undefined when nobody has registered it. */
export function taskRecord(transaction: WorkflowTransaction, id: string): TaskRecord | undefined {
  const row = transaction.database.get<TaskRow>(LOOK_SQL.task, transaction.workflow, id);
  return row && taskRecordOf(row, runnableBy(labelsAtWork(transaction)));
}

/** What happened to a task, oldest first. */
export function statusTrail({ database, workflow }: WorkflowTransaction, id: string): StatusRecord[] {
  return database.all<StatusRecord>(LOOK_SQL.trail, workflow, id).map((row) => ({ ...row }));
}

/** The dependencies that the last completion of a task went by, sorted. */
export function usedDependencies({ database, workflow }: WorkflowTransaction, id: string): string[] {
  return database.all<{ name: string }>(LOOK_SQL.used, workflow, id).map(({ name }) => name);
}

/** What completed tasks left to be remembered: all of them, or some by name. */
export function taskResults(
  { database, workflow }: WorkflowTransaction,
  names?: readonly string[],
): { readonly id: string; readonly result: string }[] {
  return names === undefined
    ? database.all(LOOK_SQL.results, workflow)
    : database.all(LOOK_SQL.resultsOf, workflow, JSON.stringify(names));
}

export function workflowRecord(transaction: WorkflowTransaction): WorkflowRecord {
  const { database, workflow } = transaction;
  const row = database.get<Pick<WorkflowRecord, "name" | "totalTasks" | "createdAt">>(LOOK_SQL.workflow, workflow)!;
  const counts = { waiting: 0, ready: 0, running: 0, completed: 0, failed: 0, killed: 0, abandoned: 0, blocked: 0 };
  const isRunnable = runnableBy(labelsAtWork(transaction));
  let discoveredTasks = 0;
  type Group = { state: CrewTaskState; requirements: string; count: number };
  for (const { state, requirements, count } of database.all<Group>(LOOK_SQL.counts, workflow)) {
    if (state === "announced") continue;
    counts[state === "ready" && !isRunnable(requirements) ? "blocked" : state] += count;
    discoveredTasks += count;
  }
  return { ...row, discoveredTasks, counts };
}

/** Whether there are tasks, now or later, for a member that finds nothing to take. */
export function outlook(transaction: WorkflowTransaction, member: Claimant, except: readonly number[] = []): Outlook {
  const { database, workflow } = transaction;
  const hasMore = hasMoreTasks(transaction, member);
  if (!hasMore) return { hasMore, isMoving: false };
  const { worker } = member;
  const isMoving = hasClaimable(transaction, member, { except }) ||
    database.get(LOOK_SQL.otherClaim, workflow, worker) !== undefined ||
    database.get(LOOK_SQL.otherRegistering, workflow, worker) !== undefined ||
    canOthersTake(transaction, member.worker);
  return { hasMore, isMoving };
}

/** Whether a member could ever take a task again: one that is ready or waits, or one that may be tried again. */
export function hasMoreTasks(
  transaction: WorkflowTransaction,
  { labels, ...limits }: RetryLimits & Pick<Claimant, "labels">,
): boolean {
  const states: CrewTaskState[] = ["ready", "waiting"];
  if (limits.maxFailedRetries > 0 || limits.maxKilledRetries > 0) states.push("running");
  return hasOpen(transaction, states, (requirements) => meets(labels, requirements)) || canReopen(transaction, limits);
}

function canOthersTake({ database, workflow }: WorkflowTransaction, worker: number): boolean {
  const open = database.all<{ requirements: string }>(LOOK_SQL.sets, workflow).filter(({ requirements }) =>
    database.get(LOOK_SQL.open, workflow, "ready", requirements) !== undefined
  );
  if (open.length === 0) return false;
  return database.all<{ id: number; labels: string }>(LOOK_SQL.others, workflow, worker).some(({ id, labels }) => {
    const own = new Set(labelsOf(labels));
    return open.some(({ requirements }) =>
      meets(own, requirements) && database.get(LOOK_SQL.openFor, workflow, requirements, id) !== undefined
    );
  });
}

function hasOpen(
  { database, workflow }: WorkflowTransaction,
  states: readonly CrewTaskState[],
  isWanted: (requirements: string) => boolean,
): boolean {
  return database.all<{ requirements: string }>(LOOK_SQL.sets, workflow).some(({ requirements }) =>
    isWanted(requirements) &&
    states.some((state) => database.get(LOOK_SQL.open, workflow, state, requirements) !== undefined)
  );
}

type TaskRow = Omit<TaskRecord, "requirements"> & { requirements: string };

function taskRecordOf(row: TaskRow, isRunnable: (requirements: string) => boolean): TaskRecord {
  const isBlocked = row.state === "ready" && !isRunnable(row.requirements);
  return {
    ...row,
    ...(isBlocked ? { state: "blocked", currentStatus: "blocked" } : {}),
    requirements: labelsOf(row.requirements),
  };
}

function labelsAtWork({ database, workflow }: WorkflowTransaction): string[] {
  return database.all<{ labels: string }>(LOOK_SQL.labelsAtWork, workflow).map(({ labels }) => labels);
}

/** Whether one of several members may run what requires that; where nobody is at work, nothing counts as blocked. */
function runnableBy(labels: readonly string[]): (requirements: string) => boolean {
  const sets = labels.map((text) => new Set(labelsOf(text)));
  return (requirements) => sets.length === 0 || sets.some((set) => meets(set, requirements));
}
