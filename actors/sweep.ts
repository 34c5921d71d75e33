/**
 * Owns the tidying after a killed build: temporary files it left beside outputs and beside the cache.
 * It is called only by the holder of the build lock, so that no temporary file of a live build can be meant.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import type { Plan } from "../graph/plan.ts";
import { CACHE_JOURNAL } from "./cache_journal.ts";
import { type BuildCache, CACHE_FILE } from "./build_cache.ts";

const TEMPORARY = /^(.+)\.tmp\.\d+\.\d+$/;

/** Removes the temporary files of outputs that the plan or the cache knows; what cannot be removed stays. */
export function sweepTemporaries(folder: string, plan: Plan, cache: BuildCache): void {
  sweepBeside(folder, new Set<string>([CACHE_FILE, CACHE_JOURNAL, ...plan.producers.keys(), ...cache.artifactPaths()]));
}

/** Removes the temporary files of the given outputs, relative to the folder; what cannot be removed stays. */
export function sweepBeside(folder: string, outputs: ReadonlySet<string>): void {
  const folders = new Set([...outputs].map((output) => dirname(output)));
  for (const inner of folders) {
    for (const name of list(`${folder}/${inner}`)) {
      const output = TEMPORARY.exec(name)?.[1];
      if (output !== undefined && outputs.has(inner === "." ? output : `${inner}/${output}`)) {
        remove(`${folder}/${inner}/${name}`);
      }
    }
  }
}

function list(path: string): string[] {
  try {
    return Array.from(Deno.readDirSync(path), (entry) => entry.name);
  } catch {
    return []; // nothing was built there yet
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // It is only untidy; the build does not depend on it.
  }
}
