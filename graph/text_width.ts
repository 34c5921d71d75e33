/**
 * Owns how many columns of a terminal a text takes, and the cutting of one to so many. It knows no escape sequences: what it
 * is given holds none.
 *
 * @module
 */

/** A stretch of a line. */
export interface TextCell {
  readonly text: string;
  readonly tone: "plain" | "good" | "bad" | "dim";
}

/** Columns of one character, a code point. */
export function columnsOf(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (/[\p{M}\u200b-\u200f\u2060-\u2064]/u.test(character)) return 0;
  const isWide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) || (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x20000 && code <= 0x3fffd) ||
    /\p{Emoji_Presentation}/u.test(character);
  return isWide ? 2 : 1;
}

/** Columns of a text. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

/** A text in no more than so many columns, with `…` for what is left out. */
export function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let width = 0, cut = "";
  for (const character of text) {
    width += columnsOf(character);
    if (width > columns - 1) break;
    cut += character;
  }
  return columns < 1 ? "" : `${cut}…`;
}

/** A text with blanks behind it up to so many columns. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** A line that is no wider than the terminal. */
export function cutLine(line: readonly TextCell[], columns: number): TextCell[] {
  let room = columns;
  return line.map(({ text, tone }) => {
    const cut = cutTo(text, room);
    room -= widthOf(cut);
    return { text: cut, tone };
  });
}
