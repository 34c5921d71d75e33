/**
 * Owns `troupe build --dry-run`: for each task whether the cache answers or why it would run. Nothing is run or written.
 *
 * @module
 */
import { Freshness } from "../actors/freshness.ts";
import type { LoadedBuild } from "../actors/load.ts";
import type { Reporter } from "../actors/reporter.ts";
import { prepare } from "../actors/system.ts";
import { hasTransaction } from "../actors/transaction_folder.ts";
import { topologicalOrder } from "../graph/graph.ts";
import { cacheHitLine } from "../graph/report.ts";

/** What would become of one task. */
interface Prospect {
  readonly run: boolean;
  /** Why it would run; absent for a hit. */
  readonly reason?: string;
}

/** Shows what a build would do and answers with exit code 0. */
export async function dryRun(
  build: LoadedBuild,
  options: { readonly force: boolean; readonly json: boolean },
  reporter: Reporter,
): Promise<number> {
  if (hasTransaction(build.folder)) reporter.error("The next build will first undo an unfinished transaction");
  const { plan, cache, modules } = await prepare(build, reporter);
  const freshness = new Freshness(plan, cache, { force: options.force, modules });
  const prospects = new Map<string, Prospect>();
  for (const task of topologicalOrder(plan.graph)) {
    const prospect = await look(task);
    const { name, output } = plan.tasks[task];
    prospects.set(name, prospect);
    reporter.line(prospect.run ? `Task '${name}' would run: ${prospect.reason}` : cacheHitLine(name, output));
  }
  const wouldRun = [...prospects.values()].filter((prospect) => prospect.run).length;
  reporter.line(`Dry run: ${wouldRun} would run, ${plan.size - wouldRun} up to date`);
  if (options.json) reporter.result(JSON.stringify({ tasks: Object.fromEntries(prospects) }, null, 2));
  reporter.flush();
  return 0;

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
