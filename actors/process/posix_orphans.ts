/**
 * Owns what becomes of processes whose parents have ended: this process can be made their parent, and takes the dead of
 * them off the process table. Which of them are a command's is strays.ts's.
 *
 * @module
 */
import { readRest } from "../machine/regular_file.ts";
import type { Orphans } from "./spawn.ts";
import { becomeSubreaper, type Libc, WNOHANG } from "./posix_libc.ts";
import { isOwnTable } from "../machine/process_table.ts";

/** Has orphans of commands become children of this process from now on; undefined where they cannot. */
export function adoptOrphans(libc: Libc): Orphans | undefined {
  // They go to the first thread of the process, whose id is the process's.
  const path = `/proc/self/task/${Deno.pid}/children`;
  if (!isOwnTable()) return undefined;
  let list: () => string;
  try {
    list = readerOf(Deno.openSync(path));
    list();
  } catch {
    return undefined; // the kernel was made without
  }
  if (!becomeSubreaper(libc)) return undefined;
  return { list, reap: (pid) => void libc.waitpid(pid, new Int32Array(1), WNOHANG) };
}

/** Reads a file of the system's again and again, which is open as long as its thread lives: it is read after each command. */
function readerOf(file: Deno.FsFile): () => string {
  let bytes = new Uint8Array(4096);
  const decoder = new TextDecoder();
  return () => {
    file.seekSync(0, Deno.SeekMode.Start);
    const read = readRest(file, bytes);
    bytes = new Uint8Array(read.buffer);
    return decoder.decode(read);
  };
}

/** Takes the dead of a group off the process table that became children of this process. */
export function reapGroup(libc: Libc, groupId: number): void {
  const status = new Int32Array(1);
  while (libc.waitpid(-groupId, status, WNOHANG) > 0);
}
