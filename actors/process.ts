/**
 * Owns the choice of how this thread starts commands; what a command is, and how it ends, is in invocation.ts.
 * It never waits for anything.
 *
 * Two back ends behind one function: posix_spawn by FFI (process_posix.ts) where Linux and the permissions allow it,
 * Deno.Command (process_portable.ts) elsewhere. What the user sees does not differ, and one test suite runs over both.
 * `TROUPE_SPAWN=portable` in troupe's environment forces the second. Chosen when the module is loaded, once a thread.
 *
 * @module
 */
import type { Spawner } from "./invocation.ts";
import { startPortable } from "./process_portable.ts";
import { openPosixSpawner } from "./process_posix.ts";

export { type Ended, type Invocation, type RunningProcess, type Spawner, SpawnError } from "./invocation.ts";

/** Starts a command in a process group of its own; throws `SpawnError` when it cannot be started. */
export const startProcess: Spawner = isPortableForced() ? startPortable : openPosixSpawner() ?? startPortable;

function isPortableForced(): boolean {
  const variable = "TROUPE_SPAWN";
  return Deno.permissions.querySync({ name: "env", variable }).state === "granted" &&
    Deno.env.get(variable) === "portable";
}
