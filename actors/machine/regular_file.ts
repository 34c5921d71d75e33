/**
 * Owns the opening of files that others may have put anything in the place of: only a regular file is ever opened, since
 * the open of a FIFO waits for whoever writes to it, and that of a device may do anything. With it go the questions what
 * lies at a path.
 *
 * @module
 */

/** What is said of anything else. */
export const NOT_REGULAR = "not a regular file";

/** What lies somewhere that is no regular file, as the end of a sentence about it. */
export function describeOther({ isDirectory, isFifo, isSocket, isCharDevice, isBlockDevice }: Deno.FileInfo): string {
  if (isDirectory) return "it is a folder";
  const kind = isFifo ? "a FIFO" : isSocket ? "a socket" : isCharDevice || isBlockDevice ? "a device" : undefined;
  return `it is ${kind === undefined ? NOT_REGULAR : `${kind}, ${NOT_REGULAR}`}`;
}

/**
 * Opens a regular file, or what a link to one leads to; default for reading.
 *
 * @throws What the file system throws, and an error for anything that is no regular file.
 */
export function openRegular(path: string, options: Deno.OpenOptions = { read: true }): Deno.FsFile {
  if (!Deno.statSync(path).isFile) throw new Error(NOT_REGULAR);
  const file = Deno.openSync(path, options);
  try {
    // It may have been replaced since it was looked at.
    if (!file.statSync().isFile) throw new Error(NOT_REGULAR);
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}

/** A regular file that is open, as it looked then. */
export interface Opened {
  readonly file: Deno.FsFile;
  readonly info: Deno.FileInfo;
  /** The text of the link that the path is, if it is one. */
  readonly link?: string;
}

/**
 * Opens a regular file, or what a link to one leads to, and says how it looks: with as few looks as that takes, since it is
 * done for each artifact.
 *
 * @throws As {@linkcode openRegular}.
 */
export function openLooking(path: string): Opened {
  const named = Deno.lstatSync(path);
  if (named.isSymlink) {
    const file = openRegular(path);
    return { file, info: file.statSync(), link: Deno.readLinkSync(path) };
  }
  if (!named.isFile) throw new Error(NOT_REGULAR);
  const file = Deno.openSync(path);
  try {
    const info = file.statSync();
    // It may have been replaced since it was looked at.
    if (!info.isFile) throw new Error(NOT_REGULAR);
    return { file, info };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** What troupe keeps somewhere is something else there: to write would be to write somebody else's. */
export class PlaceTakenError extends Error {
  override readonly name = "PlaceTakenError";
}

/**
 * Opens a file that troupe keeps there itself, for reading and writing: never through a link, whoever put it there.
 *
 * @throws {PlaceTakenError} When there is anything else; and what the file system throws.
 */
export function openOwn(path: string, options: Deno.OpenOptions): Deno.FsFile {
  const named = Deno.lstatSync(path);
  if (named.isSymlink) {
    throw new PlaceTakenError(`'${path}' is a symbolic link, and troupe writes through none: remove it`);
  }
  if (!named.isFile && !named.isDirectory) throw new PlaceTakenError(`'${path}' is ${NOT_REGULAR}: remove it`);
  const file = Deno.openSync(path, options);
  const open = file.statSync();
  if (open.ino === named.ino && open.dev === named.dev) return file;
  file.close();
  throw new PlaceTakenError(`'${path}' was replaced while it was opened`);
}

/** The same, and makes the file where there is none. */
export function openOrMake(path: string, options: Deno.OpenOptions): Deno.FsFile {
  while (true) {
    try {
      return openOwn(path, options);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    try {
      return Deno.openSync(path, { ...options, createNew: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error; // else another process has just made it
    }
  }
}

/** All bytes of a file that troupe keeps there itself. */
export function readOwn(path: string): Uint8Array<ArrayBuffer> {
  using file = openOwn(path, { read: true });
  return readAll(file);
}

/** Writes all of the bytes, of which the system may take only some at a time. */
export function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

/** Whether anything lies at a path, a link that leads nowhere included. */
export function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether a path is none, as Deno has made it of a name that is not UTF-8. */
export function isNoPath(path: string): boolean {
  return path.includes("\ufffd") && !isThere(path);
}

/** Whether there is a regular file, or a link to one. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Whether there is a folder, or a link to one. */
export function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Tells what lies at a path from anything else that took its place; empty when nothing can be seen there. */
export function identityOf(path: string): string {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return "";
  }
}

/** Whether something lies at a path that is no regular file, a link included: to replace it would be to lose it. */
export function isOtherThanFile(path: string): boolean {
  try {
    return !Deno.lstatSync(path).isFile;
  } catch {
    return false;
  }
}

/** The text of a regular file. */
export function readRegularText(path: string): string {
  using file = openRegular(path);
  return new TextDecoder().decode(readAll(file));
}

/** What a regular file begins with, so many bytes at most. */
export function readRegularStart(path: string, most: number): Uint8Array<ArrayBuffer> {
  using file = openRegular(path);
  const bytes = new Uint8Array(most);
  return bytes.subarray(0, file.readSync(bytes) ?? 0);
}

/** All bytes of a regular file. */
export function readRegular(path: string): Uint8Array<ArrayBuffer> {
  using file = openRegular(path);
  return readAll(file);
}

/** All that an open file holds; it may grow or shrink while it is read. */
export function readAll(file: Deno.FsFile): Uint8Array<ArrayBuffer> {
  return readRest(file, new Uint8Array(file.statSync().size + 1));
}

/** What comes in an open file from where it stands, in the given bytes, which are not empty, or in more where it is longer. */
export function readRest(file: Deno.FsFile, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (let read; (read = file.readSync(bytes.subarray(length))) !== null;) {
    length += read;
    if (length < bytes.length) continue;
    const larger = new Uint8Array(2 * bytes.length);
    larger.set(bytes);
    bytes = larger;
  }
  return bytes.subarray(0, length);
}
