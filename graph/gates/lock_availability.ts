/**
 * Owns the gate of file locks: whether each file of the tasks could be locked now, for writing alone or for reading with
 * others, and at which files the tasks would have to wait for each other. It takes no lock and is told who holds which.
 *
 * @module
 */
import type { FileConflict } from "./file_conflicts.ts";
import type { FileTable } from "./files.ts";
import type { GateTask } from "./gate_task.ts";

/**
 * A lock that someone holds.
 *
 * @example
 * ```ts
 * import { type HeldLock, ParallelExecutionGates } from "./mod.ts";
 *
 * const held: HeldLock[] = [{ path: "db", mode: "exclusive" }];
 * const gates = new ParallelExecutionGates([{ name: "seed", writes: ["db"] }], { heldLocks: () => held });
 * console.log(gates.validateParallelGroup(["seed"])[0]); // false
 * ```
 */
export interface HeldLock {
  /** Named as tasks name it. */
  readonly path: string;
  /** Whether its holder is alone. */
  readonly mode: "exclusive" | "shared";
}

/**
 * A file that a task could not lock now.
 *
 * @example
 * ```ts
 * import { check, type LockIssue } from "./mod.ts";
 *
 * const issues: readonly LockIssue[] = (await check("fixtures/site/build.json")).lock_issues;
 * console.log(issues.length); // 0
 * ```
 */
export interface LockIssue {
  /** Its name. */
  readonly task: string;
  /** As the task names it. */
  readonly file: string;
}

/** A file that several tasks would lock, not all of them for reading. */
export interface Contention {
  readonly file: string;
  /** In declared order. */
  readonly tasks: readonly string[];
}

/** The held locks in the way, task by task in declared order. A reader passes other readers. */
export function findLockIssues(tasks: readonly GateTask[], table: FileTable, held: readonly HeldLock[]): LockIssue[] {
  const issues = new Map<string, { readonly task: number; readonly file: string }>();
  for (const { path, mode } of held) {
    for (const id of meanings(table, path)) {
      const users = mode === "exclusive" ? [...table.writers[id], ...table.readers[id]] : table.writers[id];
      for (const task of users) issues.set(`${task} ${path}`, { task, file: path });
    }
  }
  return [...issues.values()]
    .sort((a, b) => a.task - b.task || (a.file < b.file ? -1 : 1))
    .map(({ task, file }) => ({ task: tasks[task].name, file }));
}

/** The files at which tasks would wait for each other, by the conflicts between them. */
export function predictContention(conflicts: readonly FileConflict[]): Contention[] {
  const waiting = new Map<string, Set<string>>();
  for (const { task1, task2, file, type } of conflicts) {
    if (type !== "info") waiting.set(file, (waiting.get(file) ?? new Set()).add(task1).add(task2));
  }
  return [...waiting].map(([file, tasks]) => ({ file, tasks: [...tasks] }));
}

/** The declared paths that mean a file, or have it in them. */
function meanings({ paths, idOf, globs, folders }: FileTable, path: string): number[] {
  const found: number[] = [];
  const own = idOf.get(path);
  if (own !== undefined) found.push(own);
  for (const [id, glob] of globs) if (id !== own && glob.matches(path)) found.push(id);
  for (const id of folders) if (path.startsWith(`${paths[id]}/`)) found.push(id);
  return found;
}
