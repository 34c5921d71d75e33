/**
 * Owns how content comes into a folder of blobs, each named by its SHA-256, and where it lies there.
 * It knows no record and no task, and needs no fsync: what is taken out is verified.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { sha256 } from "../../graph/digest.ts";
import { systemDetail } from "../machine/system_error.ts";
import { readRegular, writeWhole } from "../machine/regular_file.ts";

/** Where artifacts are put as they come to be. */
export interface BlobPlace {
  /** Absolute path of the folder of blobs. */
  readonly folder: string;
  /** Whether the file system shares the blocks of a copy: then nothing is linked. */
  readonly clones: boolean;
}

/** How a file came to lie where it does: by a rename of troupe's, or a command wrote it there. */
export type Origin = "placed" | "written";

/** Two threads may put the same at the same time. */
let count = 0;

/** The path of a blob: few folders, since each has to be made, and file systems bear many names in one. */
export function blobPath(folder: string, sha256: string): string {
  return `${folder}/${sha256[0]}/${sha256.slice(1)}`;
}

/**
 * Puts a file's content there; answers why it could not. A file that troupe has put in its place by a rename, and that has no
 * other name, is linked: nobody writes to it, since whoever makes it anew renames again. What a command has written in
 * place is copied, because the command will write over it. A link that is written to all the same is found by its digest.
 */
export function putBlob(
  { folder, clones }: BlobPlace,
  path: string,
  { sha256, origin }: { readonly sha256: string; readonly origin: Origin },
): string | undefined {
  const blob = blobPath(folder, sha256);
  if (origin === "placed" && !clones) {
    const linked = attempt(() => Deno.linkSync(path, blob), blob);
    if (linked === "done" || linked === "there") return undefined;
    // Another file system, one without links, too many links, a file of somebody else's: a copy does as well.
  } else if (isBlob(blob)) return undefined;
  return putWhole(blob, (temporary) => {
    Deno.copyFileSync(path, temporary);
    // Nobody writes to it, but whoever looks after the store must be able to read it.
    Deno.chmodSync(temporary, 0o444);
  });
}

/** The listing of a folder, which is a blob like any other; undefined when it is not there, or damaged. */
export function listingIn(folder: string, digest: string): string | undefined {
  try {
    const bytes = readRegular(blobPath(folder, digest));
    return sha256(bytes) === digest ? new TextDecoder().decode(bytes) : undefined;
  } catch {
    return undefined;
  }
}

/** Puts bytes there; answers why they could not be. */
export function putBytes(folder: string, sha256: string, bytes: Uint8Array): string | undefined {
  const blob = blobPath(folder, sha256);
  if (isBlob(blob)) return undefined;
  return putWhole(blob, (temporary) => {
    using file = Deno.openSync(temporary, { write: true, createNew: true });
    writeWhole(file, bytes);
  });
}

/** Puts there what lies at a temporary path in the same folder of blobs; answers why it could not be. */
export function adoptBlob(folder: string, sha256: string, temporary: string): string | undefined {
  const blob = blobPath(folder, sha256);
  const moved = attempt(() => Deno.renameSync(temporary, blob), blob);
  return moved === "done" || moved === "there" ? undefined : moved;
}

/** A path for a blob that is still in the making. */
export function temporaryBlob(folder: string): string {
  return `${folder}/tmp.${Deno.pid}.${Math.random().toString(36).slice(2, 10)}.${++count}`;
}

function isBlob(path: string): boolean {
  try {
    return Deno.lstatSync(path).isFile;
  } catch {
    return false;
  }
}

function putWhole(blob: string, write: (temporary: string) => void): string | undefined {
  const temporary = temporaryBlob(dirname(dirname(blob)));
  try {
    write(temporary);
    const moved = attempt(() => Deno.renameSync(temporary, blob), blob);
    if (moved === "done" || moved === "there") return undefined;
    remove(temporary);
    return moved;
  } catch (error) {
    remove(temporary);
    return systemDetail(error);
  }
}

/** Does something that makes a blob; its folder is made by the first one that needs it. */
function attempt(act: () => void, blob: string): string {
  try {
    act();
    return "done";
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return "there";
    if (!(error instanceof Deno.errors.NotFound)) return systemDetail(error);
  }
  try {
    Deno.mkdirSync(dirname(blob), { recursive: true });
    act();
    return "done";
  } catch (error) {
    return error instanceof Deno.errors.AlreadyExists ? "there" : systemDetail(error);
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // There was nothing, or the disk cannot even delete: looking after the store does.
  }
}
