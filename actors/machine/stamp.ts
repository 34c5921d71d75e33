/**
 * Owns what is compared to know a file again without reading it.
 * It reads no content.
 *
 * Size and modification time alone can be made to look as before: by `touch -d`, by an archive that is unpacked, by a
 * copy that keeps times. The time of the last change of anything (ctime) cannot be set by anybody.
 *
 * @module
 */

/** A file as it looks from outside; of a link, what it leads to. Times in milliseconds: Deno gives no more. */
export interface Stamp {
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** Milliseconds since the epoch. */
  readonly ctimeMs: number;
  readonly inode: number;
  /** The permission bits, those for set-id and sticky included. */
  readonly mode: number;
  /** Where the path itself is a symbolic link: its text. */
  readonly link?: string;
  /** False for a folder, FIFO, socket or device. */
  readonly isFile: boolean;
}

/** The stamp of a file that was looked at. */
export function stampOf(info: Deno.FileInfo, link?: string): Stamp {
  const { size, mtime, ctime, ino, mode, isFile } = info;
  return {
    size,
    mtimeMs: mtime?.getTime() ?? 0,
    ctimeMs: ctime?.getTime() ?? 0,
    inode: ino ?? 0,
    mode: (mode ?? 0) & 0o7777,
    ...(link === undefined ? {} : { link }),
    isFile,
  };
}

/**
 * Looks at a path.
 *
 * @throws What the file system throws, also for a link that leads nowhere.
 */
export function lookAt(path: string): Stamp {
  return lookClosely(path).stamp;
}

/**
 * Looks at a path, and how many names the file has that is there.
 *
 * @throws What the file system throws, also for a link that leads nowhere.
 */
export function lookClosely(path: string): { readonly stamp: Stamp; readonly names: number } {
  const info = Deno.lstatSync(path);
  const stamp = info.isSymlink ? stampOf(Deno.statSync(path), Deno.readLinkSync(path)) : stampOf(info);
  return { stamp, names: info.nlink ?? 1 };
}
