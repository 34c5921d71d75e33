/**
 * Owns `troupe` alone: where things stand here, and what to type next. What it tells is actors/commands/overview.ts's.
 *
 * @module
 */
import { asTyped, findConfig } from "../actors/input/config_search.ts";
import { terminalSize } from "../actors/terminal/screen_stream.ts";
import { DEFAULT_HISTORY } from "../graph/report/typed_commands.ts";
import { foreignLines, overviewLines } from "../graph/report/overview.ts";
import { cutLine, type TextCell } from "../graph/text_width.ts";
import { createReporter, detectScreen, paintFor, type Screen } from "./terminal.ts";

/** Shows it, and answers with the exit code: 2 where there is no config. */
export async function overviewCommand(commands: readonly string[]): Promise<number> {
  const screen = detectScreen("stdout");
  const found = findConfig();
  if (found === undefined) {
    const { foreignBuilds } = await import("../actors/input/foreign_builds.ts");
    await show(foreignLines(await foreignBuilds(), { commands }), screen);
    return 2;
  }
  const { overviewOf } = await import("../actors/commands/overview.ts");
  const reporter = await createReporter(screen);
  const database = `${found.home}${DEFAULT_HISTORY}`;
  const overview = await overviewOf(reporter, found.path, database);
  const named = asTyped(database, DEFAULT_HISTORY);
  return await show(overviewLines({ ...overview, database: named, commands }), screen) ? 0 : 1;
}

async function show(lines: readonly (readonly TextCell[])[], screen: Screen): Promise<boolean> {
  const paint = await paintFor(screen);
  const reporter = await createReporter(screen);
  const text = lines.map((line) => {
    const cells = screen.isLive ? cutLine(line, terminalSize().columns) : line;
    return cells.map(({ text, tone }) => paint?.(text, tone) ?? text).join("").trimEnd();
  });
  return await reporter.result(text.join("\n"));
}
