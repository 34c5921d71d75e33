/**
 * Owns the command `troupe watch`: a look at a crew every few seconds until somebody ends it. It waits for a database
 * that is not there yet, and for another one when its own is removed.
 *
 * @module
 */
import { Lookout } from "../actors/crew/lookout.ts";
import type { Panel } from "../actors/panel.ts";
import { InputError } from "../actors/input.ts";
import { Reporter } from "../actors/reporter.ts";
import { StopListener } from "../actors/stop_listener.ts";
import type { Sight } from "../graph/crew/sight.ts";
import { sightReport } from "../graph/crew/overview_report.ts";
import { timeFormat } from "../graph/run_report.ts";
import { SIGNAL_EXIT } from "./call.ts";
import { type Flags, type FlagSpec, parseFlags } from "./options.ts";
import { crewPlace, SIGHT_FLAGS, SIGHT_HELP, sightText } from "./status.ts";
import { detectScreen } from "./terminal.ts";

const DEFAULT_INTERVAL_S = 2;
const LEAST_INTERVAL_S = 0.1;
const LONGEST_INTERVAL_S = 86_400;

const HELP = `Show how a crew is doing, again and again until Ctrl-C; see troupe status.

Usage: troupe watch [OPTIONS]

Options:
      --interval S seconds between two looks (default: ${DEFAULT_INTERVAL_S})
${SIGHT_HELP}
      --json       as JSON, an object a line
  -h, --help       show this help

On a terminal the look is redrawn in place; elsewhere the looks follow each other, with a line and the time between them.
While there is no such database or workflow, it waits for one.

Exit codes: 0 ended by Ctrl-C or by the reader of its output, 2 the input is wrong, 128+n ended by another signal n.
`;

const FLAGS: FlagSpec = { ...SIGHT_FLAGS, string: [...SIGHT_FLAGS.string, "interval"] };

/** Shows one look; false when there is nobody to see it any more. */
type Show = (sight: Sight) => boolean | Promise<boolean>;

/** Runs `troupe watch` and answers with the exit code. */
export async function watchCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("watch", args, FLAGS);
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) {
    reporter.result(HELP.trimEnd());
    return 0;
  }
  const intervalMs = 1000 * intervalOf(flags);
  const place = crewPlace(flags);
  using stop = new StopListener();
  using lookout = new Lookout(place.db, place);
  using panel = await panelFor(flags);
  const show = panel === undefined ? printing(flags, reporter) : drawing(panel);
  while (stop.signal === undefined) {
    const sight = await unlessStopped(lookout.look(), stop);
    if (sight === undefined || !await show(sight)) break;
    await pause(intervalMs, stop);
  }
  // the terminal has written ^C where the shell would go on
  if (stop.signal === "SIGINT" && Deno.stdout.isTerminal()) reporter.result("");
  return stop.signal === undefined || stop.signal === "SIGINT" ? 0 : SIGNAL_EXIT[stop.signal];
}

function intervalOf(flags: Flags): number {
  const text = flags.values.get("interval");
  if (text === undefined) return DEFAULT_INTERVAL_S;
  const seconds = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || seconds < LEAST_INTERVAL_S || seconds > LONGEST_INTERVAL_S) {
    const range = `${LEAST_INTERVAL_S} to ${LONGEST_INTERVAL_S}`;
    throw new InputError(`--interval must be a number of seconds from ${range}, not '${text}'`);
  }
  return seconds;
}

async function panelFor(flags: Flags): Promise<Panel | undefined> {
  if (flags.on.has("json") || !detectScreen("stdout").isLive) return undefined;
  const { Panel } = await import("../actors/panel.ts");
  return new Panel();
}

function drawing(panel: Panel): Show {
  return async (sight) => {
    panel.show(await sightText(sight, { nowMs: Date.now(), terminal: panel.size }, { isLive: true }));
    return true;
  };
}

function printing(flags: Flags, reporter: Reporter): Show {
  if (flags.on.has("json")) {
    const { db: database, workflow } = crewPlace(flags);
    return (sight) => reporter.result(JSON.stringify(sightReport(sight, { database, workflow, nowMs: Date.now() })));
  }
  const format = timeFormat();
  let isFirst = true;
  return async (sight) => {
    const nowMs = Date.now();
    const text = await sightText(sight, { nowMs }, { isLive: false });
    const between = isFirst ? "" : `--- ${format(Math.floor(nowMs / 1000))}\n`;
    isFirst = false;
    return reporter.result(between + text);
  };
}

/** What the work gives, or undefined once a stop is asked for; a look may have to wait for whoever has the database. */
function unlessStopped<Result>(work: Promise<Result>, stop: StopListener): Promise<Result | undefined> {
  // not by a race with `stop.stopped`, which would keep something of every turn of a watch that goes on for days
  return new Promise((resolve, reject) => {
    stop.onSignal = () => resolve(undefined);
    work.then(resolve, reject);
  });
}

function pause(ms: number, stop: StopListener): Promise<void> {
  if (stop.signal !== undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.onSignal = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
