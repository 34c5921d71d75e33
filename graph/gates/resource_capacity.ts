/**
 * Owns the gate of capacity: whether a number of tasks fits beside those that run already, and whether CPU, memory, file
 * handles and declared resources leave room for them. It measures nothing: what the machine bears is told.
 *
 * @module
 */
import type { GateTask } from "./gate_task.ts";

/** Beyond this share of the CPUs, or of the memory, nothing more is started. */
const MOST_CPU = 0.8, MOST_MEMORY = 0.7;
/** A running command holds two pipes, and its artifact and sources for a while. */
const HANDLES_PER_TASK = 8;

/** What the machine bears; what is not known is left out and does not count. */
export interface HostLoad {
  /** Running tasks of others. */
  readonly activeTasks?: number;
  /** Share of the CPUs in use, from 0; above 1 there are processes waiting. */
  readonly cpu?: number;
  /** Share of the memory in use, from 0 to 1. */
  readonly memory?: number;
  /** File handles this process has open, and may have. */
  readonly fileHandles?: { readonly used: number; readonly limit: number };
}

/** The count of tasks, in the words of the report. */
export interface ResourceCapacity {
  /** What the settings allow. */
  readonly max_parallel_tasks: number;
  /** How many were asked about. */
  readonly requested: number;
  /** How many could start now. */
  readonly available: number;
}

/** Something there is not enough of. */
export type Shortage =
  | { readonly kind: "tasks" }
  | { readonly kind: "cpu" | "memory"; readonly share: number; readonly most: number }
  | { readonly kind: "handles"; readonly needed: number; readonly left: number }
  | { readonly kind: "resource"; readonly name: string; readonly asked: number; readonly limit: number };

/** What the gate found. */
export interface CapacityFinding {
  readonly capacity: ResourceCapacity;
  readonly shortages: readonly Shortage[];
}

/** Compares what some tasks need with what there is. */
export function checkCapacity(
  group: readonly GateTask[],
  given: {
    readonly maxParallelTasks: number;
    readonly load: HostLoad;
    readonly resourceLimits?: Readonly<Record<string, number>>;
  },
): CapacityFinding {
  const { maxParallelTasks, load: { activeTasks = 0, cpu = 0, memory = 0, fileHandles } } = given;
  const requested = group.length, available = Math.max(0, maxParallelTasks - activeTasks);
  const shortages: Shortage[] = [];
  if (requested > available) shortages.push({ kind: "tasks" });
  if (cpu > MOST_CPU) shortages.push({ kind: "cpu", share: cpu, most: MOST_CPU });
  if (memory > MOST_MEMORY) shortages.push({ kind: "memory", share: memory, most: MOST_MEMORY });
  if (fileHandles !== undefined) {
    const needed = requested * HANDLES_PER_TASK, left = Math.max(0, fileHandles.limit - fileHandles.used);
    if (needed > left) shortages.push({ kind: "handles", needed, left });
  }
  for (const [name, limit] of Object.entries(given.resourceLimits ?? {})) {
    const asked = group.reduce((sum, task) => sum + amountOf(task, name), 0);
    if (asked > limit) shortages.push({ kind: "resource", name, asked, limit });
  }
  return { capacity: { max_parallel_tasks: maxParallelTasks, requested, available }, shortages };
}

/** How much of a resource a task holds while it runs. */
export function amountOf({ resources }: GateTask, name: string): number {
  return resources !== undefined && Object.hasOwn(resources, name) ? resources[name] : 0;
}
