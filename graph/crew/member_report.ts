/**
 * Owns what a member of a crew reports when it leaves, as data and in words.
 *
 * @module
 */
import type { CrewTaskState } from "./status.ts";
import { quote } from "../text.ts";

/** What one member did, and how the crew's work stood then. The form of `troupe join --json`. */
export interface CrewReport {
  /** Its identifier. */
  readonly member: string;
  /** Tasks this member made. */
  readonly executed: number;
  /** Tasks whose artifacts this member found to be right, or copied. */
  readonly cache_hits: number;
  /** Tasks that failed in this member's hands. */
  readonly failed: number;
  /** Its name. */
  readonly workflow: string;
  /** How many tasks the crew has. */
  readonly total_tasks: number;
  /** How many of them stand where. */
  readonly tasks: Readonly<Record<Exclude<CrewTaskState, "announced">, number>>;
  /** Tasks that did not make it, or are blocked by such. */
  readonly unsuccessful: number;
  /** Tasks that may yet be done. */
  readonly remaining: number;
  /** Why some of these can never start as things are; absent where all can. */
  readonly never_started?: readonly string[];
  /** The task that others know otherwise than this member, which left because of it; absent where there is none. */
  readonly outdated?: string;
}

/** What the report is made from. */
export interface MemberEnd {
  readonly identifier: string;
  readonly counts: { readonly executed: number; readonly hits: number; readonly failed: number };
  readonly workflow: {
    readonly name: string;
    readonly totalTasks: number | null;
    readonly discoveredTasks: number;
    readonly counts: CrewReport["tasks"];
  };
  /** Why tasks can never start. */
  readonly stuck?: readonly string[];
  /** A task that others know otherwise. */
  readonly outdated?: string;
}

/** Puts the figures together. */
export function crewReport({ identifier, counts, workflow, stuck = [], outdated }: MemberEnd): CrewReport {
  const { completed, failed, killed, abandoned, blocked } = workflow.counts;
  const total = Math.max(workflow.totalTasks ?? 0, workflow.discoveredTasks);
  const unsuccessful = failed + killed + abandoned + blocked;
  return {
    member: identifier,
    executed: counts.executed,
    cache_hits: counts.hits,
    failed: counts.failed,
    workflow: workflow.name,
    total_tasks: total,
    tasks: workflow.counts,
    unsuccessful,
    remaining: total - completed - unsuccessful,
    ...(stuck.length > 0 ? { never_started: stuck } : {}),
    ...(outdated === undefined ? {} : { outdated }),
  };
}

/** `Member 'a': 12 tasks done, 3 cache hits, 0 failed`. */
export function memberLine({ member, executed, cache_hits, failed }: CrewReport): string {
  return `Member ${quote(member)}: ${executed} tasks done, ${cache_hits} cache hits, ${failed} failed`;
}

/** `Crew: 80 of 80 tasks completed`, and what stands in the way of the rest. */
export function workflowLine({ tasks, total_tasks, remaining }: CrewReport): string {
  const rest = [
    [tasks.failed + tasks.killed + tasks.abandoned, "failed"],
    [tasks.blocked, "blocked"],
    [remaining, "to do"],
  ].filter(([count]) => count !== 0).map(([count, what]) => `, ${count} ${what}`).join("");
  return `Crew: ${tasks.completed} of ${total_tasks} tasks completed${rest}`;
}
