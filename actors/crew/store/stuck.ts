/**
 * Owns the questions about a crew that is at a standstill: what can never start, and whether there is anything left for a
 * member. They go through all that is open, so they are for when nothing moves; the rest is queries.ts's.
 *
 * @module
 */
import { labelsOf, meets } from "../../../graph/crew/requirements.ts";
import type { CrewTaskState } from "../../../graph/crew/status.ts";
import { type OpenTask, prospects, type StuckReason } from "../../../graph/crew/stuck.ts";
import type { WorkflowTransaction } from "./trails.ts";

/** A set of ids, or a map by them. */
export type Ids = Pick<ReadonlySet<string>, "has" | "keys">;

/** What counts as keeping a task from its start. */
export interface StuckScope {
  /** The ids of the tasks in question. */
  readonly mine: Ids;
  /** Whether labels that no member had so far count. */
  readonly countsLabels: boolean;
}

const STUCK_SQL = {
  anyOpen: "select 1 from tasks where workflow_id = ? and state in ('ready', 'waiting') limit 1",
  open: `select id, name, state, requirements from tasks
    where workflow_id = ? and state in ('announced', 'waiting', 'ready', 'running') order by rank, id`,
  edges: `select d.task_id task, d.dependency_id dependency from tasks t
    cross join task_dependencies d on d.task_id = t.id
    where t.workflow_id = ? and t.state = 'waiting'`,
  labels: "select distinct labels from workers where workflow_id = ?",
} as const;

/** Why tasks can never start, each by its own reason; what waits for such a task is not named. */
export function stuckReasons(transaction: WorkflowTransaction, { mine, countsLabels }: StuckScope): StuckReason[] {
  if (transaction.database.get(STUCK_SQL.anyOpen, transaction.workflow) === undefined) return [];
  const { reasons } = prospects(
    openTasks(transaction),
    countsLabels ? labelsEver(transaction) : undefined,
    mine.keys(),
  );
  return reasons.filter(({ task }) => mine.has(task));
}

/** Whether any of the tasks in question can start some day and is for a member with these labels. */
export function canStartSome(
  transaction: WorkflowTransaction,
  labels: ReadonlySet<string>,
  { mine, countsLabels }: StuckScope,
): boolean {
  const tasks = openTasks(transaction);
  const { canStart } = prospects(tasks, countsLabels ? labelsEver(transaction) : undefined);
  return tasks.some(({ id, state, requirements }, i) =>
    canStart[i] && state !== "announced" && meets(labels, requirements) && mine.has(id)
  );
}

function openTasks({ database, workflow }: WorkflowTransaction): OpenTask[] {
  type Row = { id: number; name: string; state: CrewTaskState; requirements: string };
  const rows = database.all<Row>(STUCK_SQL.open, workflow);
  const positions = new Map(rows.map(({ id }, position) => [id, position]));
  const tasks = rows.map(({ name: id, state, requirements }) => ({
    id,
    state,
    requirements,
    waitsFor: [] as number[],
  }));
  for (const { task, dependency } of database.all<{ task: number; dependency: number }>(STUCK_SQL.edges, workflow)) {
    const position = positions.get(dependency); // none for what has ended
    if (position !== undefined) tasks[positions.get(task)!].waitsFor.push(position);
  }
  return tasks;
}

/** Of all members there ever were. */
function labelsEver({ database, workflow }: WorkflowTransaction): ReadonlySet<string>[] {
  return database.all<{ labels: string }>(STUCK_SQL.labels, workflow).map(({ labels }) => new Set(labelsOf(labels)));
}
