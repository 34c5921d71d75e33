/**
 * Owns what a module's function is given when a build calls it as a task. Types alone, for those who write such functions.
 *
 * @module
 */

/** A file that a task declared. */
export interface ModuleTaskFile {
  /** Relative to the config's folder. */
  readonly path: string;
  /** Its content. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
  /** Its content as UTF-8. */
  text(): Promise<string>;
}

/** What the function is called with. */
export interface ModuleTask<Args = unknown> {
  /** The task's name. */
  readonly task: string;
  /** As the config has them; `{}` when it has none. */
  readonly args: Args;
  /** The task's source files, globs expanded, in order. */
  readonly sources: readonly ModuleTaskFile[];
  /** The artifacts of the dependencies, by the name of the task that made each; of several the first. */
  readonly dependencies: Readonly<Record<string, ModuleTaskFile>>;
  /** All of them, in order; a folder may be read by its path. */
  readonly artifacts: Readonly<Record<string, readonly ModuleTaskFile[]>>;
  /** The environment that the task declares. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path to write the artifact to, for a function that does not return it; empty for a check. */
  readonly out: string;
  /** The same for each of its outputs but globs, in order. */
  readonly outs: readonly string[];
  /** Adds a line to what the task prints. */
  log(...values: readonly unknown[]): void;
  /** Aborted when the task's time is up or the build is stopped. */
  readonly signal: AbortSignal;
}
