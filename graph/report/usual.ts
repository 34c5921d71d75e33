/**
 * Owns what a task usually takes: the median of its last executions.
 *
 * @module
 */

/** So many of a task's last executions count. */
export const USUAL_TIMES = 9;

/** The usual one of some times, the newest first; undefined when there is none. */
export function usualOf(times: readonly number[]): number | undefined {
  const last = times.slice(0, USUAL_TIMES).sort((a, b) => a - b);
  return last[last.length >> 1];
}
