/**
 * Owns the looking at a crew as a command, typed or called. The words are graph/crew/overview.ts's.
 *
 * @module
 */
import type { Sight } from "../../graph/crew/sight.ts";
import { type SightReport, sightReport } from "../../graph/crew/overview_report.ts";
import { Lookout } from "../crew/lookout.ts";
import { DEFAULT_DATABASE } from "../crew/options.ts";
import { DEFAULT_WORKFLOW } from "../crew/view.ts";

/**
 * Choices for {@linkcode status}.
 *
 * @example
 * ```ts
 * import { status, type StatusOptions } from "./mod.ts";
 *
 * const options: StatusOptions = { db: "nowhere.sqlite", workflow: "nightly" };
 * console.log((await status(options)).waiting);
 * ```
 */
export interface StatusOptions {
  /** Path of the crew's database; default `crew.sqlite`. */
  readonly db?: string;
  /** Which of the workflows in it; default `main`. */
  readonly workflow?: string;
  /** The database is on a network file system: look at it under its file lock; default false. */
  readonly sharedFs?: boolean;
}

/**
 * How a crew is doing: the report of `troupe status --json`. Where there is no such crew yet, it says so in `waiting`.
 *
 * @example
 * ```ts
 * import { join, status } from "./mod.ts";
 *
 * await join("fixtures/tasks/pipeline.txt", { db: "looked_at.sqlite" });
 * const { done_tasks, total_tasks } = await status({ db: "looked_at.sqlite" });
 * console.log(done_tasks, total_tasks); // 6 6
 * ```
 *
 * @throws {DatabaseError} When there is something that will not become a crew's database by waiting.
 */
export async function status(options: StatusOptions = {}): Promise<SightReport> {
  return (await lookAt(options)).report;
}

/** One look, as it is shown and as it is reported. */
export async function lookAt(
  { db = DEFAULT_DATABASE, workflow = DEFAULT_WORKFLOW, sharedFs = false }: StatusOptions,
): Promise<{ readonly sight: Sight; readonly report: SightReport; readonly nowMs: number }> {
  using lookout = new Lookout(db, { workflow, sharedFs });
  const sight = await lookout.look();
  const nowMs = Date.now();
  return { sight, report: sightReport(sight, { database: db, workflow, nowMs }), nowMs };
}
