/**
 * Owns the tidying after a killed build: temporary files it left beside outputs and beside the cache.
 * It is called only by the holder of the build lock, so that no temporary file of a live build can be meant; or for those
 * that are named by a claim, of which the crew's database knows whether anybody has it.
 *
 * @module
 */
import type { Plan } from "../../graph/schedule/plan.ts";
import { CACHE_JOURNAL } from "./cache_journal.ts";
import { type BuildCache, CACHE_FILE } from "./build_cache.ts";
import { OWN_NAMES, removeTemporary, temporariesBeside, type Temporary } from "../storage/temporaries.ts";

/** Linux gives no process a higher number, and crews begin to count their claims far above. */
const HIGHEST_PID = 2 ** 22;

/** Removes the temporary files of outputs that the plan or the cache knows; what cannot be removed stays. */
export function sweepTemporaries(
  folder: string,
  plan: Plan,
  cache: BuildCache,
  spares: (temporary: Temporary) => boolean = () => false,
): void {
  for (const found of temporaries(folder, plan, cache)) if (!spares(found)) removeTemporary(found);
}

/** The same of those alone that are named by a claim; who asks for the claims does so when the files were there. */
export async function sweepUnclaimed(
  folder: string,
  plan: Plan,
  { cache, claims }: { readonly cache: BuildCache; readonly claims: () => Promise<ReadonlySet<number>> },
): Promise<void> {
  const found = temporaries(folder, plan, cache).filter(isClaims);
  if (found.length === 0) return;
  const held = await claims();
  for (const temporary of found) if (!held.has(temporary.number)) removeTemporary(temporary);
}

/** Whether a temporary file is a crew's, and not a build's. */
export function isClaims({ number }: Temporary): boolean {
  return number > HIGHEST_PID;
}

function temporaries(folder: string, plan: Plan, cache: BuildCache): Temporary[] {
  const own = [CACHE_FILE, CACHE_JOURNAL, ...Object.values(OWN_NAMES)];
  return [...temporariesBeside(folder, new Set<string>([...own, ...plan.producers.paths(), ...cache.artifactPaths()]))];
}
