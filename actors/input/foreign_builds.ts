/**
 * Owns the finding of what other tools build here: their files, and the names of what these can do. It runs nothing, and
 * what cannot be read or understood has no names.
 *
 * @module
 */
import type { Foreign } from "../../graph/report/overview.ts";
import { isFile, readRegular } from "../machine/regular_file.ts";

/** Files of other tools, and the key that holds the names of what they can do. */
const FILES: readonly (readonly [file: string, key?: string])[] = [
  ["deno.json", "tasks"],
  ["deno.jsonc", "tasks"],
  ["package.json", "scripts"],
  ["Makefile"],
  ["makefile"],
  ["GNUmakefile"],
  ["build.ninja"],
  ["CMakeLists.txt"],
];

/** Whether `troupe init` writes a config from a file with that name. */
export function isForeign(file: string): boolean {
  return /(?:^|\/)(?:deno\.jsonc?|package\.json|[Mm]akefile|GNUmakefile)$/.test(file);
}

/** What is in this folder or, where nothing is, in the nearest one above that has something. */
export async function foreignBuilds(): Promise<Foreign[]> {
  const depth = Deno.cwd().split("/").filter((part) => part !== "").length;
  for (let level = 0; level <= depth; level++) {
    const home = "../".repeat(level);
    const found = FILES.filter(([file]) => isFile(home + file));
    if (found.length > 0) return await Promise.all(found.map(([file, key]) => look(home + file, key)));
  }
  return [];
}

async function look(file: string, key: string | undefined): Promise<Foreign> {
  if (key === undefined) return { file };
  try {
    const { parse } = await import("@std/jsonc");
    const value = parse(new TextDecoder().decode(readRegular(file))) as Record<string, unknown>;
    return { file, what: key, names: Object.keys(value[key] as Record<string, unknown>) };
  } catch {
    return { file };
  }
}
