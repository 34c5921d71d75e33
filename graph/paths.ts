/**
 * Owns what a path in a config may look like, and its normal form: `/`-separated, relative to the config's folder.
 * It works on text alone: no file is ever looked at, so symbolic links are not resolved.
 *
 * Nearly every path is normal as it is written, so one test of one expression settles those.
 *
 * @module
 */

/** An empty, `.` or `..` segment anywhere (so also a leading or trailing slash), or a character no path should hold. */
const UNUSUAL = /(?:^|\/)\.{0,2}(?:\/|$)|[\p{Cc}\p{Zl}\p{Zp}]/u;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const TEMPORARY = /\.tmp\.\d+\.\d+(?:\/|$)/;
const GLOB = /[*?[\]{}()!+@\\]/;

/** Kept by troupe itself beside the config. */
const RESERVED = [".build_cache.json", ".build_cache.lock"];

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
    normal = normalise(path, false);
    if (normal === ".") return { rule: "must be a file, not the config's folder itself" };
    if (normal === ".." || normal.startsWith("../")) return { rule: "must lie inside the config's folder" };
    if (/(?:^|\/)\.{0,2}$/.test(path)) return { rule: "must be a file, not a folder" };
  }
  if (!path.isWellFormed()) return { rule: "must be well-formed Unicode" };
  if (normal.startsWith(".build_cache.") && RESERVED.includes(normal.split("/", 1)[0])) {
    return { rule: "must not be a file that troupe keeps there itself" };
  }
  if (normal.includes(".tmp.") && TEMPORARY.test(normal)) {
    return { rule: "must not look like a temporary file of troupe's" };
  }
  return normal;
}

/** The normal form of a source file or glob, which may lie outside the config's folder, or the rule it breaks. */
export function normaliseSource(path: string): string | BrokenRule {
  if (!UNUSUAL.test(path)) return path.isWellFormed() ? path : { rule: "must be well-formed Unicode" };
  if (path === "") return { rule: "must not be empty" };
  if (CONTROL.test(path)) return { rule: "must not contain control characters" };
  return path.isWellFormed() ? normalise(path, true) : { rule: "must be well-formed Unicode" };
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
