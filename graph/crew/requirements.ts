/**
 * Owns the one text by which a set of required labels is kept, and who meets it.
 *
 * @module
 */

/** The text of no requirements at all. */
export const NO_REQUIREMENTS = "[]";

/** The same text for the same set, in whatever order it was given. */
export function requirementsText(labels: Iterable<string>): string {
  return JSON.stringify([...new Set(labels)].sort());
}

/** The labels that a text stands for. */
export function labelsOf(text: string): string[] {
  return JSON.parse(text);
}

/** Whether a member with these labels may run what requires that. */
export function meets(labels: ReadonlySet<string>, requirements: string): boolean {
  return requirements === NO_REQUIREMENTS || labelsOf(requirements).every((label) => labels.has(label));
}
