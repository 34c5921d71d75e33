/**
 * Owns the joining of a run to the live view.
 *
 * @module
 */
import type { LiveState, LiveView } from "../actors/terminal/live_view.ts";
import type { Reporter } from "../actors/terminal/reporter.ts";
import type { Screen } from "./terminal.ts";
import { later } from "../actors/machine/later.ts";

/** What a command shows its run by. */
export interface LiveDisplay {
  /** Shows a run, in the place of one that was shown before. */
  show(state: LiveState): void;
  /** Takes it away, below all that was said. */
  hide(): void;
  /** After the program was stopped and let go on. */
  leave(): void;
}

/** Undefined where there is no terminal for it. */
export async function liveDisplay(screen: Screen, reporter: Reporter): Promise<LiveDisplay | undefined> {
  if (!screen.isLive) return undefined;
  const { LiveView } = await later<typeof import("../actors/terminal/live_view.ts")>(
    "../actors/terminal/live_view.ts",
    import.meta.url,
  );
  let view: LiveView | undefined;
  const hide = () => {
    reporter.footer = undefined;
    view?.close();
    view = undefined;
  };
  const show = (state: LiveState) => {
    hide();
    reporter.footer = view = new LiveView(state, screen.lines);
  };
  return { show, hide, leave: () => view?.leave() };
}
