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
import { dirname } from "@std/path/posix/dirname";
import { join } from "@std/path/posix/join";
import { type Trace, type TraceWith, withFurther } from "../../graph/fingerprint.ts";
import { PRIVATE, replaceFile } from "../storage/atomic_file.ts";
import {
  artifactsIn,
  type CacheEntry,
  type CacheFile,
  cacheFileOf,
  cacheText,
  type ConfigRecord,
  emptyFile,
  isCacheEntry,
  isConfigRecord,
  isTrace,
  readCacheFile,
  type StoredTrace,
  VERSION,
} from "./cache_form.ts";
import { CACHE_JOURNAL, CacheJournal, type CacheLine } from "./cache_journal.ts";
import type { FileEntry } from "../storage/file_entry.ts";
import { FileIndex } from "../storage/file_index.ts";
import { InputVersions, type StoredDiscovery } from "./input_versions.ts";
import { UsualDurations } from "./usual_durations.ts";
import { TreeIndex } from "../storage/tree_index.ts";
import { isFolder } from "../machine/regular_file.ts";
import { systemDetail } from "../machine/system_error.ts";

/** Name of the cache file, beside the config. */
export const CACHE_FILE = ".build_cache.json";

/** Fingerprints kept for one artifact path: edits that leave an artifact as it was add one each. */
const ENTRIES_PER_PATH = 8;

/** A journal that is longer is folded in. */
const MOST_LINES = 1000;

/** A smaller cache is written as a whole in the time that its journal would take; in bytes. */
const LARGE_BYTES = 500_000;

/** The cache of one config's folder. */
export class BuildCache {
  readonly files: FileIndex;
  /** What is known of folders that are artifacts. */
  readonly trees: TreeIndex;
  readonly durations: UsualDurations;
  readonly #path: string;
  readonly #entries: Record<string, CacheEntry>;
  readonly #traces: Record<string, StoredTrace>;
  readonly #inputs: InputVersions;
  /** Traces with inputs that were discovered, as they are used; made when they are asked for. */
  readonly #resolved = new Map<string, Trace>();
  readonly #configs: Record<string, ConfigRecord>;
  readonly #failures: Record<string, true>;
  readonly #journal: CacheJournal;
  #isDirty = false;
  #keepsJournal = false;
  #isKept = false;
  /** Whether all that is not in the file is in the journal, but for how files look that can be looked at again. */
  #isInJournal: boolean;
  /** Whether the journal has been given something that the disk has not. */
  #hasAdded = false;
  /** Whether the journal has been given something that a task has made. */
  #hasMade = false;
  /** Of the file as it was read. */
  readonly #bytes: number;
  /** How the files on the disk look that hold what this one has read or written last. */
  #onDisk: string;

  private constructor(folder: string, content: CacheFile, bytes = 0) {
    this.#path = `${folder}/${CACHE_FILE}`;
    this.#journal = new CacheJournal(folder, VERSION);
    this.#entries = content.entries;
    this.#traces = content.traces;
    this.#configs = content.configs;
    this.#failures = content.failures;
    this.durations = new UsualDurations(content.durations);
    this.#inputs = new InputVersions(content.inputs);
    this.files = new FileIndex(folder, content.files);
    this.trees = new TreeIndex(this.files);
    for (const [kind, key, value] of this.#journal.read()) {
      if (kind === "entry") this.insert(key, value as CacheEntry);
      else if (kind === "file") this.files.recall(key, value as FileEntry);
      else if (kind === "input") this.#inputs.recall(key, value);
      else if (kind === "duration") this.durations.recall(key, value);
      else if (kind === "config") this.rememberConfig(key, value as ConfigRecord);
      else if (kind === "failure") this.noteFailure(key);
      else this.#keep(key, value as StoredTrace);
    }
    this.#bytes = bytes;
    this.#isInJournal = bytes > 0;
    this.#onDisk = this.#look();
  }

  /** Reads the cache of a folder. `warning` says why it starts empty, unless there simply was none. */
  static load(folder: string): { cache: BuildCache; warning?: string } {
    const path = `${folder}/${CACHE_FILE}`;
    let value: unknown;
    try {
      value = readCacheFile(path);
    } catch (error) {
      const cache = new BuildCache(folder, emptyFile());
      if (error instanceof Deno.errors.NotFound) return { cache };
      return { cache, warning: `Cannot read build cache '${CACHE_FILE}': ${systemDetail(error)}; starting over` };
    }
    const content = cacheFileOf(value);
    if (typeof content !== "string") return { cache: new BuildCache(folder, content, Deno.statSync(path).size) };
    const cache = new BuildCache(folder, emptyFile());
    cache.#isDirty = true;
    return { cache, warning: `Build cache '${CACHE_FILE}' ${content}; starting over` };
  }

  get isDirty(): boolean {
    return this.#isDirty || this.files.news > 0;
  }

  /** Whether nobody else has written to the disk what this one does not know. */
  get isCurrent(): boolean {
    return this.#look() === this.#onDisk;
  }

