/**
 * Owns the gate against shared mutable state: counters, connections, rate limits, whatever tasks say they `share`. Two
 * that share something must not run together; unlike a file it cannot be seen whether they only look.
 *
 * @module
 */
import { touchOf, WRITES } from "./files.ts";
import type { GateTask } from "./gate_task.ts";
import { findPairs, type Ordering } from "./pairs.ts";

/** Something that tasks share, with those that would meet at it. */
export interface SharedState {
  readonly name: string;
  /** In declared order; not all where there are many. */
  readonly tasks: readonly string[];
}

/** What tasks share that the ordering leaves side by side, in declared order; `chosen` are those that count. */
export function findSharedState(
  tasks: readonly GateTask[],
  chosen: Iterable<number>,
  ordering: Ordering,
): SharedState[] {
  const users = new Map<string, number[]>();
  for (const task of chosen) {
    for (const name of new Set(tasks[task].shares)) {
      const list = users.get(name);
      if (list) list.push(task);
      else users.set(name, [task]);
    }
  }
  const groups = [...users].filter(([, members]) => members.length > 1)
    .map(([name, members]) => ({ name, members, touches: members.map(() => touchOf(WRITES, WRITES)) }));
  const meeting = new Map<string, Set<number>>();
  for (const { first, second, at } of findPairs(groups, ordering).listed) {
    meeting.set(at, (meeting.get(at) ?? new Set()).add(first).add(second));
  }
  return groups.filter(({ name }) => meeting.has(name)).map(({ name }) => ({
    name,
    tasks: [...meeting.get(name)!].sort((a, b) => a - b).map((task) => tasks[task].name),
  }));
}
