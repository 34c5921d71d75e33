/**
 * Owns the form of the build cache on disk: one JSON text, with line ends such that it can also be written and read in
 * pieces, since a string of JavaScript ends at 512 MiB.
 * The cache as a whole is checked when it is read, and each entry when it is asked for.
 *
 * @module
 */
import type { Trace } from "../../graph/fingerprint.ts";
import { shownValue } from "../../graph/text.ts";
import { linesOf } from "../machine/file_lines.ts";
import { readRegularStart, readRegularText } from "../machine/regular_file.ts";
import type { FileEntry } from "../storage/file_entry.ts";
import type { ArtifactFacts } from "../storage/file_index.ts";

/** Raised with every change of the file's form; another version means start over. */
export const VERSION = 2;

/** The parts of a cache that are maps, in the order in which they are written. */
const PARTS = ["entries", "files", "traces", "configs"] as const;

/** One artifact, by the fingerprint of the work that made it. */
export interface CacheEntry extends ArtifactFacts {
  readonly artifact_path: string;
  readonly size: number;
  /** The ends of what the work wrote to stderr, to be shown again where its artifact is copied; absent when nothing. */
  readonly stderr?: string;
}

/** A cache as it is on disk. */
export interface CacheFile {
  readonly version: number;
  /** By fingerprint, oldest first; those of links by fingerprint and path. */
  readonly entries: Record<string, CacheEntry>;
  /** By path. */
  readonly files: Record<string, FileEntry>;
  /** By task name. */
  readonly traces: Record<string, Trace>;
  /** By the name of a config; none in caches that earlier versions wrote. */
  readonly configs: Record<string, ConfigRecord>;
}

/** The maps of a cache, whatever their entries are. */
type CacheParts = { readonly [Part in typeof PARTS[number]]: Readonly<Record<string, unknown>> };

/** What was known of a config when its artifacts were last looked through. */
export interface ConfigRecord {
  /** How its file looked: size, mtime, inode, ctime. */
  readonly stamp: readonly number[];
  /** Paths of artifacts that no config had a task for any more, and that were told of. */
  readonly stale: readonly string[];
  /** Paths of artifacts that it had no task for any more, all others; absent when there are none. */
  readonly untold?: readonly string[];
}

/** A cache that is no longer than this is read in one go, which is faster; in bytes. */
const WHOLE_BYTES = 128 * 1024 * 1024;

/** How many entries stand in one line. */
const ENTRIES_A_LINE = 1000;

/** The text of a cache, piece by piece. */
export function* cacheText(version: number, parts: CacheParts): Generator<string> {
  yield `{"version":${version}`;
  for (const part of PARTS) {
    yield `,"${part}":{\n`;
    const entries = Object.entries(parts[part]);
    for (let at = 0; at < entries.length; at += ENTRIES_A_LINE) {
      const some = JSON.stringify(Object.fromEntries(entries.slice(at, at + ENTRIES_A_LINE)));
      yield `${some.slice(1, -1)}${at + ENTRIES_A_LINE < entries.length ? "," : ""}\n`;
    }
    yield "}";
  }
  yield "}\n";
}

/**
 * What a file holds: the value of its JSON; undefined when it is damaged.
 *
 * @throws What the file system throws.
 */
export function readCacheFile(path: string, wholeBytes: number = WHOLE_BYTES): unknown {
  try {
    // So that garbage of any size is not read.
    if (!/^\s*\{/.test(new TextDecoder().decode(readRegularStart(path, 16)))) return undefined;
    if (Deno.statSync(path).size <= wholeBytes) return JSON.parse(readRegularText(path));
    return readPieces(path);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As it was written above; the JSON of any other form is not read in pieces. */
function readPieces(path: string): unknown {
  const parts: Record<string, Record<string, unknown>> = {};
  let version: unknown, part: Record<string, unknown> | undefined;
  for (const line of linesOf(path)) {
    const head = /^(?:\{"version":(\d+)|\}),"(\w+)":\{$/.exec(line);
    if (head !== null) {
      version ??= Number(head[1]);
      part = parts[head[2]] = Object.create(null) as Record<string, unknown>;
    } else if (line === "}}") {
      return { version, ...parts };
    } else if (part !== undefined) {
      Object.assign(part, withoutPrototype(JSON.parse(`{${line.replace(/,$/, "")}}`)));
    } else {
      return undefined;
    }
  }
  return undefined;
}

/** So that a path or task called `__proto__` or `constructor` is a key like any other. */
function withoutPrototype<Item extends object>(object: Item): Item {
  return Object.setPrototypeOf(object, null);
}

/** A cache that knows nothing. */
export function emptyFile(): CacheFile {
  return {
    version: VERSION,
    entries: withoutPrototype({}),
    files: withoutPrototype({}),
    traces: withoutPrototype({}),
    configs: withoutPrototype({}),
  };
}

/** The contents of a file, or what is wrong with them. */
export function cacheFileOf(value: unknown): CacheFile | string {
  if (!isObject(value)) return "is damaged";
  const { version, entries, files, traces, configs = {} } = value as Partial<CacheFile>;
  if (version !== VERSION) return `has version ${version === undefined ? "none" : shownValue(version)}, not ${VERSION}`;
  if (!isObject(entries) || !isObject(files) || !isObject(traces) || !isObject(configs)) {
    return "is damaged";
  }
  return {
    version,
    entries: withoutPrototype(entries),
    files: withoutPrototype(files),
    traces: withoutPrototype(traces),
    configs: withoutPrototype(configs),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCacheEntry(entry: CacheEntry | undefined): entry is CacheEntry {
  return isObject(entry) && typeof entry.artifact_path === "string" && typeof entry.sha256 === "string";
}

export function isTrace(trace: Trace | undefined): trace is Trace {
  return Array.isArray(trace) && trace.length === 7 && typeof trace[0] === "string" &&
    trace.every((part, i) => i === 0 || Array.isArray(part));
}

export function isConfigRecord(record: ConfigRecord | undefined): record is ConfigRecord {
  return isObject(record) && Array.isArray(record.stamp) &&
    [record.stale, record.untold ?? []].every((paths) =>
      Array.isArray(paths) && paths.every((path) => typeof path === "string")
    );
}
