/**
 * Owns the looking at a crew as a command, typed or called. The words are graph/crew/overview.ts's.
 *
 * @module
 */
import type { Snapshot } from "../../graph/crew/snapshot.ts";
import { type SnapshotReport, snapshotReport } from "../../graph/crew/overview_report.ts";
import { CrewWatcher } from "../crew/crew_watcher.ts";
import { DEFAULT_DATABASE } from "../crew/options.ts";
import { CrewStore } from "../crew/store/store.ts";
import { CrewView, DEFAULT_WORKFLOW } from "../crew/store/view.ts";

/** Choices for {@linkcode status}. */
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
export async function status(options: StatusOptions = {}): Promise<SnapshotReport> {
  return (await lookAt(options)).report;
}

/**
 * Deletes all but the newest lines of each task's audit trail, and answers how many.
 *
 * @throws {DatabaseError} When there is no such crew, or it cannot be written.
 */
export async function pruneTrails(
  { db = DEFAULT_DATABASE, workflow = DEFAULT_WORKFLOW, sharedFs = false }: StatusOptions,
  keepLatest: number,
): Promise<number> {
  // Looked at first, so that asking for one that is not there does not make it
  (await CrewView.look(db, { workflow, sharedFs })).close();
  using store = await CrewStore.open(db, { workflow, sharedFs });
  return await store.pruneStatusHistory(keepLatest);
}

/** One look, as it is shown and as it is reported. */
export async function lookAt(
  { db = DEFAULT_DATABASE, workflow = DEFAULT_WORKFLOW, sharedFs = false }: StatusOptions,
): Promise<{ readonly snapshot: Snapshot; readonly report: SnapshotReport; readonly nowMs: number }> {
  using watcher = new CrewWatcher(db, { workflow, sharedFs });
  const snapshot = await watcher.look();
  const nowMs = Date.now();
  return { snapshot, report: snapshotReport(snapshot, { database: db, workflow, nowMs }), nowMs };
}
