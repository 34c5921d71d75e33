/**
 * Owns what the entries of a `source_files` mean to a path: whether they choose it, and where paths may lie that they would
 * choose. It looks at no file.
 *
 * @module
 */
import { Glob } from "./glob.ts";
import { isExclusion, isGlob } from "./paths.ts";

/** One entry: a file by its name or files by a glob, to be taken in or out. */
export type Entry = { readonly isOut: boolean } & ({ readonly path: string } | { readonly glob: Glob });

/** An entry as it is written, ready to be compared with names. */
export function entryOf(text: string): Entry {
  const isOut = isExclusion(text), own = isOut ? text.slice(1) : text;
  return isGlob(own) ? { isOut, glob: new Glob(own, { isUnbarred: isOut }) } : { isOut, path: own };
}

/** The last word counts; what is meant by its very name is not chosen by a glob. */
export function selects(entries: readonly Entry[], spellings: readonly string[]): boolean {
  let isChosen = false;
  for (const entry of entries) {
    if (entry.isOut === isChosen && spellings.some((path) => isMeant(entry, path))) {
      isChosen = "glob" in entry && !entry.isOut;
    }
  }
  return isChosen;
}

function isMeant(entry: Entry, path: string): boolean {
  if ("path" in entry) return entry.path === path;
  const { glob } = entry;
  return path.startsWith(glob.prefix) && path.endsWith(glob.suffix) && rootOf(path) === glob.root && glob.matches(path);
}

/** What a path begins with that no wildcard means: a wildcard leads neither upwards nor to the root. */
function rootOf(path: string): string {
  return /^(?:\/|(?:\.\.\/)*)/.exec(path)![0];
}

/** Whether a glob may mean files in a folder, which is written with a slash at its end. */
export function mayMeet({ root, prefix, barred }: Glob, folder: string): boolean {
  if (rootOf(folder) !== root) return false;
  const below = folder.startsWith(prefix);
  return (below || prefix.startsWith(folder)) &&
    !folder.slice(below ? prefix.length : 0).split("/").some((name) => barred.includes(name));
}
