/**
 * Owns the command `troupe init`: its flags, and where what it says goes. What it writes is actors/commands/init.ts's.
 *
 * @module
 */
import { firstConfig, writeFirstConfig } from "../actors/commands/init.ts";
import { leftOutLines, writtenLines } from "../graph/init/words.ts";
import { specOf } from "./help/page.ts";
import { INIT_PAGE } from "./help/set_up.ts";
import { parseFlags } from "./options.ts";
import { createReporter, detectScreen } from "./terminal.ts";

/** Runs `troupe init` and answers with the exit code. */
export async function initCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("init", args, specOf(INIT_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(INIT_PAGE);
  const reporter = await createReporter(detectScreen("stdout"));
  const config = await firstConfig();
  if (flags.on.has("dry-run")) {
    for (const line of leftOutLines(config.draft)) reporter.error(line);
    return await reporter.result(config.text.trimEnd()) ? 0 : 1;
  }
  writeFirstConfig(config);
  for (const line of writtenLines(config.file, config.draft)) reporter.line(line);
  await reporter.flush();
  return 0;
}
