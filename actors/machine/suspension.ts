/**
 * Owns Ctrl-Z: what runs is stopped first, then this process, and when that is continued so is what ran. It is loaded
 * when it is wanted.
 *
 * A process that has a handler is not stopped by the system, which also looks whether there is anybody to continue it, as
 * a shell with job control. Both are done here, and what has started this process as a command counts as somebody.
 *
 * @module
 */
import { entryOf, isBelow } from "./process_table.ts";

/** What can stand still for a while. */
export interface Pausing {
  /** Settles when nothing moves any more, or does not cease to. */
  pause(): Promise<void>;
  resume(): void;
}

/**
 * Stops this process with all that runs, and resolves when it goes on; with false, at once, where nobody would continue it.
 * `keeper` is the process that this one is a command of, if any.
 */
export async function suspend(pausing: Pausing | undefined, keeper: number | undefined): Promise<boolean> {
  if (!hasJobControl() && (keeper === undefined || !isBelow(Deno.pid, keeper))) return false;
  await pausing?.pause();
  Deno.kill(Deno.pid, "SIGSTOP"); // here it goes on, however long that took
  pausing?.resume();
  return true;
}

/** Whether the parent of this process's group, itself of another group, is of the same session. */
function hasJobControl(): boolean {
  const own = entryOf(Deno.pid);
  let entry = own;
  while (own !== undefined && entry !== undefined && entry.groupId === own.groupId) entry = entryOf(entry.parentId);
  return entry !== undefined && entry.sessionId === own?.sessionId;
}
