/**
 * Owns how a task of an included config reads in the including one: its paths start at that one's folder, and its command
 * runs in its own. It looks at no file and checks nothing: what is no path is left for whoever does.
 *
 * @module
 */
import { escapeGlob } from "../glob.ts";
import { isExclusion, isGlob } from "../paths.ts";
import { isObject, type JsonObject } from "../input/config_object.ts";

/** Keys of a task that hold a path, or a list of them. */
export const PATH_KEYS: ReadonlySet<string> = new Set([
  "source_files",
  "output_artifact",
  "output",
  "outputs",
  "module",
  "reads",
  "writes",
  "files_affected",
  "depfile",
]);

/** Those of them whose lists may leave out files, or are refused where they would. */
const LISTS: ReadonlySet<string> = new Set(["source_files", "outputs", "reads", "writes", "files_affected"]);

/** Keys of a task that hold an object whose own keys are paths. */
const KEYED_BY_PATHS = ["expected"];

/** Rights of a module's function that are to paths. */
const PATH_RIGHTS = ["read", "write"];

/** The task as it reads in a folder above; `way` leads down to its own. */
export function relocated(task: JsonObject, way: string): JsonObject {
  if (way === "") return task;
  // In a list a path that begins so would take out files
  const folder = isExclusion(way) ? `./${way}` : way;
  const moved: Record<string, unknown> = { ...task };
  for (const key of Object.keys(task)) {
    if (key === "outputs") moved[key] = movedOutputs(task[key], folder);
    else if (LISTS.has(key)) moved[key] = movedPaths(task[key], folder);
    else if (PATH_KEYS.has(key) && typeof task[key] === "string") moved[key] = movedName(task[key], folder);
    else if (KEYED_BY_PATHS.includes(key) && isObject(task[key])) {
      moved[key] = Object.fromEntries(
        Object.entries(task[key]).map(([path, value]) => [movedName(path, folder), value]),
      );
    }
  }
  if (typeof task.command === "string" && (task.cwd === undefined || typeof task.cwd === "string")) {
    moved.cwd = task.cwd === undefined ? folder : movedName(task.cwd as string, folder);
  }
  if (isObject(task.permissions)) {
    moved.permissions = Object.fromEntries(
      Object.entries(task.permissions).map(([right, to]) => [
        right,
        PATH_RIGHTS.includes(right) ? movedPaths(to, folder, movedName) : to,
      ]),
    );
  }
  return moved;
}

function movedPaths(value: unknown, folder: string, moved = movedPath): unknown {
  if (typeof value === "string") return moved(value, folder);
  return Array.isArray(value) ? value.map((path) => typeof path === "string" ? moved(path, folder) : path) : value;
}

/** As sources, but that a folder on the way is meant by its name: of an output nothing is there yet to tell. */
function movedOutputs(value: unknown, folder: string): unknown {
  if (!isGlob(folder) || !Array.isArray(value)) return movedPaths(value, folder);
  const way = escapeGlob(folder);
  return value.map((path) => typeof path === "string" ? movedPath(isGlob(path) ? path : escapeGlob(path), way) : path);
}

/** An entry of a list as it reads in a folder above. */
export function movedPath(path: string, folder: string): string {
  if (isExclusion(path)) return path === "!" ? path : `!${movedPath(path.slice(1), folder)}`;
  return movedName(path, folder, path.startsWith("\\!") ? path.slice(1) : path);
}

/** A path as it reads in a folder above. An empty one and what begins with a variable of a shell's are left as they are. */
function movedName(path: string, folder: string, name = path): string {
  return path === "" || path.startsWith("/") || path.startsWith("$") ? path : `${folder}/${name}`;
}
