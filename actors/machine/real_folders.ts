/**
 * Owns the question where files of a project really lie, or would, when links in the folders on the way are followed: each
 * folder is looked at once. A file that is itself a link is the link. It opens none.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { absoluteIn } from "../../graph/paths.ts";

/** A folder, relative to the project's own if it lies there; nothing is there below one that is not. */
interface Folder {
  readonly path: string;
  readonly isThere: boolean;
}

/** So many folders are told from each other by few of their letters. */
const SLOTS = 4096;

/**
 * Answers for paths of the project in a folder: with the very text that it is asked for where no folder on the way is a
 * link.
 */
export function realFolders(root: string): (path: string) => string {
  const folders = new Map<string, Folder>();
  // Without cutting the folder out of each path, which would cost as much as all else that is asked of it.
  const recent = new Array<string>(SLOTS).fill(""), places = new Array<string>(SLOTS).fill("");
  let realRoot: string | undefined;
  return (path) => {
    const slash = path.lastIndexOf("/");
    if (slash <= 0) return path;
    const slot = slotOf(path, slash);
    if (recent[slot].length !== slash || !path.startsWith(recent[slot])) {
      const folder = path.slice(0, slash);
      places[slot] = folderOf(folder).path;
      recent[slot] = folder;
    }
    const place = places[slot];
    if (place === recent[slot]) return path;
    return place === "" ? path.slice(slash + 1) : place + path.slice(slash);
  };

  function folderOf(path: string): Folder {
    let known = folders.get(path);
    if (known !== undefined) return known;
    // Links that lead to each other end here.
    folders.set(path, { path, isThere: false });
    known = /(?:^|\/)\.{0,2}(?:\/|$)/.test(path) ? beyond(path) : look(path);
    folders.set(path, known);
    return known;
  }

  function look(path: string): Folder {
    const cut = path.lastIndexOf("/");
    const parent = cut < 0 ? { path: "", isThere: true } : folderOf(path.slice(0, cut));
    const own = parent.path === "" ? path.slice(cut + 1) : `${parent.path}/${path.slice(cut + 1)}`;
    if (!parent.isThere) return { path: own, isThere: false };
    try {
      return Deno.lstatSync(absoluteIn(root, own)).isSymlink ? follow(own) : { path: own, isThere: true };
    } catch {
      return { path: own, isThere: false };
    }
  }

  /** A folder whose path does not lead downwards step by step. */
  function beyond(path: string): Folder {
    const within = path.startsWith("/") ? relative(path) : "/";
    return within.startsWith("/") || within === "" ? follow(path) : folderOf(within);
  }

  /** What is not there yet may be made where a link says. */
  function follow(path: string): Folder {
    const absolute = absoluteIn(root, path);
    try {
      return { path: relative(Deno.realPathSync(absolute)), isThere: true };
    } catch {
      // It leads nowhere so far.
    }
    try {
      const target = relative(resolve(dirname(absolute), Deno.readLinkSync(absolute)));
      return target === "" ? { path: "", isThere: true } : folderOf(target);
    } catch {
      return { path, isThere: false };
    }
  }

  function relative(absolute: string): string {
    realRoot ??= realPath(root);
    for (const start of [realRoot, root]) {
      if (absolute === start) return "";
      if (absolute.startsWith(`${start}/`)) return absolute.slice(start.length + 1);
    }
    return absolute;
  }
}

function slotOf(path: string, end: number): number {
  let hash = end;
  for (let at = Math.max(0, end - 8); at < end; at++) hash = Math.imul(hash, 31) + path.charCodeAt(at);
  return hash & (SLOTS - 1);
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
