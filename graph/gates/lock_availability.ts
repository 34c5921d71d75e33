/**
 * Owns the gate of file locks: whether each file of the tasks could be locked now, for writing alone or for reading with
 * others, and at which files the tasks would have to wait for each other. It takes no lock and is told who holds which.
 *
 * @module
 */
import type { FileConflict } from "./file_conflicts.ts";
import type { FileTable } from "./files.ts";
import type { GateTask } from "./gate_task.ts";
import { allInside, type FilePlace, isInside, meet, nameOf } from "./places.ts";

/** A lock that someone holds. */
export interface HeldLock {
  /** Absolute, or from where the tasks' paths start. */
  readonly path: string;
  /** Whether its holder is alone. */
  readonly mode: "exclusive" | "shared";
}

/** A file that a task could not lock now. */
export interface LockIssue {
  /** Its name. */
  readonly task: string;
  /** As the task names it. */
  readonly file: string;
}

/** A file that several tasks would lock, not all of them for reading. */
export interface LockContention {
  readonly file: string;
  /** In declared order. */
  readonly tasks: readonly string[];
}

/** The held locks in the way, task by task in declared order. A reader passes other readers, and a folder is all in it. */
export function findLockIssues(tasks: readonly GateTask[], table: FileTable, held: readonly HeldLock[]): LockIssue[] {
  const issues = new Map<string, { readonly task: number; readonly file: string }>();
  for (const { path, mode } of held) {
    const locked = table.placeOf(path);
    for (const id of meanings(table, locked)) {
      const users = mode === "exclusive" ? [...table.writers[id], ...table.readers[id]] : table.writers[id];
      const file = table.paths[id] === locked.path ? table.names[id] : nameOf(path) ?? path;
      for (const task of users) {
        const key = `${task} ${path}`;
        if (!issues.has(key)) issues.set(key, { task, file });
      }
    }
  }
  return [...issues.values()]
    .sort((a, b) => a.task - b.task || (a.file < b.file ? -1 : 1))
    .map(({ task, file }) => ({ task: tasks[task].name, file }));
}

/** The files at which tasks would wait for each other, by the conflicts between them. */
export function predictContention(conflicts: readonly FileConflict[]): LockContention[] {
  const waiting = new Map<string, Set<string>>();
  for (const { task1, task2, file, type } of conflicts) {
    if (type !== "info") waiting.set(file, (waiting.get(file) ?? new Set()).add(task1).add(task2));
  }
  return [...waiting].map(([file, tasks]) => ({ file, tasks: [...tasks] }));
}

/** The declared paths that have a part in what is locked, first the one that names it. */
function meanings({ paths, globs }: FileTable, locked: FilePlace): number[] {
  const named: number[] = [], others: number[] = [];
  const inside = locked.isGlob ? undefined : allInside(locked.path);
  for (let id = 0; id < paths.length; id++) {
    const path = paths[id], glob = globs.get(id);
    if (path === locked.path) named.push(id);
    else if (inside === undefined) {
      if (meet({ path, isGlob: glob !== undefined, isFolder: false }, locked)) others.push(id);
    } else if (glob !== undefined) {
      if (glob.matches(locked.path) || glob.intersects(inside)) others.push(id);
    } else if (isInside(path, locked.path) || isInside(locked.path, path)) others.push(id);
  }
  return [...named, ...others];
}
