/**
 * Owns what the live view is told of a going run: where its status table is, what its workers do, and how long all of it
 * usually takes.
 *
 * @module
 */
import type { Schedulable } from "../../graph/schedule/state.ts";
import { timeLeft } from "../../graph/schedule/time_left.ts";
import type { LiveState } from "../terminal/live_view.ts";
import type { Outcomes } from "../engine/outcomes.ts";
import type { StatusTable } from "../worker/status_table.ts";

/** A run that goes on. */
export interface ShownRun {
  readonly plan: Schedulable;
  readonly tasks: readonly { readonly name: string }[];
  readonly table: StatusTable;
  /** What is shown of it, where others do some of the tasks; default the table. */
  readonly shown?: LiveState["table"];
  readonly outcomes: Outcomes;
  /** Worker id → what it does. */
  readonly busy: LiveState["busy"];
  readonly workers: number;
  /** Where earlier runs are recorded, if anywhere, and the absolute path of the file they are runs of. */
  readonly earlier?: { readonly database: string; readonly source: string };
}

/** The state of a run for its live view. */
export function liveState({ plan, tasks, table, shown, outcomes, busy, workers, earlier }: ShownRun): LiveState {
  let usual: ReadonlyMap<string, number> = new Map();
  if (earlier !== undefined) {
    usualDurations(earlier).then((durations) => usual = durations, () => {
      // Without a history, or with one that cannot be read, nothing is known; whoever records the run says so.
    });
  }
  const leftMs = () => {
    if (usual.size === 0) return undefined;
    const now = performance.now();
    const since = new Map([...busy.values()].map(({ index, since }) => [index, since]));
    return timeLeft(plan, {
      isOver: (task) => table.hasSettled(task),
      usualMs: (task) => usual.get(tasks[task].name),
      elapsedMs: (task) => now - (since.get(task) ?? now),
      workers,
    });
  };
  return {
    table: shown ?? table,
    cached: () => outcomes.cached,
    busy,
    usualMs: (task) => usual.get(task),
    leftMs,
  };
}

async function usualDurations(
  { database, source }: NonNullable<ShownRun["earlier"]>,
): Promise<ReadonlyMap<string, number>> {
  const { HistoryView } = await import("../history/queries.ts");
  using view = await HistoryView.open(database);
  return view.usualDurations(source);
}
