/**
 * Owns the looking after a store: what is in it, what goes because it is old or too much, what is damaged. It may be done while builds
 * use the store: what a going build has looked up or put is not touched.
 *
 * @module
 */
import { beginSha256 } from "../../graph/digest.ts";
import { evictions } from "../../graph/store_eviction.ts";
import { blobsOf, type StoreRecord } from "../../graph/store_record.ts";
import { blobPath, listingIn } from "../storage/blobs.ts";
import { openOrMake, openRegular, readOwn, writeWhole } from "../machine/regular_file.ts";
import { replaceUnsynced } from "../storage/atomic_file.ts";
import { Guard } from "./guard.ts";
import { IndexFile } from "./index_file.ts";
import {
  blobsFolder,
  bucketPath,
  BUCKETS,
  countsPath,
  guardPath,
  recordsFolder,
  type StorePlace,
  tidiedPath,
  usePath,
} from "./place.ts";

/** What a build that goes on may have looked up so lately and not used yet stays. */
const IN_USE_MS = 60 * 60 * 1000;

/** A blob without a record that is older was left by a build that is over. */
const ORPHAN_MS = 24 * 60 * 60 * 1000;

/** How far back hits are counted. */
const COUNTED_MS = 30 * 24 * 60 * 60 * 1000;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Everything that is in a store. */
export interface StoreContent {
  readonly records: number;
  readonly blobs: number;
  /** Bytes of all blobs. */
  readonly bytes: number;
  /** Lookups of the last 30 days. */
  readonly hits: number;
  readonly misses: number;
}

/** What was removed, or would be. */
export interface Removed {
  readonly records: number;
  readonly blobs: number;
  /** Bytes of these blobs. */
  readonly bytes: number;
}

/** One blob as it lies there. */
interface FoundBlob {
  readonly path: string;
  readonly size: number;
  readonly ctimeMs: number;
}

/** Whether there is a store. */
export function isStore(place: StorePlace): boolean {
  try {
    return Deno.statSync(recordsFolder(place.root)).isDirectory;
  } catch {
    return false;
  }
}

/** What is in a store. */
export function contentOf({ root }: StorePlace, nowMs: number = Date.now()): StoreContent {
  const records = withGuard(root, (guard) => readIndex(root, guard)).size;
  const blobs = findBlobs(root);
  let bytes = 0;
  for (const { size } of blobs.values()) bytes += size;
  return { records, blobs: blobs.size, bytes, ...countsSince(root, nowMs - COUNTED_MS) };
}

/**
 * Removes what is too old or too much, the least recently used first, and blobs that nothing needs.
 *
 * @throws What the file system throws.
 */
export function collect(place: StorePlace, { isDry = false, nowMs = Date.now() } = {}): Removed {
  const { root, limit, days } = place;
  return withGuard(root, (guard) => {
    using use = new Guard(usePath(root));
    const isAlone = use.tryAlone();
    const before = readIndex(root, guard);
    const all = [...before].map(([key, { record, usedMs }]) => ({ key, usedMs, blobs: needsOf(root, record) }));
    const protectedFromMs = isAlone ? Infinity : nowMs - IN_USE_MS;
    const { evicted } = evictions(all, { limit, maxAgeMs: days * DAY_MS, nowMs, protectedFromMs });
    const gone = isDry ? evicted : takeOut(root, guard, (key, usedMs) => {
      return evicted.has(key) && usedMs === before.get(key)?.usedMs;
    });
    const needed = neededBy(root, isDry ? without(before, gone) : readIndex(root, guard));
    const removed = removeBlobs(root, { needed, isDry, olderThanMs: isAlone ? Infinity : nowMs - ORPHAN_MS });
    if (!isDry) {
      keepCounts(root, nowMs - COUNTED_MS);
      noteTidied(root, nowMs);
    }
    return { records: gone.size, ...removed };
  });
}

function noteTidied(root: string, nowMs: number): void {
  using file = openOrMake(tidiedPath(root), { write: true });
  file.truncateSync();
  writeWhole(file, new TextEncoder().encode(`${new Date(nowMs).toISOString()}\n`));
}

/**
 * Reads every blob, and removes those that are not what their name says, with the records that need them or one that is gone.
 *
 * @throws What the file system throws.
 */
export function verify({ root }: StorePlace, { isDry = false } = {}): Removed & { readonly verified: number } {
  return withGuard(root, (guard) => {
    const blobs = findBlobs(root), damaged = new Set<string>();
    let bytes = 0;
    for (const [digest, { path, size }] of blobs) {
      if (digestOf(path) === digest) continue;
      damaged.add(digest);
      bytes += size;
    }
    const isUseless = (record: StoreRecord) => {
      return needsOf(root, record).keys().some((digest) => damaged.has(digest) || !blobs.has(digest));
    };
    const index = readIndex(root, guard);
    const useless = new Set([...index].filter(([, { record }]) => isUseless(record)).map(([key]) => key));
    if (!isDry) {
      // What was made anew meanwhile is looked at once more.
      takeOut(root, guard, (key, usedMs) => useless.has(key) && usedMs === index.get(key)?.usedMs);
      for (const digest of damaged) remove(blobPath(blobsFolder(root), digest));
    }
    return { verified: blobs.size, records: useless.size, blobs: damaged.size, bytes };
  });
}

/**
 * Removes everything; undefined, and nothing is, when a build uses the store.
 *
 * @throws What the file system throws.
 */
