/**
 * Owns how a folder becomes an artifact: all that is in it is read, hashed and synced, files first, then the folders that
 * hold them, from the inside out. What is neither file, link nor folder is refused, and nothing of that kind is opened.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { treeDigest, type TreeEntry, treeSize, treeText } from "../../graph/artifact.ts";
import { beginSha256 } from "../../graph/digest.ts";
import { describeOther, isNoPath, openRegular } from "../machine/regular_file.ts";
import { rawPath } from "../machine/raw_names.ts";
import { stampOf } from "../machine/stamp.ts";
import type { PublishedFile, PublishedFolder } from "./publication.ts";
import { syncFolder } from "./atomic_file.ts";
import { blobPath, type BlobPlace, type Origin, putBlob, putBytes } from "./blobs.ts";

const CHUNK = 256 * 1024;

/** What is read of a file before anybody asks whether it is still wanted. */
const LARGE = 16 * 1024 * 1024;

/** Nobody wants the folder any more. */
export class UnwantedFolderError extends Error {}

/**
 * Reads and syncs a folder; the path in the answer is the given name.
 *
 * @throws What the file system throws, an error for what is no file, link or folder, and {@linkcode UnwantedFolderError}.
 */
export function syncedFolder(
  absolute: string,
  name: string,
  { isUnwanted = () => false }: { readonly isUnwanted?: () => boolean } = {},
): PublishedFolder {
  const entries: TreeEntry[] = [], files: PublishedFile[] = [];
  const buffer = new Uint8Array(CHUNK);
  walk("");
  const tree = treeText(entries);
  return { path: name, tree, sha256: treeDigest(tree), size: treeSize(entries), files };

  function walk(inner: string): void {
    const folder = inner === "" ? absolute : `${absolute}/${inner}`;
    for (const { name, isFile, isDirectory, isSymlink } of Deno.readDirSync(folder)) {
      const path = inner === "" ? name : `${inner}/${name}`;
      if (isNoPath(`${absolute}/${path}`)) throw new Error(`'${rawPath(absolute, path)}' has a name that is not UTF-8`);
      if (isSymlink) entries.push({ path, kind: "link", target: Deno.readLinkSync(`${absolute}/${path}`) });
      else if (isDirectory) {
        entries.push({ path, kind: "folder" });
        walk(path);
      } else if (!isFile) {
        throw new Error(`of '${path}' in it: ${describeOther(Deno.lstatSync(`${absolute}/${path}`))}`);
      } else take(path);
    }
    syncFolder(folder);
  }

  function take(path: string): void {
    if (isUnwanted()) throw new UnwantedFolderError();
    using file = openRegular(`${absolute}/${path}`);
    const stamp = stampOf(file.statSync()), hash = beginSha256();
    let size = 0;
    for (let read; (read = file.readSync(buffer)) !== null;) {
      size += read;
      if (size > LARGE && isUnwanted()) throw new UnwantedFolderError();
      hash.update(buffer.subarray(0, read));
    }
    if (size > LARGE && isUnwanted()) throw new UnwantedFolderError();
    file.syncSync();
    const sha256 = hash.digest("hex"), isExecutable = (stamp.mode & 0o100) !== 0;
    entries.push({ path, kind: "file", sha256, size, ...(isExecutable ? { executable: true } : {}) });
    files.push({ path, sha256, ...stamp });
  }
}

/** Copies a folder to where nothing is, links as links; with the times and folders' modes where it is to be as it was. */
export function copyFolder(from: string, to: string, { isAsItWas = false } = {}): void {
  Deno.mkdirSync(dirname(to), { recursive: true });
  Deno.mkdirSync(to);
  for (const { name, isFile, isDirectory, isSymlink } of Deno.readDirSync(from)) {
    const source = `${from}/${name}`, target = `${to}/${name}`;
    if (isSymlink) Deno.symlinkSync(Deno.readLinkSync(source), target);
    else if (isDirectory) copyFolder(source, target, { isAsItWas });
    else if (isFile) {
      Deno.copyFileSync(source, target);
      if (isAsItWas) setTimes(target, Deno.statSync(source));
    } else throw new Error(describeOther(Deno.lstatSync(source)));
  }
  if (!isAsItWas) return;
  const info = Deno.statSync(from);
  if (info.mode !== null) Deno.chmodSync(to, info.mode & 0o7777);
  setTimes(to, info);
}

function setTimes(path: string, { atime, mtime }: Deno.FileInfo): void {
  if (atime !== null && mtime !== null) Deno.utimeSync(path, atime, mtime);
}

/** Puts a folder's files and its listing into the store; answers with what it is then, as a further name changes a file's ctime. */
export function storeFolder(
  folder: PublishedFolder,
  { absolute, blobs, origin }: { readonly absolute: string; readonly blobs: BlobPlace; readonly origin: Origin },
): PublishedFolder {
  const files: PublishedFile[] = [];
  let detail = putBytes(blobs.folder, folder.sha256, new TextEncoder().encode(folder.tree));
  for (const file of folder.files) {
    const path = `${absolute}/${file.path}`;
    const isAlone = (Deno.lstatSync(path).nlink ?? 1) === 1;
    detail ??= putBlob(blobs, path, { sha256: file.sha256, origin: isAlone ? origin : "written" });
    const { ctimeMs } = stampOf(Deno.lstatSync(path));
    files.push({ ...file, ctimeMs });
  }
  return { ...folder, files, stored: detail ?? true };
}

/**
 * Makes a folder of what is in the store, where nothing is.
 *
 * @throws What the file system throws, and an error for a listing that is none.
 */
export function folderOfBlobs(blobs: string, listing: readonly TreeEntry[], to: string): void {
  Deno.mkdirSync(dirname(to), { recursive: true });
  Deno.mkdirSync(to);
  // Sorted by path, so that each folder comes before what is in it; nothing is written through a link
  const folders = new Set(["."]);
  for (const entry of listing) {
    const path = `${to}/${entry.path}`;
    if (!folders.has(dirname(entry.path))) throw new Error(`'${entry.path}' lies in no folder`);
    if (entry.kind === "folder") {
      Deno.mkdirSync(path);
      folders.add(entry.path);
    } else if (entry.kind === "link") Deno.symlinkSync(entry.target, path);
    else {
      const blob = blobPath(blobs, entry.sha256);
      const { isFile, size } = Deno.lstatSync(blob);
      if (!isFile || size !== entry.size) throw new Error(`${blob} is another file`);
      Deno.copyFileSync(blob, path);
      Deno.chmodSync(path, entry.executable ? 0o755 : 0o644);
    }
  }
}
