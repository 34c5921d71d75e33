/**
 * Owns the question whether a copy of a file in a folder shares its blocks, so that it costs next to nothing.
 *
 * @module
 */

/** XFS, Btrfs and bcachefs, as statfs(2) names them: the kernel's own copying of a file shares its blocks there. */
const CLONING_KINDS: ReadonlySet<number> = new Set([0x58465342, 0x9123683e, 0xca451a4e]);

/** Whether it does; false where it cannot be asked. What is loaded for that takes longer than a small build. */
export async function clonesFiles(folder: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  try {
    const { statfsSync } = await import("node:fs");
    return CLONING_KINDS.has(Number(statfsSync(folder).type) >>> 0);
  } catch {
    return false;
  }
}
