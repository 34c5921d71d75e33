/**
 * Owns the sentences on what to do about what the gates found. The fixed ones come first, then those that name tasks and
 * files; where there is much to name, the first few are and the rest is counted.
 *
 * @module
 */
import { unreachable } from "../task.ts";
import { difficultyOf } from "./context_budget.ts";
import type { GateTask } from "./gate_task.ts";
import { meet, type PlaceOf } from "./places.ts";
import type { Shortage } from "./resource_capacity.ts";
import type { Findings } from "./findings.ts";
import { quote, shortened } from "../text.ts";

/** So many of one kind are named. */
const NAMED = 10;
/** From here on a task had better run alone when the budget is tight. */
const COMPLEX = 8;

/** What to do, the most pressing first. */
export function recommend(findings: Findings): string[] {
  const { cycles, precedences, lockIssues, shared } = findings;
  return [
    ...few(cycles, (cycle) => `Remove a dependency from the circle ${shortened(cycle, quote).join(" → ")}`),
    ...blockingSentences(findings),
    ...few(shared, ({ name, tasks }) => `Run ${list(tasks)} one after another: they share ${quote(name)}`),
    ...few(precedences, ({ task, needs }) => `Run ${quote(needs)} before ${quote(task)}, which needs it`),
    ...(lockIssues.length > 0 ? ["Wait for file locks to be released"] : []),
    ...few(lockIssues, ({ task, file }) => `Start ${quote(task)} when ${quote(file)} is no longer locked`),
    ...capacitySentences(findings),
    ...budgetSentences(findings),
    ...warningSentences(findings),
    ...wildcardSentences(findings),
    ...countSentences(findings),
  ];
}

function blockingSentences({ files: { conflicts, counts } }: Findings): string[] {
  const blocking = conflicts.filter(({ type }) => type === "blocking");
  if (blocking.length === 0) return [];
  const isCut = counts.blocking > blocking.length;
  return [
    "Execute conflicting tasks sequentially",
    ...few([...Map.groupBy(blocking, ({ file }) => file)], ([file, pairs]) => {
      const tasks = new Set(pairs.flatMap(({ task1, task2 }) => [task1, task2]));
      const ways = "order them by dependencies, partition it into a file for each, or lock it";
      return `${list([...tasks], isCut)} write ${quote(file)}: ${ways}`;
    }),
  ];
}

function warningSentences({ files, group, isWhole, placeOf }: Findings): string[] {
  const byName = new Map(group.map((task) => [task.name, task]));
  const warnings = files.conflicts.filter(({ type }) => type === "warning");
  return few(warnings, ({ task1, task2, file }) => {
    const [writer, reader] = writes(byName.get(task1)!, file, placeOf) ? [task1, task2] : [task2, task1];
    const way = isWhole
      ? `let ${quote(reader)} depend on ${quote(writer)} if it needs what is written`
      : "mind which comes first";
    return `${quote(reader)} may read ${quote(file)} while ${quote(writer)} writes it: ${way}`;
  });
}

/** Globs that take part in conflicts, each once. */
function wildcardSentences({ files, group, placeOf }: Findings): string[] {
  const byName = new Map(group.map((task) => [task.name, task]));
  const globs = new Map<string, string>();
  for (const conflict of files.conflicts) {
    if (conflict.type === "info") continue;
    for (const name of [conflict.task1, conflict.task2]) {
      for (const path of declared(byName.get(name)!)) {
        const key = `${name}\0${path}`;
        if (!placeOf(path).isGlob || globs.has(key) || !meet(placeOf(path), placeOf(conflict.file))) continue;
        globs.set(
          key,
          `Use more specific paths than ${quote(path)} in ${quote(name)}: it takes in ${quote(conflict.file)}`,
        );
      }
    }
    if (globs.size > 4 * NAMED) break;
  }
  return few([...globs.values()], (sentence) => sentence);
}

function capacitySentences({ capacity: { capacity, shortages }, isWhole }: Findings): string[] {
  return isWhole ? [] : shortages.flatMap((shortage): string[] => {
    switch (shortage.kind) {
      case "tasks":
        return tooManySentences(capacity.requested, capacity.available);
      case "cpu":
      case "memory":
        return [busySentence(shortage)];
      case "handles":
        return [
          `Run fewer tasks at once: they may need ${shortage.needed} file handles, and ${shortage.left} are left`,
        ];
      case "resource":
        return [
          `Run fewer tasks at once: together they ask for ${shortage.asked} of ${quote(shortage.name)}, ` +
          `and there is ${shortage.limit}`,
        ];
      default:
        return unreachable(shortage);
    }
  });
}

function tooManySentences(requested: number, available: number): string[] {
  if (available === 0) return ["Queue the tasks until running ones have ended"];
  const size = `groups of at most ${available}`;
  return [`Split the ${requested} tasks into ${size}, the most urgent first, and queue the rest`];
}

function busySentence({ kind, share, most }: Shortage & { kind: "cpu" | "memory" }): string {
  const what = kind === "cpu" ? "CPU load" : "memory use";
  return `Wait until ${what} is at most ${percent(most)}; it is ${percent(share)}`;
}

function budgetSentences({ budget, group, isWhole }: Findings): string[] {
  if (isWhole || budget.within_budget) return [];
  const complex = group.filter((task) => difficultyOf(task) >= COMPLEX);
  return [
    `Split the tasks into groups with a complexity of at most ${budget.max_complexity}; together it is ${budget.total_complexity}`,
    ...few(complex, (task) => `Run ${quote(task.name)} alone: its difficulty is ${difficultyOf(task)}`),
    ...(complex.length > 0 ? ["Let long tasks keep checkpoints, so that they can be resumed"] : []),
  ];
}

function countSentences({ files: { conflicts, counts } }: Findings): string[] {
  const listed = { blocking: 0, warning: 0, info: 0 };
  for (const { type } of conflicts) listed[type]++;
  return (["blocking", "warning", "info"] as const).filter((type) => counts[type] > listed[type]).map((type) =>
    `${counts[type] - listed[type]} more conflicts of type '${type}' are not listed`
  );
}

function writes(task: GateTask, file: string, placeOf: PlaceOf): boolean {
  return (task.writes ?? []).some((path) => meet(placeOf(path), placeOf(file)));
}

function declared({ writes = [], reads = [] }: GateTask): readonly string[] {
  return [...writes, ...reads];
}

function few<Item>(items: readonly Item[], sentence: (item: Item) => string): string[] {
  const named = items.slice(0, NAMED).map(sentence);
  return items.length > NAMED ? [...named, `… and ${items.length - NAMED} more like the last`] : named;
}

/** The names of some tasks; with `isCut` there are more of them than are known. */
function list(names: readonly string[], isCut = false): string {
  const shown = names.slice(0, names.length > NAMED ? NAMED - 1 : NAMED).map(quote);
  const last = names.length <= NAMED ? shown.pop() : isCut ? "others" : `${names.length - shown.length} more`;
  return shown.length === 0 ? last ?? "" : `${shown.join(", ")} and ${last}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
