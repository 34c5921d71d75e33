/**
 * Owns the rows of the locks that a crew offers to its users. It begins no transaction and waits for nobody.
 *
 * @module
 */
import { livenessOf, thisProcess } from "../../machine/process_identity.ts";
import type { LockAsker, LockRow } from "./records.ts";
import type { WorkflowTransaction } from "./trails.ts";

const LOCK_SQL = {
  take: "insert or ignore into locks values (?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
  row: `select name, token, beat, holder, hostname host, pid, process_birth birth from locks
    where workflow_id = ? and name = ?`,
  free: "delete from locks where workflow_id = ? and name = ? and token = ?",
  renew: "update locks set beat = beat + 1 where workflow_id = ? and owner = ?",
} as const;

/** Takes a lock if it is free or its holder's process is dead; else the answer is who has it. */
export function tryLock(
  transaction: WorkflowTransaction,
  name: string,
  { token, owner, holder }: LockAsker,
): LockRow | undefined {
  const { database, workflow } = transaction;
  const { host, pid, birth } = thisProcess();
  const found = database.get<LockRow>(LOCK_SQL.row, workflow, name);
  if (found !== undefined && livenessOf(found) === "dead") freeLock(transaction, name, found.token);
  const values = [workflow, name, token, owner, holder, host, pid, birth, Date.now()];
  if (database.run(LOCK_SQL.take, ...values).changes === 1) return undefined;
  return { ...found! };
}

/** Frees a lock if it is still this holding's; false when it was taken away. */
export function freeLock({ database, workflow }: WorkflowTransaction, name: string, token: string): boolean {
  return database.run(LOCK_SQL.free, workflow, name, token).changes === 1;
}

/** Shows that the owner of locks lives. */
export function renewLocks({ database, workflow }: WorkflowTransaction, owner: string): void {
  database.run(LOCK_SQL.renew, workflow, owner);
}
