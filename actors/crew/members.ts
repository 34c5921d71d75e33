/**
 * Owns the rows of a crew's members: how one joins, shows that it lives, leaves, and is declared dead by others.
 * It begins no transaction, and reads no clock to judge by: who is dead is decided by observation.ts.
 *
 * @module
 */
import { requirementsText } from "../../graph/crew/requirements.ts";
import type { RetryLimits, WorkerStatus } from "../../graph/crew/status.ts";
import { livenessOf, type ProcessIdentity, thisProcess } from "../process_identity.ts";
import { type Books, enterEvent } from "./books.ts";
import { endAllClaims } from "./claims.ts";
import { identifierTaken } from "./crew_error.ts";

/** A process that joins a crew. */
export interface NewMember {
  /** Unlike that of any member at work; default the process id, with the host where another one's has it. */
  readonly identifier?: string;
  readonly labels: readonly string[];
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  /** Whether it may yet register tasks that nobody knows. */
  readonly isRegistering: boolean;
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

export const MEMBER_SQL = {
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
  registered: "update workers set is_registering = 0 where id = ? and is_registering = 1",
  end: `update workers set status = ?, ended_at = ?, is_registering = 0 where id = ? and status in ('idle', 'busy')`,
} as const;

/**
 * Enters a member and answers with its row and its identifier.
 *
 * @throws {CrewError} When a living member has the identifier.
 */
export function join(
  books: Books,
  member: NewMember,
  limits: RetryLimits,
): { worker: number; identifier: string } {
  const self = thisProcess();
  let identifier = member.identifier ?? String(self.pid);
  let namesake = livingNamesake(books, identifier, limits);
  if (namesake !== undefined && member.identifier === undefined && namesake.host !== self.host) {
    identifier = `${self.pid}@${self.host}`;
    namesake = livingNamesake(books, identifier, limits);
  }
  if (namesake !== undefined) throw identifierTaken();
  const worker = rejoin(books, member, identifier) ?? enter(books, member, { identifier, self });
  enterEvent(books, "WORKER_JOINED", { worker });
  return { worker, identifier };
}

function rejoin({ database }: Books, { previous, isRegistering }: NewMember, identifier: string): number | undefined {
  if (previous === undefined) return undefined;
  const { changes } = database.run(MEMBER_SQL.rejoin, Date.now(), isRegistering ? 1 : 0, previous, identifier);
  return changes === 1 ? previous : undefined;
}

function enter(
  { database, workflow }: Books,
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
    member.isRegistering ? 1 : 0,
  );
  return lastId;
}

/** Shows that a member lives; false when it was declared dead. */
export function beat({ database }: Books, worker: number): boolean {
  return database.run(MEMBER_SQL.beat, Date.now(), worker).changes === 1;
}

/** All other members at work, by one query. */
export function othersAtWork({ database, workflow }: Books, worker: number): Sighting[] {
  return database.all<Sighting>(MEMBER_SQL.others, workflow, worker).map((row) => ({ ...row }));
}

/** Notes what a member has done and whether it has something to do; false when it was declared dead. */
export function noteTurn(
  { database }: Books,
  worker: number,
  { status, processed }: { status: WorkerStatus; processed: number },
): boolean {
  return database.run(MEMBER_SQL.turn, status, processed, worker).changes === 1;
}

/** Whether it is at work and was not declared dead. */
export function isAtWork({ database }: Books, worker: number): boolean {
  return database.get(MEMBER_SQL.atWork, worker) !== undefined;
}

/** Notes that a member has told all tasks it knows. */
export function noteRegistered(books: Books, worker: number): void {
  if (books.database.run(MEMBER_SQL.registered, worker).changes > 0) enterEvent(books, "TASKS_REGISTERED", { worker });
}

/** Ends a membership in good order; what the member still has is given back as cancelled. */
export function leave(books: Books, worker: number, limits: RetryLimits): void {
  if (books.database.run(MEMBER_SQL.end, "offline", Date.now(), worker).changes === 0) return;
  endAllClaims(books, worker, { ending: "cancelled", limits });
  enterEvent(books, "WORKER_LEFT", { worker });
}

/** Declares a member dead and gives its tasks to others; false when somebody else was first. */
export function declareDead(books: Books, worker: number, limits: RetryLimits): boolean {
  if (books.database.run(MEMBER_SQL.end, "killed", Date.now(), worker).changes === 0) return false;
  enterEvent(books, "WORKER_KILLED", { worker });
  endAllClaims(books, worker, { ending: "killed", limits });
  return true;
}

/** Declares all others dead whose processes are known to be, as those on this host are. */
export function buryDead(books: Books, worker: number, limits: RetryLimits): void {
  for (const other of othersAtWork(books, worker)) {
    if (livenessOf(other) === "dead") declareDead(books, other.id, limits);
  }
}

/** One whose process is known to be dead is declared so, and is no namesake any more. */
function livingNamesake(books: Books, identifier: string, limits: RetryLimits): Sighting | undefined {
  const found = books.database.get<Sighting>(MEMBER_SQL.namesake, books.workflow, identifier);
  if (found === undefined || livenessOf(found) !== "dead") return found;
  declareDead(books, found.id, limits);
  return undefined;
}
