/**
 * Owns the answer to "may these run together?": all gates, one after another, over a group of tasks or a whole config,
 * and the report in the words of the wire.
 *
 * A group is meant to start at once, so all its pairs count, and also whether it fits. A whole config is meant to run as
 * its dependencies order it, some at a time: only pairs left without an order count, and its size is told, not judged.
 *
 * @module
 */
import { cyclesAmong } from "./circular_dependencies.ts";
import { checkBudget } from "./context_budget.ts";
import { findFileConflicts } from "./file_conflicts.ts";
import { fileTable } from "./files.ts";
import type { Findings, GateContext, GateReport, Precedence, Verdict } from "./findings.ts";
import type { GateTask } from "./gate_task.ts";
import { findLockIssues, predictContention } from "./lock_availability.ts";
import { noOrdering, type Ordering } from "./pairs.ts";
import { recommend } from "./recommendations.ts";
import { checkCapacity } from "./resource_capacity.ts";
import { findSharedState } from "./shared_state.ts";

/** Asks all gates about some tasks, by index in declared order, or about all. */
export function validate(
  tasks: readonly GateTask[],
  chosen: readonly number[] | undefined,
  context: GateContext,
): Verdict {
  const findings = ask(tasks, chosen, context);
  const { files, cycles, lockIssues, capacity, budget } = findings;
  const report: GateReport = {
    can_parallel: mayRunTogether(findings),
    task_count: findings.group.length,
    file_conflicts: files.conflicts,
    circular_dependencies: cycles,
    lock_issues: lockIssues,
    resource_capacity: capacity.capacity,
    context_budget: budget,
    recommendations: recommend(findings),
  };
  return { report, findings };
}

function mayRunTogether(findings: Findings): boolean {
  const { files, cycles, lockIssues, shared, isWhole, precedences, capacity, budget } = findings;
  const isClear = files.counts.blocking + cycles.length + lockIssues.length + shared.length === 0;
  if (isWhole || !isClear) return isClear;
  return precedences.length + capacity.shortages.length === 0 && budget.within_budget;
}

function ask(tasks: readonly GateTask[], chosen: readonly number[] | undefined, context: GateContext): Findings {
  const { cycles, ordering } = cyclesAmong(tasks);
  const indexes = chosen ?? [...tasks.keys()];
  const group = indexes.map((task) => tasks[task]);
  const isMember = new Set(group.map((task) => task.name));
  const between = chosen === undefined ? ordering : noOrdering(tasks.length);
  const table = fileTable(tasks, indexes, context.placeOf);
  const files = findFileConflicts(tasks, table, between);
  return {
    group,
    isWhole: chosen === undefined,
    files,
    cycles: cycles.filter((cycle) => cycle.some((name) => isMember.has(name))),
    precedences: chosen === undefined ? [] : findPrecedences(tasks, indexes, ordering),
    lockIssues: findLockIssues(tasks, table, context.heldLocks ?? []),
    contention: predictContention(files.conflicts),
    capacity: checkCapacity(group, { ...context, load: context.load ?? {} }),
    budget: checkBudget(group, context.maxContextComplexity),
    shared: findSharedState(tasks, indexes, between),
    placeOf: context.placeOf,
  };
}

/** For each task of a group one that it waits for, directly or through others: enough to see why it cannot start. */
function findPrecedences(
  tasks: readonly GateTask[],
  group: readonly number[],
  { graph, order }: Ordering,
): Precedence[] {
  const { dependencyStart, dependencies } = graph;
  const isMember = new Uint8Array(graph.size), waitsFor = new Int32Array(graph.size).fill(-1);
  for (const task of group) isMember[task] = 1;
  for (const task of order) {
    for (let at = dependencyStart[task]; at < dependencyStart[task + 1] && waitsFor[task] < 0; at++) {
      waitsFor[task] = isMember[dependencies[at]] ? dependencies[at] : waitsFor[dependencies[at]];
    }
  }
  return group.filter((task) => waitsFor[task] >= 0)
    .map((task) => ({ task: tasks[task].name, needs: tasks[waitsFor[task]].name }));
}
