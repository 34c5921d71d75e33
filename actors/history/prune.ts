/**
 * Owns the deletion of old runs: in small transactions with pauses, so that a run that goes on can write between them.
 * It decides only what is old; how many to keep is the caller's.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Database } from "../storage/database.ts";
import { DELETE_UNUSED } from "./manifests.ts";
import type { HistoryView } from "./queries.ts";

/** What pruning came to. */
export interface PruneResult {
  /** Runs deleted. */
  readonly runs: number;
  /** Bytes by which the database got smaller. */
  readonly bytes: number;
}

/** Rows that one transaction deletes, some with up to 2 MiB each; many small runs share one, since each is synced. */
const ROWS_AT_ONCE = 200;

/** Pages that one transaction gives back to the file system. */
const PAGES_AT_ONCE = 4096;

const OLD_RUNS = `select id from runs where id <= (select id from runs order by id desc limit 1 offset ?) order by id`;

const DELETE_ATTEMPTS = "delete from attempts where id in (select id from attempts where run_id = ? limit ?)";

const DELETE_TASKS = "delete from tasks where id in (select id from tasks where run_id = ? limit ?)";

/** Definitions that a run shares with newer ones become those of the newest, which is deleted last. */
const HEIR = "select max(id) id from runs where defined_by = ?";
const HAND_ON = [
  "update definitions set run_id = ? where run_id = ?",
  "update runs set defined_by = ? where defined_by = ?",
];
const BECOME_HEIR = "update runs set defined_by = null where id = ?";

/** Deletes all runs but the newest; one that goes on stays. */
export async function pruneRuns(database: Database, view: HistoryView, keepNewest: number): Promise<PruneResult> {
  const sizeBefore = sizeOf(database);
  const old = database.all<{ id: number }>(OLD_RUNS, keepNewest).map(({ id }) => id)
    .filter((id) => view.run(id)?.state !== "running");
  let runs = 0;
  for (let at = 0; at < old.length;) {
    const { tried, deleted } = await database.write(() => deleteSome(database, old, at));
    at += tried;
    runs += deleted;
    await delay(0); // so that this thread's other work and other processes have their turn
  }
  if (runs > 0) {
    await database.write(() => database.run(DELETE_UNUSED));
    await shrink(database);
  }
  return { runs, bytes: Math.max(0, sizeBefore - sizeOf(database)) };
}

/**
 * Deletes runs from a place in the list, as many as one transaction may. Tasks first: dying halfway leaves a run with fewer
 * tasks, which the next pruning finds.
 */
function deleteSome(database: Database, old: readonly number[], from: number): { tried: number; deleted: number } {
  let tried = 0, deleted = 0;
  for (let left = ROWS_AT_ONCE; left > 0 && from + tried < old.length; left--) {
    const id = old[from + tried];
    for (const statement of [DELETE_ATTEMPTS, DELETE_TASKS]) {
      left -= database.run(statement, id, left).changes;
      if (left === 0) return { tried, deleted };
    }
    const heir = database.get<{ id: number | null }>(HEIR, id)?.id ?? null;
    if (heir !== null) {
      for (const statement of HAND_ON) left -= database.run(statement, heir, id).changes;
      database.run(BECOME_HEIR, heir);
    }
    deleted += database.run("delete from runs where id = ?", id).changes;
    tried++;
  }
  return { tried, deleted };
}

async function shrink(database: Database): Promise<void> {
  let before = Infinity;
  for (let free = freePages(database); free > 0 && free < before; free = freePages(database)) {
    before = free;
    await database.write(() => database.all(`pragma incremental_vacuum(${PAGES_AT_ONCE})`)); // a row for each page
    await delay(0);
  }
}

function freePages(database: Database): number {
  return database.get<{ freelist_count: number }>("pragma freelist_count")!.freelist_count;
}

function sizeOf(database: Database): number {
  const { page_count } = database.get<{ page_count: number }>("pragma page_count")!;
  return page_count * database.get<{ page_size: number }>("pragma page_size")!.page_size;
}
