/**
 * Owns the rows of a crew's members: how one joins, shows that it lives, leaves, and is declared dead by others.
 * It begins no transaction, and reads no clock to judge by: who is dead is decided by graph/crew/observer.ts.
 *
 * @module
 */
import { requirementsText } from "../../../graph/crew/requirements.ts";
import type { RetryLimits, WorkerStatus } from "../../../graph/crew/status.ts";
import { livenessOf, type ProcessIdentity, thisProcess } from "../../machine/process_identity.ts";
import { enterEvent, type WorkflowTransaction } from "./trails.ts";
import { endAllClaims } from "./endings.ts";

/** A process that joins a crew. */
export interface NewMember {
  /** Unlike that of any member at work; default the process id, with the host where another one's has it. */
  readonly identifier?: string;
  readonly labels: readonly string[];
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Whether it may yet register tasks that nobody knows. */
  readonly isRegistering: boolean;
  /** Whether it has still to see, by `startOver`, if a new run begins with it; default not. */
  readonly mayBegin?: boolean;
  /** The row of an earlier membership, to go on with if it ended in good order. */
  readonly previous?: number;
}

/** Another member at work, as seen once. */
export interface Sighting extends ProcessIdentity {
  /** Its row. */
  readonly id: number;
  readonly identifier: string;
  readonly beat: number;
  readonly timeoutMs: number;
}

/** What `is_registering` holds of a member that may yet register tasks, and that may yet begin a new run as well. */
const REGISTERING = 1, MAY_BEGIN = 2;

