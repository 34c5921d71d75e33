/**
 * Owns what `troupe clean` tells: which artifacts it deleted and which it kept, as data and in lines.
 * It deletes nothing.
 *
 * @module
 */
import { counted, escapeControls } from "../text.ts";

/** An artifact. */
export interface CleanedArtifact {
  /** From the config's folder on. */
  readonly path: string;
  /** The name of its task; null where the config has none for it any more. */
  readonly task: string | null;
}

/** Why a file stays that lies where a task's artifact would. */
export type KeptReason = "edited since it was made" | "not made by troupe";

/** The form of `troupe clean --json`. */
export interface CleanReport {
  /** The config, as it was named. */
  readonly file: string;
  /** Whether nothing was deleted, and `deleted` is what would be. */
  readonly dry_run: boolean;
  /** Artifacts that were deleted, with their sizes in bytes; 0 for a link. */
  readonly deleted: readonly (CleanedArtifact & { readonly size: number })[];
  /** Files that stay although tasks have them for their artifacts. */
  readonly kept: readonly (CleanedArtifact & { readonly reason: KeptReason })[];
  /** Artifacts that could not be deleted. */
  readonly failed: readonly (CleanedArtifact & { readonly error: string })[];
}

/** The lines; `isFull`: one for each artifact that was deleted, which a dry run has in any case. */
export function cleanLines({ dry_run, deleted, kept, failed }: CleanReport, { isFull }: { isFull: boolean }): string[] {
  const doing = dry_run ? "Would delete" : "Deleted";
  const stale = deleted.filter(({ task }) => task === null).length;
  const notes = [
    ...(stale > 0 && stale < deleted.length ? [`${stale} of no task any more`] : []),
    ...(kept.length > 0 ? [`kept ${kept.length}`] : []),
    ...(failed.length > 0 ? [`${failed.length} could not be deleted`] : []),
  ];
  const what = counted(deleted.length, stale > 0 && stale === deleted.length ? "stale artifact" : "artifact");
  return [
    ...(isFull || dry_run
      ? deleted.map(({ path, task }) => `${doing} ${escapeControls(path)}${task === null ? " (of no task)" : ""}`)
      : []),
    ...kept.map(({ path, reason }) => `Kept ${escapeControls(path)}: ${reason}`),
    [deleted.length === 0 ? "Nothing to delete" : `${doing} ${what}`, ...notes].join(", "),
  ];
}
