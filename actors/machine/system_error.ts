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

/** A file that cannot be read, in the system's words. */
export interface Unreadable {
  readonly detail: string;
  readonly missing: boolean;
}

/** What an attempt to read a file came to. */
export function unreadable(error: unknown): Unreadable {
  // Below a file there is nothing
  const missing = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
  return { detail: systemDetail(error), missing };
}
