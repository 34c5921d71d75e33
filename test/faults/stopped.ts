/**
 * Owns the stopping of a process that uses a database: not in the middle of a change, which would keep all others out for as
 * long as it is stopped.
 *
 * @module
 */
import { entryOf } from "../../actors/machine/process_table.ts";
import { RawDatabase } from "../actors/storage/raw_database.ts";
import { until } from "./rig.ts";

/** Stops it, and resolves when it stands still and anybody can write to the database. */
export async function stopBetweenWrites(pid: number, database: string): Promise<void> {
  while (true) {
    Deno.kill(pid, "SIGSTOP");
    await until(() => entryOf(pid)?.state === "T", "it is stopped");
    if (isFree(database)) return;
    Deno.kill(pid, "SIGCONT");
    await until(() => isFree(database), "it has written");
  }
}

function isFree(path: string): boolean {
  using database = new RawDatabase(path);
  try {
    database.exec("begin immediate; rollback");
    return true;
  } catch {
    return false;
  }
}
