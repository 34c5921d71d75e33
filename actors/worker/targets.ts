/**
 * Owns where the artifacts of a task go, and who takes the last step.
 *
 * @module
 */
import { join } from "@std/path/posix/join";
import { absoluteIn } from "../../graph/paths.ts";
import { publishCopy, publishLink } from "../storage/artifact.ts";
import type { ArtifactTarget, Publication, WriteOutcome } from "../storage/publication.ts";
import { OWN_NAMES, temporaryPath } from "../storage/temporaries.ts";
import type { CommandContext } from "../process/command_run.ts";
import type { Deed, DeedAnswer } from "../storage/deed.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import type { FoundFiles } from "./found_files.ts";
import type { CopySource, RunTask } from "./messages.ts";

/** What decides where an artifact goes, beside its task. */
export interface TargetContext extends Pick<CommandContext, "folder" | "workerId"> {
  /** Tells the main thread what a command has read, and answers why its task has failed by that. */
  readonly tellFound: (task: number, found: FoundFiles) => Promise<TaskFailure | undefined>;
  /** Has the main thread do the last step for a task's artifact, if it may be done. */
  readonly askPermit: (task: number, deed: Deed) => Promise<DeedAnswer>;
  /** Whether the task at hand was cancelled. */
  readonly isCancelled: () => boolean;
}

/** What troupe's own files for one attempt are named after: an output or, where a task has none of its own, a file of troupe's. */
export function ownPath({ outputs }: Pick<RunTask, "outputs">, folder: string): string {
  const own = outputs.find(({ kind }) => kind !== "glob");
  return own === undefined ? `${folder}/${OWN_NAMES.task}` : join(folder, own.path);
}

/** Whether a task makes, or may make, anything but one file. */
export function isSeveral({ outputs, work }: RunTask): boolean {
  if (outputs.length !== 1) return true;
  const isOwn = work.kind === "content" || work.kind === "concatenate" || work.kind === "module";
  return outputs[0].kind !== "file" && !(isOwn && outputs[0].kind === "path");
}

/** Where a task's artifact goes, or one of them. */
export function targetOf(
  task: RunTask,
  { folder, workerId, isCancelled }: TargetContext,
  name: string = task.outputs[0].path,
): ArtifactTarget {
  const path = join(folder, name);
  return {
    folder,
    path,
    name,
    temporary: temporaryPath(path, workerId, task.claim),
    expectedSha256: task.expected?.[name],
    isUnwanted: isCancelled,
    asksPermit: task.asksPermit,
    syncsLater: task.syncsLater,
    blobs: task.blobs,
  };
}

/** Publishes what lies elsewhere, file or link; undefined when it lies there no more, or is another. */
export function copyTo(
  target: ArtifactTarget,
  { from, sha256, size, mode, link }: CopySource,
): Publication | undefined {
  if (link !== undefined) return publishLink(target, { link, sha256 });
  return publishCopy(target, absoluteIn(target.folder, from), { sha256, size, mode });
}

/** A publication with its last step done, where that is another thread's to do. */
export function placed(
  publication: Publication,
  { task }: RunTask,
  { askPermit }: Pick<TargetContext, "askPermit">,
): WriteOutcome | Promise<WriteOutcome> {
  if (!("ready" in publication)) return publication;
  const { deed, settle } = publication.ready;
  return askPermit(task, deed).then(settle);
}
