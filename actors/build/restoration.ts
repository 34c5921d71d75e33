/**
 * Owns which tasks of a build are given what the store has for them, instead of being done: what was found for each, and
 * what is entered of those that were done. It knows the tasks' outputs and traces; the store is stored_work.ts's.
 *
 * @module
 */
import type { DiscoveredPaths } from "../../graph/discovered.ts";
import { declaredFingerprint, type Trace } from "../../graph/fingerprint.ts";
import type { RunTask } from "../worker/messages.ts";
import type { Origin } from "../engine/work.ts";
import { artifactsIn } from "./cache_form.ts";
import type { BuildFinding, Freshness } from "./freshness.ts";
import { warningOf } from "./kept_warning.ts";
import type { Done, Stored, StoredWork } from "./stored_work.ts";

/** What stands in for the work of tasks, by index. */
export class Restoration {
  readonly #store: StoredWork;
  readonly #freshness: Freshness;
  /** What was found for tasks that are to be given it. */
  readonly #found = new Map<number, Stored>();
  /** Tasks that are done and not entered yet. */
  readonly #done = new Map<number, Done>();

  constructor(store: StoredWork, freshness: Freshness) {
    this.#store = store;
    this.#freshness = freshness;
  }

  /** What has to be waited for before a task that is to be done can be asked about. */
  opening(task: number, { kind }: BuildFinding): Promise<void> | undefined {
    this.#found.delete(task);
    return kind === "run" ? this.#store.opening(task) : undefined;
  }

  /** What becomes of a task by what the store has for it; undefined when that is nothing. */
  find(task: number, { trace }: Extract<BuildFinding, { kind: "run" }>): BuildFinding | undefined {
    const { options: { force, discovered }, places } = this.#freshness;
    if (force) return undefined;
    const traces = [trace];
    for (const list of this.#listsOf(task, trace)) {
      const other = discovered!.if(task, trace, list);
      if (other === undefined) continue;
      if ("tooMuch" in other) return { kind: "tooMuch", path: other.tooMuch };
      traces.push(other);
    }
    for (const one of traces) {
      const stored = this.#store.find(task, one[0], places);
      const found = stored && this.#restorable(task, one, stored);
      if (found !== undefined) return found === "none" ? undefined : found;
    }
    return this.#asking(task, traces);
  }

  /** A remote cache puts what it has into the store; of a task with a dependency file also what it was found to read. */
  #asking(task: number, traces: readonly Trace[]): BuildFinding | undefined {
    const isFound = this.#freshness.plan.tasks[task].depfile !== undefined;
    const names = [...traces.map(([fingerprint]) => fingerprint), ...isFound ? [declaredFingerprint(traces[0])] : []];
    for (const name of names) {
      const until = this.#store.ask(task, name);
      if (until !== undefined) return { kind: "waiting", until };
    }
  }

  /** Whether a task is given what was found. */
  has(task: number): boolean {
    return this.#found.has(task);
  }

  /** What a worker is told beside the task; the use of the store is counted by it. */
  told(task: number, isRestored: boolean): Pick<RunTask, "blobs"> {
    if (isRestored) {
      if (this.#found.has(task)) this.#store.hit();
      return {};
    }
    const blobs = this.#store.begin(task);
    return blobs === undefined ? {} : { blobs };
  }

  /** What lies where a glob of a task means it, and is none of what the store has for it. */
  strangers(task: number): readonly string[] {
    const stored = this.#found.get(task);
    if (stored === undefined) return [];
    const own = new Set(artifactsIn(stored.entry).map(({ artifact_path: path }) => path));
    return this.#freshness.places.matches(this.#freshness.plan.tasks[task]).filter((path) => !own.has(path));
  }

  /** Where a restored task's artifacts came from. */
  origin(task: number): Origin | undefined {
    const stored = this.#found.get(task);
    return stored && { isStored: true, isRemote: stored.isRemote, output: stored.output };
  }

  /** What was found was not there after all, or not as it should be. */
  distrust(task: number): void {
    const stored = this.#found.get(task);
    if (stored !== undefined) this.#store.distrust(stored);
  }

  /** A task was done; it is entered when all of it is decided. */
  note(task: number, done: Done): void {
    if (!this.#found.has(task)) this.#done.set(task, done);
  }

  /** Enters what a task was noted to have made; without a trace nobody may have it. */
  enter(task: number, trace: Trace | undefined): void {
    const done = this.#done.get(task);
    this.#done.delete(task);
    if (done !== undefined && trace !== undefined) this.#store.enter(task, trace, done);
  }

  /** What a task may be found to read beside what it declares, but for what it was last found to. */
  #listsOf(task: number, trace: Trace): readonly DiscoveredPaths[] {
    const { plan, cache, options: { discovered } } = this.#freshness, { name, depfile } = plan.tasks[task];
    if (depfile === undefined || discovered === undefined) return [];
    const last = cache.trace(name)?.[7]?.discovery?.files;
    return this.#store.lists(task, declaredFingerprint(trace), { last, isThere: (path) => discovered.isThere(path) });
  }

  /**
   * If it lies in place the cache has lost what it knew. Undefined when the store has lost it, so that it may lie elsewhere;
   * none when the task cannot have it.
   */
  #restorable(task: number, trace: Trace, stored: Stored): BuildFinding | "none" | undefined {
    const { plan, cache, places } = this.#freshness, declared = plan.tasks[task], [fingerprint] = trace;
    const { entry, output } = stored, inPlace = places.areInPlace(declared, entry);
    if (typeof inPlace === "object") return { kind: "tooMuch", path: inPlace.tooMuch };
    const stderr = warningOf(output.stderr);
    const told = stderr === undefined ? entry : { ...entry, stderr };
    if (inPlace && declared.outputs.length > 0) {
      const own = places.asOwn(declared, told);
      cache.insert(fingerprint, own);
      return { kind: "fresh", fingerprint, trace, entry: own };
    }
    const missing = places.missing(declared, entry);
    if ("tooMuch" in missing) return { kind: "tooMuch", path: missing.tooMuch };
    const copies = this.#store.copies(missing);
    if (copies === undefined) {
      this.#store.distrust(stored);
      return undefined;
    }
    this.#found.set(task, stored);
    // What is none of a build's making is not removed, and would be the task's own if that was run.
    if (this.strangers(task).every((path) => cache.files.madeFor(path) !== undefined)) {
      return { kind: "restore", fingerprint, trace, entry: told, copies };
    }
    this.#found.delete(task);
    return "none";
  }
}
