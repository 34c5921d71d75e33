/**
 * Owns how an artifact comes to be: a temporary file beside the target, hashed, compared, fsynced, renamed, and its
 * folder fsynced, unless the main thread does that later. The last good artifact stands until the instant of the rename.
 * It never runs a command and never touches the build cache.
 *
 * Calls are synchronous: for the many small files of a build they cost a fifth of the asynchronous ones, and they are
 * made in a worker, which does one task at a time anyway.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { beginSha256, type Hash } from "../../graph/digest.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import { syncFolder, writeTemporary } from "./atomic_file.ts";
import { type Origin, putBlob } from "./blobs.ts";
import { carryOut, type Deed, type DeedAnswer } from "./deed.ts";
import type { ArtifactTarget, Publication, Published, WriteOutcome } from "./publication.ts";
import { removeWhole } from "./removal.ts";
import { openLooking, openRegular, writeWhole } from "../machine/regular_file.ts";
import { type Stamp, stampOf } from "../machine/stamp.ts";
import { systemDetail } from "../machine/system_error.ts";

const CHUNK = 256 * 1024;

/** What is read before anybody asks whether it is still wanted: some hundredths of a second's work. */
const LARGE = 16 * 1024 * 1024;

/** Publishes what lies at the temporary path. */
export function publishTemporary(target: ArtifactTarget): Publication {
  return guarded(target, "publish", () => {
    const { file, info, link } = openLooking(target.temporary);
    try {
      const seen = stampOf(info, link);
      const hash = beginSha256();
      readInto(file, hash, { target, size: info.size });
      return finish(file, hash, { target, seen, names: info.nlink ?? 1 });
    } finally {
      file.close();
    }
  });
}

/** Publishes literal text or bytes. */
export function publishContent(target: ArtifactTarget, content: string | Uint8Array): Publication {
  return guarded(target, "write", () =>
    writeTemporary(target.temporary, (file) => {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      writeWhole(file, bytes);
      return finish(file, beginSha256().update(bytes), { target });
    }, { within: target.folder }));
}

/** Publishes the given files one after another, a single one with its mode. `names` are the paths as the user wrote them, for messages. */
export function publishConcatenation(
  target: ArtifactTarget,
  paths: readonly string[],
  names: readonly string[],
): Publication {
  return guarded(target, "write", () =>
    writeTemporary(target.temporary, (file) => {
      const hash = beginSha256();
      for (let i = 0; i < paths.length; i++) {
        const failure = append(paths[i], names[i], { target, to: file, hash });
        if (failure !== undefined) return { failure };
      }
      if (paths.length === 1) Deno.chmodSync(target.temporary, modeOf(paths[0]));
      return finish(file, hash, { target });
    }, { within: target.folder }));
}

/** Publishes a link of a text; undefined when what it leads to does not have the digest it should have. */
export function publishLink(
  target: ArtifactTarget,
  { link, sha256 }: { readonly link: string; readonly sha256: string },
): Publication | undefined {
  try {
    removeIfPresent(target.temporary);
    Deno.symlinkSync(link, target.temporary);
  } catch {
    return undefined;
  }
  const publication = publishTemporary({ ...target, expectedSha256: sha256 });
  return "failure" in publication ? undefined : publication;
}

/**
 * Publishes a copy of another artifact, or of a blob, with its mode unless it is to have another.
 * Undefined when that is gone or no longer has the digest it should have.
 */
export function publishCopy(
  target: ArtifactTarget,
  from: string,
  { sha256, size, mode }: { readonly sha256: string; readonly size?: number; readonly mode?: number },
): Publication | undefined {
  let source: Deno.FsFile;
  try {
    source = openRegular(from);
  } catch {
    return undefined;
  }
  try {
    if (size !== undefined && source.statSync().size !== size) return undefined;
    return guarded(target, "write", () =>
      writeTemporary(target.temporary, (file) => {
        const hash = beginSha256();
        readInto(source, hash, { target, to: file });
        if (hash.copy().digest("hex") !== sha256) return undefined;
        Deno.chmodSync(target.temporary, mode ?? stampOf(source.statSync()).mode);
        return finish(file, hash, { target });
      }, { within: target.folder }));
  } finally {
    source.close();
  }
}

/**
 * Takes an artifact that lies in its place after its command: fsynced and checked where it lies. One that the command has
 * rewritten is deleted when it is wrong. Without a permit it is let lie, since it may be another's.
 */
export function adoptInPlace(target: ArtifactTarget, { isRewritten }: { readonly isRewritten: boolean }): Publication {
  return guarded(target, "publish", (): Publication => {
    if (leadsOut(target)) throw new Error("it is a link that leads out of the config's folder");
    const { file, info, link } = openLooking(target.path);
    try {
      const seen = stampOf(info, link);
      const hash = beginSha256();
      readInto(file, hash, { target, size: info.size });
      const checked = check(file, hash, target);
      if (typeof checked === "object") {
        if (!isRewritten) return { failure: checked };
        return conclude(target, { kind: "remove", path: target.path }, () => ({ failure: checked }));
      }
      return conclude(target, { kind: "leave" }, () => {
        if (target.syncsLater !== true) syncFolder(dirname(target.path));
        return {
          published: [{ path: target.name, sha256: checked, ...seen, ...store(target, checked, "written", seen) }],
        };
      });
    } finally {
      file.close();
    }
  });
}

