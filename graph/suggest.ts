/**
 * Owns the guess behind "did you mean": the known word nearest to a misspelt one.
 * It never decides whether the word is wrong; it is asked only about words that are.
 *
 * @module
 */

/** The candidate nearest to `word`, if one is near enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit || candidate === word) continue;
    const distance = editDistance(word, candidate, limit);
    // Only a strictly better one replaces the first found, so that the answer follows declared order.
    if (distance <= limit && (best === undefined || distance < limit)) {
      best = candidate;
      limit = distance;
    }
    if (limit === 0) break;
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words; anything past the limit is limit + 1. */
function editDistance(a: string, b: string, limit: number): number {
  const upper = a.toLowerCase();
  const lower = b.toLowerCase();
  let beforeLast: number[] = [];
  let last = Array.from({ length: lower.length + 1 }, (_, column) => column);
  for (let row = 1; row <= upper.length; row++) {
    const current = [row];
    let smallest = row;
    for (let column = 1; column <= lower.length; column++) {
      const same = upper[row - 1] === lower[column - 1];
      let cost = Math.min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1));
      if (row > 1 && column > 1 && upper[row - 1] === lower[column - 2] && upper[row - 2] === lower[column - 1]) {
        cost = Math.min(cost, beforeLast[column - 2] + 1);
      }
      current.push(cost);
      smallest = Math.min(smallest, cost);
    }
    if (smallest > limit) return limit + 1;
    beforeLast = last;
    last = current;
  }
  return last[lower.length];
}
