/**
 * Owns the reading of the runtime's own errors: what the system said, without the runtime's wrapping.
 *
 * @module
 */

/** `No space left on device` from `No space left on device (os error 28): write 'x'`. */
export function systemDetail(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\)[^]*$/, "");
}
