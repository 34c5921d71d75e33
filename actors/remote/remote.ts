/**
 * Owns a remote cache as a build uses it: what it has of some work is fetched into the store, and what was made here is
 * sent there, beside the tasks. Nothing is believed that does not have its digest.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { parseTree } from "../../graph/artifact.ts";
import { actionResult, parseActionResult } from "../../graph/action_result.ts";
import { beginSha256, sha256 } from "../../graph/digest.ts";
import { blobsOf, type StoreRecord } from "../../graph/store_record.ts";
import { adoptBlob, temporaryBlob } from "../storage/blobs.ts";
import type { Store } from "../store/store.ts";
import { Connection, type Pace } from "./connection.ts";
import type { RemoteSettings } from "./settings.ts";
import { remoteLine } from "./remote_line.ts";

/** So many blobs of one record come at once. */
const AT_ONCE = 8;

/** So many records are sent at once. */
const SENT_AT_ONCE = 4;

/** Blobs that are larger are sent piece by piece. */
const WHOLE_BYTES = 16 * 1024 * 1024;

/** One remote cache, for one run. */
export class Remote {
  readonly #settings: RemoteSettings;
  readonly #connection: Connection;
  readonly #store: Store;
  /** Keys that were asked for: a promise as long as it is not known. */
  readonly #asked = new Map<string, Promise<void> | "known">();
  /** Keys whose record came from there. */
  readonly #fetched = new Set<string>();
  readonly #queue: (() => Promise<void>)[] = [];
  readonly #waiting = new Map<string, StoreRecord>();
  readonly #sending = new Set<Promise<void>>();
  readonly #sent = new Set<string>();
  #hits = 0;
  #misses = 0;
  #uploaded = 0;

  constructor(settings: RemoteSettings, store: Store, pace: Pace = {}) {
    this.#settings = settings;
    this.#store = store;
    this.#connection = new Connection(settings, pace);
  }

  /** What is to be waited for before the store knows what the cache has of a key; undefined when it does. Never rejects. */
  ask(key: string): Promise<void> | undefined {
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked === "known" ? undefined : asked;
    if (!this.#connection.isOn) return undefined;
    const asking = this.#fetch(key).finally(() => this.#asked.set(key, "known"));
    this.#asked.set(key, asking);
    return asking;
  }

  /** Whether the record of a key came from there in this run. */
  hasFetched(key: string): boolean {
    return this.#fetched.has(key);
  }

  /** Has a record sent that was made here, if it is worth it; one that may turn out wrong until then, when all is over. */
  offer(key: string, record: StoreRecord, { waits = false }: { readonly waits?: boolean } = {}): void {
    if (!this.#settings.writes || record.durationMs < this.#settings.minMs) return;
    if (waits) {
      this.#waiting.set(key, record);
      return;
    }
    this.#queue.push(() => this.#send(key, record));
    this.#next();
  }

  /** A record that waits to be sent has turned out wrong. */
  withdraw(key: string): void {
    this.#waiting.delete(key);
  }

  /** Waits for what is being sent, so long at most, and ends all else. Answers the last line; undefined when it was not used. */
  async close(patienceMs: number): Promise<string | undefined> {
    for (const [key, record] of this.#waiting) this.offer(key, record);
    const timer = new AbortController();
    const late = delay(patienceMs, { signal: timer.signal }).then(() => this.#connection.close(), () => {});
    while (this.#sending.size > 0 && this.#connection.isOn) await Promise.race([late, ...this.#sending]);
    timer.abort();
    this.#connection.close();
    await Promise.all(this.#sending);
    const counts = { hits: this.#hits, misses: this.#misses, uploaded: this.#uploaded };
    return remoteLine({ ...counts, ...this.#connection.errors });
  }

  async #fetch(key: string): Promise<void> {
    try {
      const text = await this.#connection.record(key);
      const record = text === undefined ? undefined : parseActionResult(key, text, this.#settings.secret);
      if (record === "damaged") this.#connection.noteGarbage();
      const isWhole = typeof record === "object" && await this.#fetchBlobs(record);
      if (!isWhole) {
        this.#misses++;
        return;
      }
      this.#hits++;
      this.#fetched.add(key);
      this.#store.enter(key, record);
      this.#store.flush();
    } catch {
      this.#misses++; // the disk is full, say
    }
  }

  /** A folder's listing comes first, and tells what else is needed. */
  async #fetchBlobs(record: StoreRecord): Promise<boolean> {
    const listings = record.outputs.filter(({ kind }) => kind === "folder");
    // The size of a folder is that of its files, not of its listing
    for (const { sha256 } of listings) if (!await this.#fetchBlob(sha256, undefined)) return false;
    const needed = [...blobsOf(record, (digest) => this.#store.listing(digest))];
    if (!listings.every(({ sha256 }) => parseTree(this.#store.listing(sha256) ?? "x") !== undefined)) return false;
    let isWhole = true;
    const fetchNext = async () => {
      for (let next; isWhole && (next = needed.pop()) !== undefined;) {
        isWhole = await this.#fetchBlob(...next) && isWhole;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, fetchNext));
    return isWhole;
  }

  async #fetchBlob(digest: string, size: number | undefined): Promise<boolean> {
    if (isFile(this.#store.blob(digest))) return true; // it is verified when it is taken out
    const temporary = temporaryBlob(this.#store.blobs.folder);
    const isThere = await this.#connection.blob(digest, size, temporary);
    if (isThere && adoptBlob(this.#store.blobs.folder, digest, temporary) === undefined) return true;
    try {
      Deno.removeSync(temporary);
    } catch {
      // There was nothing.
    }
    return false;
  }

  #next(): void {
    if (this.#sending.size >= SENT_AT_ONCE || !this.#connection.isOn) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    const sending: Promise<void> = next().catch(() => {}).finally(() => {
      this.#sending.delete(sending);
      this.#next();
    });
    this.#sending.add(sending);
  }

  /** Blobs first, then the record. */
  async #send(key: string, record: StoreRecord): Promise<void> {
    const needed = blobsOf(record, (digest) => this.#store.listing(digest));
    for (const digest of needed.keys()) if (!await this.#sendBlob(digest)) return;
    const bytes = new TextEncoder().encode(actionResult(key, record, this.#settings.secret));
    if (await this.#connection.put(`ac/${key}`, bytes, bytes.length)) this.#uploaded++;
  }

  /** One that is not what its name says any more is not sent. */
  async #sendBlob(digest: string): Promise<boolean> {
    if (this.#sent.has(digest)) return true;
    const path = this.#store.blob(digest);
    const isDone = await this.#connection.has(digest) || await this.#put(digest, path);
    if (isDone) this.#sent.add(digest);
    return isDone;
  }

  async #put(digest: string, path: string): Promise<boolean> {
    const { isFile, size } = await Deno.lstat(path);
    if (!isFile) return false;
    if (size <= WHOLE_BYTES) {
      const bytes = await Deno.readFile(path);
      return sha256(bytes) === digest && await this.#connection.put(`cas/${digest}`, bytes, size);
    }
    if (await digestOf(path) !== digest) return false;
    return await this.#connection.put(`cas/${digest}`, () => Deno.openSync(path).readable, size);
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = beginSha256();
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1024 * 1024);
  for (let read; (read = await file.read(buffer)) !== null;) hash.update(buffer.subarray(0, read));
  return hash.digest("hex");
}

function isFile(path: string): boolean {
  try {
    return Deno.lstatSync(path).isFile;
  } catch {
    return false;
  }
}
