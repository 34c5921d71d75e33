/**
 * Looks for living processes by /proc, for tests of what is left behind: the dead stay in their groups until the first
 * process of the system takes note of them, which in a container can be late.
 */

import { assert } from "@std/assert";
import process from "node:process";

/** Process ids of those that live in one of the groups. */
export function livingInGroups(groupIds: readonly number[]): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 3);
      return state !== "Z" && groupIds.includes(Number(group));
    } catch {
      return false;
    }
  });
}

/** Whether there is such a process or, by its negative id, group, dead or alive. */
export function isThere(target: number): boolean {
  try {
    return process.kill(target, 0);
  } catch {
    return false;
  }
}

/** Waits for the last living process of a group to end. */
export async function groupIsGone(groupId: number): Promise<void> {
  const isGone = () => Deno.build.os === "linux" ? livingInGroups([groupId]).length === 0 : !isThere(-groupId);
  const deadline = performance.now() + 5000;
  while (!isGone()) {
    assert(performance.now() < deadline, `group ${groupId} is still there after 5 s`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
