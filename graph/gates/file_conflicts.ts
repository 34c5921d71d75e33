/**
 * Owns the gate against conflicts over files: two tasks that write one file must not run together (`blocking`), one that
 * reads what another writes should not (`warning`), and two that read it may (`info`).
 *
 * @module
 */
import { fileGroups, type FileTable } from "./files.ts";
import type { GateTask } from "./gate_task.ts";
import { findPairs, type Ordering, type Pair } from "./pairs.ts";

/** Both write (`blocking`), one reads what the other writes (`warning`), or both read (`info`). */
export type Severity = "blocking" | "warning" | "info";

/** Two tasks that touch one file. */
export interface FileConflict {
  /** The one declared first. */
  readonly task1: string;
  /** The other one. */
  readonly task2: string;
  /** Or the glob in which both have a part. */
  readonly file: string;
  /** How bad it is. */
  readonly type: Severity;
}

/** What the gate found. */
export interface FileConflicts {
  /** The worst first; not all where there are many. */
  readonly conflicts: readonly FileConflict[];
  /** The same as indexes. */
  readonly pairs: readonly Pair[];
  /** All of them. */
  readonly counts: Readonly<Record<Severity, number>>;
}

const SEVERITY = { "write-write": "blocking", "read-write": "warning", "read-read": "info" } as const;

/** Looks for conflicts between tasks that the ordering leaves side by side. */
export function findFileConflicts(tasks: readonly GateTask[], table: FileTable, ordering: Ordering): FileConflicts {
  const { listed, counts } = findPairs([...fileGroups(table)], ordering);
  return {
    conflicts: listed.map(({ first, second, at, meeting }) => ({
      task1: tasks[first].name,
      task2: tasks[second].name,
      file: at,
      type: SEVERITY[meeting],
    })),
    pairs: listed,
    counts: { blocking: counts["write-write"], warning: counts["read-write"], info: counts["read-read"] },
  };
}
