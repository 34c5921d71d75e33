/**
 * Owns the words for a right that troupe itself was started without.
 *
 * @module
 */

/** The lines for a right that is missing, as Deno tells of it. */
export function lackingLines({ message }: Error): string[] {
  return [
    `troupe lacks a permission: ${message.split("\n")[0]}`,
    "  run it with -A, or with -P to use the permission set of its deno.json",
  ];
}
