/**
 * Owns how commands find a history and a run in it, and the word for how one of its tasks stands.
 *
 * @module
 */
import type { RunStatus } from "../../graph/report/run_records.ts";
import type { HistoryView } from "../history/queries.ts";
import type { RunRecord, TaskRecord } from "../history/records.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { unknownRunLine } from "../../graph/report/history_lines.ts";

/** Where runs are recorded unless told otherwise, in the current folder. */

/**
 * The run that is asked for.
 *
 * @throws {InputError} When there is none.
 */
export function findRun(view: HistoryView, which: number | "last", database: string): RunRecord {
  const run = view.run(which);
  if (run !== undefined) return run;
  throw new InputError(which === "last" ? `No runs recorded yet in '${database}'` : unknownRunLine(which, database));
}

/** A task without an end runs or waits for its turn; with a run that is over it was cut off, or never came to its turn. */
export function statusOf(
  { status, startedAt, isCancelled }: Pick<TaskRecord, "status" | "startedAt" | "isCancelled">,
  run: Pick<RunRecord, "state">,
): RunStatus {
  if (isCancelled) return "cancelled";
  if (status !== null) return status;
  if (run.state === "running") return startedAt === null ? "pending" : "running";
  return startedAt === null ? "skipped" : "interrupted";
}
