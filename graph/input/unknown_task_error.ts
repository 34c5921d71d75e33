/**
 * Owns the error for words that were meant to name tasks and name none, with what may have been meant.
 *
 * @module
 */
import { InputError } from "./input_error.ts";
import { unknownTask } from "./task_names.ts";

/** Words that were meant to name tasks name none. */
export class UnknownTaskError extends InputError {
  /** `words` are those that name none, `names` and `tags` those that there are, `hints` further lines. */
  constructor(
    readonly words: readonly string[],
    readonly names: readonly string[],
    readonly hints: readonly string[] = [],
    readonly tags: readonly string[] = [],
  ) {
    super([...words.map((word) => unknownTask(word, names, tags)), ...hints].join("\n"));
  }
}
