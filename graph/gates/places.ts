/**
 * Owns where declared paths are: the one absolute spelling by which paths and globs are compared, however tasks write them.
 * It works on text alone; actors/machine/places.ts also knows folders and links.
 *
 * @module
 */
import { EXCEPT, isGlob } from "../paths.ts";
import { escapeGlob, Glob } from "../glob.ts";

/** Where a declared path is. */
export interface FilePlace {
  /** Absolute and normal. Of a glob it is one too, with `\` before what of its folder's name would be a wildcard. */
  readonly path: string;
  readonly isGlob: boolean;
  /** Known to hold others. */
  readonly isFolder: boolean;
}

/** What makes a segment of a glob match other names than its own. */
const PATTERN = /[\\*?[\]{}]|[@+!]\(/;

/** Tells where a declared path is. */
export type PlaceOf = (path: string) => FilePlace;

/** What is found where an absolute path leads. */
export interface FoundPlace {
  /** The same file's path without links. */
  readonly path: string;
  readonly isThere: boolean;
  readonly isFolder: boolean;
}

/** Places of paths that start at an absolute folder; `look` says what is there, and without it nothing is known. */
export function placesFrom(folder: string, look: (path: string) => FoundPlace = unknown): PlaceOf {
  const known = new Map<string, FilePlace>();
  const base = segmentsOf(folder);
  return (path) => {
    let place = known.get(path);
    if (place === undefined) {
      known.set(path, place = placeOf(base, path, look));
      // What somebody calls by its name is no glob to the others either, as if it were there
      if (!place.isGlob && isGlob(path)) known.set(nameOf(path) ?? path, place);
    }
    return place;
  };
}

/** The one name that a declared path means, be it by a `\\` before each wildcard; undefined for a glob. */
export function nameOf(path: string): string | undefined {
  if (!isGlob(path)) return path;
  return PATTERN.test(path.replace(/\\./g, "")) ? undefined : path.replace(/\\(.)/g, "$1");
}

/** Whether two places have a file in common. */
export function meet(a: FilePlace, b: FilePlace): boolean {
  if (a.path === b.path) return true;
  if (!a.isGlob && !b.isGlob) return isInside(a.path, b.path) || isInside(b.path, a.path);
  const first = globsOf(a), second = globsOf(b);
  return first.some((one) => second.some((other) => one.intersects(other)));
}

/** Whether a path lies in a folder; both are absolute. */
export function isInside(path: string, folder: string): boolean {
  return folder === "/" ? path !== "/" : path.startsWith(folder) && path[folder.length] === "/";
}

/** The path as a glob that matches nothing else. */
function asGlob({ path, isGlob }: FilePlace): string {
  return isGlob ? path : escapeGlob(path);
}

/** All that lies in a folder, as a glob. */
export function allInside(folder: string): Glob {
  return new Glob(folder === "/" ? "/**" : `${escapeGlob(folder)}/**`, { isUnbarred: true });
}

/** Any path may turn out to be a folder. */
function globsOf(place: FilePlace): Glob[] {
  const own = new Glob(asGlob(place));
  return place.isGlob ? [own] : [own, allInside(place.path)];
}

function unknown(path: string): FoundPlace {
  return { path, isThere: false, isFolder: false };
}

/** A glob carries with it what it leaves out, which is at its places too. */
function placeOf(base: readonly string[], path: string, look: (path: string) => FoundPlace): FilePlace {
  const [own, ...exceptions] = isGlob(path) ? path.split(EXCEPT) : [path];
  const place = placeFrom(base, own, look);
  if (!place.isGlob || exceptions.length === 0) return place;
  const excluded = exceptions.map((exception) => asGlob(placeFrom(base, exception, look)));
  return { ...place, path: [place.path, ...excluded].join(EXCEPT) };
}

function placeFrom(base: readonly string[], path: string, look: (path: string) => FoundPlace): FilePlace {
  const kept = path.startsWith("/") ? [] : [...base];
  const name = nameOf(path);
  let inherited = kept.length;
  for (const segment of segmentsOf(name ?? path)) {
    if (segment !== "..") kept.push(segment);
    // What any number of segments stands for may be one more than is undone.
    else if (kept.at(-1) !== "**") kept.pop();
    inherited = Math.min(inherited, kept.length);
  }
  const whole = look(pathOf(kept));
  // What is called as a glob is written, is no glob where it is there: so it is with sources.
  if (name !== undefined || whole.isThere) {
    const isAbove = kept.length <= base.length && kept.every((segment, at) => segment === base[at]);
    return { path: whole.path, isGlob: false, isFolder: whole.isFolder || isAbove };
  }
  const first = kept.findIndex((segment, at) => at >= inherited && PATTERN.test(segment));
  if (first < 0) return { path: whole.path, isGlob: false, isFolder: whole.isFolder };
  const head = look(pathOf(kept.slice(0, first))).path;
  const tail = kept.slice(first).join("/");
  return { path: `${head === "/" ? "" : escapeGlob(head)}/${tail}`, isGlob: true, isFolder: false };
}

function pathOf(segments: readonly string[]): string {
  return `/${segments.join("/")}`;
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "" && segment !== ".");
}
