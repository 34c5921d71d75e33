/**
 * Owns the command `troupe status`, and what it shares with `troupe watch`: how a crew to look at is named, and what is
 * printed of a look. The words are graph/crew/overview.ts's.
 *
 * @module
 */
import { lookAt, type StatusOptions } from "../actors/commands/status.ts";
import { DEFAULT_DATABASE } from "../actors/crew/options.ts";
import { DEFAULT_WORKFLOW } from "../actors/crew/view.ts";
import { type Room, sightLines, type Span } from "../graph/crew/overview.ts";
import type { Sight } from "../graph/crew/sight.ts";
import { type Flags, parseFlags } from "./options.ts";
import { createReporter, detectScreen } from "./terminal.ts";

/** The flags that `status` and `watch` have in common, as their help shows them. */
export const SIGHT_HELP = `      --db PATH    the database (default: ${DEFAULT_DATABASE})
      --workflow NAME   the workflow in it (default: ${DEFAULT_WORKFLOW})
      --shared-fs  the database is on a network file system: look at it under its file lock (alias: --lock)`;

/** The same for {@linkcode parseFlags}. */
export const SIGHT_FLAGS = {
  boolean: ["shared-fs", "json", "help"],
  string: ["db", "workflow"],
  alias: { lock: "shared-fs", h: "help" },
  positional: 0,
} as const;

const HELP = `Show how a crew is doing: progress, tasks by state, members, what runs and what failed.

Usage: troupe status [OPTIONS]

Options:
${SIGHT_HELP}
      --json       as JSON
  -h, --help       show this help

Exit codes: 0 shown, 1 there is no such database or workflow yet, 2 the input is wrong.
`;

/** Runs `troupe status` and answers with the exit code. */
export async function statusCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("status", args, SIGHT_FLAGS);
  const screen = detectScreen("stdout");
  const reporter = await createReporter(screen);
  if (flags.on.has("help")) {
    reporter.result(HELP.trimEnd());
    return 0;
  }
  const { sight, report, nowMs } = await lookAt(crewPlace(flags));
  const text = flags.on.has("json")
    ? JSON.stringify(report, null, 2)
    : await sightText(sight, { nowMs }, { isLive: screen.isLive });
  const isShown = reporter.result(text);
  return "waiting" in sight || !isShown ? 1 : 0;
}

/** The crew that the flags name. */
export function crewPlace(flags: Flags): Required<StatusOptions> {
  return {
    db: flags.values.get("db") ?? DEFAULT_DATABASE,
    workflow: flags.values.get("workflow") ?? DEFAULT_WORKFLOW,
    sharedFs: flags.on.has("shared-fs"),
  };
}

/** A look as text; colour is loaded only where it is shown. */
export async function sightText(sight: Sight, room: Room, { isLive }: { isLive: boolean }): Promise<string> {
  const paint = isLive ? (await import("../actors/live_view.ts")).paint : (text: string) => text;
  const painted = ({ text, tone }: Span) => text === "" ? "" : paint(text, tone);
  return sightLines(sight, { ...room, hasBar: isLive }).map((line) => line.map(painted).join("")).join("\n");
}
