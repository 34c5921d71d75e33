/**
 * Owns the form of a config that was read, and of what it consists of beside itself. It holds no code.
 *
 * @module
 */
import type { Diagnostic } from "../../graph/failure.ts";
import type { BuildConfig } from "../../graph/input/build_config.ts";
import type { InputError } from "../../graph/input/input_error.ts";

/** What a config consists of beside itself: with any of this it comes to something else. Paths are absolute unless told. */
export interface ConfigShape {
  /** The configs that it includes. */
  readonly files: readonly string[];
  /** What was looked for, as entries like those of `source_files`, and the files found; relative to the config's folder. */
  readonly globs: readonly { readonly entries: readonly string[]; readonly files: ReadonlySet<string> }[];
  /** The folders that were looked into. */
  readonly folders: ReadonlySet<string>;
}

/** A config that was read. */
export interface ReadConfig {
  /** Absent when there are diagnostics. */
  readonly config?: BuildConfig;
  readonly diagnostics: readonly Diagnostic[];
  /** There when it was expanded. */
  readonly shape?: ConfigShape;
  /** What is no mistake, but hardly meant. */
  readonly warnings: readonly string[];
  /** Renders diagnostics; `indexes` gives the place among all tasks of those that were chosen from it. */
  readonly explain: (diagnostics: readonly Diagnostic[], indexes?: readonly number[]) => Promise<InputError>;
}
