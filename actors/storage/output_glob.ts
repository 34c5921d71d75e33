/**
 * Owns the search for what a glob among a task's outputs matches, now: files, and links to files. It follows no link to a
 * folder and opens nothing.
 *
 * @module
 */
import type { Glob } from "../../graph/glob.ts";
import { isOwnFile } from "../../graph/own_files.ts";
import { isFile, isNoPath } from "../machine/regular_file.ts";

/** The matches of a glob in a folder, sorted; `odd` is told of what matches and is neither file nor link, or no path. */
export function matchesOf(folder: string, glob: Glob, odd: (path: string) => void = () => {}): readonly string[] {
  const found: string[] = [];
  const slash = glob.prefix.lastIndexOf("/");
  const pending = [slash < 0 ? "" : glob.prefix.slice(0, slash + 1)];
  const isDeep = glob.segments.includes("**");
  const depth = glob.segments.length;
  for (let inner; (inner = pending.pop()) !== undefined;) {
    for (const entry of list(`${folder}/${inner}`)) {
      const path = inner + entry.name;
      if (entry.isDirectory) {
        const mayHold = isDeep || path.split("/").length < depth;
        if (mayHold && !glob.barred.includes(entry.name)) pending.push(`${path}/`);
      } else if (glob.matches(path) && !isOwnFile(path)) {
        if (isNoPath(`${folder}/${path}`)) odd(path);
        else if (entry.isFile || (entry.isSymlink && isFile(`${folder}/${path}`))) found.push(path);
        else if (!entry.isSymlink) odd(path);
      }
    }
  }
  return found.sort();
}

function list(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch {
    return []; // nothing was made there
  }
}
