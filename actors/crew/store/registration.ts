/**
 * Owns how tasks come into a crew's database: each once, by however many members at once, in whatever order, also those
 * whose dependencies come later or from another member. It begins no transaction.
 *
 * A dependency that nobody has registered is entered by its name alone, `announced`; it holds up what depends on it
 * like any task that is not completed, and is filled in when somebody registers it.
 *
 * @module
 */
import { NO_REQUIREMENTS, requirementsText } from "../../../graph/crew/requirements.ts";
import { type CrewTaskState, FAILED_STATES } from "../../../graph/crew/status.ts";
import { enterEvent, type WorkflowTransaction } from "./trails.ts";
import { blockIfStuck, invalidate, unblock } from "./spread.ts";

/** A task as a member knows it. */
export interface CrewTaskEntry {
  /** Unique in its workflow. */
  readonly id: string;
  /** Lower goes first among those that are ready. */
  readonly rank: number;
  readonly dependencies: readonly string[];
  /** Labels that whoever runs it must have. */
  readonly requirements: readonly string[];
  readonly maxParallelWorkers: number;
  /** Names the content; another one than that of the last completion means that it must be done again. */
  readonly fingerprint?: string;
}

/** What registering came to. */
export interface Registered {
  /** Tasks that nobody had registered before. */
  readonly added: number;
  /** Tasks that had ended and must be done again, with those that depend on them. */
  readonly invalidated: number;
}

/** Whether what is registered may invalidate what is completed. */
export type FingerprintUse = "invalidates" | "only recorded";

interface KnownRow {
  readonly id: number;
  readonly state: CrewTaskState;
  readonly definition: string | null;
  readonly requirements: string;
  readonly fingerprint: string | null;
  readonly lastFingerprint: string | null;
}

const REGISTRATION_SQL = {
  known: `select id, state, definition, requirements, fingerprint, last_fingerprint lastFingerprint from tasks
    where workflow_id = ? and name = ?`,
  announce: "insert into tasks (workflow_id, name, state) values (?, ?, 'announced')",
  add: `insert into tasks (workflow_id, name, state) values (?, ?, 'waiting')`,
  define: `update tasks set definition = ?, rank = ?, requirements = ?, max_parallel_workers = ?, fingerprint = ?
    where id = ?`,
  refingerprint: `update tasks set fingerprint = ?, is_stale = (state = 'running' and ?) or is_stale where id = ?`,
  requirementSet: "insert or ignore into requirement_sets values (?, ?)",
  dependency: "insert or ignore into task_dependencies values (?, ?)",
  forget: "delete from task_dependencies where task_id = ?",
  count: `update tasks set unmet = (select count(*) from task_dependencies d join tasks t on t.id = d.dependency_id
    where d.task_id = tasks.id and t.state <> 'completed') where id = ? returning unmet`,
  settle: "update tasks set state = ?, is_claimable = ?, status = nullif(status, 'blocked') where id = ?",
} as const;

/** Tasks that are not in the database as they are here; it only reads, so that members who come later do not write. */
export function unregistered(
  transaction: WorkflowTransaction,
  entries: readonly CrewTaskEntry[],
  use: FingerprintUse,
): CrewTaskEntry[] {
  return entries.filter((entry) => {
    const row = knownRow(transaction, entry.id);
    return row === undefined || row.definition !== definitionOf(entry) ||
      row.fingerprint !== (entry.fingerprint ?? null) || isOutdated(row, entry, use);
  });
}

/** Enters tasks; doing it again, or by several, changes nothing. */
export function register(
  transaction: WorkflowTransaction,
  entries: readonly CrewTaskEntry[],
  use: FingerprintUse,
): Registered {
  const outdated: number[] = [];
  let added = 0, hasReleased = false;
  for (const entry of entries) {
    const row = knownRow(transaction, entry.id);
    const definition = definitionOf(entry);
    if (row === undefined || row.definition === null) added++;
    if (row !== undefined && row.fingerprint !== (entry.fingerprint ?? null)) {
      const isChange = use === "invalidates" && entry.fingerprint !== undefined ? 1 : 0;
      transaction.database.run(REGISTRATION_SQL.refingerprint, entry.fingerprint ?? null, isChange, row.id);
    }
    if (row === undefined || row.definition !== definition) {
      const id = row?.id ?? transaction.database.run(REGISTRATION_SQL.add, transaction.workflow, entry.id).lastId;
      define(transaction, entry, { id, definition, state: row?.state ?? "announced", isKnown: row !== undefined });
      hasReleased ||= row?.state === "blocked";
    }
    if (row !== undefined && isOutdated(row, entry, use)) outdated.push(row.id);
  }
  if (hasReleased) unblock(transaction);
  const invalidated = invalidate(transaction, outdated);
  if (added > 0) enterEvent(transaction, "TASKS_REGISTERED");
  return { added, invalidated };
}

/** Has tasks that have ended done again, and all such that depend on them; answers how many in all. */
export function invalidateNamed(transaction: WorkflowTransaction, names: readonly string[]): number {
  return invalidate(transaction, names.flatMap((name) => knownRow(transaction, name)?.id ?? []));
}

/**
 * Completed with another fingerprint, or failed with another. A task that was completed without one cannot be told to
 * be up to date, so it is not.
 */
function isOutdated(row: KnownRow, { fingerprint }: CrewTaskEntry, use: FingerprintUse): boolean {
  if (use !== "invalidates" || fingerprint === undefined) return false;
  if (row.state === "completed") return fingerprint !== row.lastFingerprint;
  return FAILED_STATES.includes(row.state) && fingerprint !== row.fingerprint;
}

function define(
  transaction: WorkflowTransaction,
  entry: CrewTaskEntry,
  { id, definition, state, isKnown }: { id: number; definition: string; state: CrewTaskState; isKnown: boolean },
): void {
  const { database, workflow } = transaction;
  const requirements = requirementsText(entry.requirements);
  const { rank, maxParallelWorkers, fingerprint } = entry;
  database.run(REGISTRATION_SQL.define, definition, rank, requirements, maxParallelWorkers, fingerprint ?? null, id);
  database.run(REGISTRATION_SQL.requirementSet, workflow, requirements);
  if (isKnown) database.run(REGISTRATION_SQL.forget, id);
  for (const name of entry.dependencies) database.run(REGISTRATION_SQL.dependency, id, idOf(transaction, name));
  const unmet = entry.dependencies.length === 0 && !isKnown
    ? 0
    : database.get<{ unmet: number }>(REGISTRATION_SQL.count, id)!.unmet;
  // What runs or has ended stays as it is; its new definition counts from the next time
  if (state !== "announced" && state !== "waiting" && state !== "ready" && state !== "blocked") return;
  database.run(REGISTRATION_SQL.settle, unmet === 0 ? "ready" : "waiting", unmet === 0 ? 1 : 0, id);
  if (unmet > 0) blockIfStuck(transaction, id);
}

function idOf(transaction: WorkflowTransaction, name: string): number {
  const { database, workflow } = transaction;
  return knownRow(transaction, name)?.id ?? database.run(REGISTRATION_SQL.announce, workflow, name).lastId;
}

function knownRow({ database, workflow }: WorkflowTransaction, name: string): KnownRow | undefined {
  return database.get<KnownRow>(REGISTRATION_SQL.known, workflow, name);
}

function definitionOf({ rank, dependencies, requirements, maxParallelWorkers }: CrewTaskEntry): string {
  const labels = requirements.length === 0 ? NO_REQUIREMENTS : requirementsText(requirements);
  return JSON.stringify([rank, dependencies, labels, maxParallelWorkers]);
}
