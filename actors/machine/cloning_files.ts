/**
 * Owns the question whether a copy of a file in a folder shares its blocks, so that it costs next to nothing.
 *
 * @module
 */
import { mountAt } from "./mounts.ts";

/** File systems on which the kernel's own copying of a file shares its blocks. */
const CLONING_KINDS = /^(xfs|btrfs|bcachefs)$/;

/** Whether it does; false where that cannot be told. */
export function clonesFiles(folder: string): boolean {
  return CLONING_KINDS.test(mountAt(folder)?.kind ?? "");
}
