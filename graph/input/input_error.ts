/**
 * Owns the errors that are the user's to mend: what was given cannot be worked with.
 *
 * @module
 */

/**
 * The input is wrong: the message is all of it, ready to be shown; exit code 2.
 *
 * @example
 * ```ts
 * import { build, InputError } from "./mod.ts";
 *
 * try {
 *   await build("nowhere.json");
 * } catch (error) {
 *   if (error instanceof InputError) console.log(error.message); // Build configuration not found at path: nowhere.json
 * }
 * ```
 */
export class InputError extends Error {
  /** Tells it from other errors. */
  override readonly name = "InputError";
}
