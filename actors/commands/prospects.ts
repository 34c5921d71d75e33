/**
 * Owns what a build would do, as values: for each task whether the cache answers or why it would run. Nothing is run or
 * written, and no lock is taken.
 *
 * @module
 */
import { topologicalOrder } from "../../graph/graph.ts";
import { describeTaskFailure } from "../../graph/failure.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import { Freshness } from "../build/freshness.ts";
import type { BuildCache } from "../build/build_cache.ts";
import { artifactsIn, type CacheEntry } from "../build/cache_form.ts";
import { lateStore, toldStore } from "../build/late_store.ts";
import { Restoration } from "../build/restoration.ts";
import { StoredWork } from "../build/stored_work.ts";
import type { LoadedBuild } from "../input/load.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { prepare, type Preparing } from "../build/prepare.ts";
import type { Prospect } from "../../graph/report/build_report.ts";

/** Choices for a look. */
export interface ProspectOptions extends Preparing {
  /** As if every task were to be done again; default false. */
  readonly force?: boolean;
  /** Path of the store, or false for none; default as for a build. */
  readonly store?: string | false;
}

/** What was found. */
export interface BuildProspects {
  readonly plan: Plan;
  /** Paths of artifacts of tasks that the config has no more. */
  readonly stale: readonly string[];
  /** Tasks by index, each after those it depends on. */
  readonly order: Iterable<number>;
  /** By index. */
  readonly of: readonly Prospect[];
}

/**
 * Looks at every task of a build.
 *
 * @throws {InputError} When a source cannot be one.
 */
export async function prospectsOf(
  build: LoadedBuild,
  reporter: Reporter,
  { force = false, store, own = [], ...preparing }: ProspectOptions = {},
): Promise<BuildProspects> {
  const { plan, cache, stale, modules, discovered, tools } = await prepare(build, reporter, {
    ...preparing,
    own: [...own, ...toldStore(build.folder, { store })],
  });
  using _files = cache.files;
  using _tools = tools;
  using late = await lateStore(build.folder, {
    choice: { store, remote: false },
    settings: build,
    tell: (sentence) => reporter.error(sentence),
  });
  await late?.openToLook();
  const freshness = new Freshness(plan, cache, { force, modules, discovered, tools });
  const restoration = late && new Restoration(new StoredWork(late, plan.tasks), freshness);
  const order = topologicalOrder(plan.graph);
  const prospects: Prospect[] = new Array(plan.size);
  for (const task of order) prospects[task] = await look(task);
  return { plan, stale: stale.find().all, order, of: prospects };

  /** What the task reads, as far as that is known. */
  function filesOf(task: number): readonly string[] {
    const found = cache.trace(plan.tasks[task].name)?.[7]?.discovery?.files;
    return found === undefined ? plan.sources[task] : [...plan.sources[task], ...found];
  }

  async function look(task: number): Promise<Prospect> {
    const { dependencyStart, inputEnd, dependencies } = plan.graph;
    for (let i = dependencyStart[task]; i < dependencyStart[task + 1]; i++) {
      const other = dependencies[i];
      if (freshness.made[other] !== undefined) continue;
      // What it only comes after matters if it makes something that the task reads.
      if (i >= inputEnd[task] && !filesOf(task).some((path) => plan.producers.get(path) === other)) continue;
      // Its artifact may come out as it was; only running it would tell.
      return { run: true, reason: `dependency would run: ${plan.tasks[other].name}` };
    }
    while (true) {
      const first = freshness.check(task);
      const finding = first.kind === "run" ? restoration?.find(task, first) ?? first : first;
      switch (finding.kind) {
        case "tooMuch":
          await cache.files.readSlowly(finding.path);
          continue;
        case "waiting":
          await finding.until;
          continue;
        case "unreadable": {
          const { failure } = finding;
          const reason = failure.kind === "source"
            ? `source cannot be read: ${failure.path} (${failure.detail})`
            : describeTaskFailure(failure);
          return { run: true, reason };
        }
        case "run":
          return { run: true, reason: finding.reason };
        case "restore":
          pretend(freshness.made[task] = freshness.places.asOwn(plan.tasks[task], finding.entry), cache);
          return first.kind === "run" ? { run: false, restore: true, reason: first.reason } : { run: false };
        case "fresh":
          freshness.made[task] = freshness.places.asOwn(plan.tasks[task], finding.entry);
          return { run: false };
      }
    }
  }
}

/** For those that need them, as if the artifacts lay there; nothing of this is kept. */
function pretend(entry: CacheEntry, { files, trees }: BuildCache): void {
  const never = { mtimeMs: 0, ctimeMs: 0, inode: 0, isFile: true };
  for (const { artifact_path: path, tree, ...facts } of artifactsIn(entry)) {
    if (tree === undefined) files.enter(path, { ...facts, ...never });
    else trees.enter(path, { text: tree, sha256: facts.sha256, size: facts.size });
  }
}
