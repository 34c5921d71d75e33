/**
 * Owns what is known of the kernel's advisory locks on a file system: whether all who see a file there see its locks, and
 * whether what is locked is still the file at its path. It takes none.
 *
 * @module
 */
import { type Mount, mountAt, mountIn } from "../machine/mounts.ts";

/** Mounts that keep locks to the host they were taken on. */
const LOCAL_LOCKS = /^(nolock|localflock|local_lock=(flock|all))$/;

/** Kinds of file systems that do, or may do so and do not say. */
const LOCAL_KINDS = /^(fuse(\..*)?|9p|virtiofs|vboxsf|prl_fs|afs|coda)$/;

/** Who sees a lock that is taken on a file; `unknown` where the system does not tell how the file's place is mounted. */
export type LockReach = "all hosts" | "this host" | "unknown";

export function lockReach(path: string): LockReach {
  const mount = mountAt(path);
  if (mount === undefined) return "unknown";
  return isLocal(mount) ? "this host" : "all hosts";
}

/** False for a network file system that is mounted so that locks are a host's own; true where that cannot be told. */
export function canLockAcrossHosts(path: string): boolean {
  return lockReach(path) !== "this host";
}

/** Whether locks are a host's own by a table in the form of /proc/self/mountinfo. */
export function keepsLocksLocal(table: string, path: string): boolean {
  return isLocal(mountIn(table, path));
}

function isLocal({ kind, options }: Mount): boolean {
  return LOCAL_KINDS.test(kind) || options.some((option) => LOCAL_LOCKS.test(option));
}

/** Whether an open file is the one that lies at a path. */
export function isStillAt(path: string, file: Deno.FsFile): boolean {
  try {
    const named = Deno.statSync(path), open = file.statSync();
    return named.ino === open.ino && named.dev === open.dev;
  } catch {
    return false;
  }
}