/** Whether the artifact is a link to what is none of the build's. */
function leadsOut({ path, folder }: ArtifactTarget): boolean {
  return Deno.lstatSync(path).isSymlink && !Deno.realPathSync(path).startsWith(`${Deno.realPathSync(folder)}/`);
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/** Removes a file, or a folder a command made in its place, if it is there. */
export function removeIfPresent(path: string): void {
  try {
    removeWhole(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** From an open, fully written temporary file to the artifact in place; `seen` as it was before it was read. */
function finish(
  file: Deno.FsFile,
  hash: Hash,
  { target, seen, names = 1 }: {
    readonly target: ArtifactTarget;
    readonly seen?: Stamp;
    /** How many names the temporary file has. */
    readonly names?: number;
  },
): Publication {
  const sha256 = check(file, hash, target);
  if (typeof sha256 === "object") return { failure: sha256 };
  const { temporary, path } = target;
  const stamp = seen ?? stampOf(file.statSync());
  return conclude(target, { kind: "place", temporary, path }, () => {
    // Two names of one file: then a rename does nothing at all.
    if (stamp.link !== undefined || names > 1) removeIfPresent(temporary);
    if (target.syncsLater !== true) syncFolder(dirname(path));
    const stored = store(target, sha256, names > 1 ? "written" : "placed", stamp);
    // A rename changes the ctime, as a further name does; what was written since the file was read is to be noticed by the rest.
    const { inode, ctimeMs } = stampOf(Deno.statSync(path));
    const now = inode === stamp.inode ? { ctimeMs } : {};
    return { published: [{ path: target.name, sha256, ...stamp, ...now, ...stored }] };
  });
}

/** Puts what lies in its place into the store, if there is one; the text of a link is in a record. */
function store(
  { blobs, path }: ArtifactTarget,
  sha256: string,
  origin: Origin,
  { link }: Stamp,
): Pick<Published, "stored"> {
  if (blobs === undefined) return {};
  return { stored: link === undefined ? putBlob(blobs, path, { sha256, origin }) ?? true : true };
}

/** Does the last step, or answers what it is. */
function conclude(target: ArtifactTarget, deed: Deed, whenDone: () => WriteOutcome): Publication {
  if (target.asksPermit) {
    return { ready: { name: target.name, deed, settle: (answer) => settle(target, answer, whenDone) } };
  }
  return settle(target, carryOut(deed), whenDone);
}

function settle(target: ArtifactTarget, answer: DeedAnswer, whenDone: () => WriteOutcome): WriteOutcome {
  return guarded(target, "publish", (): WriteOutcome => {
    if (answer === "done") return whenDone();
    if (answer === "refused") return { failure: { kind: "cancelled" } };
    return { failure: { kind: "io", doing: "publish artifact", path: target.name, detail: answer.detail } };
  });
}

/** The digest of a file that is now durable, or what is wrong with it. */
function check(file: Deno.FsFile, hash: Hash, { expectedSha256, name }: ArtifactTarget): string | TaskFailure {
  const sha256 = hash.digest("hex");
  if (expectedSha256 !== undefined && expectedSha256 !== sha256) {
    return { kind: "checksum", path: name, expected: expectedSha256, actual: sha256 };
  }
  file.syncSync();
  return sha256;
}

let sharedBuffer: Uint8Array<ArrayBuffer> | undefined;

/** Nobody wants the artifact any more. */
class UnwantedError extends Error {}

function readInto(
  from: Deno.FsFile,
  hash: Hash,
  { target, to, size }: {
    readonly target: ArtifactTarget;
    readonly to?: Deno.FsFile;
    /** How long it was when it was looked at: that it ends there need not be read. */
    readonly size?: number;
  },
): void {
  sharedBuffer ??= new Uint8Array(CHUNK);
  let length = 0;
  while (true) {
    const read = from.readSync(sharedBuffer);
    if (read === null) return;
    const chunk = sharedBuffer.subarray(0, read);
    length += read;
    // What is nearly done is done.
    if (length > LARGE && target.isUnwanted?.()) throw new UnwantedError();
    hash.update(chunk);
    if (to !== undefined) writeWhole(to, chunk);
    if (length === size) return;
  }
}

function modeOf(path: string): number {
  return stampOf(Deno.statSync(path)).mode;
}

function append(
  path: string,
  name: string,
  { target, to, hash }: { readonly target: ArtifactTarget; readonly to: Deno.FsFile; readonly hash: Hash },
): TaskFailure | undefined {
  let source: Deno.FsFile;
  try {
    source = openRegular(path);
  } catch (error) {
    return { kind: "source", path: name, detail: systemDetail(error) };
  }
  try {
    readInto(source, hash, { target, to });
  } finally {
    source.close();
  }
}

/** Runs one step of a publication; whatever goes wrong, the temporary file is gone afterwards. */
function guarded<Result extends Publication | undefined>(
  target: ArtifactTarget,
  doing: string,
  publish: () => Result,
): Result | { readonly failure: TaskFailure } {
  let isWanted = false;
  try {
    const result = publish();
    isWanted = result !== undefined && !("failure" in result);
    return result;
  } catch (error) {
    if (error instanceof UnwantedError) return { failure: { kind: "cancelled" } };
    const isLost = error instanceof Deno.errors.NotFound && [target.temporary, target.path].some(isLink);
    const detail = isLost ? "it is a link that leads nowhere" : systemDetail(error);
    return { failure: { kind: "io", doing: `${doing} artifact`, path: target.name, detail } };
  } finally {
    if (!isWanted) {
      try {
        removeIfPresent(target.temporary);
      } catch {
        // A disk that cannot even delete: the next run's sweep will.
      }
    }
  }
}
