/**
 * Owns what tells whether a command has written where its artifact belongs, and makes way for one that will.
 *
 * @module
 */
import type { ArtifactTarget } from "../storage/publication.ts";
import { isThere } from "../process/process.ts";
import type { Spoilt } from "./messages.ts";

/**
 * Before a command that may write in place: takes away what it would write through, as a link that was put there or another
 * name of a file, and gives a file the mode that it was made with.
 */
export function makeWay({ path, temporary }: ArtifactTarget, { mode, isEdited }: Spoilt): void {
  try {
    const { isFile, isDirectory, nlink } = Deno.lstatSync(path);
    const isShared = isFile && (nlink ?? 1) > 1;
    if (isDirectory) return;
    if (!isFile || (isShared && isEdited)) return Deno.removeSync(path);
    if (isShared) {
      Deno.copyFileSync(path, temporary);
      Deno.renameSync(temporary, path);
    }
    Deno.chmodSync(path, mode);
  } catch {
    // There is nothing, or it cannot be removed: then its task tells what it cannot do.
  }
}

/** What tells whether a file, or what a link leads to, was written to. */
export interface Look {
  /** Content and all that goes with it may be others. */
  readonly written: string;
  /** Anything at all may be otherwise, such as the mode or how many names the file has. */
  readonly changed: string;
}

/** How a path looks; undefined when nothing is there. */
export function look(path: string): Look | undefined {
  if (!isThere(path)) return undefined;
  try {
    const info = Deno.lstatSync(path);
    const behind = info.isSymlink ? lookBehind(path) : undefined;
    const written = [info, ...(behind ?? [])].map(({ ino, size, mtime }) => `${ino} ${size} ${mtime?.getTime()}`);
    const changed = [info, ...(behind ?? [])].map(({ ctime }) => `${ctime?.getTime()}`);
    return { written: written.join(" "), changed: [...written, ...changed].join(" ") };
  } catch {
    return undefined;
  }
}

function lookBehind(link: string): [Deno.FileInfo] | undefined {
  try {
    return [Deno.statSync(link)];
  } catch {
    return undefined;
  }
}

/** What lay at the artifact's path before the command; undefined when nobody looked. */
export type Before = { readonly look: Look | undefined } | undefined;

/** Whether what lies at a path was written to, or changed in any way. */
export function differs(
  what: keyof Look,
  { before, path }: { readonly before: Before; readonly path: string },
): boolean {
  if (before === undefined) return false;
  const after = look(path);
  return after !== undefined && after[what] !== before.look?.[what];
}
