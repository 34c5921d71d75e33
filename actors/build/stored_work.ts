/**
 * Owns what a build asks of its store and puts into it, tasks by index: what the work of a fingerprint has made before, and
 * what was made now. It decides nothing about freshness and copies nothing.
 *
 * @module
 */
import { parseTree } from "../../graph/artifact.ts";
import { type DiscoveredPaths, plausibleLists } from "../../graph/discovered.ts";
import type { Trace } from "../../graph/fingerprint.ts";
import type { StoredArtifact, StoreRecord } from "../../graph/store_record.ts";
import type { Task } from "../../graph/task.ts";
import type { Output } from "../process/output.ts";
import type { PublishedArtifact } from "../storage/publication.ts";
import type { BlobPlace } from "../storage/blobs.ts";
import type { Store } from "../store/store.ts";
import type { CopySource } from "../worker/messages.ts";
import { type CachedArtifact, type CacheEntry, entryOfArtifacts } from "./cache_form.ts";
import type { LateStore } from "./late_store.ts";
import type { OutputPlaces } from "./output_places.ts";

/** What was found in the store for a task. */
export interface Stored {
  readonly key: string;
  readonly record: StoreRecord;
  /** What was made, as the build cache has it. */
  readonly entry: CacheEntry;
  /** What was printed. */
  readonly output: Output;
  /** It came out of a remote cache in this run. */
  readonly isRemote: boolean;
}

/** How a task was done, as far as its record tells. */
export interface Done {
  readonly published: readonly PublishedArtifact[];
  readonly durationMs: number;
  readonly output?: Output;
}

/** The use that one build makes of a store. */
export class StoredWork {
  readonly #late: LateStore;
  readonly #tasks: readonly Task[];

  constructor(late: LateStore, tasks: readonly Task[]) {
    this.#late = late;
    this.#tasks = tasks;
  }

  /** What has to be waited for before a task can be asked about; undefined when nothing has. */
  opening(task: number): Promise<void> | undefined {
    return this.#late.isTried || !this.#isKept(task) ? undefined : this.#late.open();
  }

