/**
 * Owns the temporary files that stand beside outputs: their names, and their removal. Whose they are, and whether anybody
 * still writes them, is for those who ask to know.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";

const TEMPORARY = /^(.+)\.tmp\.(\d+)\.\d+$/;

/** A temporary file. */
export interface Temporary {
  readonly path: string;
  /** What it is named by: a process, or in a crew a claim. */
  readonly number: number;
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
      const [, output, number] = TEMPORARY.exec(name) ?? [];
      if (output === undefined) continue;
      const path = inner === "." ? output : `${inner}/${output}`;
      // A dependency file has the name of the output that it goes with.
      if (!outputs.has(path) && !(path.endsWith(".d") && outputs.has(path.slice(0, -2)))) continue;
      yield { path: `${folder}/${inner}/${name}`, number: Number(number) };
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

/** Removes one, as far as that can be done. */
export function removeTemporary({ path }: Temporary): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // A stray file harms nobody; the build does not depend on it.
  }
}
