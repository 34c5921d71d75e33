/**
 * Owns the end of a process group whose leader has ended: TERM, a grace, KILL, and how long to wait for either.
 * It sends no signal itself: each back end hands in its own way to.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { DEFAULT_GRACE_MS } from "../../graph/task.ts";
import { entryOf, isAlive, processes } from "../machine/process_table.ts";
import type { JobSignal } from "./signals.ts";

/** One group, as a back end can reach it. */
export interface ProcessGroup {
  readonly id: number;
  /** False when the group is gone. */
  signal(name: JobSignal): boolean;
  isThere(): boolean | Promise<boolean>;
}

/** From KILL to giving up: only the dead are left by then, and nobody takes them off the process table. */
const REAPING_MS = 200;

/** Below this age a group is simply asked again; above it, it is worth a look whether any of it still lives. */
const LOOK_CLOSER_MS = 8;

/** Ends what is left of a group that has had its TERM; settles when it is gone or only its dead are left. */
export async function endGroup(group: ProcessGroup, graceMs = DEFAULT_GRACE_MS): Promise<void> {
  if (await isGoneWithin(graceMs, group)) return;
  group.signal("SIGKILL");
  await isGoneWithin(REAPING_MS, group);
}

async function isGoneWithin(limitMs: number, group: ProcessGroup): Promise<boolean> {
  const start = performance.now();
  for (let pauseMs = 1;; pauseMs = Math.min(2 * pauseMs, 50)) {
    const elapsedMs = performance.now() - start;
    if (!await group.isThere() || (elapsedMs > LOOK_CLOSER_MS && !hasLiving(group.id))) return true;
    if (elapsedMs >= limitMs) return false;
    await delay(Math.min(pauseMs, limitMs - elapsedMs));
  }
}

/**
 * Whether a group has a member that is not dead. A dead orphan stays in its group until the first process of the
 * system takes note of it, which in a container can be never; without this look each such command would cost the
 * whole grace. Where there is no /proc the answer is yes.
 */
function hasLiving(groupId: number): boolean {
  const all = processes();
  return all.length === 0 || all.some((pid) => {
    const entry = entryOf(pid);
    return isAlive(entry) && entry.groupId === groupId;
  });
}
