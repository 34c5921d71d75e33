/**
 * Owns how commands find a history and a run in it.
 *
 * @module
 */
import { unknownRunLine } from "../../graph/run_report.ts";
import type { HistoryView, RunRecord } from "../history_queries.ts";
import { InputError } from "../input.ts";

/** Where runs are recorded unless told otherwise, in the current folder. */
export const DEFAULT_HISTORY = "taskrun.db";

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
