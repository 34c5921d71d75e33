/**
 * Owns what a member of a crew knows of the artifacts it builds together with others: what is registered of each task,
 * which completed ones do not hold any more, and what others have made meanwhile. It starts nothing.
 *
 * A task is registered with the fingerprint of what it declares and of its own sources. What it gets from its dependencies
 * is not in it: a change there invalidates it through the graph, and whoever is then given it finds out whether there is
 * anything to be done, as in any build.
 *
 * @module
 */
import { type Trace, trace } from "../../graph/fingerprint.ts";
import type { Plan } from "../../graph/plan.ts";
import type { BuildCache, CacheEntry } from "../build_cache.ts";
import { BuildWork } from "../build_work.ts";
import type { ModuleGraph } from "../module_graph.ts";
import type { CrewWork } from "./crew_work.ts";
import type { CrewTaskEntry } from "./registration.ts";

/** What a completion leaves for the other members, and for later builds. */
type Result = readonly [trace: Trace, entry: CacheEntry];

/** The work of one member in a build. */
export class CrewBuildWork extends BuildWork implements CrewWork {
  readonly #cache: BuildCache;
  readonly #plan: Plan;

  constructor(plan: Plan, cache: BuildCache, modules: ModuleGraph | undefined) {
    super(plan, cache, { force: false, modules, isShared: true, asksPermit: true });
    this.#plan = plan;
    this.#cache = cache;
  }

  result(task: number): string | undefined {
    const last = this.#cache.trace(this.#plan.tasks[task].name);
    if (last === undefined) return undefined;
    const entry = this.#cache.get(last[0]);
    return entry && JSON.stringify([last, entry] satisfies Result);
  }
}

/** The tasks as they are registered, the most urgent first. */
export async function entriesOf(
  plan: Plan,
  cache: BuildCache,
  modules: ModuleGraph | undefined,
): Promise<CrewTaskEntry[]> {
  const entries: CrewTaskEntry[] = [];
  for (const task of plan.order) {
    const { name, dependencies, declared } = plan.tasks[task];
    const requirements = declared?.requirements ?? [];
    const fingerprint = await ownFingerprint(plan, task, { cache, modules });
    entries.push({ id: name, rank: entries.length, dependencies, requirements, maxParallelWorkers: 1, fingerprint });
  }
  return entries;
}

/** Takes over what others have completed, and tells which completed tasks of the plan have not the artifact they had. */
export async function takeOver(
  plan: Plan,
  cache: BuildCache,
  results: readonly { readonly id: string; readonly result: string }[],
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
    cache.files.isStill(task.output);
    const isInPlace = await digestOf(task.output, cache) === entry.sha256;
    if (!isInPlace) spoilt.push(id);
    // Where something else is in place, a build may have made it since; then the cache knows better.
    if (!isInPlace && cache.trace(id) !== undefined) continue;
    cache.insert(trace[0], entry);
    cache.remember(id, trace);
  }
  return spoilt;
}

/** Undefined for what is damaged. */
function readResult(text: string): Result | undefined {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value) && Array.isArray(value[0]) && typeof value[1]?.sha256 === "string"
      ? value as unknown as Result
      : undefined;
  } catch {
    return undefined;
  }
}

/** Empty for what cannot be read. */
async function digestOf(path: string, { files }: BuildCache): Promise<string> {
  files.begin();
  let digest = files.digest(path);
  if (typeof digest === "object" && "tooMuch" in digest) {
    await files.readSlowly(path);
    digest = files.digest(path);
  }
  return typeof digest === "string" ? digest : "";
}

/** Sources that other tasks make, or that are not there yet, are their dependencies' business. */
async function ownFingerprint(
  plan: Plan,
  task: number,
  { cache, modules }: { cache: BuildCache; modules: ModuleGraph | undefined },
): Promise<string> {
  const sources: string[] = [], sourceDigests: string[] = [];
  for (const path of plan.sources[task]) {
    if (plan.producers.has(path)) continue;
    sources.push(path);
    sourceDigests.push(await digestOf(path, cache));
  }
  const { action } = plan.tasks[task];
  const module = action.kind === "module" ? modules?.of(action.module) : undefined;
  const isKnown = module !== undefined && "files" in module;
  return trace(plan.tasks[task], {
    sources: isKnown ? [...sources, ...module.files] : sources,
    sourceDigests: isKnown ? [...sourceDigests, ...module.digests] : sourceDigests,
    artifacts: [],
    artifactDigests: [],
    ...(isKnown ? { module: { files: module.files.length, externals: module.externals } } : {}),
  })[0];
}
