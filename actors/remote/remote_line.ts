/**
 * Owns the one line that tells at the end what a remote cache was good for.
 *
 * @module
 */
import { counted } from "../../graph/text.ts";

/** What a run had of a remote cache. */
export interface RemoteCounts {
  readonly hits: number;
  readonly misses: number;
  readonly uploaded: number;
  /** Errors. */
  readonly count: number;
  /** What the last of them was. */
  readonly reason?: string;
  /** It was not asked any more. */
  readonly isOff: boolean;
}

/** The line; undefined when there is nothing to tell. */
export function remoteLine({ hits, misses, uploaded, count, reason, isOff }: RemoteCounts): string | undefined {
  if (hits + misses + uploaded + count === 0) return undefined;
  const parts = [counted(hits, "hit"), misses === 1 ? "1 miss" : `${misses} misses`];
  if (uploaded > 0) parts.push(`${uploaded} uploaded`);
  if (count > 0) parts.push(`${isOff ? "off after " : ""}${counted(count, "error")} (${reason})`);
  return `Remote cache: ${parts.join(", ")}`;
}
