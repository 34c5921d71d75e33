/**
 * Owns what `troupe status` and the watch of a crew share: how a crew to look at is named, and what is printed of a look.
 * The words are graph/crew/overview.ts's.
 *
 * @module
 */
import type { StatusOptions } from "../actors/commands/status.ts";
import { besideConfig } from "../actors/input/config_search.ts";
import { DEFAULT_DATABASE } from "../actors/crew/options.ts";
import { DEFAULT_WORKFLOW } from "../actors/crew/store/view.ts";
import { type Room, snapshotLines } from "../graph/crew/overview.ts";
import type { Snapshot } from "../graph/crew/snapshot.ts";
import type { TextCell } from "../graph/text_width.ts";
import type { Flags } from "./options.ts";
import { paintFor, type Screen } from "./terminal.ts";

/** The crew that the flags name. */
export function crewPlace(flags: Flags): Required<StatusOptions> {
  return {
    db: flags.values.get("db") ?? besideConfig(DEFAULT_DATABASE),
    workflow: flags.values.get("workflow") ?? DEFAULT_WORKFLOW,
    sharedFs: flags.on.has("shared-fs"),
  };
}

/** A look as text. */
export async function snapshotText(snapshot: Snapshot, room: Room, screen: Screen): Promise<string> {
  const paint = await paintFor(screen);
  const painted = ({ text, tone }: TextCell) => text === "" ? "" : paint?.(text, tone) ?? text;
  return snapshotLines(snapshot, { ...room, hasBar: screen.isLive }).map((line) => line.map(painted).join("")).join(
    "\n",
  );
}
