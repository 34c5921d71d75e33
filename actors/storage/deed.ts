/**
 * Owns the one step in which an artifact's place changes: its temporary file gets its name, or what is wrong goes.
 * It does not know who may take it.
 *
 * A build takes it at once. In a crew the main thread takes it for the worker, while it holds the database's write lock and
 * knows the claim to be still held: so between the question and the step nobody else can be given the task.
 *
 * @module
 */
import { exchangeNames } from "../machine/exchange_names.ts";
import { isThere, NOT_REGULAR } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import { removeWhole } from "./removal.ts";
import { asideOf } from "./temporaries.ts";

/** The step; plain data with absolute paths. */
export type Deed =
  /** Puts the temporary file in the artifact's place. */
  | { readonly kind: "place"; readonly temporary: string; readonly path: string }
  /** Removes what a command has written over the artifact; a folder with all that is in it only where `isWhole`. */
  | { readonly kind: "remove"; readonly path: string; readonly isWhole?: boolean }
  /** Leaves what lies there, as the artifact. */
  | { readonly kind: "leave" }
  /** Puts a folder, or what replaces one, in the artifact's place, whole; what was there is removed after. */
  | { readonly kind: "exchange"; readonly temporary: string; readonly path: string }
  /** Puts back what was moved out of a command's way, in place of what the command has left there. */
  | { readonly kind: "return"; readonly aside: string; readonly path: string }
  /** Several of these, one after another; none after one that cannot be done. */
  | { readonly kind: "all"; readonly deeds: readonly Deed[] }
  /** Several of these, each that can be done. */
  | { readonly kind: "each"; readonly deeds: readonly Deed[] };

/** Whether it was done; `refused` where the task is another's by now, or nobody can tell. */
export type DeedAnswer = "done" | "refused" | { readonly detail: string };

/** Takes the step. */
export function carryOut(deed: Deed): Exclude<DeedAnswer, "refused"> {
  try {
    take(deed);
    return "done";
  } catch (error) {
    return { detail: deed.kind === "place" && isFolder(deed.path) ? NOT_REGULAR : systemDetail(error) };
  }
}

function take(deed: Deed): void {
  switch (deed.kind) {
    case "place":
      return Deno.renameSync(deed.temporary, deed.path);
    case "remove":
      return Deno.removeSync(deed.path, { recursive: deed.isWhole });
    case "exchange":
      return exchange(deed.temporary, deed.path);
    case "return":
      removeAll(deed.path);
      return Deno.renameSync(deed.aside, deed.path);
    case "all":
      for (const one of deed.deeds) take(one);
      return;
    case "each":
      for (const one of deed.deeds) carryOut(one);
  }
}

/**
 * At every moment the path holds the old or the new, where the system can exchange them. Elsewhere it holds neither for a
 * moment, and the next build puts the old one back if that is where this one was killed.
 */
function exchange(temporary: string, path: string): void {
  if (!isThere(path)) return Deno.renameSync(temporary, path);
  if (!exchangeNames(temporary, path)) {
    const aside = asideOf(temporary);
    removeAll(aside);
    Deno.renameSync(path, aside);
    Deno.renameSync(temporary, path);
  }
}

function removeAll(path: string): void {
  if (isThere(path)) removeWhole(path);
}

function isFolder(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}