  /** What the work of a fingerprint has made: for this output if it is a link, and else for any. */
  get(fingerprint: string, output: string | undefined): CacheEntry | undefined {
    return (output === undefined ? undefined : this.#entry(keyOfLink(fingerprint, output))) ??
      this.#entry(fingerprint);
  }

  #entry(key: string): CacheEntry | undefined {
    const entry = this.#entries[key];
    return isCacheEntry(entry) ? entry : undefined;
  }

  /** What was remembered when the task was last completed. */
  trace(task: string): Trace | undefined {
    const stored = this.#traces[task];
    if (!isTrace(stored)) return undefined;
    const further = stored[7];
    if (further?.discovery === undefined) return stored as Trace;
    return this.#resolved.get(task) ?? this.#resolve(task, stored, { ...further, discovery: further.discovery });
  }

  #resolve(task: string, stored: StoredTrace, further: { readonly discovery: StoredDiscovery }): Trace | undefined {
    const discovery = this.#inputs.resolved(further.discovery);
    if (discovery === undefined) return undefined;
    const trace = withFurther(stored, { ...further, discovery });
    this.#resolved.set(task, trace);
    return trace;
  }

  /** What was remembered when a config's artifacts were last looked through. */
  configRecord(config: string): ConfigRecord | undefined {
    const record = this.#configs[config];
    return isConfigRecord(record) ? record : undefined;
  }

  /** Remembers what was found when a config's artifacts were looked through. */
  rememberConfig(config: string, record: ConfigRecord): void {
    this.#configs[config] = record;
    this.#isDirty = true;
    this.#add(() => [["config", config, record]], false);
  }

  /** Enters an artifact that is in place. */
  insert(fingerprint: string, entry: CacheEntry): void {
    // A link says where it leads to from where it lies: elsewhere it would be another artifact
    const path = entry.at ?? entry.artifact_path, hasLink = artifactsIn(entry).some(({ link }) => link !== undefined);
    const key = path === null || !hasLink ? fingerprint : keyOfLink(fingerprint, path);
    if (path !== null) delete this.#entries[keyOfLink(fingerprint, path)];
    delete this.#entries[key]; // so that the newest stands last
    this.#entries[key] = entry;
    this.#isDirty = true;
    this.#add(() => [["entry", fingerprint, entry]]);
  }

  remember(task: string, trace: Trace): void {
    const further = trace[7];
    if (further?.discovery === undefined) return this.#keep(task, trace as TraceWith<never>);
    if (this.#resolved.get(task) === trace) return;
    const discovery = this.#inputs.stored(further.discovery);
    this.#keep(task, withFurther(trace, { ...further, discovery }));
    this.#resolved.set(task, trace);
  }

  #keep(task: string, trace: StoredTrace): void {
    if (this.#traces[task] === trace) return;
    this.#traces[task] = trace;
    delete this.#failures[task];
    this.#resolved.delete(task);
    this.#isDirty = true;
    this.#add(() => [
      ...this.#inputs.unwritten().map(([number, version]) => ["input", number, version] as const),
      ["trace", task, trace],
    ]);
  }

  /** Takes note of what the index of files knows of an artifact. */
  noteFile(path: string): void {
    this.#add(() => {
      const file = this.files.entry(path);
      return file === undefined ? [] : [["file", path, file]];
    });
  }

  /** Takes note of how long a task took. */
  noteDuration(task: string, durationMs: number): void {
    if (this.durations.note(task, durationMs)) this.#add(() => [["duration", task, durationMs]]);
  }

  /** Takes note that a task has failed; of one that had passed before, its trace tells more. */
  noteFailure(task: string): void {
    if (this.#failures[task] || task in this.#traces) return;
    this.#failures[task] = true;
    this.#isDirty = true;
    this.#add(() => [["failure", task, true]], false);
  }

  /** Whether a task that never passed has failed. */
  hasFailed(task: string): boolean {
    return this.#failures[task] === true;
  }

  /** Puts lines into the journal, as long as it is of use; `isMade`: by a task. */
  #add(lines: () => readonly CacheLine[], isMade = true): void {
    if (!this.#keepsJournal && (!this.#isInJournal || this.#journal.length >= MOST_LINES)) {
      this.#isInJournal = false;
      return;
    }
    for (const line of lines()) this.#journal.add(line);
    this.#hasAdded = true;
    this.#hasMade ||= isMade;
  }

  /** Drops an entry that turned out wrong. */
  drop(fingerprint: string): void {
    delete this.#entries[fingerprint];
    this.#isDirty = true;
    this.#isInJournal = false;
  }

  /** Drops the entries of all artifacts that lie in a folder. */
  dropIn(folder: string): void {
    for (const key in this.#entries) {
      const entry = this.#entry(key);
      const isIn = entry !== undefined &&
        artifactsIn(entry).some(({ artifact_path: path }) => dirname(path) === folder);
      if (isIn) this.drop(key);
    }
  }

  /** The paths of all artifacts known. */
  *artifactPaths(): Generator<string> {
    for (const entry of Object.values(this.#entries)) {
      if (!isCacheEntry(entry)) continue;
      for (const { artifact_path: path } of artifactsIn(entry)) yield path;
    }
  }

  /**
   * Drops what is of no use any more: files that are gone, entries without their artifact, traces without their entry.
   * What other configs of the folder have here stays.
   */
  prune(): void {
    this.files.forgetGone();
    const known = new Set<string>();
    for (const key in this.#entries) {
      const entry = this.#entry(key);
      if (entry === undefined || !this.#isOfUse(entry)) this.drop(key);
      else known.add(key.split(" ", 1)[0]);
    }
    const discoveries: StoredDiscovery[] = [];
    for (const name in this.#traces) {
      const trace = this.#traces[name];
      if (!isTrace(trace) || !known.has(trace[0])) {
        delete this.#traces[name];
        this.#resolved.delete(name);
      } else if (trace[7]?.discovery !== undefined) discoveries.push(trace[7].discovery);
    }
    this.durations.keepOnly((name) => name in this.#traces);
    this.#inputs.prune(discoveries);
  }

  /** Whether all that it names may still be there. */
  #isOfUse(entry: CacheEntry): boolean {
    if (entry.artifact_path === null) return entry.task !== undefined && this.trace(entry.task) !== undefined;
    return artifactsIn(entry).every(({ artifact_path: path, tree }) =>
      tree === undefined ? this.files.remembered(path) !== undefined : isFolder(`${dirname(this.#path)}/${path}`)
    );
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
    this.#hasAdded = false;
    this.#onDisk = this.#look();
  }

  /** Whether there is something that only the journal has. */
  get hasJournal(): boolean {
    return this.#journal.length > 0;
  }

  /** Whether a build that ended now would lose something that later ones cannot have again by a few looks at files. */
  get hasNews(): boolean {
    return this.#hasAdded || !this.#isInJournal || this.files.news > MOST_LINES;
  }

  /** From now on this cache serves further builds, as long as it is the current one; the disk has all of it. */
  keep(): void {
    if (this.#isKept) return;
    this.#isKept = true;
    if (!this.isDirty) this.#isInJournal = true;
    this.keepJournal();
  }

  /**
   * Whether the end of a build is only a checkpoint: the disk has all but a few lines in one piece, and the cache is kept or
   * so large that the whole takes longer. A build that has made nothing writes the whole, for the sake of the next ones.
   */
  get isCheckpointEnough(): boolean {
    const isWorthIt = this.#isKept || (this.#bytes >= LARGE_BYTES && this.#hasMade && this.files.news <= MOST_LINES);
    return isWorthIt && this.#isInJournal && this.#journal.length <= MOST_LINES;
  }

  /**
   * Writes the file if anything changed.
   *
   * @throws What the file system throws; the old file stands then.
   */
  save(nowMs: number = Date.now()): void {
    if (!this.isDirty) return;
    this.#dropReplaced();
    const files = this.files.lasting(nowMs);
    const own = { inputs: this.#inputs.all, durations: this.durations.all, failures: this.#failures };
    const parts = { entries: this.#entries, files, ...own, traces: this.#traces, configs: this.#configs };
    replaceFile(this.#path, cacheText(VERSION, parts), { within: dirname(this.#path), mode: PRIVATE });
    this.#journal.remove();
    this.#inputs.settle();
    this.#isInJournal = true;
    this.#hasAdded = false;
    this.#hasMade = false;
    this.#isDirty = false;
    this.files.settle();
    this.#onDisk = this.#look();
  }

  #look(): string {
    return [this.#path, join(dirname(this.#path), CACHE_JOURNAL)].map((path) => {
      try {
        const { dev, ino, size, mtime, ctime } = Deno.lstatSync(path);
        return [dev, ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
      } catch {
        return "";
      }
    }).join();
  }

  /** An entry is of no use once its path holds another artifact; the newest few per path are kept. */
  #dropReplaced(): void {
    const kept = new Map<string, number>(), folders = new Map<string, string>();
    for (const fingerprint of Object.keys(this.#entries).reverse()) {
      const entry = this.#entry(fingerprint);
      // A path holds no control character, so none is taken for the name of a task.
      const key = entry === undefined ? "" : entry.artifact_path ?? `\0${entry.task}`;
      const count = entry === undefined ? ENTRIES_PER_PATH : kept.get(key) ?? 0;
      if (entry === undefined || count >= ENTRIES_PER_PATH || this.#isReplaced(entry, folders)) {
        delete this.#entries[fingerprint];
      } else {
        kept.set(key, count + 1);
      }
    }
  }

  /** Whether one of its paths holds something else by now; of a folder the newest entry tells what it holds. */
  #isReplaced(entry: CacheEntry, folders: Map<string, string>): boolean {
    return artifactsIn(entry).some(({ artifact_path: path, sha256, tree }) => {
      const now = tree === undefined ? this.files.remembered(path) : folders.get(path);
      if (tree !== undefined && now === undefined) folders.set(path, sha256);
      return now !== undefined && now !== sha256;
    });
  }
}

function keyOfLink(fingerprint: string, output: string): string {
  return `${fingerprint} ${output}`;
}
