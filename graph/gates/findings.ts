/**
 * Owns what the gates are told, what they find, and the report in the words of the wire. Types only.
 *
 * @module
 */
import type { ContextBudget } from "./context_budget.ts";
import type { FileConflict, FileConflicts } from "./file_conflicts.ts";
import type { GateTask } from "./gate_task.ts";
import type { HeldLock, LockContention, LockIssue } from "./lock_availability.ts";
import type { PlaceOf } from "./places.ts";
import type { CapacityFinding, HostLoad, ResourceCapacity } from "./resource_capacity.ts";
import type { SharedState } from "./shared_state.ts";

/** What the gates go by beside the tasks. */
export interface GateContext {
  readonly maxParallelTasks: number;
  readonly maxContextComplexity: number;
  readonly load?: HostLoad;
  readonly heldLocks?: readonly HeldLock[];
  readonly resourceLimits?: Readonly<Record<string, number>>;
  readonly placeOf: PlaceOf;
}

/** The report, in the words of the wire. */
export interface GateReport {
  /** The verdict. */
  readonly can_parallel: boolean;
  /** How many tasks were asked about. */
  readonly task_count: number;
  /** The worst first; not all where there are many. */
  readonly file_conflicts: readonly FileConflict[];
  /** Names in depends-on direction, the first again at the end. */
  readonly circular_dependencies: readonly (readonly string[])[];
  /** Files of theirs that somebody else has locked. */
  readonly lock_issues: readonly LockIssue[];
  /** Whether the machine and the settings bear so many. */
  readonly resource_capacity: ResourceCapacity;
  /** What their difficulties add up to. */
  readonly context_budget: ContextBudget;
  /** Sentences on what to do. */
  readonly recommendations: readonly string[];
}

/** A task of a group, and another one that must be done first. */
export interface Precedence {
  readonly task: string;
  readonly needs: string;
}

/** What each gate found. */
export interface Findings {
  /** All tasks, or the chosen ones. */
  readonly group: readonly GateTask[];
  readonly isWhole: boolean;
  readonly files: FileConflicts;
  readonly cycles: readonly (readonly string[])[];
  /** Only of a group. */
  readonly precedences: readonly Precedence[];
  readonly lockIssues: readonly LockIssue[];
  readonly contention: readonly LockContention[];
  readonly capacity: CapacityFinding;
  readonly budget: ContextBudget;
  readonly shared: readonly SharedState[];
  /** By which paths were compared. */
  readonly placeOf: PlaceOf;
}

/** The verdict, the report, and what it was made from. */
export interface Verdict {
  readonly report: GateReport;
  readonly findings: Findings;
}
