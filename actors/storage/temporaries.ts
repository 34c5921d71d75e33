/**
 * Owns the temporary files that stand beside outputs: their names, and their removal. Whose they are, and whether anybody
 * still writes them, is for those who ask to know.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { isThere } from "../machine/regular_file.ts";
import { removeWhole } from "./removal.ts";

const TEMPORARY = /^(.+?)(\.old)?\.tmp\.(\d+)\.\d+$/;

/** What temporary files are named after that go with no output, relative to the config's folder. */
export const OWN_NAMES = { task: ".troupe/task", sources: ".troupe/in", dependencies: ".troupe/deps" } as const;

/**
 * The temporary file of a worker for an output: `{output}.tmp.{pid}.{tid}`. In a crew the claim stands for the process id,
 * which members in two containers may have alike.
 */
export function temporaryPath(output: string, workerId: number, claim: number = Deno.pid): string {
  return `${output}.tmp.${claim}.${workerId}`;
}

/** The dependency file of a task with this output, where it is troupe's own. */
export function depfileBeside(output: string, workerId: number, claim?: number): string {
  return temporaryPath(`${output}.d`, workerId, claim);
}

/** Where what lies at an output waits while its task may write there, or until the new one is in place. */
export function asideOf(temporary: string): string {
  return temporary.replace(/(\.tmp\.\d+\.\d+)$/, ".old$1");
}

/** A temporary file. */
export interface Temporary {
  readonly path: string;
  /** What it is named by: a process, or in a crew a claim. */
  readonly number: number;
  /** The output that it was moved away from, and belongs back to if nothing is there; absent for one that was to come. */
  readonly from?: string;
}

/** Removes the temporary files of the given outputs, relative to the folder; what cannot be removed stays. */
export function sweepBeside(folder: string, outputs: ReadonlySet<string>): void {
  for (const found of temporariesBeside(folder, outputs)) removeTemporary(found);
}

/** The temporary files that stand beside outputs, which are relative to the folder. */
export function* temporariesBeside(folder: string, outputs: ReadonlySet<string>): Generator<Temporary> {
  const folders = new Set([...outputs].map((output) => dirname(output)));
  for (const inner of folders) {
    for (const name of list(`${folder}/${inner}`)) {
      const [, output, old, number] = TEMPORARY.exec(name) ?? [];
      if (output === undefined) continue;
      const own = inner === "." ? output : `${inner}/${output}`;
      // A dependency file has the name of the output that it goes with.
      if (!outputs.has(own) && !(own.endsWith(".d") && outputs.has(own.slice(0, -2)))) continue;
      const path = `${folder}/${inner}/${name}`;
      yield { path, number: Number(number), ...(old === undefined ? {} : { from: `${folder}/${own}` }) };
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

/** Removes one, as far as that can be done; the last good artifact goes back to where nothing is. */
export function removeTemporary({ path, from }: Temporary): void {
  try {
    if (from !== undefined && !isThere(from)) return Deno.renameSync(path, from);
    removeWhole(path);
  } catch {
    // A stray file harms nobody; the build does not depend on it.
  }
}