  /** What the work of a fingerprint has made before, if the task can have it and all that was printed is there. */
  find(task: number, fingerprint: string, places: OutputPlaces): Stored | undefined {
    const { store } = this.#late;
    if (store === undefined || !this.#isKept(task)) return undefined;
    const key = store.key(fingerprint), record = store.find(key);
    const entry = record && this.#entry(task, { store, record, fingerprint, places });
    if (record === undefined || entry === undefined) return undefined;
    const output = store.printed(record);
    if (output !== undefined) {
      return { key, record, entry, output, isRemote: this.#late.remote?.hasFetched(key) ?? false };
    }
    store.distrust(key, record);
  }

  /** The lists of files that a task was found to read which declared what this one does, the likeliest first. */
  lists(task: number, declared: string, known: {
    /** What it was last found to read, whatever it declared then. */
    readonly last: DiscoveredPaths | undefined;
    readonly isThere: (path: string) => boolean;
  }): readonly DiscoveredPaths[] {
    const { store } = this.#late;
    if (store === undefined || !this.#isKept(task)) return [];
    return plausibleLists(store.lists(store.key(declared)), known.last, known.isThere);
  }

  /** What is to be waited for before a remote cache has told what it has of a fingerprint; undefined when nothing is. */
  ask(task: number, fingerprint: string): Promise<void> | undefined {
    const { store, remote } = this.#late;
    return store === undefined || !this.#isKept(task) ? undefined : remote?.ask(store.key(fingerprint));
  }

  #entry(
    task: number,
    { store, record, fingerprint, places }: {
      readonly store: Store;
      readonly record: StoreRecord;
      readonly fingerprint: string;
      readonly places: OutputPlaces;
    },
  ): CacheEntry | undefined {
    const declared = this.#tasks[task], artifacts: CachedArtifact[] = [];
    for (const { path: artifact_path, kind, sha256, size, mode = 0, link } of record.outputs) {
      const tree = kind === "folder" ? store.listing(sha256) : undefined;
      if (kind === "folder" && tree === undefined) return undefined;
      artifacts.push({
        ...{ artifact_path, sha256, size, mode },
        ...(link === undefined ? {} : { link }),
        ...(tree === undefined ? {} : { tree }),
      });
    }
    const entry = entryOfArtifacts(artifacts, declared, fingerprint);
    if (!places.fits(declared, entry)) return undefined;
    // A link says where it leads to from where it lies: elsewhere it would be another artifact
    const isPlaced = ({ artifact_path: path }: CachedArtifact, at: number) =>
      places.targets(declared, entry)[at] === path;
    return artifacts.every((one, at) => one.link === undefined || isPlaced(one, at)) ? entry : undefined;
  }

  /** Where the artifacts lie that a task is to have at these paths; undefined when one is not there, by its size. */
  copies(
    missing: readonly { readonly path: string; readonly artifact: CachedArtifact }[],
  ): readonly CopySource[] | undefined {
    const store = this.#late.store!;
    const isThere = ({ artifact: { sha256, size, link, tree } }: { readonly artifact: CachedArtifact }) => {
      if (tree === undefined) return link !== undefined || store.has(sha256, size);
      return parseTree(tree)?.every((one) => one.kind !== "file" || store.has(one.sha256, one.size));
    };
    if (!missing.every(isThere)) return undefined;
    return missing.map(({ path, artifact: { sha256, size, mode, link, tree } }) => ({
      ...{ from: store.blob(sha256), path, sha256 },
      ...(tree === undefined ? { size, mode } : { tree, blobs: store.blobs.folder }),
      ...(link === undefined ? {} : { link }),
    }));
  }

  /** What was found was not there, or not as it should be. */
  distrust({ key, record }: Stored): void {
    this.#late.store?.distrust(key, record);
  }

  /** The work of a fingerprint has not made what it should have. */
  forget(fingerprint: string): void {
    const { store, remote } = this.#late;
    if (store === undefined) return;
    store.distrust(store.key(fingerprint));
    remote?.withdraw(store.key(fingerprint));
  }

  /** Where a task's artifacts are to be put as they come to be; a miss is counted. */
  begin(task: number): BlobPlace | undefined {
    const { store } = this.#late;
    if (store === undefined || !this.#isKept(task)) return undefined;
    store.counts.misses++;
    return store.takes ? store.blobs : undefined;
  }

  /** A task was given what was found. */
  hit(): void {
    const { store } = this.#late;
    if (store !== undefined) store.counts.hits++;
  }

  /** Enters what a task has made, if all of it could be put there. */
  enter(task: number, [fingerprint, , , , , , , further]: Trace, { published, durationMs, output }: Done): void {
    const { store } = this.#late;
    if (store === undefined || !store.takes || !this.#isKept(task)) return;
    const detail = published.find(({ stored }) => typeof stored === "string")?.stored;
    if (typeof detail === "string") store.fail(detail);
    else if (published.every(({ stored }) => stored === true)) {
      const printed = store.keep(output);
      if (printed !== undefined) {
        const record = { outputs: published.map(artifactOf), durationMs: Math.round(durationMs), ...printed };
        // A function may still fail by what it has left running.
        const waits = this.#tasks[task].action.kind === "module";
        this.#keep(store, store.key(fingerprint), { record, waits });
        const { declared, files } = further?.discovery ?? {};
        if (declared !== undefined && files !== undefined) {
          const lists = store.withList(store.key(declared), files);
          if (lists !== undefined) {
            this.#keep(store, store.key(declared), { record: { ...record, outputs: [], lists } });
          }
        }
      }
    }
    this.#late.tellTrouble();
  }

  #keep(store: Store, key: string, { record, waits }: { record: StoreRecord; waits?: boolean }): void {
    store.enter(key, record);
    this.#late.remote?.offer(key, record, { waits });
  }

  /** Puts on the disk what was entered. */
  flush(): void {
    this.#late.store?.flush();
  }

  #isKept(task: number): boolean {
    return this.#tasks[task].isUnstored !== true;
  }
}

function artifactOf(artifact: PublishedArtifact): StoredArtifact {
  const { path, sha256, size } = artifact;
  if ("files" in artifact) return { path, kind: "folder", sha256, size };
  const { mode, link } = artifact;
  return link === undefined
    ? { path, kind: "file", sha256, size, mode }
    : { path, kind: "link", sha256, size, mode, link };
}
