/**
 * Owns the rule by which a store that has grown too old or too large lets go of records: the least recently used first.
 * It reads and removes nothing.
 *
 * @module
 */

/** One record, as far as the rule looks at it. */
export interface Evictable {
  readonly key: string;
  /** When it was last used or made, in milliseconds since the epoch. */
  readonly usedMs: number;
  /** The blobs it needs: digest → bytes. */
  readonly blobs: ReadonlyMap<string, number>;
}

/** How much a store may keep. */
export interface StoreBounds {
  /** Bytes of all blobs together. */
  readonly limit: number;
  /** Records that were not used for so long go, in milliseconds. */
  readonly maxAgeMs: number;
}

/** The keys that go, and the bytes of what the rest needs. A blob that several records need counts once. */
export function evictions(
  records: readonly Evictable[],
  { limit, maxAgeMs, nowMs, protectedFromMs }: StoreBounds & {
    readonly nowMs: number;
    /** What was used since then stays, however little room there is. */
    readonly protectedFromMs: number;
  },
): { readonly evicted: ReadonlySet<string>; readonly bytes: number } {
  const uses = new Map<string, number>();
  let bytes = 0;
  for (const { blobs } of records) {
    for (const [sha256, size] of blobs) {
      const count = uses.get(sha256) ?? 0;
      if (count === 0) bytes += size;
      uses.set(sha256, count + 1);
    }
  }
  const evicted = new Set<string>();
  for (const { key, usedMs, blobs } of records.toSorted((one, other) => one.usedMs - other.usedMs)) {
    if (usedMs >= protectedFromMs || (usedMs >= nowMs - maxAgeMs && bytes <= limit)) break;
    evicted.add(key);
    for (const [sha256, size] of blobs) {
      const count = uses.get(sha256)! - 1;
      uses.set(sha256, count);
      if (count === 0) bytes -= size;
    }
  }
  return { evicted, bytes };
}
