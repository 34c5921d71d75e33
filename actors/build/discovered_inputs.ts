/**
 * Owns what is known of files that tasks were found to read: the trace of a task with those that were discovered when it
 * was last done, as they are now, and with those that it has just named. It runs nothing, and writes nothing but what it
 * learns about files.
 *
 * A file that was named and is not there, or not any more, leaves its task to be done, and is no error: what names it may
 * be another by then. Nor is a file that appears noticed by a task that has not named it.
 *
 * @module
 */
import type { DiscoveredPaths } from "../../graph/discovered.ts";
import { isOwnFile } from "../../graph/own_files.ts";
import type { TaskFailure } from "../../graph/failure.ts";
import { declaredFingerprint, type Trace, withDiscovered } from "../../graph/fingerprint.ts";
import { Producers, type RealPlace } from "../../graph/outputs.ts";
import { Waiting } from "../../graph/producers.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import type { Task } from "../../graph/task.ts";
import type { FileIndex, TooMuch } from "../storage/file_index.ts";
import type { FoundFiles } from "../worker/found_files.ts";
import { isFolder, NOT_REGULAR } from "../machine/regular_file.ts";
import { absoluteIn } from "../../graph/paths.ts";
import { problemOf, type Unanswered } from "./unanswered.ts";

/** The trace of a task whose inputs are all known; `isWhole` unless one of them is gone, so that it must be done. */
export interface KnownInputs {
  readonly trace: Trace;
  readonly isWhole: boolean;
}

/** The trace of a task that was done. */
export interface FoundInputs {
  readonly trace: Trace;
  /** No file may have been another when it was read. */
  readonly isSure: boolean;
  /** One may that nobody knew before to be read by the task. */
  readonly isOutdated: boolean;
}

/** Stand for the digests of files that were named and not there, or may have been others. No file has these. */
const GONE = "gone", UNSURE = "unsure";

/** Answers for one run. */
export class DiscoveredInputs {
  readonly #plan: Plan;
  readonly #files: FileIndex;
  readonly #isShared: boolean;
  readonly #others: readonly Pick<Task, "name" | "outputs">[];
  readonly #unchosen: Producers | undefined;
  #waiting: Waiting | undefined;
  /** Declared fingerprint → what a task was found to read in this run, for others that do the same. */
  readonly #found = new Map<string, DiscoveredPaths>();

  /** `isShared` says that others make artifacts in this folder too; `others` are tasks of the config that were not chosen. */
  constructor(
    plan: Plan,
    files: FileIndex,
    { isShared = false, others = [], really }: {
      readonly isShared?: boolean;
      readonly others?: readonly Pick<Task, "name" | "outputs">[];
      readonly really?: RealPlace;
    } = {},
  ) {
    this.#others = others;
    this.#unchosen = others.length === 0 ? undefined : new Producers(others, really);
    this.#plan = plan;
    this.#files = files;
    this.#isShared = isShared;
  }

