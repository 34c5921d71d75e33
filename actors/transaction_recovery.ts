/**
 * Owns the undoing of a transaction, by whoever is there: the build that failed, or the next one after it was killed. It
 * may be killed itself at any point: what has been put back is put back again, to the same end.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { syncFolder } from "./atomic_file.ts";
import { sweepBeside } from "./sweep.ts";
import { transactionError } from "./transaction_error.ts";
import { copyDurably, look, removeAll, temporaryOf } from "./transaction_files.ts";
import { TRANSACTION_FOLDER } from "./transaction_folder.ts";
import { type Entry, readJournal, removeJournal, tryRemoveFolder } from "./transaction_journal.ts";

/**
 * Undoes what an unfinished transaction changed in a config's folder, and tells of how many artifacts; undefined when
 * there is none. Only for the holder of the build lock.
 *
 * @throws {TransactionError} When that cannot be done; it can be tried again.
 */
export function recoverTransaction(folder: string): number | undefined {
  const own = `${folder}/${TRANSACTION_FOLDER}`;
  const entries = readJournal(own);
  if (entries === undefined) {
    tryRemoveFolder(own);
    return undefined;
  }
  try {
    // Of outputs that the next build may not know; also, a folder is only removed when it is empty.
    sweepBeside(folder, new Set(entries.map(({ path }) => path)));
    const changed = new Set<string>();
    // The last first: who came first found the folders missing, and removes them when all others have left them.
    for (const entry of entries.toReversed()) putBack(entry, { folder, own, changed });
    for (const changedFolder of changed) syncIfThere(changedFolder);
    removeJournal(own);
  } catch (error) {
    throw transactionError("undo the unfinished transaction in", own, error);
  }
  tryRemoveFolder(own);
  return entries.length;
}

/** It may have been put back before, by someone who was killed at it. */
function putBack(
  entry: Entry,
  { folder, own, changed }: { readonly folder: string; readonly own: string; readonly changed: Set<string> },
): void {
  const path = `${folder}/${entry.path}`;
  const temporary = temporaryOf(path);
  changed.add(dirname(path));
  switch (entry.was) {
    case "absent":
      removeAll(path);
      if (entry.made !== null) removeEmpty(dirname(entry.path), entry.made, { folder, changed });
      return;
    case "symlink":
      if (look(path)?.isSymlink && Deno.readLinkSync(path) === entry.target) return;
      makeWay(path);
      removeAll(temporary);
      Deno.symlinkSync(entry.target, temporary);
      return Deno.renameSync(temporary, path);
    case "file": {
      const saved = `${own}/${entry.saved}`;
      if (look(saved) === undefined) return;
      makeWay(path);
      // Where it is another link to the same file this does nothing, rightly.
      if (!entry.isCopy) return Deno.renameSync(saved, path);
      copyDurably(saved, temporary);
      return Deno.renameSync(temporary, path);
    }
  }
}

/** For a file to be renamed to: a command may have removed its folder, or made one in its place. */
function makeWay(path: string): void {
  const info = look(path);
  if (info === undefined) Deno.mkdirSync(dirname(path), { recursive: true });
  else if (info.isDirectory) removeAll(path);
}

/** Removes the folder if it is empty, and those around it, up to the outermost one that was not there. */
function removeEmpty(
  inner: string,
  outermost: string,
  { folder, changed }: { readonly folder: string; readonly changed: Set<string> },
): void {
  for (let path = inner; `${path}/`.startsWith(`${outermost}/`); path = dirname(path)) {
    try {
      Deno.removeSync(`${folder}/${path}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      return; // something else is in it
    }
    changed.add(dirname(`${folder}/${path}`));
  }
}

function syncIfThere(folder: string): void {
  if (look(folder) !== undefined) syncFolder(folder);
}
