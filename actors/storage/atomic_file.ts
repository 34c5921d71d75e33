/**
 * Owns the opening of temporary files and the atomic replacement of small state files.
 * It does not know what is in them.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { removeWhole } from "./removal.ts";
import { piecesOf } from "../machine/file_lines.ts";
import { isFolder, writeWhole } from "../machine/regular_file.ts";

/** The mode of files that may hold what tasks declare, which may be secret: their owner's alone. */
export const PRIVATE = 0o600;

/** Two members of a crew in two containers, whose process ids may be equal, write the same cache when they end. */
const NUMBERS = 1e6;

/** How a file is made. */
export interface Making {
  /** The folder that must be there for the file's own to be made; default `/`. */
  readonly within?: string;
  /** Default what the process's umask leaves. */
  readonly mode?: number;
}

/** Opens a fresh temporary file, making its folder in an existing one if need be, and closes it after `write`. */
export function writeTemporary<Result>(
  path: string,
  write: (file: Deno.FsFile) => Result,
  making: Making = {},
): Result {
  const file = openFresh(path, making);
  try {
    return write(file);
  } finally {
    file.close();
  }
}

/**
 * Replaces a file by the given text, or texts one after another: temporary file, fsync, rename, fsync of the folder, which
 * is made in an existing one if need be.
 *
 * @throws What the file system throws; the old file stands then, and no temporary one is left if that can be helped.
 */
export function replaceFile(path: string, text: string | Iterable<string>, making: Making = {}): void {
  replaceUnsynced(path, (file) => {
    writeAll(file, typeof text === "string" ? [text] : text);
    file.syncSync();
  }, making);
  syncFolder(dirname(path));
}

/**
 * Replaces a file by what is written: whole for whoever reads it, but a power cut may leave the old one, or half of the new.
 *
 * @throws As {@linkcode replaceFile}.
 */
export function replaceUnsynced(path: string, write: (file: Deno.FsFile) => void, making: Making = {}): void {
  const temporary = `${path}.tmp.${Deno.pid}.${Math.floor(Math.random() * NUMBERS)}`;
  try {
    writeTemporary(temporary, write, making);
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // The first error is the one to tell.
    }
    throw error;
  }
}

/** Writes texts one after another, however much that is. */
export function writeAll(file: Deno.FsFile, texts: Iterable<string>): void {
  for (const bytes of piecesOf(texts)) writeWhole(file, bytes);
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

/** Never through what lies there, which a killed process may have left, or somebody put there for a link to be followed. */
function openFresh(path: string, { within = "/", mode }: Making): Deno.FsFile {
  try {
    return openNew(path, mode);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) removeWhole(path);
    else if (error instanceof Deno.errors.NotFound && isFolder(within)) {
      Deno.mkdirSync(dirname(path), { recursive: true });
    } else throw error;
    return openNew(path, mode);
  }
}

function openNew(path: string, mode: number | undefined): Deno.FsFile {
  return Deno.openSync(path, { write: true, read: true, createNew: true, mode });
}
