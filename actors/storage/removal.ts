/**
 * Owns the removal of what a build has made or left: a folder goes with all that is in it, also where its task has made
 * folders that may not be written to.
 *
 * @module
 */

/** What an owner may do in a folder whose entries are to be removed. */
const OWNERS = 0o700;

/** Removes a file, or a folder with all that is in it. */
export function removeWhole(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied) || !makeWritable(path)) throw error;
    Deno.removeSync(path, { recursive: true });
  }
}

/** Lets the owner remove what is in a folder, at any depth; false where nothing could be changed. */
export function makeWritable(path: string): boolean {
  try {
    const { isDirectory, mode } = Deno.lstatSync(path);
    if (!isDirectory) return false;
    Deno.chmodSync(path, (mode ?? 0) & 0o7777 | OWNERS);
    for (const { name, isDirectory } of Deno.readDirSync(path)) if (isDirectory) makeWritable(`${path}/${name}`);
    return true;
  } catch {
    return false; // It is somebody else's.
  }
}
