/**
 * Owns where declared paths are on this machine: the folder they start at, links followed as far as files are there, and
 * what is a folder. It opens no file, and asks for no permission: without the right to read it goes by the text.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import { type FoundPlace, type PlaceOf, placesFrom } from "../../graph/gates/places.ts";

/** Where paths start in a program that may not know where it is. */
const NOWHERE = "/the current folder";

/** Places of paths that start at a folder, by default the current one; each thing that lies there is looked at once. */
export function placesIn(folder = "."): PlaceOf {
  if (!folder.startsWith("/") && !mayRead()) return placesFrom(`${NOWHERE}/${folder}`);
  const absolute = resolve(folder);
  if (!mayRead(absolute)) return placesFrom(absolute);
  const folders = new Map<string, string>();
  // From the real folder, so that `..` is what is above it
  return placesFrom(realPath(absolute), (path) => look(path, folders));
}

/**
 * The path without links, as far as there is something: what a link leads to is one file with what it is called there.
 */
export function realPath(path: string): string {
  return look(path, new Map()).path;
}

/** Folders hold many files, so what their paths come to is kept. */
function look(path: string, folders: Map<string, string>): FoundPlace {
  const cut = path.lastIndexOf("/");
  const name = path.slice(cut + 1);
  if (name === "") return { path: "/", isThere: true, isFolder: true };
  const parent = folderOf(cut === 0 ? "/" : path.slice(0, cut), folders);
  const own = `${parent === "/" ? "" : parent}/${name}`;
  try {
    const info = Deno.lstatSync(own);
    if (!info.isSymlink) return { path: own, isThere: true, isFolder: info.isDirectory };
    const target = Deno.realPathSync(own);
    return { path: target, isThere: true, isFolder: Deno.statSync(target).isDirectory };
  } catch {
    return { path: own, isThere: false, isFolder: false };
  }
}

function folderOf(path: string, folders: Map<string, string>): string {
  let real = folders.get(path);
  if (real === undefined) folders.set(path, real = look(path, folders).path);
  return real;
}

function mayRead(path?: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
