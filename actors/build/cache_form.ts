/**
 * Owns the form of the build cache on disk: one JSON text, with line ends such that it can also be written and read in
 * pieces, since a string of JavaScript ends at 512 MiB.
 * The cache as a whole is checked when it is read, and each entry when it is asked for.
 *
 * @module
 */
import type { TraceWith } from "../../graph/fingerprint.ts";
import type { ShownArtifact } from "../../graph/artifact.ts";
import type { Task } from "../../graph/task.ts";
import { shownValue } from "../../graph/text.ts";
import { linesOf } from "../machine/file_lines.ts";
import { readRegularStart, readRegularText } from "../machine/regular_file.ts";
import type { FileEntry } from "../storage/file_entry.ts";
import type { InputVersions, StoredDiscovery } from "./input_versions.ts";
import type { ArtifactFacts } from "../storage/file_index.ts";

/** Raised with every change of the file's form; another version means start over. */
export const VERSION = 2;

/** The parts of a cache that are maps, in the order in which they are written. */
const PARTS = ["entries", "files", "inputs", "traces", "configs", "durations", "failures"] as const;

/** One artifact of a task. */
export interface CachedArtifact extends ArtifactFacts {
  readonly artifact_path: string;
  readonly size: number;
  /** A glob matched it before the work was done, which left it alone: others have made it. */
  readonly found?: true;
}

/** What work has made, by its fingerprint; where it made several, the first of them. */
export interface CacheEntry extends ArtifactFacts {
  /** Null where the work has made nothing. */
  readonly artifact_path: string | null;
  readonly size: number;
  readonly found?: true;
  /** The others, where it made several. */
  readonly more?: readonly CachedArtifact[];
  /** The name of the task, where nothing tells else whose work it was. */
  readonly task?: string;
  /** The first of the task's outputs, where that is a glob and links are among what it matched. */
  readonly at?: string;
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
  /** By number; none in caches that earlier versions wrote. */
  readonly inputs: ConstructorParameters<typeof InputVersions>[0];
  /** By task name. */
  readonly traces: Record<string, StoredTrace>;
  /** By the name of a config; none in caches that earlier versions wrote. */
  readonly configs: Record<string, ConfigRecord>;
  /** By task name; none in caches that earlier versions wrote. */
  readonly durations: Record<string, number>;
  /** By the name of a task that never passed, and has failed; none in caches that earlier versions wrote. */
  readonly failures: Record<string, true>;
}

/** A trace as it is on disk. */
export type StoredTrace = TraceWith<StoredDiscovery>;

/** The maps of a cache, whatever their entries are; what is absent has none. */
type CacheParts = { readonly [Part in typeof PARTS[number]]?: Readonly<Record<string, unknown>> };

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
    const map = parts[part];
    if (map === undefined) continue;
    yield `,"${part}":{\n`;
    const entries = Object.entries(map);
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
    inputs: withoutPrototype({}),
    traces: withoutPrototype({}),
    configs: withoutPrototype({}),
    durations: withoutPrototype({}),
    failures: withoutPrototype({}),
  };
}

/** The contents of a file, or what is wrong with them. */
export function cacheFileOf(value: unknown): CacheFile | string {
  if (!isObject(value)) return "is damaged";
  const { inputs = {}, configs = {}, durations = {}, failures = {}, ...others } = value as Partial<CacheFile>;
  const { version, entries, files, traces } = others;
  if (version !== VERSION) return `has version ${version === undefined ? "none" : shownValue(version)}, not ${VERSION}`;
  if (![entries, files, inputs, traces, configs, durations, failures].every(isObject)) return "is damaged";
  return {
    version,
    entries: withoutPrototype(entries!),
    files: withoutPrototype(files!),
    inputs: withoutPrototype(inputs),
    traces: withoutPrototype(traces!),
    configs: withoutPrototype(configs),
    durations: withoutPrototype(durations),
    failures: withoutPrototype(failures),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCacheEntry(entry: CacheEntry | undefined): entry is CacheEntry {
  return isObject(entry) && (typeof entry.artifact_path === "string" || entry.artifact_path === null) &&
    typeof entry.sha256 === "string" && (entry.more === undefined || areArtifacts(entry.more));
}

function areArtifacts(more: unknown): boolean {
  return Array.isArray(more) &&
    more.every((one: Partial<CachedArtifact> | null) =>
      typeof one?.artifact_path === "string" && typeof one.sha256 === "string"
    );
}

/** All artifacts of an entry, in order. */
export function artifactsIn(entry: CacheEntry): readonly CachedArtifact[] {
  const { artifact_path, more = [] } = entry;
  return artifact_path === null ? [] : [entry as CachedArtifact, ...more];
}

/** An artifact as it is told of. */
export function shownArtifact({ artifact_path: path, sha256, size, mode, link, tree }: CachedArtifact): ShownArtifact {
  if (tree !== undefined) return { path, kind: "folder", sha256, size };
  if (link !== undefined) return { path, kind: "link", sha256, size, target: link };
  return { path, kind: "file", sha256, size, ...((mode & 0o100) === 0 ? {} : { executable: true }) };
}

/** The entry of some artifacts; for none, which a check makes, `handedOn` is what stands for them. */
export function entryOfArtifacts(
  artifacts: readonly CachedArtifact[],
  { name, outputs }: Pick<Task, "name" | "outputs">,
  handedOn: string,
): CacheEntry {
  if (artifacts.length === 0) return { artifact_path: null, sha256: handedOn, size: 0, mode: 0, task: name };
  const [first, ...more] = artifacts;
  const at = outputs[0].kind === "glob" && artifacts.some(({ link }) => link !== undefined)
    ? outputs[0].path
    : undefined;
  return { ...first, ...(more.length === 0 ? {} : { more }), ...(at === undefined ? {} : { at }) };
}

/** What it was found to read is for the one to check who knows the versions of files. */
export function isTrace(trace: StoredTrace | undefined): trace is StoredTrace {
  if (!Array.isArray(trace) || typeof trace[0] !== "string") return false;
  for (let part = 1; part < 7; part++) if (!areStrings(trace[part])) return false;
  const { length, [7]: further } = trace;
  return length === 7 || (length === 8 && isObject(further) && areStrings(further.tools ?? []));
}

function areStrings(list: unknown): boolean {
  return Array.isArray(list) && list.every((one) => typeof one === "string");
}

export function isConfigRecord(record: ConfigRecord | undefined): record is ConfigRecord {
  return isObject(record) && Array.isArray(record.stamp) &&
    [record.stale, record.untold ?? []].every((paths) =>
      Array.isArray(paths) && paths.every((path) => typeof path === "string")
    );
}
