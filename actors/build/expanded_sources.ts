/**
 * Owns the form of the sources of all tasks once their globs are expanded. It holds no code.
 *
 * @module
 */
import type { Diagnostic } from "../../graph/failure.ts";

/** The sources of each task as files. */
export interface ExpandedSources {
  /** Paths as in the config, globs expanded and sorted. */
  readonly files: readonly (readonly string[])[];
  /** For each of them the index of its entry in `source_files`; undefined where they are the same lists. */
  readonly origins: readonly (readonly number[] | undefined)[];
  /** `source_files` with the globs written so that folders which are there by their very names mean nothing else. */
  readonly entries: readonly (readonly string[])[];
  readonly diagnostics: Diagnostic[];
  /** Sentences about what is odd but not wrong. */
  readonly warnings: string[];
  /** Absolute paths of the folders that were looked into for globs. */
  readonly folders: ReadonlySet<string>;
}
