/**
 * Owns what a member of a crew knows of the artifacts it builds together with others: which completed ones do not hold any
 * more, and what others have made meanwhile. It starts nothing.
 *
 * A change of what a task gets from its dependencies invalidates it through the graph, and whoever is then given it finds
 * out whether there is anything to be done, as in any build.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Discovery, Trace } from "../../graph/fingerprint.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import type { BuildCache } from "../build/build_cache.ts";
import { artifactsIn, type CacheEntry } from "../build/cache_form.ts";
import { OutputPlaces } from "../build/output_places.ts";
import { isCheck, isOneFile } from "../../graph/outputs.ts";
import type { Task } from "../../graph/task.ts";
import type { LateStore } from "../build/late_store.ts";
import { BuildWork } from "../build/build_work.ts";
import type { DiscoveredInputs } from "../build/discovered_inputs.ts";
import type { ToolOutputs } from "../build/tool_outputs.ts";
import type { ModuleGraph } from "../build/module_graph.ts";
import type { Stop } from "../process/stop_listener.ts";
import type { RebuilderAnswer } from "../engine/work.ts";
import type { RunTask } from "../worker/messages.ts";
import type { CrewWork, HeldClaims } from "./crew_work.ts";
import { type Definitions, readOrStopped } from "./definitions.ts";

/** What a completion leaves for the other members, and for later builds; without a trace, for the former alone. */
type Result = readonly [trace: Trace | null, entry: CacheEntry];

/** Between two looks at whether a task that does the same has ended. */
const DUPLICATE_PAUSE_MS = 50;

/** What was agreed on with those who may be about to do the same as a task. */
interface Agreement {
  readonly claim: number;
  readonly isOwn: boolean;
}

/** The work of one member in a build. */
export class CrewBuildWork extends BuildWork implements CrewWork {
  readonly #cache: BuildCache;
  readonly #plan: Plan;
  readonly #definitions: Definitions;
  readonly #stop: Stop;
  /** Task → what was agreed on, for the claim of that time. */
  readonly #agreements = new Map<number, Agreement>();
  /** Task → the claim for which it is known what its dependencies have made. */
  readonly #informed = new Map<number, number>();
  #claims!: HeldClaims;

  constructor(
    plan: Plan,
    cache: BuildCache,
    { definitions, stop, ...options }: {
      /** Whether it does each task that it is given, whatever the cache says. */
      readonly force: boolean;
      /** The config's name. */
      readonly config: string;
      readonly modules?: ModuleGraph;
      readonly discovered?: DiscoveredInputs;
      readonly tools?: ToolOutputs;
      readonly definitions: Definitions;
      readonly stop: Stop;
      readonly store?: LateStore;
      /** Told in a sentence what is done with what is not the build's. */
      readonly tell?: (sentence: string) => void;
    },
  ) {
    super(plan, cache, { ...options, isShared: true, asksPermit: true });
    this.#plan = plan;
    this.#cache = cache;
    this.#definitions = definitions;
    this.#stop = stop;
  }

  attach(claims: HeldClaims): void {
    this.#claims = claims;
  }

