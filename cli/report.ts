/**
 * Owns the command `troupe report`: its flags, and where the page goes. What stands in it is actors/commands/report.ts's.
 *
 * @module
 */
import { report } from "../actors/commands/report.ts";
import { findConfig } from "../actors/input/config_search.ts";
import { InputError } from "../graph/input/input_error.ts";
import { specOf } from "./help/page.ts";
import { REPORT_PAGE } from "./help/pictures.ts";
import { historyOf } from "./history.ts";
import { parseFlags } from "./options.ts";
import { parseRun } from "./run_number.ts";
import { toStdout, writeOut } from "./written.ts";

/** Runs the command and answers with the exit code. */
export async function reportCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("report", args, specOf(REPORT_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(REPORT_PAGE);
  const output = flags.values.get("output");
  if (output === undefined) throw new InputError("troupe report needs a file to write: troupe report -o report.html");
  const database = historyOf(flags);
  const html = await report(parseRun(flags.positional[0] ?? "last", "report"), { db: database });
  if (output === "-") return await toStdout(html) ? 0 : 1;
  writeOut(output, html, { what: "report", database, input: findConfig()?.path });
  return 0;
}
