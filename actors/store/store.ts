/**
 * Owns a store as a build uses it: what the work of a fingerprint has made is looked up, and what was made is entered. Blobs
 * are put by whoever makes artifacts, always before the record that names them is entered here.
 * It restores nothing itself, and whatever goes wrong with it, the build goes on: then there is one sentence to tell.
 *
 * Nothing here is synced. After a power cut a line may be damaged, which its checksum shows, or a blob, which its digest
 * shows when it is taken out; both are a miss.
 *
 * @module
 */
import { fromBase64, toBase64 } from "../../graph/base64.ts";
import { sha256 } from "../../graph/digest.ts";
import { type DiscoveredPaths, type Platform, storeKey } from "../../graph/discovered.ts";
import { blobsOf, MOST_LISTS, type StoredText, storeLine, type StoreRecord } from "../../graph/store_record.ts";
import { systemDetail } from "../machine/system_error.ts";
import type { Captured, Output } from "../process/output.ts";
import { blobPath, type BlobPlace, listingIn, putBytes } from "../storage/blobs.ts";
import { clonesFiles } from "../machine/cloning_files.ts";
import { isThere, openOrMake, readRegular, writeWhole } from "../machine/regular_file.ts";
import { Guard } from "./guard.ts";
import { IndexFile } from "./index_file.ts";
import {
  blobsFolder,
  bucketOf,
  bucketPath,
  clonesPath,
  countsPath,
  guardPath,
  recordsFolder,
  type StorePlace,
  tidiedPath,
  usePath,
} from "./place.ts";
import { quote } from "../../graph/text.ts";

/** So much of what a task printed stands in its record; more is a blob of its own. */
const INLINE_BYTES = 4096;

/** Records that wait to be written. */
const MOST_WAITING = 4096;

/** So long it is believed which files of the index there are. */
const KNOWN_MS = 1000;

/** Between two looks after the store. */
const TIDY_MS = 24 * 60 * 60 * 1000;

/** What a build asked of its store. */
export interface StoreCounts {
  hits: number;
  misses: number;
}

/** Choices for {@linkcode Store.open}. */
export interface StoreOptions {
  /** Default the one this runs on. */
  readonly platform?: Platform;
  /** Nothing of it is to be changed; default false. */
  readonly onlyLooks?: boolean;
  /** Milliseconds since the epoch; default the system's clock. */
  readonly now?: () => number;
}

/** One store, opened by one build; to be closed. */
export class Store {
  readonly place: StorePlace;
  readonly blobs: BlobPlace;
  readonly counts: StoreCounts = { hits: 0, misses: 0 };
  readonly #platform: Platform;
  readonly #guard: Guard;
  readonly #use: Guard;
  readonly #files = new Map<number, IndexFile>();
  readonly #now: () => number;
  readonly #onlyLooks: boolean;
  /** Files of the index, as of a moment ago: where there is none, nothing has to be asked for. */
  #known = new Set<string>();
  #knownMs = -Infinity;
  /** Records to be written, by key. */
  readonly #waiting = new Map<string, string>();
  /** Lists that were entered and perhaps not written yet, by key. */
  readonly #lists = new Map<string, NonNullable<StoreRecord["lists"]>>();
  /** Why nothing is put any more. */
  #trouble: string | undefined;

  private constructor(place: StorePlace, { platform = Deno.build, now = Date.now, onlyLooks = false }: StoreOptions) {
    this.#onlyLooks = onlyLooks;
    this.place = place;
    this.#platform = platform;
    this.#now = now;
    this.blobs = { folder: blobsFolder(place.root), clones: isThere(clonesPath(place.root)) };
    this.#guard = new Guard(guardPath(place.root));
    this.#use = new Guard(usePath(place.root));
  }

  /** Opens a store, and makes it if it is not there; answers with a sentence when it cannot be used. Never rejects. */
  static async open(place: StorePlace, options: StoreOptions = {}): Promise<Store | string> {
    try {
      make(place);
      const store = new Store(place, options);
      await store.#use.hold();
      return store;
    } catch (error) {
      return `Cannot use store ${quote(place.root)}: ${systemDetail(error)}; building without it`;
    }
  }

