/**
 * Owns the reading of /proc: which processes there are, and what the system tells of one. Where there is none, or it may
 * not be read, there are no processes. It sends no signals.
 *
 * @module
 */

/** A process as the system has it. */
export interface ProcessEntry {
  /** One letter; `Z` and `X` are dead, `T` is stopped. */
  readonly state: string;
  readonly parentId: number;
  readonly groupId: number;
  readonly sessionId: number;
}

/** Asks nobody: at a terminal Deno would. Whoever has not all permissions is refused even so. */
function mayRead(): boolean {
  return Deno.permissions.querySync({ name: "read", path: "/proc" }).state === "granted";
}

/** Ids of all processes. */
export function processes(): number[] {
  if (!mayRead()) return [];
  try {
    return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).map(({ name }) => Number(name));
  } catch {
    return [];
  }
}

/** Undefined for one that has ended and was waited for. */
export function entryOf(pid: number): ProcessEntry | undefined {
  if (!mayRead()) return undefined;
  try {
    // pid (name) state ppid pgrp session …, and the name may hold blanks and brackets itself
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const [state, ...ids] = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 4);
    const [parentId, groupId, sessionId] = ids.map(Number);
    return { state, parentId, groupId, sessionId };
  } catch {
    return undefined;
  }
}

/** SIGTSTP among the signals of a mask, as Linux numbers them. */
const SUSPEND_BIT = 1n << 19n;

/** Whether it has a handler for Ctrl-Z, so that it can do something before it stands still. */
export function hearsSuspend(pid: number): boolean {
  try {
    const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? "0";
    return (BigInt(`0x${caught}`) & SUSPEND_BIT) !== 0n;
  } catch {
    return false;
  }
}

/** Whether a process was started by another one, or by what that has started. */
export function isBelow(pid: number, ancestor: number): boolean {
  let entry = entryOf(pid);
  while (entry !== undefined && entry.parentId !== ancestor) entry = entryOf(entry.parentId);
  return entry !== undefined;
}

/** Whether there is a process that is not dead; the dead stay until somebody waits for them. */
export function isAlive(entry: ProcessEntry | undefined): entry is ProcessEntry {
  return entry !== undefined && entry.state !== "Z" && entry.state !== "X";
}

/**
 * The environment it was started with, each entry between NULs; undefined for one that has ended, or is somebody else's.
 * It is empty at the instant at which a process becomes another program.
 */
export function environmentOf(pid: number): string | undefined {
  try {
    return `\0${Deno.readTextFileSync(`/proc/${pid}/environ`)}`;
  } catch {
    return undefined;
  }
}

/** Whether the ids in /proc are those by which this process would send signals. */
export function isOwnTable(): boolean {
  if (!mayRead()) return false;
  try {
    return Deno.readLinkSync("/proc/self") === String(Deno.pid);
  } catch {
    return false;
  }
}

/** Names the place in which process ids mean the same as here. */
export function pidNamespace(): string | undefined {
  if (!mayRead()) return undefined;
  try {
    return /\d+/.exec(Deno.readLinkSync("/proc/self/ns/pid"))?.[0];
  } catch {
    return undefined;
  }
}
