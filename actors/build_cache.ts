/**
 * Owns the build cache: fingerprint → artifact, and beside it the file index and the traces of the last completions,
 * in one file that is only ever replaced as a whole.
 * It decides nothing about freshness. A file that is damaged, of another version or not ours is set aside with one
 * sentence and the cache starts empty: it can always be made again.
 *
 * The parsed JSON objects are used as they are, without a prototype, since copying 100 000 entries into maps takes
 * longer than asking for the few that are wanted. So an entry is checked when it is asked for, not before.
 *
 * @module
 */
import type { Trace } from "../graph/fingerprint.ts";
import { replaceFile } from "./atomic_file.ts";
import { CacheJournal } from "./cache_journal.ts";
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
  /** By fingerprint, oldest first. */
  readonly entries: Record<string, CacheEntry>;
  /** By path. */
  readonly files: Record<string, FileEntry>;
  /** By task name. */
  readonly traces: Record<string, Trace>;
}

/** The cache of one config's folder. */
export class BuildCache {
  readonly files: FileIndex;
  readonly #path: string;
  readonly #entries: Record<string, CacheEntry>;
  readonly #traces: Record<string, Trace>;
  readonly #journal: CacheJournal;
  #isDirty = false;
  #keepsJournal = false;

  private constructor(folder: string, content: CacheFile) {
    this.#path = `${folder}/${CACHE_FILE}`;
    this.#journal = new CacheJournal(folder, VERSION);
    this.#entries = content.entries;
    this.#traces = content.traces;
    this.files = new FileIndex(folder, content.files);
    for (const [kind, key, value] of this.#journal.read()) {
      if (kind === "entry") this.insert(key, value as CacheEntry);
      else this.remember(key, value as Trace);
    }
  }

  /** Reads the cache of a folder. `warning` says why it starts empty, unless there simply was none. */
  static load(folder: string): { cache: BuildCache; warning?: string } {
    const path = `${folder}/${CACHE_FILE}`;
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch (error) {
      const cache = new BuildCache(folder, emptyFile());
      if (error instanceof Deno.errors.NotFound) return { cache };
      return { cache, warning: `Cannot read build cache '${CACHE_FILE}': ${systemDetail(error)}; starting over` };
    }
    const content = parseCacheFile(text);
    if (typeof content !== "string") return { cache: new BuildCache(folder, content) };
    const cache = new BuildCache(folder, emptyFile());
    cache.#isDirty = true;
    return { cache, warning: `Build cache '${CACHE_FILE}' ${content}; starting over` };
  }

  get isDirty(): boolean {
    return this.#isDirty || this.files.isDirty;
  }

  get(fingerprint: string): CacheEntry | undefined {
    const entry = this.#entries[fingerprint];
    return isCacheEntry(entry) ? entry : undefined;
  }

  /** What was remembered when the task was last completed. */
  trace(task: string): Trace | undefined {
    const trace = this.#traces[task];
    return isTrace(trace) ? trace : undefined;
  }

  /** Enters an artifact that is in place. */
  insert(fingerprint: string, entry: CacheEntry): void {
    delete this.#entries[fingerprint]; // so that the newest stands last
    this.#entries[fingerprint] = entry;
    this.#isDirty = true;
    if (this.#keepsJournal) this.#journal.add(["entry", fingerprint, entry]);
  }

  remember(task: string, trace: Trace): void {
    if (this.#traces[task] === trace) return;
    this.#traces[task] = trace;
    this.#isDirty = true;
    if (this.#keepsJournal) this.#journal.add(["trace", task, trace]);
  }

  /** Drops an entry that turned out wrong. */
  drop(fingerprint: string): void {
    delete this.#entries[fingerprint];
    this.#isDirty = true;
  }

  /** The paths of all artifacts known. */
  *artifactPaths(): Generator<string> {
    for (const entry of Object.values(this.#entries)) if (isCacheEntry(entry)) yield entry.artifact_path;
  }

  /**
   * Drops what is of no use any more: files that are gone, entries without their artifact, traces without their entry.
   * What other configs of the folder have here stays.
   */
  prune(): void {
    this.files.forgetGone();
    for (const fingerprint in this.#entries) {
      const entry = this.get(fingerprint);
      if (entry === undefined || this.files.remembered(entry.artifact_path) === undefined) this.drop(fingerprint);
    }
    for (const name in this.#traces) {
      const fingerprint = this.trace(name)?.[0];
      if (fingerprint === undefined || this.#entries[fingerprint] === undefined) delete this.#traces[name];
    }
  }

  /** From now on what is entered can be put on the disk by {@linkcode checkpoint}. */
  keepJournal(): void {
    this.#keepsJournal = true;
  }

  /**
   * Puts on the disk what was entered since the last time, at a cost that does not depend on what else is known.
   *
   * @throws What the file system throws.
   */
  checkpoint(): void {
    this.#journal.write();
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
      entries: this.#entries,
      files: this.files.lasting(),
      traces: this.#traces,
    };
    replaceFile(this.#path, JSON.stringify(content) + "\n");
    this.#journal.remove();
    this.#isDirty = false;
    this.files.isDirty = false;
  }

  /** An entry is of no use once its path holds another artifact; the newest few per path are kept. */
  #dropReplaced(): void {
    const kept = new Map<string, number>();
    for (const fingerprint of Object.keys(this.#entries).reverse()) {
      const entry = this.get(fingerprint);
      const count = entry === undefined ? ENTRIES_PER_PATH : kept.get(entry.artifact_path) ?? 0;
      const now = entry === undefined ? undefined : this.files.remembered(entry.artifact_path);
      if (entry === undefined || count >= ENTRIES_PER_PATH || (now !== undefined && now !== entry.sha256)) {
        delete this.#entries[fingerprint];
      } else {
        kept.set(entry.artifact_path, count + 1);
      }
    }
  }
}

function emptyFile(): CacheFile {
  return { version: VERSION, entries: withoutPrototype({}), files: withoutPrototype({}), traces: withoutPrototype({}) };
}

/** The contents, or what is wrong with them. */
function parseCacheFile(text: string): CacheFile | string {
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
  return {
    version,
    entries: withoutPrototype(entries),
    files: withoutPrototype(files),
    traces: withoutPrototype(traces),
  };
}

/** So that a path or task called `__proto__` or `constructor` is a key like any other. */
function withoutPrototype<Item extends object>(object: Item): Item {
  return Object.setPrototypeOf(object, null);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCacheEntry(entry: CacheEntry | undefined): entry is CacheEntry {
  return isObject(entry) && typeof entry.artifact_path === "string" && typeof entry.sha256 === "string";
}

function isTrace(trace: Trace | undefined): trace is Trace {
  return Array.isArray(trace) && trace.length === 7 && typeof trace[0] === "string" &&
    trace.every((part, i) => i === 0 || Array.isArray(part));
}
