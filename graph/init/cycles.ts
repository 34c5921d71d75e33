/**
 * Owns the taking out of cycles: of what scripts and packages say they need, and of what is guessed, all stays that closes
 * none.
 *
 * @module
 */
import type { DraftTask } from "./draft_task.ts";

/** The same tasks, without what would close a cycle; what is said goes before what is guessed. */
export function withoutCycles(tasks: readonly DraftTask[]): DraftTask[] {
  const waitsFor = new Map<string, Set<string>>(tasks.map(({ name }) => [name, new Set()]));
  const leadsTo = (from: string, to: string): boolean => {
    const seen = new Set<string>(), pending = [from];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === to) return true;
      if (seen.has(name)) continue;
      seen.add(name);
      pending.push(...waitsFor.get(name) ?? []);
    }
    return false;
  };
  const kept = (name: string, needs: readonly string[] = []) =>
    needs.filter((need) => {
      if (leadsTo(need, name)) return false;
      waitsFor.get(name)!.add(need);
      return true;
    });
  const dependencies = tasks.map((task) => kept(task.name, task.dependencies));
  const after = tasks.map((task) => kept(task.name, task.after));
  return tasks.map((task, at) => {
    const { name, description, dependencies: _, after: __, ...rest } = task;
    return {
      name,
      ...(description === undefined ? {} : { description }),
      ...(dependencies[at].length > 0 ? { dependencies: dependencies[at] } : {}),
      ...(after[at].length > 0 ? { after: after[at] } : {}),
      ...rest,
    };
  });
}
