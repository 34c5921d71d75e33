/**
 * Owns what a path in a config may look like, and its normal form: `/`-separated, relative to the config's folder.
 * It works on text alone: no file is ever looked at, so symbolic links are not resolved.
 *
 * Nearly every path is normal as it is written, so one test of one expression settles those.
 *
 * @module
 */
import { isKeptBeside, isTemporary } from "./own_files.ts";

/** An empty, `.` or `..` segment anywhere (so also a leading or trailing slash), or a character no path should hold. */
const UNUSUAL = /(?:^|\/)\.{0,2}(?:\/|$)|[\p{Cc}\p{Zl}\p{Zp}]/u;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
/** A scheme with an authority; in a normal form one of its slashes is gone. */
const ADDRESS = /^[a-z][a-z\d+.-]*:\/\//i;
const NO_ADDRESS: BrokenRule = { rule: "must be the path of a file, not an address" };
const GLOB = /[*?[\]{}()!+@\\]/;

const WILDCARD = /[*?[\]{}]/;

/** Between a glob and the globs of what it leaves out. */
export const EXCEPT = " !";

/** Whether text holds no control characters, line separators or halves of a surrogate pair. */
export function isPlainText(text: string): boolean {
  return !CONTROL.test(text) && text.isWellFormed();
}

/** The rule a path in `output_artifact` breaks, as the end of a sentence about it. */
export interface BrokenRule {
  readonly rule: string;
}

/** The normal form of an output path, or the rule it breaks. */
export function normaliseOutput(path: string): string | BrokenRule {
  let normal = path;
  if (UNUSUAL.test(path)) {
    if (path === "") return { rule: "must not be empty" };
    if (CONTROL.test(path)) return { rule: "must not contain control characters" };
    if (path.startsWith("/")) return { rule: "must be relative to the config's folder" };
    if (ADDRESS.test(path)) return NO_ADDRESS;
    normal = normalise(path, false);
    if (normal === ".") return { rule: "must be a file, not the config's folder itself" };
    if (normal === ".." || normal.startsWith("../")) return { rule: "must lie inside the config's folder" };
    if (/(?:^|\/)\.{0,2}$/.test(path)) return { rule: "must be a file, not a folder" };
  }
  if (!path.isWellFormed()) return { rule: "must be well-formed Unicode" };
  if (normal.startsWith(".") && isKeptBeside(normal)) {
    return { rule: "must not be a file that troupe keeps there itself" };
  }
  if (normal.includes(".tmp.") && isTemporary(normal)) {
    return { rule: "must not look like a temporary file of troupe's" };
  }
  return normal;
}

/** The normal form of a folder in the config's, `.` for that one itself, or the rule it breaks. */
export function normaliseFolder(path: string): string | BrokenRule {
  if (path === "") return { rule: "must not be empty" };
  if (!isPlainText(path)) return { rule: "must not contain control characters" };
  if (path.startsWith("/")) return { rule: "must be relative to the config's folder" };
  const normal = UNUSUAL.test(path) ? normalise(path, false) : path;
  return normal === ".." || normal.startsWith("../") ? { rule: "must lie inside the config's folder" } : normal;
}

/** A path, relative to the config's folder, as it is seen from a folder in that one. An absolute one is seen alike. */
export function seenFrom(folder: string, path: string): string {
  if (path.startsWith("/")) return path;
  const from = folder.split("/"), to = path.split("/");
  let same = 0;
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same++;
  return "../".repeat(from.length - same) + to.slice(same).join("/");
}

/** The longest name that Linux file systems take, in bytes, and the longest path with its end mark. */
const NAME_MAX = 255, PATH_MAX = 4096;

/** What a temporary name adds to an output's: `.tmp.{pid}.{tid}`, or `.tmp.{claim}.{tid}`. */
const TEMPORARY_ROOM = 26;

/** Why no file can have the path of an output, in a folder whose path is so many bytes long; undefined when one can. */
export function tooLong(path: string, folderBytes = 0): BrokenRule | undefined {
  // No character has more than 3 bytes for each of its units in a string
  if (3 * path.length <= NAME_MAX - TEMPORARY_ROOM && folderBytes + 3 * path.length < PATH_MAX - TEMPORARY_ROOM - 1) {
    return undefined;
  }
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const segments = path.split("/");
  const name = segments.pop()!;
  if (bytes(name) > NAME_MAX - TEMPORARY_ROOM) {
    return { rule: `must have a file name of at most ${NAME_MAX - TEMPORARY_ROOM} bytes, not ${bytes(name)}` };
  }
  if (segments.some((segment) => bytes(segment) > NAME_MAX)) {
    return { rule: `must have no folder with a name of more than ${NAME_MAX} bytes` };
  }
  const most = PATH_MAX - 1 - TEMPORARY_ROOM - (folderBytes === 0 ? 0 : folderBytes + 1);
  if (bytes(path) <= most) return undefined;
  const where = folderBytes === 0 ? "" : " in this folder";
  return { rule: `must be at most ${most} bytes long${where}, not ${bytes(path)}` };
}

/** Whether a source is a glob, by the characters that make one; a name that begins with `!` is written `\!`. */
export function isGlob(path: string): boolean {
  return WILDCARD.test(path) || path.startsWith("\\!");
}

/** Whether a path has a `*` or a `?`, which hardly anybody writes into a name. */
export function hasWildcard(path: string): boolean {
  return path.includes("*") || path.includes("?");
}

/** Whether an entry of `source_files` leaves out what its glob matches; `!(…)` is a glob. */
export function isExclusion(entry: string): boolean {
  return entry.startsWith("!") && entry[1] !== "(";
}

/** A normal path or glob as an entry of `source_files` that leaves out nothing: `\!x` for `!x`. */
export function asIncluding(path: string): string {
  return isExclusion(path) ? `\\${path}` : path;
}

/** The normal form of an entry of `source_files`, or the rule it breaks. */
export function normaliseEntry(entry: string): string | BrokenRule {
  if (!isExclusion(entry)) {
    const path = normaliseSource(entry);
    return typeof path === "string" ? asIncluding(path) : path;
  }
  const excluded = normaliseSource(entry.slice(1));
  return typeof excluded === "string" ? `!${excluded}` : excluded;
}

/** The normal form of a source file or glob, which may lie outside the config's folder, or the rule it breaks. */
export function normaliseSource(path: string): string | BrokenRule {
  if (!path.isWellFormed()) return { rule: "must be well-formed Unicode" };
  let normal = path;
  if (UNUSUAL.test(path)) {
    if (path === "") return { rule: "must not be empty" };
    if (CONTROL.test(path)) return { rule: "must not contain control characters" };
    if (ADDRESS.test(path)) return NO_ADDRESS;
    normal = normalise(path, true);
  }
  return normal.includes(EXCEPT) && isGlob(normal) ? normal.replaceAll(EXCEPT, " \\!") : normal;
}

/** Takes out empty and `.` segments, and `..` with what it undoes; a glob segment is not undone, as it may match any. */
function normalise(path: string, isGlob: boolean): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    const last = kept.at(-1);
    if (segment === ".." && last !== undefined && last !== ".." && !(isGlob && GLOB.test(last))) kept.pop();
    else if (segment !== ".." || !path.startsWith("/") || kept.length > 0) kept.push(segment);
  }
  if (path.startsWith("/")) return "/" + kept.join("/");
  return kept.length === 0 ? "." : kept.join("/");
}

/** A path as it is seen from a folder: itself when it is absolute. It is not made shorter. */
export function absoluteIn(folder: string, path: string): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}