const MEMBER_SQL = {
  namesake: `select id, identifier, beat, heartbeat_timeout_ms timeoutMs, hostname host, pid, process_birth birth
    from workers where workflow_id = ? and identifier = ? and status in ('idle', 'busy')`,
  join: `insert into workers (workflow_id, identifier, status, last_heartbeat, heartbeat_interval_ms,
    heartbeat_timeout_ms, labels, hostname, pid, process_birth, started_at, is_registering)
    values (?, ?, 'idle', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  rejoin: `update workers set status = 'idle', beat = beat + 1, last_heartbeat = ?, ended_at = null, is_registering = ?
    where id = ? and identifier = ? and status = 'offline'`,
  beat: `update workers set beat = beat + 1, last_heartbeat = ? where id = ? and status in ('idle', 'busy')`,
  others: `select id, identifier, beat, heartbeat_timeout_ms timeoutMs, hostname host, pid, process_birth birth
    from workers where workflow_id = ? and status in ('idle', 'busy') and id <> ?`,
  turn: `update workers set status = ?, processed_tasks = processed_tasks + ?
    where id = ? and status in ('idle', 'busy')`,
  atWork: "select 1 from workers where id = ? and status in ('idle', 'busy')",
  registered: "update workers set is_registering = 0 where id = ? and is_registering > 0",
  registering: "update workers set is_registering = 1 where id = ? and status in ('idle', 'busy')",
  end: `update workers set status = ?, ended_at = ?, is_registering = 0 where id = ? and status in ('idle', 'busy')`,
} as const;

/** What became of the wish to join. */
export type Joined =
  | { readonly worker: number; readonly identifier: string }
  /** Another one at work has the identifier. It is not known to be dead, and may be. */
  | { readonly namesake: Sighting };

/**
 * Enters a member. One that wants no identifier of its own gets one that is free.
 */
export function join(transaction: WorkflowTransaction, member: NewMember, limits: RetryLimits): Joined {
  const self = thisProcess();
  const identifier = member.identifier ?? freeIdentifier(transaction, self, limits);
  const namesake = livingNamesake(transaction, identifier, limits);
  if (namesake !== undefined) return { namesake };
  const worker = rejoin(transaction, member, identifier) ?? enter(transaction, member, { identifier, self });
  enterEvent(transaction, "WORKER_JOINED", { worker });
  return { worker, identifier };
}

/** The process id, with the host where another one's has it, and with a number where one of that host's has it too. */
function freeIdentifier(
  transaction: WorkflowTransaction,
  { pid, host, birth }: ProcessIdentity,
  limits: RetryLimits,
): string {
  for (let number = 0;; number++) {
    const identifier = `${pid}${number > 0 ? `@${host}` : ""}${number > 1 ? `#${number}` : ""}`;
    const namesake = livingNamesake(transaction, identifier, limits);
    // what has all of this process is this process
    const isTold = birth !== null || Deno.build.os !== "linux";
    const isSelf = isTold && namesake?.pid === pid && namesake.host === host && namesake.birth === birth;
    if (namesake === undefined || isSelf) return identifier;
  }
}

function rejoin(
  { database }: WorkflowTransaction,
  { previous, ...member }: NewMember,
  identifier: string,
): number | undefined {
  if (previous === undefined) return undefined;
  const { changes } = database.run(MEMBER_SQL.rejoin, Date.now(), registeringOf(member), previous, identifier);
  return changes === 1 ? previous : undefined;
}

function enter(
  { database, workflow }: WorkflowTransaction,
  member: NewMember,
  { identifier, self }: { identifier: string; self: ProcessIdentity },
): number {
  const { lastId } = database.run(
    MEMBER_SQL.join,
    workflow,
    identifier,
    Date.now(),
    member.heartbeatIntervalMs,
    member.heartbeatTimeoutMs,
    requirementsText(member.labels),
    self.host,
    self.pid,
    self.birth,
    Date.now(),
    registeringOf(member),
  );
  return lastId;
}

function registeringOf({ isRegistering, mayBegin = false }: Omit<NewMember, "previous">): number {
  return mayBegin ? MAY_BEGIN : isRegistering ? REGISTERING : 0;
}

/** Shows that a member lives; false when it was declared dead. */
export function beat({ database }: WorkflowTransaction, worker: number): boolean {
  return database.run(MEMBER_SQL.beat, Date.now(), worker).changes === 1;
}

/** All other members at work, by one query. */
export function othersAtWork({ database, workflow }: WorkflowTransaction, worker: number): Sighting[] {
  return database.all<Sighting>(MEMBER_SQL.others, workflow, worker).map((row) => ({ ...row }));
}

/** Notes what a member has done and whether it has something to do; false when it was declared dead. */
export function noteTurn(
  { database }: WorkflowTransaction,
  worker: number,
  { status, processed }: { status: WorkerStatus; processed: number },
): boolean {
  return database.run(MEMBER_SQL.turn, status, processed, worker).changes === 1;
}

/** Whether it is at work and was not declared dead. */
export function isAtWork({ database }: WorkflowTransaction, worker: number): boolean {
  return database.get(MEMBER_SQL.atWork, worker) !== undefined;
}

/** Notes that a member has told all tasks it knows. */
export function noteRegistered(transaction: WorkflowTransaction, worker: number): void {
  if (transaction.database.run(MEMBER_SQL.registered, worker).changes > 0) {
    enterEvent(transaction, "TASKS_REGISTERED", { worker });
  }
}

/** Notes that a member is about to tell of tasks again. */
export function noteRegistering({ database }: WorkflowTransaction, worker: number): void {
  database.run(MEMBER_SQL.registering, worker);
}

/** Ends a membership in good order; what the member still has is given back as cancelled. */
export function leave(transaction: WorkflowTransaction, worker: number, limits: RetryLimits): void {
  if (transaction.database.run(MEMBER_SQL.end, "offline", Date.now(), worker).changes === 0) return;
  endAllClaims(transaction, worker, { ending: "cancelled", limits });
  enterEvent(transaction, "WORKER_LEFT", { worker });
}

/** Declares a member dead and gives its tasks to others; false when somebody else was first. */
export function declareDead(transaction: WorkflowTransaction, worker: number, limits: RetryLimits): boolean {
  if (transaction.database.run(MEMBER_SQL.end, "killed", Date.now(), worker).changes === 0) return false;
  enterEvent(transaction, "WORKER_KILLED", { worker });
  endAllClaims(transaction, worker, { ending: "killed", limits });
  return true;
}

/** Declares all others dead whose processes are known to be, as those on this host are. */
export function buryDead(transaction: WorkflowTransaction, worker: number, limits: RetryLimits): void {
  for (const other of othersAtWork(transaction, worker)) {
    if (livenessOf(other) === "dead") declareDead(transaction, other.id, limits);
  }
}

/** A member whose process is known to be dead is declared so, and is no namesake any more. */
function livingNamesake(
  transaction: WorkflowTransaction,
  identifier: string,
  limits: RetryLimits,
): Sighting | undefined {
  const found = transaction.database.get<Sighting>(MEMBER_SQL.namesake, transaction.workflow, identifier);
  if (found === undefined || livenessOf(found) !== "dead") return found;
  declareDead(transaction, found.id, limits);
  return undefined;
}
