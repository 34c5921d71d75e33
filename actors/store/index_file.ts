/**
 * Owns one file of a store's index: lines that are only ever added, the last one of a key counts. What is damaged is passed
 * over. It takes no lock; who calls it does.
 *
 * @module
 */
import { headOf, parseLine, type StoreRecord } from "../../graph/store_record.ts";
import { openOrMake, openOwn, readRest, writeWhole } from "../machine/regular_file.ts";
import { replaceUnsynced } from "../storage/atomic_file.ts";

const NEWLINE = 10;

/** So much is never worth a new file. */
const WASTE_BYTES = 16 * 1024;

/** What the file says of one key. */
export interface IndexEntry {
  readonly record: StoreRecord;
  /** When it was last made or used, in milliseconds since the epoch. */
  readonly usedMs: number;
}

/** The lines of one key that count. */
interface KeyLines {
  readonly put: string;
  /** The last use, if there was one since. */
  readonly use?: string;
}

/** One file of the index, read when it is asked for and again when it has changed. */
export class IndexFile {
  readonly #path: string;
  readonly #keys = new Map<string, KeyLines>();
  /** Of the file as it was read. */
  #inode: number | null = null;
  #size = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** What it says of a key now; undefined when that is nothing, or damaged. */
  get(key: string): IndexEntry | undefined {
    this.#refresh();
    return this.#entry(key);
  }

  /** All that it says now. */
  *entries(): Generator<[key: string, entry: IndexEntry]> {
    this.#refresh();
    for (const key of this.#keys.keys()) {
      const entry = this.#entry(key);
      if (entry !== undefined) yield [key, entry];
    }
  }

  /**
   * Adds lines; what a power cut left of a line before does not spoil them.
   *
   * @throws What the file system throws.
   */
  append(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const bytes = new TextEncoder().encode(`\n${lines.join("\n")}\n`);
    {
      using file = openOrMake(this.#path, { append: true });
      writeWhole(file, bytes);
    }
    // Read again with the next question, unless nobody else has written meanwhile
    if (this.#inode === null) return;
    const { size, ino } = Deno.statSync(this.#path);
    if (ino !== this.#inode || size !== this.#size + bytes.length) return;
    this.#size = size;
    this.#take(lines);
  }

  /**
   * Replaces the file by what is left without some keys.
   *
   * @throws What the file system throws.
   */
  without(gone: (key: string, entry: IndexEntry) => boolean): void {
    const lines: string[] = [];
    for (const [key, entry] of this.entries()) {
      if (gone(key, entry)) continue;
      const { put, use } = this.#keys.get(key)!;
      lines.push(put, ...(use === undefined ? [] : [use]));
    }
    if (lines.length === 0) Deno.removeSync(this.#path);
    else replaceUnsynced(this.#path, (file) => writeWhole(file, new TextEncoder().encode(`${lines.join("\n")}\n`)));
    this.#forget();
  }

  #entry(key: string): IndexEntry | undefined {
    const lines = this.#keys.get(key);
    const put = lines && parseLine(lines.put);
    if (lines === undefined || put?.kind !== "put") return undefined;
    const use = lines.use === undefined ? undefined : parseLine(lines.use);
    return { record: put.record, usedMs: Math.max(put.atMs, use?.atMs ?? 0) };
  }

  #refresh(): void {
    let stat: Deno.FileInfo;
    try {
      stat = Deno.statSync(this.#path);
    } catch {
      return this.#forget();
    }
    if (stat.ino === this.#inode && stat.size === this.#size) return;
    if (stat.ino !== this.#inode || stat.size < this.#size) this.#forget();
    this.#inode = stat.ino;
    const bytes = this.#readOn();
    // Of a line that somebody is just writing the rest is read with the next question
    const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
    this.#size += whole.length;
    this.#take(new TextDecoder().decode(whole).split("\n"));
  }

  /** What comes after that which is known. */
  #readOn(): Uint8Array {
    using file = openOwn(this.#path, { read: true });
    file.seekSync(this.#size, Deno.SeekMode.Start);
    return readRest(file, new Uint8Array(Math.max(0, file.statSync().size - this.#size) + 1));
  }

  /** Whether most of the file are lines that do not count any more. */
  get isWasteful(): boolean {
    this.#refresh();
    let bytes = 0;
    for (const { put, use = "" } of this.#keys.values()) bytes += put.length + use.length;
    return this.#size > WASTE_BYTES + 2 * bytes;
  }

  #forget(): void {
    this.#keys.clear();
    this.#inode = null;
    this.#size = 0;
  }

  #take(lines: Iterable<string>): void {
    for (const line of lines) {
      const head = headOf(line);
      if (head === undefined) continue;
      const known = this.#keys.get(head.key);
      if (head.kind === "put") this.#keys.set(head.key, { put: line });
      else if (head.kind === "drop") {
        if (parseLine(line) !== undefined) this.#keys.delete(head.key);
      } else if (known !== undefined) this.#keys.set(head.key, { ...known, use: line });
    }
  }
}
