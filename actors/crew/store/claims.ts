/**
 * Owns the giving of tasks to members. It begins no transaction; the end of one task and the claim of the next share one,
 * so a task costs one commit. What becomes of a claim is endings.ts's.
 *
 * A claim has a number that no other ever has. It ends once: with its row goes the right to say how the task ended, so
 * a member that was declared dead, and comes back, publishes nothing.
 *
 * @module
 */
import { meets } from "../../../graph/crew/requirements.ts";
import type { RetryLimits } from "../../../graph/crew/status.ts";
import { enterEvent, enterStatus, type WorkflowTransaction } from "./trails.ts";

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
  /** Its row. */
  readonly task: number;
  /** Where it stood in the list of whoever registered it. */
  readonly place: number;
  /** The fingerprint by which the member does it. */
  readonly fingerprint: string | null;
}

/** A task that a member must not do, since it knows it otherwise than it is registered by now. */
export interface OtherTask {
  readonly id: string;
  /** Its row. */
  readonly task: number;
  /** The fingerprint of the registration. */
  readonly fingerprint: string | null;
}

/**
 * The fingerprint by which a member would do a task that is registered with one; undefined when it would do something else.
 */
export type KnownAs = (id: string, registered: string | null) => string | null | undefined;

/** What a member wants of the tasks there are. */
export interface Wishes {
  readonly limit: number;
  /** Rows it does not want. */
  readonly except?: readonly number[];
  /** Default each as it is registered. */
  readonly knownAs?: KnownAs;
}

const CLAIM_SQL = {
  sets: "select requirements from requirement_sets where workflow_id = ?",
  // What its member died of goes last, and there its rank is no place in anybody's list.
  next: `select id, name, rank, json_extract(definition, '$[0]') place, fingerprint, killed_retries kills from tasks
    where workflow_id = ? and requirements = ? and is_claimable = 1
      and not exists (select 1 from claims where task_id = tasks.id and worker_id = ?)
      and id not in (select value from json_each(?))
    order by rank, id limit ?`,
  // The pluses have it go by the names, of which the member has few, and not through all that is ready.
  nextOf: `select id, name, rank, json_extract(definition, '$[0]') place, fingerprint, killed_retries kills from tasks
    where workflow_id = ? and name in (select value from json_each(?)) and +requirements = ? and +is_claimable = 1
      and not exists (select 1 from claims where task_id = tasks.id and worker_id = ?)
      and id not in (select value from json_each(?))
    order by rank, id limit ?`,
  isAtSuspect: `select 1 from claims c join tasks t on t.id = c.task_id
    where c.worker_id = ? and t.killed_retries > 0 limit 1`,
  heldCount: "select count(*) count from claims where worker_id = ?",
  take: `update tasks set state = 'running', status = 'running', started_at = ?, ended_at = null,
    is_claimable = (active_workers + 1 < max_parallel_workers), is_stale = (is_stale and active_workers > 0),
    active_workers = active_workers + 1 where id = ?`,
  hold: "insert into claims (id, task_id, worker_id, fingerprint) values (?, ?, ?, ?)",
  giveBack: `insert into task_statuses (task_id, worker_id, status, timestamp)
    select id, ?, 'cancelled', ? from tasks t where workflow_id = ? and state = 'ready'
      and name not in (select value from json_each(?))
      and not exists (select 1 from task_statuses where task_id = t.id and status = 'cancelled' and worker_id = ?)`,
  isHeld: "select 1 from claims where id = ? and worker_id = ?",
} as const;

interface Candidate {
  readonly id: number;
  readonly name: string;
  readonly rank: number;
  readonly place: number;
  readonly fingerprint: string | null;
  readonly kills: number;
}

/** Who asks, as far as finding goes. */
type Seeker = Pick<Claimant, "worker" | "labels" | "only">;

