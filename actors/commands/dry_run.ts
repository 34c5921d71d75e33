/**
 * Owns a dry run as a command, typed or called: for each task whether the cache answers or why it would run. Nothing is
 * run or written.
 *
 * @module
 */
import { topologicalOrder } from "../../graph/graph.ts";
import { cacheHitLine, type DryRunReport, type Prospect } from "../../graph/report.ts";
import { Freshness } from "../freshness.ts";
import { loadBuild } from "../load.ts";
import type { Reporter } from "../reporter.ts";
import { prepare } from "../system.ts";
import { hasTransaction } from "../transaction_folder.ts";
import { type CallOptions, forProgram } from "./caller.ts";

/**
 * Choices for {@linkcode dryRun}.
 *
 * @example
 * ```ts
 * import { dryRun, type DryRunOptions } from "./mod.ts";
 *
 * const options: DryRunOptions = { force: true };
 * const { tasks } = await dryRun("fixtures/site/build.json", options);
 * console.log(Object.values(tasks).every(({ run }) => run)); // true
 * ```
 */
export interface DryRunOptions extends Pick<CallOptions, "log"> {
  /** Names of the tasks to look at, with all they need; default all. */
  readonly tasks?: readonly string[];
  /** As if every task were to be done again; default false. */
  readonly force?: boolean;
}

/**
 * What {@linkcode build} would do, and why: the report of `troupe build --dry-run --json`. Nothing is run or written.
 *
 * @example
 * ```ts
 * import { dryRun } from "./mod.ts";
 *
 * const { tasks } = await dryRun("fixtures/site/build.json");
 * for (const [name, { run, reason }] of Object.entries(tasks)) if (run) console.log(name, reason);
 * ```
 *
 * @throws {InputError} When the config or one of the names in `tasks` is wrong.
 */
export async function dryRun(config: string, options: DryRunOptions = {}): Promise<DryRunReport> {
  return await forProgram({ log: options.log }, ({ reporter }) => dryRunFor(reporter, config, options));
}

/** Looks for a caller, and shows it a line a task. */
export async function dryRunFor(
  reporter: Reporter,
  config: string,
  { tasks, force = false }: Omit<DryRunOptions, "log">,
): Promise<DryRunReport> {
  const build = await loadBuild(config, tasks);
  if (hasTransaction(build.folder)) reporter.error("The next build will first undo an unfinished transaction");
  const { plan, cache, modules } = await prepare(build, reporter);
  const freshness = new Freshness(plan, cache, { force, modules });
  const prospects = new Map<string, Prospect>();
  for (const task of topologicalOrder(plan.graph)) {
    const prospect = await look(task);
    const { name, output } = plan.tasks[task];
    prospects.set(name, prospect);
    reporter.line(prospect.run ? `Task '${name}' would run: ${prospect.reason}` : cacheHitLine(name, output));
  }
  const wouldRun = [...prospects.values()].filter((prospect) => prospect.run).length;
  reporter.line(`Dry run: ${wouldRun} would run, ${plan.size - wouldRun} up to date`);
  return { tasks: Object.fromEntries(prospects) };

  async function look(task: number): Promise<Prospect> {
    const { dependencyStart, dependencies } = plan.graph;
    for (let i = dependencyStart[task]; i < dependencyStart[task + 1]; i++) {
      const name = plan.tasks[dependencies[i]].name;
      // Its artifact may come out as it was; only running it would tell.
      if (freshness.artifacts[dependencies[i]] === undefined) {
        return { run: true, reason: `dependency would run: ${name}` };
      }
    }
    while (true) {
      const finding = freshness.check(task);
      switch (finding.kind) {
        case "tooMuch":
          await cache.files.readSlowly(finding.path);
          continue;
        case "unreadable":
          return { run: true, reason: "a source cannot be read" };
        case "run":
          return { run: true, reason: finding.reason };
        case "restore":
        case "fresh":
          freshness.artifacts[task] = finding.sha256;
          return { run: false };
      }
    }
  }
}
