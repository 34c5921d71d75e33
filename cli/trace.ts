/**
 * Owns the command `troupe trace`: its flags, and where the picture goes. What it shows is graph/picture's.
 *
 * @module
 */
import { pictureOf } from "../actors/commands/trace.ts";
import { terminalSize } from "../actors/terminal/screen_stream.ts";
import { ganttLines } from "../graph/picture/gantt.ts";
import { traceFile } from "../graph/picture/trace_events.ts";
import { specOf } from "./help/page.ts";
import { TRACE_PAGE } from "./help/pictures.ts";
import { historyOf } from "./history.ts";
import { parseFlags } from "./options.ts";
import { parseRun } from "./run_number.ts";
import { createReporter, detectScreen, paintFor } from "./terminal.ts";
import { toStdout, writeOut } from "./written.ts";

/** Where there is no window. */
const DEFAULT_COLUMNS = 100;
/** Narrower windows wrap the lines. */
const LEAST_COLUMNS = 40;

/** Runs the command and answers with the exit code. */
export async function traceCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("trace", args, specOf(TRACE_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(TRACE_PAGE);
  const database = historyOf(flags);
  const picture = await pictureOf(parseRun(flags.positional[0] ?? "last", "trace"), database);
  const output = flags.values.get("output");
  if (output !== undefined) {
    const trace = JSON.stringify(traceFile(picture)) + "\n";
    if (output === "-") return await toStdout(trace) ? 0 : 1;
    writeOut(output, trace, { what: "trace", database, input: picture.run.source });
    return 0;
  }
  const screen = detectScreen("stdout");
  const reporter = await createReporter(screen);
  const paint = await paintFor(screen);
  const columns = screen.isLive ? Math.max(LEAST_COLUMNS, terminalSize().columns) : DEFAULT_COLUMNS;
  const lines = ganttLines(picture, columns);
  const text = lines.map((line) => line.map(({ text, tone }) => paint?.(text, tone) ?? text).join("").trimEnd());
  return await reporter.result(text.join("\n")) ? 0 : 1;
}
