/**
 * Owns what of a task's outputs is ready to be put in place, each with the step that does so and what is known of it then:
 * files, folders, links to other outputs. It puts nothing in place itself.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import type { TaskFailure } from "../../graph/failure.ts";
import { rawPath } from "../machine/raw_names.ts";
import { describeOther, isNoPath } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";
import { adoptInPlace } from "../storage/artifact.ts";
import type { ArtifactTarget, Publication, PublishedFolder, Ready, WriteOutcome } from "../storage/publication.ts";
import { syncFolder } from "../storage/atomic_file.ts";
import { storeFolder } from "../storage/folder_artifact.ts";

/** What was there before, and was not touched, is no making of the task's. */
export function asFound(outcome: WriteOutcome): WriteOutcome {
  if ("failure" in outcome) return outcome;
  return { published: outcome.published.map((one) => ({ ...one, isFound: true as const })) };
}

/** What a glob matches, and what can be no artifact. */
export function noArtifact(folder: string, path: string): TaskFailure {
  const absolute = `${folder}/${path}`, doing = "publish artifact";
  if (isNoPath(absolute)) return { kind: "io", doing, path: rawPath(folder, path), detail: "its name is not UTF-8" };
  return { kind: "io", doing, path, detail: describeOther(Deno.lstatSync(absolute)) };
}

/** A folder whose files are durable and checked, or that it is not the one that is expected. */
export function readyFolder(
  target: ArtifactTarget,
  published: PublishedFolder,
  absolute: string,
): Ready | { readonly failure: TaskFailure } {
  const { expectedSha256: expected, name, temporary, path } = target, { sha256 } = published;
  if (expected !== undefined && expected !== sha256) {
    return { failure: { kind: "checksum", path: name, expected, actual: sha256 } };
  }
  return {
    name,
    deed: absolute === path ? { kind: "leave" } : { kind: "exchange", temporary, path },
    settle: (answer) => {
      if (answer === "refused") return { failure: { kind: "cancelled" } };
      if (answer !== "done") return wrongKind(target, answer.detail);
      syncFolder(dirname(path));
      if (target.blobs === undefined) return { published: [published] };
      const origin = absolute === path ? "written" as const : "placed" as const;
      return { published: [storeFolder(published, { absolute: path, blobs: target.blobs, origin })] };
    },
  };
}

/** A link that is read only where it belongs, among those it came with. */
export function lateLink(target: ArtifactTarget, absolute: string): Ready {
  const { name, path, temporary } = target;
  return inPlaceOfFolder({
    name,
    deed: absolute === path ? { kind: "leave" } : { kind: "place", temporary, path },
    settle: (answer) => {
      if (answer === "refused") return { failure: { kind: "cancelled" } };
      if (answer !== "done") return wrongKind(target, answer.detail);
      const placed = adoptInPlace({ ...target, asksPermit: false }, { isRewritten: true });
      if ("ready" in placed) throw new Error("Bug: a link that lies in its place was to be put there");
      return placed;
    },
  }, target);
}

/** A file that takes the place of a folder is exchanged with it. */
export function inPlaceOfFolder(one: Ready, { temporary, path }: ArtifactTarget): Ready {
  return one.deed.kind === "place" && isFolder(path) ? { ...one, deed: { kind: "exchange", temporary, path } } : one;
}

/** What is ready to be put in place: it is a bug if it already is. */
export function readyIn(publication: Publication | Ready): Ready | { readonly failure: TaskFailure } {
  if ("failure" in publication || "settle" in publication) return publication;
  if ("ready" in publication) return publication.ready;
  throw new Error("Bug: an artifact was put in place before the others were ready");
}

/** Makes the folders that something lies in; undefined, or what is in the way. */
export function makeWayTo({ name, path }: ArtifactTarget): TaskFailure | undefined {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    return { kind: "io", doing: "write artifact", path: name, detail: systemDetail(error) };
  }
}

/** An output that cannot be published, and why. */
export function wrongKind({ name }: ArtifactTarget, detail: string): { readonly failure: TaskFailure } {
  return { failure: { kind: "io", doing: "publish artifact", path: name, detail } };
}

/** What lies at a path; undefined when nothing does. */
export function kindAt(path: string): "folder" | "other" | undefined {
  try {
    return Deno.lstatSync(path).isDirectory ? "folder" : "other";
  } catch {
    return undefined;
  }
}

function isFolder(path: string): boolean {
  return kindAt(path) === "folder";
}

/** Whether a folder holds nothing. */
export function isEmpty(path: string): boolean {
  for (const _ of Deno.readDirSync(path)) return false;
  return true;
}
