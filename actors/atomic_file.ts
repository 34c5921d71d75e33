/**
 * Owns the opening of temporary files and the atomic replacement of small state files.
 * It does not know what is in them.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";

/** Opens a fresh temporary file, making its folder if need be, and closes it after `write`. */
export function writeTemporary<Result>(path: string, write: (file: Deno.FsFile) => Result): Result {
  const file = openFresh(path);
  try {
    return write(file);
  } finally {
    file.close();
  }
}

/**
 * Replaces a file by the given text: temporary file, fsync, rename, fsync of the folder.
 *
 * @throws What the file system throws; the old file stands then, and no temporary one is left if that can be helped.
 */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.tmp.${Deno.pid}.0`;
  try {
    writeTemporary(temporary, (file) => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
      file.syncSync();
    });
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // The first error is the one to tell.
    }
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes the folder's names durable. */
export function syncFolder(path: string): void {
  const folder = Deno.openSync(path);
  try {
    folder.syncSync();
  } finally {
    folder.close();
  }
}

function openFresh(path: string): Deno.FsFile {
  const options = { write: true, read: true, create: true, truncate: true };
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(dirname(path), { recursive: true });
    return Deno.openSync(path, options);
  }
}