  /** Work that another task may come to as well is done by one of them. */
  override check(task: number): RebuilderAnswer {
    const unknown = this.#unknownTo(task);
    if (unknown.length > 0) return { kind: "later", until: this.#learnOf(task, unknown), isLook: true };
    const finding = super.check(task);
    if (finding.kind !== "run" || !this.#definitions.duplicates.has(task) || this.#agreement(task)?.isOwn) {
      return finding;
    }
    return { kind: "later", until: this.#agree(task, finding.fingerprint!), isLook: true };
  }

  override message(task: number, restore: boolean): RunTask {
    return { ...super.message(task, restore), claim: this.#claims.numberOf(task) };
  }

  fingerprint(task: number): string {
    return this.#definitions.fingerprint(task);
  }

  isNow(task: number, registered: string | null): Promise<boolean> {
    return this.#definitions.isNow(task, registered, this.#stop);
  }

  doneBy(task: number): string | null {
    return this.#definitions.doneBy(task);
  }

  /** What a module makes that was changed since it was loaded is nobody's to remember. */
  override record(task: number): void {
    super.record(task);
    if (this.#definitions.isOtherModule(task)) this.distrust(task);
  }

  /** Dependencies of which what lies in their places does not tell all, and the task itself, whose own is replaced. */
  #unknownTo(task: number): number[] {
    if (this.#informed.get(task) === this.#claims.numberOf(task)) return [];
    const { tasks, graph: { dependencyStart, inputEnd, dependencies } } = this.#plan;
    const unknown = [...dependencies.subarray(dependencyStart[task], inputEnd[task])]
      .filter((other) => !isOneFile(tasks[other].outputs));
    return isCheck(tasks[task]) || isOneFile(tasks[task].outputs) ? unknown : [...unknown, task];
  }

  /** Resolves when it is known what others, or this one, have made of these last. */
  async #learnOf(task: number, others: readonly number[]): Promise<void> {
    const claim = this.#claims.numberOf(task),
      byName = new Map(others.map((other) => [this.#plan.tasks[other].name, other]));
    try {
      for (const { id, result } of await this.#claims.results([...byName.keys()])) {
        const known = read(result);
        if (known === undefined) continue;
        const other = byName.get(id)!, [trace] = known;
        if (other !== task) {
          this.#learn(result);
          this.noteOthers(other, ...known);
        } else if (this.#insert(result)) this.#cache.remember(id, trace!);
      }
    } catch {
      // A database that cannot be used is told of by the next turn; what lies there has to do.
    }
    this.#informed.set(task, claim);
  }

  #agreement(task: number): Agreement | undefined {
    const agreement = this.#agreements.get(task);
    return agreement?.claim === this.#claims.numberOf(task) ? agreement : undefined;
  }

  /** Resolves when equal work of another task was done, or is this one's to do, or may be by now. */
  async #agree(task: number, fingerprint: string): Promise<void> {
    const claim = this.#claims.numberOf(task), isUseless = this.#agreement(task) !== undefined;
    let isOwn = true;
    try {
      const answer = await this.#claims.agree({ claim, fingerprint, isUseless });
      if (answer.kind === "elsewhere") return await delay(DUPLICATE_PAUSE_MS);
      if (answer.kind === "made") this.#learn(answer.result);
      isOwn = answer.kind === "own"; // else, should it have to be done even so, others' is of no use
    } catch {
      // A database that cannot be used is told of by the next turn.
    }
    this.#agreements.set(task, { claim, isOwn });
  }

  #learn(result: string): void {
    const known = this.#insert(result);
    if (known) this.noteMade(known[0][0]);
  }

  #insert(result: string): ReturnType<typeof readResult> {
    const known = readResult(result);
    if (known === undefined) return undefined;
    const [[fingerprint], entry] = known;
    for (const { artifact_path: path } of artifactsIn(entry)) {
      this.#cache.files.lookAgain(path);
      this.#cache.trees.lookAgain(path);
    }
    this.#cache.insert(fingerprint, entry);
    return known;
  }

  /** Of what others had made, what is not there any more is forgotten: its task may have failed after all. */
  forget(before: readonly { readonly id: string }[], now: readonly { readonly id: string }[]): void {
    const left = new Set(now.map(({ id }) => id));
    const gone = new Set(before.map(({ id }) => id).filter((id) => !left.has(id)));
    if (gone.size === 0) return;
    for (const [task, { name }] of this.#plan.tasks.entries()) if (gone.has(name)) this.distrust(task);
  }

  /** What is not remembered here is told without what it was made of, so that the next run does the task again. */
  result(task: number): string | undefined {
    if (this.isForgotten(task) || this.#definitions.isOtherModule(task)) {
      return JSON.stringify([null, this.entryOf(task)!] satisfies Result);
    }
    const { name, outputs } = this.#plan.tasks[task];
    const last = this.#cache.trace(name);
    if (last === undefined) return undefined;
    const entry = this.#cache.get(last[0], outputs[0]?.path);
    return entry && JSON.stringify([last, entry] satisfies Result);
  }
}

/**
 * Takes over what others have completed, and tells which completed tasks of the plan have not the artifact they had. Once
 * it is stopped it reads no more large artifacts, and says nothing that anybody may rely on.
 */
export async function takeOver(
  plan: Plan,
  results: readonly { readonly id: string; readonly result: string }[],
  { cache, stop }: { readonly cache: BuildCache; readonly stop: Stop },
): Promise<string[]> {
  const tasks = new Map(plan.tasks.map((task) => [task.name, task]));
  const spoilt: string[] = [];
  for (const { id, result } of results) {
    const task = tasks.get(id);
    if (task === undefined) continue;
    const known = readResult(result);
    if (known === undefined) {
      spoilt.push(id);
      continue;
    }
    const [trace, entry] = known;
    const isInPlace = await isThere(task, entry, { cache, stop });
    // Of what it declares the registration tells.
    if (!isInPlace || !await isStillDiscovered(trace, { cache, stop })) spoilt.push(id);
    // Where something else is in place, a build may have made it since; then the cache knows better.
    if (!isInPlace && cache.trace(id) !== undefined) continue;
    cache.insert(trace[0], entry);
    cache.remember(id, trace);
  }
  return spoilt;
}

/** Undefined for what is damaged, and for what is not to be remembered. */
function readResult(text: string): readonly [trace: Trace, entry: CacheEntry] | undefined {
  const [trace, entry] = read(text) ?? [];
  return trace && entry ? [trace, entry] : undefined;
}

/** Undefined for what is damaged. */
function read(text: string): Result | undefined {
  try {
    const value = JSON.parse(text);
    const isTrace = value[0] === null || (Array.isArray(value[0]) && isDiscovery(value[0][7]?.discovery));
    return isTrace && typeof value[1]?.sha256 === "string" ? value as Result : undefined;
  } catch {
    return undefined;
  }
}

function isDiscovery(value: unknown): value is Discovery | undefined {
  if (value === undefined) return true;
  const { declared, files, digests } = value as Record<keyof Discovery, unknown>;
  const areTexts = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((item) => typeof item === "string");
  return typeof declared === "string" && areTexts(files) && areTexts(digests) && files.length === digests.length;
}

/** Whether all files that a task was found to read are as they were; false also when it is stopped before all are read. */
async function isStillDiscovered(
  trace: Trace,
  { cache: { files }, stop }: { readonly cache: BuildCache; readonly stop: Stop },
): Promise<boolean> {
  const { files: paths = [], digests = [] } = trace[7]?.discovery ?? {};
  for (let at = 0; at < paths.length;) {
    const found = files.digest(paths[at]);
    if (typeof found === "string") {
      if (!files.marked(paths[at]).startsWith(digests[at])) return false;
      at++;
    } else if (!("tooMuch" in found) || stop.signal !== undefined) return false;
    else {
      await readOrStopped(found.tooMuch, { files, stop });
      files.begin();
    }
  }
  return true;
}

/** Whether all that an entry names lies in its place; false also when it is stopped before all that is read. */
async function isThere(
  task: Task,
  entry: CacheEntry,
  { cache, stop }: { readonly cache: BuildCache; readonly stop: Stop },
): Promise<boolean> {
  const { files } = cache, places = new OutputPlaces(cache);
  places.lookAgain(task);
  if (!places.fits({ ...task, expected: undefined }, entry)) return false;
  while (true) {
    files.begin();
    const found = places.areInPlace(task, entry);
    if (typeof found === "boolean") return found;
    if (stop.signal !== undefined) return false;
    await readOrStopped(found.tooMuch, { files, stop });
  }
}