export function clear({ root }: StorePlace, { isDry = false } = {}): Removed | undefined {
  return withGuard(root, (guard) => {
    using use = new Guard(usePath(root));
    if (!isDry && !use.tryAlone()) return undefined;
    const records = readIndex(root, guard).size;
    if (!isDry) takeOut(root, guard, () => true);
    const removed = removeBlobs(root, { needed: new Set(), isDry, olderThanMs: Infinity });
    if (!isDry) remove(countsPath(root));
    return { records, ...removed };
  });
}

function withGuard<Result>(root: string, act: (guard: Guard) => Result): Result {
  using guard = new Guard(guardPath(root));
  return act(guard);
}

function readIndex(root: string, guard: Guard): ReturnType<typeof entriesOf> {
  return guard.shared(() => entriesOf(root));
}

function entriesOf(root: string) {
  const entries = Array.from(
    { length: BUCKETS },
    (_, bucket) => [...new IndexFile(bucketPath(root, bucket)).entries()],
  );
  return new Map(entries.flat());
}

/** Takes records out of the index; answers which. Nobody reads or writes a file of it meanwhile. */
function takeOut(root: string, guard: Guard, isGone: (key: string, usedMs: number) => boolean): Set<string> {
  const gone = new Set<string>();
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    guard.alone(() => {
      const file = new IndexFile(bucketPath(root, bucket));
      const keys = new Set([...file.entries()].filter(([key, { usedMs }]) => isGone(key, usedMs)).map(([key]) => key));
      if (keys.size > 0 || file.isWasteful) file.without((key) => keys.has(key));
      for (const key of keys) gone.add(key);
    });
  }
  return gone;
}

function without<Value>(map: ReadonlyMap<string, Value>, keys: ReadonlySet<string>): Map<string, Value> {
  return new Map([...map].filter(([key]) => !keys.has(key)));
}

function neededBy(root: string, index: ReturnType<typeof entriesOf>): Set<string> {
  return new Set([...index.values()].flatMap(({ record }) => [...needsOf(root, record).keys()]));
}

function needsOf(root: string, record: StoreRecord): ReadonlyMap<string, number> {
  return blobsOf(record, (digest) => listingIn(blobsFolder(root), digest));
}

function removeBlobs(
  root: string,
  { needed, isDry, olderThanMs }: {
    readonly needed: ReadonlySet<string>;
    readonly isDry: boolean;
    readonly olderThanMs: number;
  },
): Omit<Removed, "records"> {
  let blobs = 0, bytes = 0;
  for (const [digest, { path, size, ctimeMs }] of findBlobs(root)) {
    if (needed.has(digest) || ctimeMs >= olderThanMs) continue;
    if (!isDry) remove(path);
    blobs++;
    bytes += size;
  }
  // What a killed build had begun to put
  for (const { name, isFile } of list(blobsFolder(root))) {
    const path = `${blobsFolder(root)}/${name}`;
    if (isFile && !isDry && (olderThanMs === Infinity || ctimeOf(path) < olderThanMs)) remove(path);
  }
  return { blobs, bytes };
}

function findBlobs(root: string): Map<string, FoundBlob> {
  const blobs = new Map<string, FoundBlob>(), folder = blobsFolder(root);
  for (const { name: head, isDirectory } of list(folder)) {
    if (!isDirectory || head.length !== 1) continue;
    for (const { name: rest, isFile } of list(`${folder}/${head}`)) {
      if (!isFile || rest.length !== 63) continue;
      const path = `${folder}/${head}/${rest}`;
      try {
        const { size, ctime } = Deno.lstatSync(path);
        blobs.set(head + rest, { path, size, ctimeMs: ctime?.getTime() ?? 0 });
      } catch {
        // It has just gone.
      }
    }
  }
  return blobs;
}

function list(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return [];
  }
}

function ctimeOf(path: string): number {
  try {
    return Deno.lstatSync(path).ctime?.getTime() ?? 0;
  } catch {
    return Infinity;
  }
}

/** Undefined for what cannot be read. */
function digestOf(path: string): string | undefined {
  try {
    using file = openRegular(path);
    const hash = beginSha256(), buffer = new Uint8Array(256 * 1024);
    for (let read; (read = file.readSync(buffer)) !== null;) hash.update(buffer.subarray(0, read));
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}

/** The hits and misses that were counted since then. */
function countsSince(root: string, sinceMs: number): { readonly hits: number; readonly misses: number } {
  let hits = 0, misses = 0;
  for (const line of countLines(root, sinceMs)) {
    hits += line.hits;
    misses += line.misses;
  }
  return { hits, misses };
}

function countLines(root: string, sinceMs: number): { readonly at: number; hits: number; misses: number }[] {
  let text: string;
  try {
    text = new TextDecoder().decode(readOwn(countsPath(root)));
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      const { at, hits, misses } = JSON.parse(line);
      const isCount = [at, hits, misses].every((value) => Number.isInteger(value) && value >= 0);
      return isCount && at * 1000 >= sinceMs ? [{ at, hits, misses }] : [];
    } catch {
      return [];
    }
  });
}

function keepCounts(root: string, sinceMs: number): void {
  const text = countLines(root, sinceMs).map((line) => `${JSON.stringify(line)}\n`).join("");
  if (text !== "") replaceUnsynced(countsPath(root), (file) => writeWhole(file, new TextEncoder().encode(text)));
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Somebody else was faster, or it cannot be removed: the next time, perhaps.
  }
}
