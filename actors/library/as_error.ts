/**
 * Owns the making of an error of whatever was thrown.
 *
 * @module
 */

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  let text;
  try {
    text = String(thrown);
  } catch {
    text = "A value without a text was thrown";
  }
  return new Error(text, { cause: thrown });
}
