/**
 * Owns the undoing of a transaction, by whoever is there: the build that failed, or the next one after it was killed. It
 * may be killed itself at any point: what has been put back is put back again, to the same end.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { syncFolder } from "../../storage/atomic_file.ts";
import { sweepBeside } from "../../storage/temporaries.ts";
import { systemDetail } from "../../machine/system_error.ts";
import { Glob } from "../../../graph/glob.ts";
import { copyFolder, syncedFolder } from "../../storage/folder_artifact.ts";
import { matchesOf } from "../../storage/output_glob.ts";
import { transactionError } from "./error.ts";
import { copyDurably, look, removeAll, temporaryOf } from "./files.ts";
import { TRANSACTION_FOLDER } from "./folder.ts";
import { type JournalEntry, keepSaved, readJournal, removeJournal, tryRemoveFolder } from "./journal.ts";

/** How a transaction was undone. */
export interface Undone {
  /** How many artifacts are as they were. */
  readonly count: number;
  /** A sentence for each of the others. */
  readonly failures: readonly string[];
}

/**
 * Undoes what an unfinished transaction changed in a config's folder; undefined when there is none. What cannot be put
 * back is named, and kept where that says; the rest is put back all the same, and then the transaction is over. Only for
 * the holder of the build lock. Whoever began it knows its entries, `known`, also when the journal was removed, and that none
 * was put back before.
 *
 * @throws {TransactionError} When its journal cannot be read or removed; it can be tried again.
 */
export function recoverTransaction(folder: string, known?: readonly JournalEntry[]): Undone | undefined {
  const own = `${folder}/${TRANSACTION_FOLDER}`;
  const entries = readJournal(own) ?? known;
  if (entries === undefined) {
    tryRemoveFolder(own);
    return undefined;
  }
  // Of outputs that the next build may not know; also, a folder is only removed when it is empty.
  sweepBeside(folder, new Set(entries.map(({ path }) => path)));
  const changed = new Set<string>();
  const failures: string[] = [];
  // The last first: who came first found the folders missing, and removes them when all others have left them.
  for (const entry of entries.toReversed()) {
    try {
      if (known !== undefined && isLost(entry, own)) {
        failures.push(`Cannot put back '${entry.path}': it was removed from '${TRANSACTION_FOLDER}' meanwhile`);
      } else putBack(entry, { folder, own, changed });
    } catch (error) {
      failures.push(`Cannot put back '${entry.path}': ${systemDetail(error)}${keptNote(entry, own)}`);
    }
  }
  try {
    for (const changedFolder of changed) syncIfThere(changedFolder);
    removeJournal(own);
  } catch (error) {
    throw transactionError("undo the unfinished transaction in", own, error);
  }
  tryRemoveFolder(own);
  const artifacts = entries.filter(({ was }) => was !== "glob").length;
  return { count: artifacts - failures.length, failures };
}

/** Whether somebody else has removed what was put aside. */
function isLost(entry: JournalEntry, own: string): boolean {
  return (entry.was === "file" || entry.was === "folder") && look(`${own}/${entry.saved}`) === undefined;
}

/** Where the artifact is kept as it was, as the end of a sentence. */
function keptNote(entry: JournalEntry, own: string): string {
  if (entry.was === "absent") return "; there was nothing before";
  if (entry.was === "glob") return "";
  if (entry.was === "symlink") return `; it was a link to '${entry.target}'`;
  try {
    return `; what was there is kept as '${TRANSACTION_FOLDER}/${keepSaved(own, entry.saved)}'`;
  } catch (error) {
    return `, nor keep what was there: ${systemDetail(error)}`;
  }
}

/** An artifact may have been put back before, by someone who was killed at it. */
function putBack(
  entry: JournalEntry,
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
    case "glob":
      for (const match of matchesOf(folder, new Glob(entry.path))) {
        if (!entry.known.includes(match)) Deno.removeSync(`${folder}/${match}`);
        changed.add(dirname(`${folder}/${match}`));
      }
      return;
    case "folder": {
      const saved = `${own}/${entry.saved}`;
      if (look(saved) === undefined) return;
      removeAll(temporary);
      Deno.mkdirSync(dirname(path), { recursive: true });
      copyFolder(saved, temporary, { isAsItWas: true });
      syncedFolder(temporary, entry.path);
      removeAll(path);
      return Deno.renameSync(temporary, path);
    }
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
