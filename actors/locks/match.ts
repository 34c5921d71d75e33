/**
 * Owns the questions whether two locks are about a common file, and who comes first. It grants none, and opens nothing.
 *
 * @module
 */
import { meet } from "../../graph/gates/places.ts";
import type { FoundRecord } from "./records.ts";
import type { Wanted, Wish } from "./request.ts";

/** Whether a record is about what somebody wants, or about what it lies in, or what lies in it. */
export function concerns({ path, key, isGlob }: FoundRecord, wanted: Wanted): boolean {
  if (key === wanted.key || path === null) return key === wanted.key;
  if (meet({ path, isGlob, isFolder: false }, wanted.place)) return true;
  return wanted.inode !== undefined && !isGlob && sharedInode(path) === wanted.inode;
}

/** Whether two who want something want a common file. */
export function isAbout(one: Wanted, other: Wanted): boolean {
  return meet(one.place, other.place) || (one.inode !== undefined && one.inode === other.inode);
}

/** Device and inode of a regular file that has several names; a folder has no other than by links. */
export function sharedInode(path: string): string | undefined {
  try {
    const { isFile, nlink, dev, ino } = Deno.lstatSync(path);
    return isFile && nlink !== null && nlink > 1 ? `${dev}:${ino}` : undefined;
  } catch {
    return undefined;
  }
}

/** Waiters are passed by whoever asked before them, and once they should have given up. */
export function mayPass(
  wish: Pick<Wish, "sinceMs" | "id">,
  record: Pick<FoundRecord, "isWaiting" | "sinceMs" | "id" | "untilMs">,
  nowMs: number,
): boolean {
  if (!record.isWaiting) return false;
  // In the same order for all, or two would wait behind each other
  const isEarlier = wish.sinceMs === record.sinceMs ? wish.id <= record.id : wish.sinceMs < record.sinceMs;
  return isEarlier || nowMs > record.untilMs;
}
