/**
 * Owns the choice of how this thread starts commands; what a command is, and how it ends, is in spawn.ts.
 * It never waits for anything.
 *
 * Two back ends behind one function: posix_spawn by FFI (process_posix.ts) where Linux and the permissions allow it,
 * Deno.Command (process_portable.ts) elsewhere. What the user sees does not differ, and one test suite runs over both.
 * `TROUPE_SPAWN=portable` in troupe's environment forces the second. Chosen when the module is loaded, once a thread.
 *
 * @module
 */
import type { Orphans, Spawner } from "./spawn.ts";
import { isThere as isThereByDeno } from "../machine/regular_file.ts";
import { startPortable } from "./process_portable.ts";
import { openPosix } from "./process_posix.ts";

export { type Ended, type Orphans, type RunningProcess, type Spawner, SpawnError, type SpawnOptions } from "./spawn.ts";

const posix = isPortableForced() ? undefined : openPosix();

/** Starts a command in a session of its own, without a terminal; throws `SpawnError` when it cannot be started. */
export const startProcess: Spawner = posix?.start ?? startPortable;

/**
 * Whether anything lies at a path, a link that leads nowhere included. Deno says no by an exception, which costs ten times
 * as much as the C library that is at hand here; and for most of the files that a worker asks about the answer is no.
 */
export const isThere: (path: string) => boolean = posix?.isThere ?? isThereByDeno;

/**
 * Has the orphans of commands become children of this process, of which each is then to be reaped by it; undefined where
 * that is not possible. It is for a process of which all children are troupe's, and none of them has the terminal.
 */
export function adoptOrphans(): Orphans | undefined {
  return posix?.adoptOrphans();
}

function isPortableForced(): boolean {
  const variable = "TROUPE_SPAWN";
  return Deno.permissions.querySync({ name: "env", variable }).state === "granted" &&
    Deno.env.get(variable) === "portable";
}
