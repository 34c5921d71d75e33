/**
 * Owns what the history knows of tasks that were up to date: they have no rows, as of such there may be very many in a run
 * that did little.
 *
 * @module
 */
import type { Database } from "../storage/database.ts";
import { damagedValue } from "../storage/stored_json.ts";
import { TaskSet } from "./task_set.ts";

/** A row of a task with the place of its definition. */
export interface Placed {
  readonly position: number;
}

/** The same, as it was joined to its definition. */
interface JoinedRow extends Placed {
  readonly status: unknown;
  readonly startedAt: unknown;
}

const RUN =
  `select fresh, defined_by is null or exists (select 1 from definitions where run_id = runs.defined_by) isDefined
  from runs where id = ?`;

/**
 * The tasks of a run that were up to date; undefined of one that has rows for them, as an older troupe recorded it.
 *
 * @throws {DatabaseError} Of kind `damaged` when that cannot be told, or the run has the definitions of one that has none.
 */
export function freshTasks(database: Database, run: number): TaskSet | undefined {
  const { fresh, isDefined } = database.get<{ fresh: unknown; isDefined: number }>(RUN, run) ??
    { fresh: null, isDefined: 1 };
  if (isDefined !== 1) throw damagedValue({ path: database.path, column: "runs.defined_by" });
  if (fresh === null) return undefined;
  if (fresh instanceof Uint8Array) return new TaskSet(Uint8Array.from(fresh));
  throw damagedValue({ path: database.path, column: "runs.fresh" });
}

/** The row without its position, as it would be if it had not been left out. */
export function withFresh<Row extends JoinedRow>(
  { position, ...row }: Row,
  fresh: TaskSet | undefined,
): Omit<Row, "position"> {
  const isFresh = row.status === null && row.startedAt === null && fresh?.has(position) === true;
  return isFresh ? { ...row, status: "passed", durationMs: 0, attempts: 1 } : row;
}
