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

/** Tasks with up to 2 MiB each that one transaction deletes. */
const TASKS_AT_ONCE = 200;

/** Pages that one transaction gives back to the file system. */
const PAGES_AT_ONCE = 4096;

const OLD_RUNS = `select id from runs where id <= (select id from runs order by id desc limit 1 offset ?) order by id`;

const DELETE_ATTEMPTS = "delete from attempts where id in (select id from attempts where run_id = ? limit ?)";

const DELETE_TASKS = "delete from tasks where id in (select id from tasks where run_id = ? limit ?)";

/** Deletes all runs but the newest; one that goes on stays. */
export async function pruneRuns(database: Database, view: HistoryView, keepNewest: number): Promise<PruneResult> {
  const sizeBefore = sizeOf(database);
  let runs = 0;
  for (const { id } of database.all<{ id: number }>(OLD_RUNS, keepNewest)) {
    if (view.run(id)?.state !== "running") runs += await deleteRun(database, id);
  }
  if (runs > 0) {
    await database.write(() => database.run(DELETE_UNUSED));
    await shrink(database);
  }
  return { runs, bytes: Math.max(0, sizeBefore - sizeOf(database)) };
}

/** Tasks first: dying halfway leaves a run with fewer tasks, which the next pruning finds. */
async function deleteRun(database: Database, id: number): Promise<number> {
  for (const statement of [DELETE_ATTEMPTS, DELETE_TASKS]) {
    while (await database.write(() => database.run(statement, id, TASKS_AT_ONCE).changes) === TASKS_AT_ONCE) {
      await delay(0); // so that this thread's other work and other processes have their turn
    }
  }
  await delay(0);
  return await database.write(() => database.run("delete from runs where id = ?", id).changes);
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
