/**
 * Owns the build cache: fingerprint → artifact, and beside it the file index and the traces of the last completions,
 * in one file that is only ever replaced as a whole.
 * It decides nothing about freshness. A file that is damaged, of another version or not ours is set aside with one
 * sentence and the cache starts empty: it can always be made again.
 *
 * @module
 */
import type { Trace } from "../graph/fingerprint.ts";
import { replaceFile } from "./atomic_file.ts";
import { type FileEntry, FileIndex } from "./file_index.ts";
import { systemDetail } from "./system_error.ts";

/** Name of the cache file, beside the config. */
export const CACHE_FILE = ".build_cache.json";

/** Raised with every change of the file's form; another version means start over. */
const VERSION = 1;

/** Fingerprints kept for one artifact path: edits that leave an artifact as it was add one each. */
const ENTRIES_PER_PATH = 8;

/** One artifact, by the fingerprint of the work that made it. */
export interface CacheEntry {
  readonly artifact_path: string;
  readonly sha256: string;
  readonly size: number;
}

/** The form on disk. */
interface CacheFile {
  readonly version: number;
  readonly entries: Record<string, CacheEntry>;
  readonly files: Record<string, FileEntry>;
  readonly traces: Record<string, Trace>;
}

/** The cache of one config's folder. */
export class BuildCache {
  readonly files: FileIndex;
  readonly #path: string;
  readonly #entries: Map<string, CacheEntry>;
  readonly #traces: Map<string, Trace>;
  #isDirty = false;

  private constructor(folder: string, content: Contents) {
    this.#path = `${folder}/${CACHE_FILE}`;
    this.#entries = content.entries;
    this.#traces = content.traces;
    this.files = new FileIndex(folder, content.files);
  }

  /** Reads the cache of a folder. `warning` says why it starts empty, unless there simply was none. */
  static load(folder: string): { cache: BuildCache; warning?: string } {
    const path = `${folder}/${CACHE_FILE}`;
    const empty = (): Contents => ({ entries: new Map(), files: new Map(), traces: new Map() });
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch (error) {
      const cache = new BuildCache(folder, empty());
      if (error instanceof Deno.errors.NotFound) return { cache };
      return { cache, warning: `Cannot read build cache '${CACHE_FILE}': ${systemDetail(error)}; starting over` };
    }
    const contents = parseContents(text);
    if (typeof contents !== "string") return { cache: new BuildCache(folder, contents) };
    const cache = new BuildCache(folder, empty());
    cache.#isDirty = true;
    return { cache, warning: `Build cache '${CACHE_FILE}' ${contents}; starting over` };
  }

  get isDirty(): boolean {
    return this.#isDirty || this.files.isDirty;
  }

  get(fingerprint: string): CacheEntry | undefined {
    return this.#entries.get(fingerprint);
  }

  /** What was remembered when the task was last completed. */
  trace(task: string): Trace | undefined {
    return this.#traces.get(task);
  }

  /** Enters an artifact that is in place. */
  insert(fingerprint: string, entry: CacheEntry): void {
    this.#entries.delete(fingerprint); // so that the newest stands last
    this.#entries.set(fingerprint, entry);
    this.#isDirty = true;
  }

  remember(task: string, trace: Trace): void {
    if (this.#traces.get(task)?.fingerprint === trace.fingerprint) return;
    this.#traces.set(task, trace);
    this.#isDirty = true;
  }

  /** Drops an entry that turned out wrong. */
  drop(fingerprint: string): void {
    this.#isDirty = this.#entries.delete(fingerprint) || this.#isDirty;
  }

  /** The paths of all artifacts known. */
  *artifactPaths(): Generator<string> {
    for (const entry of this.#entries.values()) yield entry.artifact_path;
  }

  /** After a run that looked at all there is: drops what belongs to none of the given tasks. */
  prune(taskNames: ReadonlySet<string>): void {
    for (const name of this.#traces.keys()) if (!taskNames.has(name)) this.#traces.delete(name);
    this.files.forgetUnseen();
    for (const [fingerprint, { artifact_path }] of this.#entries) {
      if (this.files.remembered(artifact_path) === undefined) this.#entries.delete(fingerprint);
    }
  }

  /**
   * Writes the file if anything changed.
   *
   * @throws What the file system throws; the old file stands then.
   */
  save(): void {
    if (!this.isDirty) return;
    this.#dropReplaced();
    const content: CacheFile = {
      version: VERSION,
      entries: Object.fromEntries(this.#entries),
      files: Object.fromEntries(this.files.entries()),
      traces: Object.fromEntries(this.#traces),
    };
    replaceFile(this.#path, JSON.stringify(content) + "\n");
    this.#isDirty = false;
    this.files.isDirty = false;
  }

  /** An entry is of no use once its path holds another artifact; the newest few per path are kept. */
  #dropReplaced(): void {
    const kept = new Map<string, number>();
    for (const [fingerprint, { artifact_path, sha256 }] of [...this.#entries].reverse()) {
      const count = kept.get(artifact_path) ?? 0;
      const now = this.files.remembered(artifact_path);
      if (count >= ENTRIES_PER_PATH || (now !== undefined && now !== sha256)) this.#entries.delete(fingerprint);
      else kept.set(artifact_path, count + 1);
    }
  }
}

interface Contents {
  readonly entries: Map<string, CacheEntry>;
  readonly files: Map<string, FileEntry>;
  readonly traces: Map<string, Trace>;
}

/** The contents, or what is wrong with them. */
function parseContents(text: string): Contents | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "is damaged";
  }
  if (!isObject(value)) return "is damaged";
  const { version, entries, files, traces } = value as Partial<CacheFile>;
  if (version !== VERSION) return `has version ${JSON.stringify(version) ?? "none"}, not ${VERSION}`;
  if (!isObject(entries) || !isObject(files) || !isObject(traces)) return "is damaged";
  const contents = {
    entries: new Map(Object.entries(entries)),
    files: new Map(Object.entries(files)),
    traces: new Map(Object.entries(traces)),
  };
  for (const entry of contents.entries.values()) if (!isCacheEntry(entry)) return "is damaged";
  for (const entry of contents.files.values()) if (!isFileEntry(entry)) return "is damaged";
  for (const trace of contents.traces.values()) if (!isTrace(trace)) return "is damaged";
  return contents;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCacheEntry(entry: CacheEntry): boolean {
  return isObject(entry) && typeof entry.artifact_path === "string" && typeof entry.sha256 === "string";
}

function isFileEntry(entry: FileEntry): boolean {
  return Array.isArray(entry) && entry.length === 4 && typeof entry[3] === "string";
}

function isTrace(trace: Trace): boolean {
  return isObject(trace) && typeof trace.action === "string" && isObject(trace.env) && Array.isArray(trace.sources) &&
    Array.isArray(trace.dependencies);
}
