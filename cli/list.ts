/**
 * Owns the command `troupe list`: its flags, and what of the list goes where. What it lists is actors/commands/list.ts's.
 *
 * @module
 */
import { DEFAULT_HISTORY } from "../graph/report/typed_commands.ts";
import { listFor, namesFor, tagsFor } from "../actors/commands/list.ts";
import { listLines } from "../graph/report/task_list.ts";
import { besideConfig } from "../actors/input/config_search.ts";
import { terminalSize } from "../actors/terminal/screen_stream.ts";
import { specOf } from "./help/page.ts";
import { LIST_PAGE } from "./help/see.ts";
import { parseFlags } from "./options.ts";
import { targetOrMissing, withTarget } from "./target.ts";
import { createReporter, detectScreen, paintFor } from "./terminal.ts";
import { escapeControls } from "../graph/text.ts";

/** Runs the command and answers with the exit code. */
export async function listCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("list", args, specOf(LIST_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(LIST_PAGE);
  const target = targetOrMissing("list", flags, "both");
  const { file, tasks, home } = target;
  const screen = detectScreen("stdout");
  const reporter = await createReporter(screen);
  const wordsFor = flags.on.has("names") ? namesFor : flags.on.has("tags") ? tagsFor : undefined;
  if (wordsFor !== undefined) {
    const words = await withTarget(target, () => wordsFor(file, tasks));
    return await reporter.result(words.map(escapeControls).join("\n")) ? 0 : 1;
  }
  const db = flags.values.get("db") ?? (home === "" ? besideConfig(DEFAULT_HISTORY) : `${home}${DEFAULT_HISTORY}`);
  const report = await withTarget(target, () => listFor(reporter, file, { tasks, db }));
  if (flags.on.has("json")) return await reporter.json(report) ? 0 : 1;
  const paint = await paintFor(screen);
  const lines = listLines(report, screen.isLive ? terminalSize().columns : undefined);
  const text = lines.map((line) => line.map(({ text, tone }) => paint?.(text, tone) ?? text).join("").trimEnd());
  return await reporter.result(text.join("\n")) ? 0 : 1;
}
