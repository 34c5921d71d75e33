/**
 * Owns the way of a recorder into a history, for runs and builds alike: the history is opened, or one line says why there
 * is none.
 *
 * @module
 */
import { DatabaseError } from "../storage/database_error.ts";
import { History } from "./history.ts";
import type { Reporter } from "../terminal/reporter.ts";
import type { RunRecorder } from "./run_recorder.ts";
import { systemDetail } from "../machine/system_error.ts";

/** Enters a run in a history, if that can be opened. */
export async function enterInHistory(
  recorder: RunRecorder,
  path: string,
  reporter: Reporter,
): Promise<History | undefined> {
  const history = await openHistory(path, reporter);
  if (history === undefined) recorder.detach();
  else await recorder.attach(history);
  return history;
}

/** Opens a history for recording, or says in one line why there is none. */
async function openHistory(path: string, reporter: Reporter): Promise<History | undefined> {
  const unsaved = (sentence: string) => reporter.error(`${sentence}; this run is not saved`);
  try {
    return await History.open(path, unsaved);
  } catch (error) {
    // Whatever it is: the run goes on
    unsaved(error instanceof DatabaseError ? error.message : `Cannot write database '${path}': ${systemDetail(error)}`);
  }
}
