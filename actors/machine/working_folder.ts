/**
 * Owns the question where the folder that a command is to run in really lies: it must be one, and within the config's.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import { systemDetail } from "./system_error.ts";

/** A folder that a command can run in. */
export interface WorkingFolder {
  /** Absolute, without links. */
  readonly path: string;
  /** The way to it from the config's folder, both without links; empty when it is that one. */
  readonly within: string;
}

/** Why it cannot be one. */
export interface NoFolder {
  readonly kind: "missing" | "outside" | "file";
  /** In words. */
  readonly detail: string;
}

/**
 * A folder within another one, which is absolute. A relative path in it leads upwards from where it really lies, not from
 * the link by which it may be called.
 */
export function workingFolder(folder: string, cwd: string): WorkingFolder | NoFolder {
  let home: string, path: string;
  try {
    [home, path] = [folder, join(folder, cwd)].map((each) => Deno.realPathSync(each));
    if (!Deno.statSync(path).isDirectory) return { kind: "file", detail: `'${cwd}' is not a folder` };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { kind: "missing", detail: `folder '${cwd}' does not exist` };
    if (error instanceof Deno.errors.NotADirectory) return { kind: "file", detail: `'${cwd}' is not a folder` };
    return { kind: "missing", detail: `folder '${cwd}': ${systemDetail(error)}` };
  }
  if (path === home) return { path, within: "" };
  const prefix = home === "/" ? "/" : `${home}/`;
  if (!path.startsWith(prefix)) {
    return { kind: "outside", detail: `'${cwd}' leads out of the config's folder, to '${path}'` };
  }
  return { path, within: path.slice(prefix.length) };
}
