/**
 * Owns what a person sees of what a program writes to a terminal: the text of the window after each update that the program
 * marked as one, and at the end. Terminals that know these marks show nothing in between.
 *
 * @module
 */
import xterm from "@xterm/headless";

const END_OF_UPDATE = "\x1b[?2026l";

/** The lines of the window, trimmed at their ends, after each update; the last picture is what was left at the end. */
export async function picturesOf(
  written: string,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Promise<string[][]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const pictures: string[][] = [];
  for (const update of written.split(END_OF_UPDATE)) {
    await new Promise<void>((done) => terminal.write(update, done));
    const { active } = terminal.buffer;
    pictures.push(
      Array.from({ length: rows }, (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? ""),
    );
  }
  terminal.dispose();
  return pictures;
}
