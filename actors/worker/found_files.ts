/**
 * Owns the form of what an attempt was found to read. It holds no code.
 *
 * @module
 */

/** What an attempt was found to read. */
export interface FoundFiles {
  /** Relative to the config's folder where they lie in it, or were named so. */
  readonly files: readonly string[];
  /** When its command began, by the clock of the file system: what was modified since may have been read before. */
  readonly sinceMs: number;
}
