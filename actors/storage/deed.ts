/**
 * Owns the one step in which an artifact's place changes: its temporary file gets its name, or what is wrong goes.
 * It does not know who may take it.
 *
 * A build takes it at once. In a crew the main thread takes it for the worker, while it holds the database's write lock and
 * knows the claim to be still held: so between the question and the step nobody else can be given the task.
 *
 * @module
 */
import { NOT_REGULAR } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";

/** The step; plain data with absolute paths. */
export type Deed =
  /** Puts the temporary file in the artifact's place. */
  | { readonly kind: "place"; readonly temporary: string; readonly path: string }
  /** Removes what a command has written over the artifact. */
  | { readonly kind: "remove"; readonly path: string }
  /** Leaves what lies there, as the artifact. */
  | { readonly kind: "leave" };

/** Whether it was done; `refused` where the task is another's by now, or nobody can tell. */
export type DeedAnswer = "done" | "refused" | { readonly detail: string };

/** Takes the step. */
export function carryOut(deed: Deed): Exclude<DeedAnswer, "refused"> {
  try {
    if (deed.kind === "place") Deno.renameSync(deed.temporary, deed.path);
    else if (deed.kind === "remove") Deno.removeSync(deed.path);
    return "done";
  } catch (error) {
    return { detail: deed.kind === "place" && isFolder(deed.path) ? NOT_REGULAR : systemDetail(error) };
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}
