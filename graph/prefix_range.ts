/**
 * Owns the search among sorted texts for those that begin alike.
 *
 * @module
 */

/** Where those begin, and end, that begin with a prefix, found by bisection. */
export function prefixRange(sorted: readonly string[], prefix: string): readonly [start: number, end: number] {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < prefix) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < sorted.length && sorted[end].startsWith(prefix)) end++;
  return [low, end];
}
