/**
 * Owns what a task's `source_files` are to those who compare declared paths: files and globs it reads, where each glob
 * carries with it what later entries leave out. It looks at no file.
 *
 * @module
 */
import { EXCEPT, isExclusion, isGlob } from "../paths.ts";
import { Glob } from "../glob.ts";

/** The files and globs that are read; the very same list where nothing is left out. */
export function readsOf(entries: readonly string[]): readonly string[] {
  if (!entries.some(isExclusion)) return entries;
  const reads: string[] = [];
  for (const entry of entries) {
    if (!isExclusion(entry)) {
      reads.push(entry);
      continue;
    }
    const excluded = entry.slice(1);
    const glob = isGlob(excluded) ? new Glob(excluded, { isUnbarred: true }) : undefined;
    const before = reads.splice(0);
    for (const path of before) {
      if (isGlob(path)) reads.push(`${path}${EXCEPT}${excluded.replaceAll(EXCEPT, " \\!")}`);
      else if (path !== excluded && !glob?.matches(path)) reads.push(path);
    }
  }
  return reads;
}
