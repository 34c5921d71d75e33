/**
 * Owns the agreement of members on equal work: of two tasks whose fingerprints are the same one is done, and the other
 * takes over what that made. It begins no transaction.
 *
 * @module
 */
import type { WorkflowTransaction } from "./trails.ts";

/** What a member is told who is about to do some work. */
export type DuplicateAnswer =
  /** The work has been done: what its completion left to be remembered. */
  | { readonly kind: "made"; readonly result: string }
  /** Somebody is at it. */
  | { readonly kind: "elsewhere" }
  /** The work is the member's own now. */
  | { readonly kind: "own" };

/** Work that is about to be done. */
export interface OwnWork {
  /** The member's row. */
  readonly worker: number;
  readonly claim: number;
  readonly fingerprint: string;
  /** What was made by others is of no use. */
  readonly isUseless: boolean;
}

const DUPLICATE_SQL = {
  made: "select result from tasks where workflow_id = ? and work = ? and result is not null limit 1",
  elsewhere: "select 1 from claims where work = ? and id <> ? limit 1",
  begin: "update claims set work = ? where id = ? and worker_id = ?",
} as const;

/** Agrees on who does some work; asked by a member whose claim is gone, it changes nothing. */
export function agree(
  { database, workflow }: WorkflowTransaction,
  { worker, claim, fingerprint, isUseless }: OwnWork,
): DuplicateAnswer {
  const made = isUseless ? undefined : database.get<{ result: string }>(DUPLICATE_SQL.made, workflow, fingerprint);
  if (made !== undefined) return { kind: "made", result: made.result };
  if (database.get(DUPLICATE_SQL.elsewhere, fingerprint, claim) !== undefined) return { kind: "elsewhere" };
  database.run(DUPLICATE_SQL.begin, fingerprint, claim, worker);
  return { kind: "own" };
}