/** Whether there is a task to take. */
export function hasClaimable(
  transaction: WorkflowTransaction,
  member: Seeker,
  { except = [] }: { except?: readonly number[] },
): boolean {
  return candidates(transaction, member, { limit: 1, except }).length > 0;
}

/** Whether a claim is still a member's. */
export function isHeld({ database }: WorkflowTransaction, worker: number, claim: number): boolean {
  return database.get(CLAIM_SQL.isHeld, claim, worker) !== undefined;
}

/** The numbers of all claims that anybody holds, in whichever workflow. */
export function allClaims({ database }: WorkflowTransaction): number[] {
  return database.all<{ id: number }>("select id from claims").map(({ id }) => id);
}

/** How many tasks a member has. */
export function heldClaims({ database }: WorkflowTransaction, worker: number): number {
  return database.get<{ count: number }>(CLAIM_SQL.heldCount, worker)!.count;
}

/**
 * Takes up to `limit` tasks for a member, those of the lowest rank, but none of those it has and none of the rows in
 * `except`: a name that the database does not give back as it was would come again and again.
 *
 * What was killed with its member is done by itself, or it would take the blameless with it each time. The first one that
 * the member knows otherwise ends the taking.
 */
export function claimNext(
  transaction: WorkflowTransaction,
  member: Seeker,
  { limit, except = [], knownAs = asRegistered }: Wishes,
): { readonly claims: readonly Claim[]; readonly other?: OtherTask } {
  const { database } = transaction;
  const { worker } = member;
  if (limit <= 0 || database.get(CLAIM_SQL.isAtSuspect, worker) !== undefined) return { claims: [] };
  const found = candidates(transaction, member, { limit, except });
  if (found.length === 0) giveBackUnknown(transaction, member);
  const isAlone = found.length > 0 && found[0].kills > 0 && heldClaims(transaction, worker) === 0;
  const wanted = isAlone ? found.slice(0, 1) : found.filter(({ kills }) => kills === 0);
  const claims: Claim[] = [];
  for (const { id, name, place, fingerprint: registered } of wanted) {
    const fingerprint = knownAs(name, registered);
    if (fingerprint === undefined) return { claims, other: { id: name, task: id, fingerprint: registered } };
    database.run(CLAIM_SQL.take, Date.now(), id);
    const claim = enterStatus(transaction, { task: id, worker, status: "running", fingerprint });
    database.run(CLAIM_SQL.hold, claim, id, worker, fingerprint);
    claims.push({ claim, id: name, task: id, place, fingerprint });
  }
  return { claims };
}

/** Who asks by name has no use for the others: that is to be seen, or two such would wait for each other to do them. */
function giveBackUnknown(transaction: WorkflowTransaction, { worker, only }: Seeker): void {
  if (only === undefined) return;
  const { database, workflow } = transaction;
  const { changes } = database.run(CLAIM_SQL.giveBack, worker, Date.now(), workflow, only, worker);
  if (changes > 0) enterEvent(transaction, "TASK_CANCELLED", { worker });
}

function asRegistered(_id: string, registered: string | null): string | null {
  return registered;
}

/** One query for each set of requirements that the member meets; there are few of them. */
function candidates(
  { database, workflow }: WorkflowTransaction,
  { worker, labels, only }: Seeker,
  { limit, except }: { limit: number; except: readonly number[] },
): Candidate[] {
  const exceptText = JSON.stringify(except);
  const next = (requirements: string) =>
    only === undefined
      ? database.all<Candidate>(CLAIM_SQL.next, workflow, requirements, worker, exceptText, limit)
      : database.all<Candidate>(CLAIM_SQL.nextOf, workflow, only, requirements, worker, exceptText, limit);
  const found = database.all<{ requirements: string }>(CLAIM_SQL.sets, workflow).flatMap(({ requirements }) =>
    meets(labels, requirements) ? next(requirements) : []
  );
  return found.sort((a, b) => a.rank - b.rank || a.id - b.id).slice(0, limit);
}