  /** The key under which the work of a fingerprint is found on this system. */
  key(fingerprint: string): string {
    return storeKey(fingerprint, this.#platform);
  }

  /** What the work of a key has made. It counts as used from then on, unless by who only looks. */
  find(key: string): StoreRecord | undefined {
    if (this.#onlyLooks) return this.#look(key);
    const bucket = bucketOf(key);
    try {
      // A miss needs no lock: lines are only ever added, and half of one is none.
      if (!this.#hasFile(bucket) || this.#file(bucket).get(key) === undefined) return undefined;
      return this.#guard.shared(() => {
        const file = this.#file(bucket), found = file.get(key);
        if (found === undefined) return undefined;
        // Before it is used, so that nobody removes it meanwhile
        file.append([storeLine({ kind: "use", key, atMs: this.#now() })]);
        return found.record;
      });
    } catch {
      return undefined; // not even that can be written, or read
    }
  }

  #look(key: string): StoreRecord | undefined {
    try {
      return this.#guard.shared(() => this.#file(bucketOf(key)).get(key)?.record);
    } catch {
      return undefined;
    }
  }

  /** Where a blob lies, if it is there. */
  blob(digest: string): string {
    return blobPath(this.blobs.folder, digest);
  }

  /** Whether a blob lies there with so many bytes; what they are is seen when it is taken out. */
  has(digest: string, size: number): boolean {
    try {
      const { isFile, size: bytes } = Deno.lstatSync(this.blob(digest));
      return isFile && bytes === size;
    } catch {
      return false;
    }
  }

  /** Enters what was made; its blobs are there. It is on the disk after {@linkcode flush}. */
  enter(key: string, record: StoreRecord): void {
    if (this.#trouble !== undefined) return;
    this.#waiting.set(key, storeLine({ kind: "put", key, atMs: this.#now(), record }));
    if (this.#waiting.size >= MOST_WAITING) this.flush();
  }

  /** The lists of files that the task of a declared fingerprint was found to read, the oldest first. */
  lists(key: string): readonly DiscoveredPaths[] {
    return (this.find(key)?.lists ?? []).flatMap(({ sha256 }) => {
      const text = listingIn(this.blobs.folder, sha256), list = text === undefined ? undefined : JSON.parse(text);
      return Array.isArray(list) && list.every((path) => typeof path === "string") ? [list] : [];
    });
  }

  /** The lists of a declared fingerprint with one more as the newest; undefined when it is that already, or cannot be put. */
  withList(key: string, list: DiscoveredPaths): StoreRecord["lists"] {
    const bytes = new TextEncoder().encode(JSON.stringify(list)), digest = sha256(bytes);
    const known = this.#lists.get(key) ?? this.#look(key)?.lists ?? [];
    if (known.at(-1)?.sha256 === digest) return undefined;
    const detail = putBytes(this.blobs.folder, digest, bytes);
    if (detail !== undefined) {
      this.fail(detail);
      return undefined;
    }
    const others = known.filter(({ sha256 }) => sha256 !== digest).slice(1 - MOST_LISTS);
    const lists = [...others, { sha256: digest, size: bytes.length }];
    this.#lists.set(key, lists);
    return lists;
  }

  /** The listing of a folder; undefined when it is not there as it was. */
  listing(digest: string): string | undefined {
    return listingIn(this.blobs.folder, digest);
  }

  /** A record turned out wrong: it goes, and the blobs it names. */
  distrust(key: string, record?: StoreRecord): void {
    this.#waiting.delete(key);
    if (this.#onlyLooks) return;
    for (const digest of record === undefined ? [] : blobsOf(record, (digest) => this.listing(digest)).keys()) {
      try {
        Deno.removeSync(this.blob(digest));
      } catch {
        // It is gone, or cannot be removed: then it is a miss again.
      }
    }
    try {
      this.#guard.shared(() => this.#write(bucketOf(key), [storeLine({ kind: "drop", key, atMs: this.#now() })]));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Writes the records that wait. */
  flush(): void {
    if (this.#waiting.size === 0) return;
    const lines = new Map<number, string[]>();
    for (const [key, line] of this.#waiting) {
      const bucket = bucketOf(key), list = lines.get(bucket);
      if (list === undefined) lines.set(bucket, [line]);
      else list.push(line);
    }
    this.#waiting.clear();
    try {
      this.#guard.shared(() => lines.forEach((list, bucket) => this.#write(bucket, list)));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nothing is put there any more, as that has failed. */
  fail(detail: string): void {
    this.#trouble ??= detail;
  }

  /** Whether artifacts are still to be put there. */
  get takes(): boolean {
    return this.#trouble === undefined;
  }

  /** What is to be told of it once, and only once. */
  takeTrouble(): string | undefined {
    const detail = this.#trouble;
    if (detail === undefined || this.#isTold) return undefined;
    this.#isTold = true;
    return `Cannot put artifacts into store ${quote(this.place.root)}: ${detail}; the build goes on without`;
  }

  #isTold = false;

  /** The form in which what a task printed stands in its record; undefined where it cannot be kept. */
  keep(output: Output | undefined): Pick<StoreRecord, "stdout" | "stderr"> | undefined {
    const stdout = this.#keep(output?.stdout), stderr = this.#keep(output?.stderr);
    if (stdout === null || stderr === null) return undefined;
    return { ...(stdout && { stdout }), ...(stderr && { stderr }) };
  }

  /** Null where it cannot be. */
  #keep(captured: Captured | undefined): StoredText | undefined | null {
    if (captured === undefined || (captured.bytes.length === 0 && captured.dropped === 0)) return undefined;
    const { bytes, dropped, gapAt } = captured;
    const gap = dropped === 0 ? {} : { dropped, gapAt: gapAt ?? bytes.length };
    if (bytes.length <= INLINE_BYTES) return { base64: toBase64(bytes), size: bytes.length, ...gap };
    const digest = sha256(bytes), detail = putBytes(this.blobs.folder, digest, bytes);
    if (detail === undefined) return { sha256: digest, size: bytes.length, ...gap };
    this.fail(detail);
    return null;
  }

  /** What a task printed; undefined when it is not there as it was. */
  printed({ stdout, stderr }: StoreRecord): Output | undefined {
    const out = this.#read(stdout), error = this.#read(stderr);
    return out && error && { stdout: out, stderr: error };
  }

  #read(text: StoredText | undefined): Captured | undefined {
    if (text === undefined) return { bytes: new Uint8Array(), dropped: 0 };
    const { base64, sha256: digest, dropped = 0, gapAt } = text;
    try {
      const bytes = base64 === undefined ? readRegular(this.blob(digest!)) : fromBase64(base64);
      if (base64 === undefined && sha256(bytes) !== digest) return undefined;
      return { bytes, dropped, ...(gapAt === undefined ? {} : { gapAt }) };
    } catch {
      return undefined;
    }
  }

  /** Ends the use of it: what waits is written. Answers whether it is time to look after the store. */
  close(): boolean {
    this.flush();
    this.#count();
    this.#use[Symbol.dispose]();
    this.#guard[Symbol.dispose]();
    try {
      const { mtime } = Deno.statSync(tidiedPath(this.place.root));
      return this.#now() - (mtime?.getTime() ?? 0) > TIDY_MS;
    } catch {
      return false;
    }
  }

  #count(): void {
    const { hits, misses } = this.counts;
    if (hits + misses === 0) return;
    try {
      const line = JSON.stringify({ at: Math.floor(this.#now() / 1000), hits, misses });
      using file = openOrMake(countsPath(this.place.root), { append: true });
      writeWhole(file, new TextEncoder().encode(`${line}\n`));
    } catch {
      // Nobody misses it.
    }
  }

  #file(bucket: number): IndexFile {
    let file = this.#files.get(bucket);
    if (file === undefined) this.#files.set(bucket, file = new IndexFile(bucketPath(this.place.root, bucket)));
    return file;
  }

  #hasFile(bucket: number): boolean {
    const name = bucketPath("", bucket).slice(-2), nowMs = this.#now();
    if (this.#known.has(name)) return true;
    if (nowMs - this.#knownMs < KNOWN_MS) return false;
    this.#knownMs = nowMs;
    this.#known = new Set([...Deno.readDirSync(recordsFolder(this.place.root))].map(({ name }) => name));
    return this.#known.has(name);
  }

  #write(bucket: number, lines: readonly string[]): void {
    this.#file(bucket).append(lines);
    this.#known.add(bucketPath("", bucket).slice(-2));
  }

  #fail(error: unknown): void {
    this.fail(systemDetail(error));
  }
}

/** A store that is one config's own is nothing for Git. */
function make({ root, isOwn }: StorePlace): void {
  try {
    if (Deno.statSync(recordsFolder(root)).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.mkdirSync(blobsFolder(root), { recursive: true });
  Deno.mkdirSync(recordsFolder(root), { recursive: true });
  for (const path of [tidiedPath(root), ...clonesFiles(root) ? [clonesPath(root)] : []]) {
    openOrMake(path, { append: true }).close();
  }
  if (!isOwn) return;
  try {
    Deno.writeTextFileSync(`${root}/../.gitignore`, "*\n", { createNew: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}
