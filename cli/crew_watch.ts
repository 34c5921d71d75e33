/**
 * Owns the watch of a crew, by `troupe watch` and by `troupe status --watch`: a look every few seconds until somebody ends it. It waits for a database
 * that is not there yet, and for another one when its own is removed.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { CrewWatcher } from "../actors/crew/crew_watcher.ts";
import type { Panel } from "../actors/terminal/panel.ts";
import { Reporter } from "../actors/terminal/reporter.ts";
import { StopListener } from "../actors/process/stop_listener.ts";
import type { Snapshot } from "../graph/crew/snapshot.ts";
import { snapshotReport } from "../graph/crew/overview_report.ts";
import { SIGNAL_EXIT } from "./call.ts";
import type { Flags } from "./options.ts";
import { crewPlace, snapshotText } from "./snapshot.ts";
import { detectScreen, type Screen } from "./terminal.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";
import { timeFormat } from "../graph/report/time_of_day.ts";

const DEFAULT_INTERVAL_S = 2;
const LEAST_INTERVAL_S = 0.1;
const LONGEST_INTERVAL_S = 86_400;

/** Shows one look; false when there is nobody to see it any more. */
type Show = (snapshot: Snapshot) => boolean | Promise<boolean>;

/** Shows looks until it is ended, and answers with the exit code. */
export async function watchCrew(flags: Flags): Promise<number> {
  const reporter = new Reporter({ lines: "stdout" });
  const intervalMs = 1000 * intervalOf(flags);
  const place = crewPlace(flags);
  using stop = new StopListener();
  using watcher = new CrewWatcher(place.db, place);
  const screen = detectScreen("stdout");
  using panel = await panelFor(flags, screen);
  const show = panel === undefined ? printing(flags, reporter, screen) : drawing(panel, screen);
  while (stop.signal === undefined) {
    const snapshot = await abortable(watcher.look(), stop.aborted).catch((error) => {
      if (stop.signal === undefined) throw error;
    });
    if (snapshot === undefined || !await show(snapshot)) break;
    await delay(intervalMs, { signal: stop.aborted }).catch(() => {});
  }
  // the terminal has written ^C where the shell would go on
  if (stop.signal === "SIGINT" && Deno.stdout.isTerminal()) await reporter.result("");
  if (!reporter.isWhole) return 1;
  return stop.signal === undefined || stop.signal === "SIGINT" ? 0 : SIGNAL_EXIT[stop.signal];
}

function intervalOf(flags: Flags): number {
  const text = flags.values.get("interval");
  if (text === undefined) return DEFAULT_INTERVAL_S;
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || seconds < LEAST_INTERVAL_S || seconds > LONGEST_INTERVAL_S) {
    const range = `${LEAST_INTERVAL_S} to ${LONGEST_INTERVAL_S}`;
    throw new InputError(`--interval must be a number of seconds from ${range}, not ${quote(text)}`);
  }
  return seconds;
}

async function panelFor(flags: Flags, screen: Screen): Promise<Panel | undefined> {
  if (flags.on.has("json") || !screen.isLive) return undefined;
  const { Panel } = await import("../actors/terminal/panel.ts");
  return new Panel();
}

function drawing(panel: Panel, screen: Screen): Show {
  return async (snapshot) => {
    panel.show(await snapshotText(snapshot, { nowMs: Date.now(), terminal: panel.size }, screen));
    return true;
  };
}

function printing(flags: Flags, reporter: Reporter, screen: Screen): Show {
  if (flags.on.has("json")) {
    const { db: database, workflow } = crewPlace(flags);
    return (snapshot) => reporter.json(snapshotReport(snapshot, { database, workflow, nowMs: Date.now() }), 0);
  }
  const format = timeFormat();
  let isFirst = true;
  return async (snapshot) => {
    const nowMs = Date.now();
    const text = await snapshotText(snapshot, { nowMs }, screen);
    const between = isFirst ? "" : `--- ${format(Math.floor(nowMs / 1000))}\n`;
    isFirst = false;
    return reporter.result(between + text);
  };
}