  /** What a task reads beside what it declares, as far as `last` tells, its trace when it was last done. */
  known(task: number, declared: Trace, last: Trace | undefined): KnownInputs | Unanswered {
    const before = last?.[7]?.discovery;
    const { files, digests = [] } = before ?? { files: this.#found.get(declaredFingerprint(declared)) ?? [] };
    let isSame = before !== undefined && declared === last;
    const there: string[] = [];
    for (let at = 0; at < files.length; at++) {
      const now = this.#look(task, files[at]);
      // What it does not wait for is an error only if it still reads that, which is seen once it is done.
      if (typeof now === "object" && now.kind === "unreadable" && now.failure.kind === "unawaited") continue;
      if (typeof now === "object") return now;
      if (now === undefined) continue;
      if (isSame && !now.startsWith(digests[at])) isSame = false;
      there.push(files[at]);
    }
    const isWhole = there.length === files.length;
    if (isSame && isWhole) return { trace: declared, isWhole };
    return { trace: withDiscovered(declared, there, there.map((path) => this.#files.marked(path))), isWhole };
  }

  /**
   * What a task reads if it reads these files beside what it declares; undefined where one of them is gone, cannot be read,
   * or is made by a task that this one does not wait for.
   */
  if(task: number, declared: Trace, files: DiscoveredPaths): Trace | TooMuch | undefined {
    const digests: string[] = [];
    for (const path of files) {
      const now = this.#look(task, path);
      if (typeof now === "object") return now.kind === "tooMuch" ? { tooMuch: now.path } : undefined;
      if (now === undefined) return undefined;
      digests.push(now);
    }
    return withDiscovered(declared, files, digests);
  }

  /** Whether there is a file. */
  isThere(path: string): boolean {
    return this.#files.exists(path);
  }

  /** What a task has named that was given its inputs by `before`. */
  found(task: number, before: Trace, { files, sinceMs }: FoundFiles): FoundInputs | Unanswered {
    const [, , , sources, , artifacts, , further] = before;
    const declared = new Set([...sources, ...artifacts]), known = new Map<string, string>();
    further?.discovery?.files.forEach((path, at) => known.set(path, further.discovery!.digests[at]));
    const paths: string[] = [], digests: string[] = [];
    let isSure = true, isOutdated = false;
    for (const path of files) {
      if (declared.has(path) || this.#plan.producers.get(path) === task || isOwnFile(path)) continue;
      // Another task may have seen it before an edit that this one has read.
      this.#files.lookAgain(path);
      const now = this.#look(task, path);
      if (typeof now === "object") return now;
      if (now === undefined && this.#isOther(path)) {
        const absolute = absoluteIn(this.#files.folder, path);
        if (!isFolder(absolute)) continue; // a device, which always holds the same
        const detail = `it names ${JSON.stringify(path)}, which is a folder`;
        return { kind: "unreadable", failure: { kind: "depfile", path: this.#plan.tasks[task].depfile!, detail } };
      }
      paths.push(path);
      const before = known.get(path);
      if (now === undefined || this.#isSure(path, now, { before, sinceMs })) digests.push(now ?? GONE);
      else {
        digests.push(UNSURE);
        isSure = false;
        isOutdated ||= before === undefined;
      }
    }
    if (isSure) this.#found.set(declaredFingerprint(before), paths);
    return { trace: withDiscovered(before, paths, digests), isSure, isOutdated };
  }

  /** Whether a file is the one that was read: as it was before, nobody else's but another task's, or not changed since. */
  #isSure(path: string, now: string, { before, sinceMs }: { before: string | undefined; sinceMs: number }): boolean {
    return (before !== undefined && now.startsWith(before)) || this.#plan.producers.get(path) !== undefined ||
      !this.#files.mayHaveChanged(path, sinceMs);
  }

  /** The digest of a file, marked; undefined where there is none. */
  #look(task: number, path: string): string | undefined | Unanswered {
    const producer = this.#plan.producers.get(path);
    if (producer !== undefined) {
      const failure = this.#unawaited(task, producer, path);
      if (failure !== undefined) return { kind: "unreadable", failure };
      if (this.#isShared) this.#files.lookAgain(path);
    } else if (this.#unchosen !== undefined) {
      const other = this.#unchosen.get(path);
      if (other !== undefined) {
        return { kind: "unreadable", failure: this.#unawaitedOf(task, this.#others[other], path) };
      }
    }
    const digest = this.#files.digest(path);
    if (typeof digest === "string") return this.#files.marked(path);
    if ("tooMuch" in digest) return { kind: "tooMuch", path };
    return digest.missing || digest.detail === NOT_REGULAR ? undefined : problemOf(path, digest);
  }

  /** What another task makes must have been waited for. */
  #unawaited(task: number, producer: number, path: string): TaskFailure | undefined {
    const { tasks, graph } = this.#plan;
    if (producer === task) return undefined;
    this.#waiting ??= new Waiting(graph);
    if (this.#waiting.isFor(task, producer)) return undefined;
    return this.#unawaitedOf(task, tasks[producer], path);
  }

  #unawaitedOf(task: number, { name }: Pick<Task, "name">, path: string): TaskFailure {
    return { kind: "unawaited", path, task: this.#plan.tasks[task].name, producer: name };
  }

  #isOther(path: string): boolean {
    const digest = this.#files.digest(path);
    return typeof digest === "object" && !("tooMuch" in digest) && !digest.missing;
  }
}
