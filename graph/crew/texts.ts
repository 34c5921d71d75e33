/**
 * Owns the judgement of which texts a crew's database gives back as they were. Others would come back as the names of
 * tasks that nobody knows, or as fingerprints that never hold.
 *
 * @module
 */

/** What is in a text that the database would not give back; undefined when there is nothing. */
export function lostInDatabase(text: string): string | undefined {
  if (text.includes("\0")) return "NUL";
  return text.isWellFormed() ? undefined : "half of a surrogate pair";
}
