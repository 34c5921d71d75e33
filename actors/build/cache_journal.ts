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
import { PRIVATE, replaceFile, writeAll } from "../storage/atomic_file.ts";
import { linesOf } from "../machine/file_lines.ts";
import { openOwn, readRegularStart } from "../machine/regular_file.ts";

/** Beside the cache; a line of JSON for each completed task. */
export const CACHE_JOURNAL = ".build_cache.jsonl";

/**
 * What became known: under a fingerprint, the path of an artifact, a number, or the name of a task or a config, something that the cache
 * judges.
 */
export type CacheLine = readonly [
  kind: "entry" | "file" | "input" | "trace" | "duration" | "config" | "failure",
  key: string,
  value: unknown,
];

const KINDS = ["entry", "file", "input", "trace", "duration", "config", "failure"];

/** The lines of one folder. It makes no file before the first of them is written. */
export class CacheJournal {
  readonly #folder: string;
  readonly #version: number;
  /** To be written: until the first time also what was there, of which nothing may be lost. */
  readonly #waiting: CacheLine[] = [];
  #isBegun = false;
  /** How many lines were written to the file. */
  #written = 0;

  /** Lines of another version count for nothing. */
  constructor(folder: string, version: number) {
    this.#folder = folder;
    this.#version = version;
  }

  /** What is there, up to the first line that cannot be understood. */
  read(): readonly CacheLine[] {
    try {
      const header = `${this.#header}\n`; // ASCII
      if (new TextDecoder().decode(readRegularStart(this.#path, header.length)) !== header) return [];
      for (const line of linesOf(this.#path).drop(1)) {
        const value = parse(line);
        if (value === undefined) break;
        this.#waiting.push(value);
      }
    } catch {
      // There is none, as a rule.
    }
    return this.#waiting.slice();
  }

  /** How many lines there are, written or to be. */
  get length(): number {
    return this.#written + this.#waiting.length;
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
    const lines = this.#waiting.values().map((line) => JSON.stringify(line) + "\n");
    if (this.#isBegun) append(this.#path, lines);
    else replaceFile(this.#path, chain([`${this.#header}\n`], lines), { within: this.#folder, mode: PRIVATE });
    this.#isBegun = true;
    this.#written += this.#waiting.length;
    this.#waiting.length = 0;
  }

  /** After the cache was written with all of it. */
  remove(): void {
    this.#waiting.length = 0;
    this.#written = 0;
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

function append(path: string, lines: Iterable<string>): void {
  using file = openOwn(path, { append: true });
  writeAll(file, lines);
  file.syncSync();
}

function* chain(...many: Iterable<string>[]): Generator<string> {
  for (const one of many) yield* one;
}

function parse(line: string): CacheLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isLine = Array.isArray(value) && value.length === 3 && typeof value[1] === "string";
    return isLine && KINDS.includes(value[0]) ? value as unknown as CacheLine : undefined;
  } catch {
    return undefined;
  }
}
