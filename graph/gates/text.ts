/**
 * Owns the words in which people read what the gates found: line by line, gate by gate. It prints and colours nothing.
 *
 * @module
 */
import type { Severity } from "./file_conflicts.ts";
import type { Findings, Verdict } from "./findings.ts";
import type { LogLevel } from "./settings.ts";
import { counted, escapeControls, listed, shortened } from "../text.ts";

/** One line, how it is meant, and from which level on it is left out. */
export interface GateLine {
  readonly text: string;
  readonly tone: "plain" | "good" | "bad" | "dim";
  readonly level: LogLevel;
}

/** So many of one kind are shown. */
const SHOWN = 20;
const LEVELS: readonly LogLevel[] = ["DEBUG", "INFO", "WARNING", "ERROR"];
const LEVEL_OF: Readonly<Record<Severity, LogLevel>> = { blocking: "ERROR", warning: "WARNING", info: "DEBUG" };

/** The lines of a verdict at a level. */
export function verdictLines(verdict: Verdict, level: LogLevel): GateLine[] {
  const { findings, report } = verdict;
  return [
    ...fileLines(findings),
    ...cycleLines(findings),
    ...lockLines(findings),
    ...capacityLines(findings),
    ...sharedLines(findings),
    ...recommendationLines(report.recommendations),
    lastLine(verdict),
  ].filter((line) => LEVELS.indexOf(line.level) >= LEVELS.indexOf(level));
}

/** The lines of suggested batches. */
export function batchLines(batches: readonly (readonly string[])[]): string[] {
  const tasks = batches.reduce((sum, batch) => sum + batch.length, 0);
  return [
    ...batches.map((batch, at) => `Batch ${at + 1}: ${names(batch)}`),
    `${counted(tasks, "task")} in ${batches.length} ${batches.length === 1 ? "batch" : "batches"}`,
  ];
}

function fileLines({ files: { conflicts, counts } }: Findings): GateLine[] {
  const types = (["blocking", "warning", "info"] as const).filter((type) => counts[type] > 0);
  const summary = types.length === 0 ? "none" : types.map((type) => `${counts[type]} ${type}`).join(", ");
  return [
    heading("File conflicts", summary, counts.blocking > 0),
    ...types.flatMap((type) => {
      const tone = type === "blocking" ? "bad" : type === "info" ? "dim" : "plain";
      const listed = conflicts.filter((conflict) => conflict.type === type);
      const lines = listed.slice(0, SHOWN).map(({ task1, task2, file }) =>
        `  ${type.padEnd(8)}  ${names([task1, task2])}: ${escapeControls(file)}`
      );
      if (counts[type] > lines.length) lines.push(`  ${type.padEnd(8)}  … and ${counts[type] - lines.length} more`);
      return lines.map((text): GateLine => ({ text, tone, level: LEVEL_OF[type] }));
    }),
  ];
}

function cycleLines({ cycles }: Findings): GateLine[] {
  return [
    heading("Circular dependencies", cycles.length === 0 ? "none" : String(cycles.length), cycles.length > 0),
    ...few(cycles, (cycle) => shortened(cycle).join(" → ")),
  ];
}

function lockLines({ lockIssues, contention }: Findings): GateLine[] {
  return [
    heading("Locks", lockIssues.length === 0 ? "free" : `${lockIssues.length} held`, lockIssues.length > 0),
    ...few(lockIssues, ({ task, file }) => `${names([task])} would wait for ${escapeControls(file)}`),
    ...few(contention, ({ file, tasks }) => `${names(tasks)} would wait for each other at ${escapeControls(file)}`, {
      tone: "plain",
      level: "INFO",
    }),
  ];
}

function capacityLines({ capacity: { capacity, shortages }, budget, isWhole }: Findings): GateLine[] {
  const { requested, available, max_parallel_tasks } = capacity;
  const missing = isWhole ? [] : shortages.filter(({ kind }) => kind !== "tasks");
  const short = missing.map((shortage) => shortage.kind === "resource" ? escapeControls(shortage.name) : shortage.kind);
  const room = `${requested} requested, ${available} of ${max_parallel_tasks} available`;
  const { total_complexity, max_complexity, within_budget } = budget;
  return [
    heading(
      "Capacity",
      short.length === 0 ? room : `${room}; short of ${short.join(", ")}`,
      !isWhole && shortages.length > 0,
    ),
    heading("Context budget", `${total_complexity} of ${max_complexity}`, !isWhole && !within_budget),
  ];
}

function sharedLines({ shared }: Findings): GateLine[] {
  return [
    heading("Shared state", shared.length === 0 ? "none" : String(shared.length), shared.length > 0),
    ...few(shared, ({ name, tasks }) => `${names(tasks)}: ${escapeControls(name)}`),
  ];
}

function recommendationLines(recommendations: readonly string[]): GateLine[] {
  if (recommendations.length === 0) return [];
  return ["", "Recommendations", ...recommendations.map((sentence) => `  ${sentence}`)]
    .map((text): GateLine => ({ text, tone: "plain", level: "WARNING" }));
}

function lastLine({ report, findings }: Verdict): GateLine {
  const who = findings.isWhole
    ? `The ${counted(report.task_count, "task")} may`
    : `${names(findings.group.map(({ name }) => name))} may`;
  const how = findings.isWhole ? "be run in parallel" : "run together";
  return report.can_parallel
    ? { text: `${who} ${how}`, tone: "good", level: "ERROR" }
    : { text: `${who} not ${how}`, tone: "bad", level: "ERROR" };
}

function heading(gate: string, finding: string, isBad: boolean): GateLine {
  return { text: `${gate}: ${finding}`, tone: isBad ? "bad" : "plain", level: isBad ? "ERROR" : "INFO" };
}

function few<Item>(
  items: readonly Item[],
  text: (item: Item) => string,
  look: Pick<GateLine, "tone" | "level"> = { tone: "bad", level: "ERROR" },
): GateLine[] {
  const lines = items.slice(0, SHOWN).map((item) => `  ${text(item)}`);
  if (items.length > SHOWN) lines.push(`  … and ${items.length - SHOWN} more`);
  return lines.map((text) => ({ text, ...look }));
}

function names(tasks: readonly string[]): string {
  return listed(tasks, SHOWN);
}
