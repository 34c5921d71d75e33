/**
 * Owns the list of held file locks as the gates want it: of living holders, by the names that tasks give their files.
 *
 * @module
 */
import { escapeGlob } from "../../graph/glob.ts";
import { asNamed } from "../../graph/gates/gate_task.ts";
import type { HeldLock } from "../../graph/gates/lock_availability.ts";
import { FileLockManager } from "./locks.ts";

/** The locks of living holders, named as tasks name their files: relative to the folder. */
export function heldLocks(folder: string): HeldLock[] {
  const locks = new FileLockManager(folder);
  const root = locks.resolve(".");
  return locks.list().flatMap(({ path, isGlob, mode, stale, isWaiting }) => {
    if (path === null || stale !== null || isWaiting) return [];
    return [{ path: isGlob ? relativeGlob(root, path) : asNamed(relative(root, path)), mode }];
  });
}

/** From outside the folder a glob is left as it is. */
function relativeGlob(folder: string, glob: string): string {
  const prefix = `${escapeGlob(folder)}/`;
  return glob.startsWith(prefix) ? glob.slice(prefix.length) : glob;
}

/** `src/a` for what lies in the folder, `../b/c` for what does not. */
function relative(folder: string, path: string): string {
  const from = folder.split("/"), to = path.split("/");
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
}
