/**
 * Owns the looking up of flaky tasks in a history, for the last lines of a run and for tasks that are tried again only if
 * they are flaky. A history that cannot be read knows of none; whoever records the run says so.
 *
 * @module
 */
import type { ClosedRun } from "../../graph/report/closing.ts";
import { type Flakiness, FLAKY_RETRIES } from "../../graph/report/flaky.ts";
import { later } from "../machine/later.ts";

const NONE: ReadonlyMap<string, Flakiness> = new Map();

/** The flaky tasks for the last lines of a run, where one of them failed or was tried again. */
export async function flakyToTell(
  { outcomes, retried }: Pick<ClosedRun, "outcomes" | "retried">,
  database: string | undefined,
  source: string,
): Promise<ReadonlyMap<string, Flakiness>> {
  const isAsked = (retried?.size ?? 0) > 0 || outcomes.some((outcome) => outcome?.kind === "failed");
  return isAsked ? await flakyTasks(database, source) : NONE;
}

/** The flaky tasks of a file, by name. */
async function flakyTasks(
  database: string | undefined,
  source: string,
  options?: { readonly byCommand: boolean },
): Promise<ReadonlyMap<string, Flakiness>> {
  if (database === undefined) return NONE;
  try {
    const { HistoryView } = await later<typeof import("./queries.ts")>("./queries.ts", import.meta.url);
    using view = await HistoryView.open(database);
    return view.flaky(source, options);
  } catch {
    return NONE;
  }
}

/** The tasks, with further attempts for those that are to have them if they are flaky, and are. */
export async function withFlakyRetries<Task extends { name: string; retries: number; retriesIfFlaky?: boolean }>(
  tasks: readonly Task[],
  database: string | undefined,
  source: string,
): Promise<readonly Task[]> {
  if (!tasks.some(({ retriesIfFlaky }) => retriesIfFlaky)) return tasks;
  const flaky = await flakyTasks(database, source, { byCommand: true });
  return tasks.map((task) => task.retriesIfFlaky && flaky.has(task.name) ? { ...task, retries: FLAKY_RETRIES } : task);
}
