/**
 * Owns the showing of help: in the width of the terminal, with titles in bold where there is colour.
 *
 * @module
 */
import { Reporter } from "../../actors/terminal/reporter.ts";
import { terminalSize } from "../../actors/terminal/screen_stream.ts";
import { detectScreen } from "../terminal.ts";
import type { Page } from "./page.ts";
import { type HelpLine, pageLines } from "./text.ts";

/** Lines of a text that are longer are tiring; narrower than the least, columns are of no use. */
const MOST_COLUMNS = 100, LEAST_COLUMNS = 40;

/** Shows a command's help, and answers with its exit code. */
export async function showHelp(page: Page): Promise<number> {
  return await showLines((columns) => pageLines(page, columns));
}

/** Shows what is set in so many columns. */
export async function showLines(set: (columns: number) => readonly HelpLine[]): Promise<number> {
  const { isLive, hasColor } = detectScreen("stdout");
  const columns = isLive ? Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, terminalSize().columns)) : MOST_COLUMNS;
  const bold = hasColor ? (text: string) => `\x1b[1m${text}\x1b[22m` : (text: string) => text;
  const text = set(columns).map((line) => line.isTitle ? bold(line.text) : line.text).join("\n");
  return await new Reporter({ lines: "stdout" }).result(text) ? 0 : 1;
}
