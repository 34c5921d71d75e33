/**
 * Owns how a file that was locked is let go. It knows nothing of why files are locked.
 *
 * @module
 */

/** Unlocks a file and closes it. What is closed alone stays locked for as long as a process that is being started has it. */
export function letGo(file: Deno.FsFile): void {
  try {
    file.unlockSync();
  } catch {
    // no locks here
  }
  file.close();
}
