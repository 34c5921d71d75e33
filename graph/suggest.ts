/**
 * Owns the guess behind "did you mean": the known word nearest to a misspelt one, and how near is near enough.
 * It never decides whether the word is wrong; it is asked only about words that are.
 *
 * @module
 */
import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** The candidate nearest to `word`, if one is near enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  // Of a word of one letter nothing would be left.
  let limit = Math.min(word.length - 1, Math.max(1, Math.floor(word.length / 3)));
  let best: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit || candidate === word) continue;
    const distance = distanceBetween(lower, candidate.toLowerCase());
    // Only a strictly better one replaces the first found, so that the answer follows declared order.
    if (distance <= limit && (best === undefined || distance < limit)) {
      best = candidate;
      limit = distance;
    }
    if (best !== undefined && limit === 0) break;
  }
  return best;
}

/** How many edits lie between two words; two letters that are swapped, the commonest slip of fingers, are one. */
function distanceBetween(a: string, b: string): number {
  const distance = levenshteinDistance(a, b);
  return distance === 2 && letters(a) === letters(b) ? 1 : distance;
}

function letters(word: string): string {
  return [...word].sort().join("");
}
