/**
 * Owns the reading of a glob's leading folders as plain names: `app/[id]/*.ts` means the folder that is really called
 * `[id]` where there is one. A wildcard is always one: a folder called `*` was hardly meant to be, and means itself too.
 *
 * @module
 */
import { hasWildcard, isGlob } from "../../graph/paths.ts";
import { literalName } from "../../graph/glob.ts";
import { parseSegment } from "../../graph/glob_syntax.ts";

const SPECIAL = /[*?[\]{}()!+@|,\\]/;
const SPECIALS = new RegExp(SPECIAL, "g");

/** A glob in which the leading folders that are there by their very names are written so that they mean nothing else. */
export function withLiteralParts(glob: string, isFolder: (path: string) => boolean): string {
  const segments = glob.split("/");
  let path = "";
  for (let at = 0; at < segments.length - 1; at++) {
    const segment = segments[at];
    if (SPECIAL.test(segment) && !hasWildcard(segment) && isFolder(path + segment)) {
      segments[at] = segment.replace(SPECIALS, "\\$&");
      path += `${segment}/`;
      continue;
    }
    const name = literalName(parseSegment(segment));
    if (name === undefined) break;
    path += `${name}/`;
  }
  return segments.join("/");
}

/** A list of sources with all its globs, and those of what it leaves out, so written. */
export function listWithLiteralParts(
  entries: readonly string[],
  isFolder: (path: string) => boolean,
): readonly string[] {
  if (!entries.some(isGlob)) return entries;
  return entries.map((entry) => {
    if (!isGlob(entry)) return entry;
    const mark = /^!(?!\()/.exec(entry)?.[0] ?? "";
    return mark + withLiteralParts(entry.slice(mark.length), isFolder);
  });
}
