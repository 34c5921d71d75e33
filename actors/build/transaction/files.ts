/**
 * Owns the ways in which a transaction looks at files, puts them aside and copies them. It knows nothing of journals.
 *
 * @module
 */
import { removeWhole } from "../../storage/removal.ts";

/** Answers whether it could be linked; else it was copied. */
export function linkOrCopy(from: string, to: string): boolean {
  try {
    Deno.linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    // Another file system, one without links, a file of somebody else's: a copy does as well, or says what is wrong.
    copyDurably(from, to);
    return false;
  }
}

/** A file of its own in the same place; what a symbolic link leads to is spared as well. */
export function replaceByCopy(path: string): void {
  const temporary = temporaryOf(path);
  try {
    copyDurably(path, temporary);
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeAll(temporary);
    throw error;
  }
}

/** Gives a copy the times of its original and makes it durable. */
export function settleCopy(from: string, to: string): void {
  const { atime, mtime } = Deno.statSync(from);
  if (atime !== null && mtime !== null) Deno.utimeSync(to, atime, mtime);
  using file = Deno.openSync(to, { read: true });
  file.syncSync();
}

/** Content, mode and times. */
export function copyDurably(from: string, to: string): void {
  removeAll(to);
  Deno.copyFileSync(from, to);
  settleCopy(from, to);
}

/** Undefined for what is no file, as a link that leads nowhere. */
export function sizeOf(path: string): number | undefined {
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile ? size : undefined;
  } catch {
    return undefined;
  }
}

/** Where a file is made that is to take the place of another; a sweep knows the name. */
export function temporaryOf(path: string): string {
  return `${path}.tmp.${Deno.pid}.0`;
}

/** What lies at a path, links not followed; undefined for nothing. */
export function look(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    // Nothing can have such a name.
    if ((error as { code?: unknown }).code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

/** Removes what lies at a path, if anything does. */
export function removeAll(path: string): void {
  if (look(path) !== undefined) removeWhole(path);
}
