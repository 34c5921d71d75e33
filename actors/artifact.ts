/**
 * Owns how an artifact comes to be: a temporary file beside the target, hashed, compared, fsynced, renamed, and its
 * folder fsynced. The last good artifact stands until the instant of the rename.
 * It never runs a command and never touches the build cache.
 *
 * Calls are synchronous: for the many small files of a build they cost a fifth of the asynchronous ones, and they are
 * made in a worker, which does one task at a time anyway.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { beginSha256, type Hash } from "../graph/digest.ts";
import type { TaskFailure } from "../graph/failure.ts";
import { syncFolder, writeTemporary } from "./atomic_file.ts";
import type { Published } from "./messages.ts";
import { systemDetail } from "./system_error.ts";

const CHUNK = 256 * 1024;

/** An artifact in place, or why it is not. */
export type Publication = { readonly published: Published } | { readonly failure: TaskFailure };

/** Where an artifact goes. */
export interface Target {
  /** Absolute path of the artifact. */
  readonly path: string;
  /** The same as the user wrote it, for messages. */
  readonly name: string;
  /** Absolute path of the temporary file. */
  readonly temporary: string;
  /** SHA-256 the artifact must have; 64 hex digits. */
  readonly expectedSha256?: string;
  /** Asked at the last moment whether the artifact may be put in place; default it may. */
  readonly mayPublish?: () => boolean;
}

/** The temporary file of a worker for an output: `{output}.tmp.{pid}.{tid}`. */
export function temporaryPath(output: string, workerId: number): string {
  return `${output}.tmp.${Deno.pid}.${workerId}`;
}

/** Publishes what lies at the temporary path. */
export function publishTemporary(target: Target): Publication {
  return guarded(target, "publish", () => {
    const file = Deno.openSync(target.temporary);
    try {
      const hash = beginSha256();
      readInto(file, hash);
      return finish(file, hash, target);
    } finally {
      file.close();
    }
  });
}

/** Publishes literal text or bytes. */
export function publishContent(target: Target, content: string | Uint8Array): Publication {
  return guarded(target, "write", () =>
    writeTemporary(target.temporary, (file) => {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      writeAll(file, bytes);
      return finish(file, beginSha256().update(bytes), target);
    }));
}

/** Publishes the given files one after another. `names` are the paths as the user wrote them, for messages. */
export function publishConcatenation(target: Target, paths: readonly string[], names: readonly string[]): Publication {
  return guarded(target, "write", () =>
    writeTemporary(target.temporary, (file) => {
      const hash = beginSha256();
      for (let i = 0; i < paths.length; i++) {
        const failure = append(paths[i], names[i], file, hash);
        if (failure !== undefined) return { failure };
      }
      return finish(file, hash, target);
    }));
}

/**
 * Publishes a copy of another artifact, mode included.
 * Undefined when that is gone or no longer has the digest it should have.
 */
export function publishCopy(target: Target, from: string, sha256: string): Publication | undefined {
  let source: Deno.FsFile;
  try {
    source = Deno.openSync(from);
  } catch {
    return undefined;
  }
  try {
    return guarded(target, "write", () =>
      writeTemporary(target.temporary, (file) => {
        const hash = beginSha256();
        readInto(source, hash, file);
        if (hash.copy().digest("hex") !== sha256) return undefined;
        Deno.chmodSync(target.temporary, (source.statSync().mode ?? 0o644) & 0o777);
        return finish(file, hash, target);
      }));
  } finally {
    source.close();
  }
}

/**
 * Takes an artifact that a command wrote in place: fsynced and checked where it lies, deleted when it is wrong. Without a
 * permit it is let lie, since it may be another's.
 */
export function adoptInPlace(target: Target): Publication {
  return guarded(target, "publish", (): Publication => {
    if (target.mayPublish?.() === false) return { failure: { kind: "cancelled" } };
    const file = Deno.openSync(target.path);
    try {
      const hash = beginSha256();
      readInto(file, hash);
      const checked = check(file, hash, target);
      if ("failure" in checked) Deno.removeSync(target.path);
      else syncFolder(dirname(target.path));
      return checked;
    } finally {
      file.close();
    }
  });
}

/** Removes a file, or a folder a command made in its place, if it is there. */
export function removeIfPresent(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** From an open, fully written temporary file to the artifact in place. */
function finish(file: Deno.FsFile, hash: Hash, target: Target): Publication {
  const checked = check(file, hash, target);
  if ("failure" in checked) return checked;
  if (target.mayPublish?.() === false) return { failure: { kind: "cancelled" } };
  Deno.renameSync(target.temporary, target.path);
  syncFolder(dirname(target.path));
  return checked;
}

function check(file: Deno.FsFile, hash: Hash, target: Target): Publication {
  const sha256 = hash.digest("hex");
  if (target.expectedSha256 !== undefined && target.expectedSha256 !== sha256) {
    return {
      failure: { kind: "checksum", path: target.name, expected: target.expectedSha256, actual: sha256 },
    };
  }
  file.syncSync();
  const info = file.statSync();
  return { published: { sha256, size: info.size, mtimeMs: info.mtime?.getTime() ?? 0, inode: info.ino ?? 0 } };
}

let sharedBuffer: Uint8Array<ArrayBuffer> | undefined;

function readInto(from: Deno.FsFile, hash: Hash, to?: Deno.FsFile): void {
  sharedBuffer ??= new Uint8Array(CHUNK);
  while (true) {
    const read = from.readSync(sharedBuffer);
    if (read === null) return;
    const chunk = sharedBuffer.subarray(0, read);
    hash.update(chunk);
    if (to !== undefined) writeAll(to, chunk);
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  let at = 0;
  while (at < bytes.length) at += file.writeSync(bytes.subarray(at));
}

function append(path: string, name: string, to: Deno.FsFile, hash: Hash): TaskFailure | undefined {
  let source: Deno.FsFile;
  try {
    source = Deno.openSync(path);
  } catch (error) {
    return { kind: "source", path: name, detail: systemDetail(error) };
  }
  try {
    readInto(source, hash, to);
  } finally {
    source.close();
  }
}

/** Runs one publication; whatever goes wrong, the temporary file is gone afterwards. */
function guarded<Result extends Publication | undefined>(
  target: Target,
  doing: string,
  publish: () => Result,
): Result | { readonly failure: TaskFailure } {
  let published = false;
  try {
    const result = publish();
    published = result !== undefined && "published" in result;
    return result;
  } catch (error) {
    return { failure: { kind: "io", doing: `${doing} artifact`, path: target.name, detail: systemDetail(error) } };
  } finally {
    if (!published) {
      try {
        removeIfPresent(target.temporary);
      } catch {
        // A disk that cannot even delete: the next run's sweep will.
      }
    }
  }
}
