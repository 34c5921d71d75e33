/**
 * Owns the shape of a task that `troupe init` writes: a check that has another tool do something.
 *
 * @module
 */

/** A task as the config will have it, keys in the order in which they are written. */
export interface DraftTask {
  readonly name: string;
  readonly description?: string;
  readonly matrix?: Readonly<Record<string, readonly string[]>>;
  readonly dependencies?: readonly string[];
  readonly after?: readonly string[];
  readonly source_files: readonly string[];
  readonly cwd?: string;
  readonly command: string;
  readonly outputs: readonly string[];
  readonly shares?: readonly string[];
}
