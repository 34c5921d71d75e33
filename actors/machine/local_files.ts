/**
 * Owns the question whether the files of a folder are changed by this system alone, so that the kernel knows of every
 * change. Those of a network, of a virtual machine's host or of a program in user space change behind its back.
 *
 * @module
 */
import { mountAt } from "./mounts.ts";
import { isFolder } from "./regular_file.ts";

/** File systems on which nobody else writes. */
const LOCAL_KINDS = /^(ext[234]|xfs|btrfs|f2fs|bcachefs|zfs|tmpfs|overlay)$/;

/** Whether the kernel knows of every change in a folder; false where that cannot be told. */
export function areFilesLocal(folder: string): boolean {
  return isFolder(folder) && LOCAL_KINDS.test(mountAt(folder)?.kind ?? "");
}
