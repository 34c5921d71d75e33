/**
 * Owns what a crew keeps of what a failed task printed: as much of its head and of its tail as is worth a place in a
 * database that all members share. It begins no transaction.
 *
 * @module
 */
import { storedOutput } from "../../history/output.ts";
import type { WorkflowTransaction } from "./trails.ts";
import type { Captured, Output } from "../../process/output.ts";

/** Bytes of a stream that are kept: half of the head, half of the tail. */
const KEPT_BYTES = 64 * 1024;

/** What a task printed, as text. */
export interface PrintedText {
  readonly stdout: string;
  readonly stderr: string;
}

type Stored = string | Uint8Array | null;

const OUTPUT_SQL = {
  keep: "insert into task_outputs values (?, ?, ?)",
  last: `select o.stdout, o.stderr from task_outputs o where o.status_id = (
    select max(id) from task_statuses where status = 'failed' and task_id = (
      select id from tasks where workflow_id = ? and name = ?))`,
} as const;

/** Keeps what an attempt printed, by its line in the audit trail. */
export function keepOutput({ database }: WorkflowTransaction, line: number, { stdout, stderr }: Output): void {
  if (stdout.bytes.length + stderr.bytes.length === 0) return;
  database.run(OUTPUT_SQL.keep, line, storedOutput(shortened(stdout)), storedOutput(shortened(stderr)));
}

/** What the last attempt at a task that failed printed; undefined when nothing is kept of one. */
export function lastOutput({ database, workflow }: WorkflowTransaction, id: string): PrintedText | undefined {
  const row = database.get<{ stdout: Stored; stderr: Stored }>(OUTPUT_SQL.last, workflow, id);
  return row && { stdout: printedText(row.stdout), stderr: printedText(row.stderr) };
}

/** What is stored, as text. */
export function printedText(stored: Stored): string {
  return typeof stored === "string" ? stored : new TextDecoder().decode(stored ?? undefined);
}

/** What was dropped already lies between the two ends that are kept. */
function shortened(captured: Captured): Captured {
  const { bytes, dropped } = captured;
  if (bytes.length <= KEPT_BYTES) return captured;
  const half = KEPT_BYTES / 2;
  const kept = new Uint8Array(KEPT_BYTES);
  kept.set(bytes.subarray(0, half));
  kept.set(bytes.subarray(bytes.length - half), half);
  return { bytes: kept, dropped: dropped + bytes.length - KEPT_BYTES, gapAt: half };
}
