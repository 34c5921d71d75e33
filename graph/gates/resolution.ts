/**
 * Owns how tasks that may not all run together are run all the same, in the order of what costs least: those that are no
 * party to a conflict are taken out of it, the others are partitioned into batches, what fits nowhere goes alone, and for
 * what will pass by itself (a held lock, a busy machine) there is another try after a while.
 *
 * @module
 */
import type { Findings, Verdict } from "./findings.ts";
import { listed, quote } from "../text.ts";

/** Names of the tasks that nothing was found about but that they are too many at once. */
export function tasksWithoutConflict({ group, files, lockIssues, shared, precedences }: Findings): string[] {
  const parties = new Set<string>();
  for (const { task1, task2, type } of files.conflicts) if (type === "blocking") parties.add(task1).add(task2);
  for (const { task } of lockIssues) parties.add(task);
  for (const { tasks } of shared) for (const task of tasks) parties.add(task);
  for (const { task } of precedences) parties.add(task);
  return group.map(({ name }) => name).filter((name) => !parties.has(name));
}

/** Whether tasks conflict, which no waiting mends. */
export function hasConflicts({ findings: { files, cycles, shared } }: Verdict): boolean {
  return files.counts.blocking + cycles.length + shared.length > 0;
}

/** Whether all that is in the way may be gone in a while, without anybody's doing. */
export function willPass(verdict: Verdict): boolean {
  if (hasConflicts(verdict)) return false;
  const { report, findings } = verdict;
  const { precedences, capacity, budget, lockIssues } = findings;
  if (report.can_parallel || !budget.within_budget || precedences.length > 0) return false;
  const lasting = capacity.shortages.some(({ kind }) => kind === "tasks" || kind === "resource");
  return !lasting && lockIssues.length + capacity.shortages.length > 0;
}

/** Sentences on how a group is going to be run. */
export function resolutionSentences(
  findings: Findings,
  batches: readonly (readonly string[])[],
): string[] {
  const free = tasksWithoutConflict(findings);
  const alone = batches.filter(({ length }) => length === 1).flat();
  return [
    ...(free.length > 0 ? [`No party to a conflict: ${listed(free, SHOWN, quote)}`] : []),
    `Partitioned into ${batches.length} ${batches.length === 1 ? "batch" : "batches"}`,
    ...(alone.length > 0 ? [`Alone in a batch: ${listed(alone, SHOWN, quote)}`] : []),
  ];
}

const SHOWN = 20;
