/**
 * Owns the question whether the files of a folder are changed by this system alone, so that the kernel knows of every
 * change. Those of a network, of a virtual machine's host or of a program in user space change behind its back.
 *
 * @module
 */
import { statfsSync } from "node:fs";

/** Kinds of file systems, as statfs(2) names them, on which nobody else writes. */
const LOCAL_KINDS: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0xca451a4e, // bcachefs
  0x2fc12fc1, // ZFS
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
]);

/** Whether the kernel knows of every change in a folder; false where it cannot be asked. */
export function areFilesLocal(folder: string): boolean {
  try {
    return Deno.build.os === "linux" && LOCAL_KINDS.has(Number(statfsSync(folder).type) >>> 0);
  } catch {
    return false;
  }
}
