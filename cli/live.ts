/**
 * Owns the joining of a run's log to the live display.
 *
 * @module
 */
import type { LiveState } from "../actors/live_view.ts";
import type { Reporter } from "../actors/reporter.ts";
import type { Counts } from "../actors/run_event.ts";
import type { Screen } from "./terminal.ts";

/** What a log tells the display. */
interface Log {
  readonly busy: LiveState["busy"];
}

/** Something to show `total` tasks by, or undefined where there is no terminal for it; it answers with what hides it. */
export async function liveDisplay(
  screen: Screen,
  reporter: Reporter,
): Promise<((log: Log, counts: Counts, total: number) => () => void) | undefined> {
  if (!screen.isLive) return undefined;
  const { LiveView } = await import("../actors/live_view.ts");
  return (log, counts, total) => {
    const view = new LiveView({
      total,
      done: () => counts.completed + counts.failed + counts.skipped,
      failed: () => counts.failed,
      busy: log.busy,
    }, screen.lines);
    reporter.footer = view;
    return () => {
      reporter.footer = undefined;
      view.close();
    };
  };
}
