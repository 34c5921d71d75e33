/**
 * Owns a dry run as a command, typed or called: for each task whether the cache answers or why it would run. Nothing is
 * run or written.
 *
 * @module
 */
import { cacheHitLine } from "../../graph/report/build_lines.ts";
import { loadBuild } from "../input/load.ts";
import { loadTasks } from "../input/load_tasks.ts";
import { topologicalOrder } from "../../graph/graph.ts";
import { outputsText } from "../../graph/outputs.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { writtenFiles } from "../terminal/run_readers.ts";
import { hasTransaction } from "../build/transaction/folder.ts";
import { asLibrary, type CallOptions } from "./invocation.ts";
import { prospectsOf } from "./prospects.ts";
import type { DryRunReport, Prospect } from "../../graph/report/build_report.ts";

/** Choices for {@linkcode dryRun}. */
export interface DryRunOptions extends Pick<CallOptions, "log"> {
  /** Names of the tasks to look at, and patterns, with all they need; default all. */
  readonly tasks?: readonly string[];
  /** As if every task were to be done again; default false. */
  readonly force?: boolean;
  /** Path of the store, or false for none; default as for a build. */
  readonly store?: string | false;
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
  return await asLibrary({ log: options.log }, ({ reporter }) => dryRunFor(reporter, config, options));
}

/** What a run of a task file would do, for an invocation: all of it, in an order in which it could be done. */
export function dryRunTasksFor(
  reporter: Reporter,
  taskFile: string,
  { tasks: names }: Pick<DryRunOptions, "tasks">,
): DryRunReport {
  const { tasks, graph, warnings = [] } = loadTasks(taskFile, names);
  for (const warning of warnings) reporter.error(warning);
  const order = [...topologicalOrder(graph)].map((task) => tasks[task]);
  for (const { name, dependencies } of order) {
    reporter.line(`Task '${name}' would run${dependencies.length === 0 ? "" : ` after ${dependencies.join(", ")}`}`);
  }
  reporter.line(`Dry run: ${order.length} would run`);
  return { tasks: Object.fromEntries(order.map(({ name }) => [name, { run: true, reason: "a run always does it" }])) };
}

/** Looks for an invocation, and shows it a line a task. */
export async function dryRunFor(
  reporter: Reporter,
  config: string,
  { tasks, force = false, store, db, report, opening }: Omit<DryRunOptions, "log"> & {
    readonly db?: string;
    readonly report?: string;
    /** The first line. */
    readonly opening?: string;
  },
): Promise<DryRunReport> {
  const build = await loadBuild(config, tasks);
  if (opening !== undefined) reporter.line(opening);
  if (hasTransaction(build.folder)) reporter.error("The next build will first undo an unfinished transaction");
  const { plan, order, of } = await prospectsOf(build, reporter, {
    force,
    store,
    own: [db, report],
    written: writtenFiles({ report }),
  });
  const prospects: [string, Prospect][] = [];
  for (const task of order) {
    const { name, outputs } = plan.tasks[task];
    const prospect = of[task];
    prospects.push([name, prospect]);
    reporter.line(
      prospect.run
        ? `Task '${name}' would run: ${prospect.reason}`
        : prospect.restore
        ? `Task '${name}' would restore ${outputsText(outputs)}: ${prospect.reason}`
        : cacheHitLine(name, outputsText(outputs)),
    );
  }
  const wouldRun = of.filter((prospect) => prospect.run).length;
  const wouldRestore = of.filter((prospect) => prospect.restore).length;
  const restores = wouldRestore > 0 ? `${wouldRestore} would restore, ` : "";
  reporter.line(`Dry run: ${wouldRun} would run, ${restores}${plan.size - wouldRun - wouldRestore} up to date`);
  return { tasks: Object.fromEntries(prospects) };
}
