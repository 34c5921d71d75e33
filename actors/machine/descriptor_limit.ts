/**
 * Owns the question how many workers the process's open files allow: Deno ends the process when a thread finds none left.
 * It opens nothing and changes no limit. Where the system does not say, nothing is limited.
 *
 * @module
 */

/** What a thread has open of its own (Deno 2.9). */
const PER_THREAD = 6;

/** What a command has open that is being started or listened to. */
const PER_COMMAND = 6;

/** For everything else: the cache, the history, a lock, a source that is read. */
const RESERVE = 12;

/** Less of the reserve than this is too little for a worker. */
const LEAST_RESERVE = 4;

/** A limit that is no matter for a thread. */
const PLENTY = 512;

/** What can be had of what is wanted. */
export interface Fit {
  /** 0 when there is not even room for one. */
  readonly workers: number;
  /** How many threads for functions each may keep at hand. */
  readonly sandboxes: number;
  /** How many files may be open. */
  readonly mayOpen: number;
}

/** How many of the workers that are wanted there is room for, each with so many threads for functions or with none. */
export function whatFits(wanted: number, sandboxes: number): Fit {
  const mayOpen = openFileLimit();
  const needs = (kept: number) => PER_THREAD + PER_COMMAND + 2 * PER_THREAD * kept;
  const all = { workers: wanted, sandboxes, mayOpen };
  // A limit that is far away needs no counting.
  if (wanted * needs(sandboxes + 1) + 256 < mayOpen) return all;
  const free = mayOpen - openFiles();
  const fit = (kept: number) => Math.min(wanted, Math.floor((free - RESERVE) / needs(kept)));
  // One that is being ended has its files still open when the next one is started.
  if (fit(sandboxes === 0 ? 0 : sandboxes + 1) === wanted) return all;
  const kept = Math.min(1, sandboxes);
  const isRoom = free - LEAST_RESERVE >= needs(kept);
  return { workers: Math.max(isRoom ? 1 : 0, fit(2 * kept)), sandboxes: kept, mayOpen };
}

/** How many threads for functions there is room for, of those that are wanted; they take commands from nobody. */
export function sandboxesThatFit(wanted: number): Pick<Fit, "sandboxes" | "mayOpen"> {
  const mayOpen = openFileLimit();
  const each = 2 * PER_THREAD;
  if (wanted * 2 * each + 256 < mayOpen) return { sandboxes: wanted, mayOpen };
  const free = mayOpen - openFiles();
  const fit = (files: number) => Math.min(wanted, Math.floor((free - RESERVE) / files));
  if (fit(each) === wanted) return { sandboxes: wanted, mayOpen };
  // Where they are ended to make room for others, one that is being ended still has its files open.
  return { sandboxes: Math.max(free - LEAST_RESERVE >= each ? 1 : 0, fit(2 * each)), mayOpen };
}

/** Whether there is room for one more thread that opens no more than files now and then. */
export function isRoomForThread(): boolean {
  return openFileLimit() - openFiles() - LEAST_RESERVE >= PER_THREAD;
}

/** Whether so many files may be open that one thread more or less does not matter. */
export function areFilesPlenty(): boolean {
  return openFileLimit() >= PLENTY;
}

/** What could be read once is known: later there may be nothing left to read it by. */
let limits: string | undefined;

/** 0 when nothing can be opened any more. */
function openFileLimit(): number {
  limits ??= ask("/proc/self/limits", (path) => Deno.readTextFileSync(path), "Max open files 0");
  const found = /^Max open files\s+(\d+)/m.exec(limits ?? "");
  return found === null ? Infinity : Number(found[1]);
}

function openFiles(): number {
  return ask("/proc/self/fd", (path) => [...Deno.readDirSync(path)].length, Infinity) ?? 0;
}

/** `full` is the answer when nothing can be opened any more, undefined stands for nothing known. */
function ask<Answer>(path: string, read: (path: string) => Answer, full: Answer): Answer | undefined {
  try {
    // Without the right nobody is asked for it.
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
    return read(path);
  } catch (error) {
    return /\(os error (23|24)\)/.test(String(error)) ? full : undefined;
  }
}
