/**
 * Owns as what the tasks of a build are registered: the fingerprint of what each declares and of its own sources, as a
 * member knows them. It looks at files, and starts nothing.
 *
 * What a task gets from its dependencies is not in it: a change there invalidates it through the graph. Where its artifact
 * goes is, since whoever has an old config would put it elsewhere.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { sha256 } from "../../graph/digest.ts";
import { trace } from "../../graph/fingerprint.ts";
import { outputText } from "../../graph/outputs.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import { awaitedBy, type Task } from "../../graph/task.ts";
import type { FileIndex, TooMuch } from "../storage/file_index.ts";
import type { ModuleFiles, ModuleGraph } from "../build/module_graph.ts";
import { type Stop, StoppedError } from "../process/stop_listener.ts";
import type { CrewTaskEntry } from "../crew/store/registration.ts";

/** What is looked at. */
interface Looking {
  readonly files: FileIndex;
  readonly stop: Stop;
}

/** One task, at one time. */
interface Definition {
  readonly fingerprint: string;
  /** Equal for tasks that declare the same work: only they can come to the same fingerprint in the end. */
  readonly work: string;
  /** The files of the module that it calls. */
  readonly module: string;
}

/** The tasks of a plan, as this member knows them. */
export class Definitions {
  /** The most urgent first. */
  readonly entries: readonly CrewTaskEntry[];
  /** Tasks for which there are others that declare the same work. */
  readonly duplicates: ReadonlySet<number>;
  readonly #plan: Plan;
  readonly #files: FileIndex;
  readonly #modules: ModuleGraph | undefined;
  readonly #known: Definition[];

  private constructor(
    plan: Plan,
    { files, modules, known }: {
      readonly files: FileIndex;
      readonly modules?: ModuleGraph;
      readonly known: Definition[];
    },
  ) {
    this.#plan = plan;
    this.#files = files;
    this.#modules = modules;
    this.#known = known;
    this.entries = plan.order.values().map((task, rank) => entryOf(plan, task, { rank, ...known[task] })).toArray();
    this.duplicates = duplicatesAmong(known);
  }

  /**
   * Looks at all sources.
   *
   * @throws {StoppedError} When it is stopped.
   */
  static async of(plan: Plan, { files, modules, stop }: Looking & { readonly modules?: ModuleGraph }) {
    const known: Definition[] = new Array(plan.size);
    for (const task of plan.order) {
      known[task] = await settled(() => definitionOf(plan, task, { files, modules }), { files, stop });
    }
    return new Definitions(plan, { files, modules, known });
  }

  /** By which fingerprint a task is known. */
  fingerprint(task: number): string {
    return this.#known[task].fingerprint;
  }

  /** Whether a task is what it is registered as by now, when its sources are looked at again. */
  async isNow(task: number, registered: string | null, stop: Stop): Promise<boolean> {
    for (const path of this.#plan.sources[task]) this.#files.lookAgain(path);
    const look = () => definitionOf(this.#plan, task, { files: this.#files, modules: this.#modules });
    try {
      const now = await settled(look, { files: this.#files, stop });
      if (now.fingerprint !== registered || now.module !== this.#known[task].module) return false;
      this.#known[task] = now;
      return true;
    } catch (error) {
      if (error instanceof StoppedError) return false;
      throw error;
    }
  }

  /** By which fingerprint a task was done that has just been completed; null when nobody can tell. */
  doneBy(task: number): string | null {
    if (this.isOtherModule(task)) return null;
    this.#files.begin();
    const now = definitionOf(this.#plan, task, { files: this.#files, modules: this.#modules });
    return "tooMuch" in now ? null : now.fingerprint;
  }

  /** Whether the module that a task calls is another since this member joined: what it has loaded it goes on with. */
  isOtherModule(task: number): boolean {
    if (this.#known[task].module === "") return false;
    this.#files.begin();
    const now = definitionOf(this.#plan, task, { files: this.#files, modules: this.#modules });
    return "tooMuch" in now || now.module !== this.#known[task].module;
  }
}

function entryOf(
  { tasks }: Plan,
  task: number,
  { rank, fingerprint }: Pick<CrewTaskEntry, "rank" | "fingerprint">,
): CrewTaskEntry {
  const { name: id, declared } = tasks[task], dependencies = awaitedBy(tasks[task]);
  return { id, rank, dependencies, requirements: declared?.requirements ?? [], maxParallelWorkers: 1, fingerprint };
}

function duplicatesAmong(definitions: readonly Definition[]): ReadonlySet<number> {
  const first = new Map<string, number>(), duplicates = new Set<number>();
  for (const [task, { work }] of definitions.entries()) {
    const other = first.get(work);
    if (other === undefined) first.set(work, task);
    else duplicates.add(task).add(other);
  }
  return duplicates;
}

/** Sources that other tasks make, or that are not there yet, are their dependencies' business. */
function definitionOf(
  plan: Plan,
  task: number,
  { files, modules }: { readonly files: FileIndex; readonly modules?: ModuleGraph },
): Definition | TooMuch {
  const sources: string[] = [], sourceDigests: string[] = [];
  for (const path of plan.sources[task]) {
    if (plan.producers.has(path)) continue;
    const digest = files.digest(path);
    if (typeof digest === "object" && "tooMuch" in digest) return digest;
    sources.push(path);
    sourceDigests.push(typeof digest === "string" ? files.marked(path) : "");
  }
  const { action, outputs, dependencies, expected, tools } = plan.tasks[task];
  const found = action.kind === "module" ? modules?.of(action.module) : undefined;
  if (found !== undefined && "problem" in found && "tooMuch" in found.problem) return found.problem;
  const module: ModuleFiles | undefined = found !== undefined && "files" in found ? found : undefined;
  const [work] = trace(plan.tasks[task], {
    sources: [...sources, ...module?.files ?? []],
    sourceDigests: [...sourceDigests, ...module?.digests ?? []],
    artifacts: [],
    artifactDigests: [],
    tools: tools?.flatMap((command) => [command, ""]),
    ...(module === undefined ? {} : { module: { files: module.files.length, externals: module.externals } }),
  });
  return {
    fingerprint: sha256(JSON.stringify([work, ...placesOf(outputs, expected, dependencies)])),
    work,
    module: module === undefined ? "" : sha256(JSON.stringify([module.files, module.digests, module.externals])),
  };
}

/** Of one file as earlier versions had it, so that a crew goes on. */
function placesOf(outputs: Task["outputs"], expected: Task["expected"], dependencies: readonly string[]): unknown[] {
  if (outputs.length === 1 && outputs[0].kind === "file") {
    const { path } = outputs[0];
    return [path, dependencies, expected?.[path] ?? null];
  }
  return [outputs.map(outputText), dependencies, Object.entries(expected ?? {}).sort()];
}

/** Asks again until all is read that is to be known. */
async function settled(
  look: () => Definition | TooMuch,
  { files, stop }: Looking,
): Promise<Definition> {
  while (true) {
    if (stop.signal !== undefined) throw new StoppedError(stop.signal);
    files.begin();
    const found = look();
    if (!("tooMuch" in found)) return found;
    await readOrStopped(found.tooMuch, { files, stop });
  }
}

/** Reads what was too much; a stop is not an error here, as only some who ask have no use for less than all. */
export async function readOrStopped(path: string, { files, stop }: Looking): Promise<void> {
  await abortable(files.readSlowly(path), stop.aborted).catch((error) => {
    if (!(error instanceof StoppedError)) throw error;
  });
}
