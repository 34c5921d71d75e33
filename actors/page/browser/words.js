/**
 * Owns durations, times and digests in words.
 *
 * @module
 */

/** A duration as troupe says it in a terminal. */
export function durationText(ms) {
  if (ms < 0) return "";
  const seconds = ms / 1000;
  if (seconds < 1) return `${seconds.toFixed(2)}s`;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

/** A moment by the reader's clock. */
export function momentText(ms) {
  return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** The same in a table. */
export function shortMomentText(ms) {
  return new Date(ms).toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** As much of a digest as anyone compares. */
export function digestText(digest) {
  return digest.slice(0, 8);
}

/** How many of something there are. */
export function countText(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A number that marks of an axis are apart, so that there are about `most` of them up to `total`. */
export function stepOf(total, most) {
  const least = total / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(Math.max(1e-9, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least);
}
