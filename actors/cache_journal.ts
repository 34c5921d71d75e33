/**
 * Owns the lines that are added to the build cache while a build runs: what was completed since the cache was written as
 * a whole. Writing all of a large cache after every few tasks would cost the square of their number; a line costs what it
 * is long.
 *
 * What the lines say stays true: that work of some fingerprint makes an artifact of some digest. So lines that are read
 * after the cache was written, since someone died in between, do no harm, and half a line is worth nothing.
 *
 * @module
 */
import { replaceFile } from "./atomic_file.ts";

/** Beside the cache; a line of JSON for each completed task. */
export const CACHE_JOURNAL = ".build_cache.jsonl";

/** What became known: under a fingerprint or a task's name, something that the cache judges. */
export type CacheLine = readonly [kind: "entry" | "trace", key: string, value: unknown];

/** The lines of one folder. It makes no file before the first of them is written. */
export class CacheJournal {
  readonly #folder: string;
  readonly #version: number;
  /** To be written: until the first time also what was there, of which nothing may be lost. */
  readonly #waiting: CacheLine[] = [];
  #isBegun = false;

  /** Lines of another version count for nothing. */
  constructor(folder: string, version: number) {
    this.#folder = folder;
    this.#version = version;
  }

  /** What is there, up to the first line that cannot be understood. */
  read(): readonly CacheLine[] {
    let text: string;
    try {
      text = Deno.readTextFileSync(this.#path);
    } catch {
      return []; // there is none, as a rule
    }
    const lines = text.split("\n").slice(0, -1);
    if (lines[0] !== this.#header) return [];
    for (const line of lines.slice(1)) {
      const value = parse(line);
      if (value === undefined) break;
      this.#waiting.push(value);
    }
    return this.#waiting.slice();
  }

  add(line: CacheLine): void {
    this.#waiting.push(line);
  }

  /**
   * Puts what was added on the disk.
   *
   * @throws What the file system throws.
   */
  write(): void {
    if (this.#waiting.length === 0) return;
    const text = this.#waiting.map((line) => JSON.stringify(line) + "\n").join("");
    if (this.#isBegun) append(this.#path, text);
    else replaceFile(this.#path, `${this.#header}\n${text}`);
    this.#isBegun = true;
    this.#waiting.length = 0;
  }

  /** After the cache was written with all of it. */
  remove(): void {
    this.#waiting.length = 0;
    this.#isBegun = false;
    try {
      Deno.removeSync(this.#path);
    } catch {
      // There is none, or it can be read again without harm.
    }
  }

  get #path(): string {
    return `${this.#folder}/${CACHE_JOURNAL}`;
  }

  get #header(): string {
    return JSON.stringify({ version: this.#version });
  }
}

function append(path: string, text: string): void {
  using file = Deno.openSync(path, { append: true });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  file.syncSync();
}

function parse(line: string): CacheLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isLine = Array.isArray(value) && value.length === 3 && typeof value[1] === "string";
    return isLine && (value[0] === "entry" || value[0] === "trace") ? value as unknown as CacheLine : undefined;
  } catch {
    return undefined;
  }
}
