/**
 * Owns the gathering of what `troupe` alone tells: the config's tasks and how they stand, and the last run. Nothing is run
 * or written. The words are graph/report/overview.ts's.
 *
 * @module
 */
import type { LastRun, ProjectOverview } from "../../graph/report/overview.ts";
import { DatabaseError } from "../storage/database_error.ts";
import { HistoryView } from "../history/queries.ts";
import { loadBuild } from "../input/load.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { wireRun } from "./history.ts";
import { prospectsOf } from "./prospects.ts";
import type { Prospect } from "../../graph/report/build_report.ts";

/**
 * Looks at a config and its history.
 *
 * @throws {InputError} With every diagnostic in the config.
 */
export async function overviewOf(
  reporter: Reporter,
  file: string,
  database: string,
): Promise<Omit<ProjectOverview, "commands" | "database">> {
  const build = await loadBuild(file);
  const { plan, order, of } = await prospectsOf(build, reporter, { own: [database] });
  const prospects = Array.from(order, (task): [string, Prospect] => [plan.tasks[task].name, of[task]]);
  return { file, prospects, last: await lastRun(reporter, database, build) };
}

async function lastRun(
  reporter: Reporter,
  database: string,
  { source, folder }: { readonly source: string; readonly folder: string },
): Promise<LastRun | undefined> {
  try {
    using view = await HistoryView.open(database);
    const run = view.run("last");
    if (run === undefined) return undefined;
    const failures = view.tasks(run.id, "failed").map(({ name, error }) => ({ name, error }));
    const of = run.source.startsWith(`${folder}/`) ? run.source.slice(folder.length + 1) : run.source;
    const age = Math.max(0, Date.now() / 1000 - run.startedAt);
    return { ...wireRun(run), id: run.id, ...(run.source === source ? {} : { of }), age, failures };
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    if (error.kind !== "missing") reporter.error(error.message);
  }
}
