/**
 * Owns how texts that are not troupe's own are shown in its sentences: quoted, on one line, cut where nobody reads on. Also
 * which of them would come out of a file, a system call or a database as others.
 *
 * @module
 */

/** So many names of a long list are told at its beginning, and as many at its end. */
const ENDS_SHOWN = 10;

/** Characters of a value that are shown. */
const LONGEST_VALUE = 60;

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** A value between single quotes, on one line whatever it holds. */
export function quote(text: string): string {
  return `'${escapeControls(text)}'`;
}

/** Control characters as JSON would write them: a name may not move the reader's cursor. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : escaped;
  });
}

/** So many of something, with its noun in the number that goes with it. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first names of a list, and how many more there are. */
export function listed(
  names: readonly string[],
  most: number,
  show: (name: string) => string = escapeControls,
): string {
  const shown = names.slice(0, most).map((name) => show(name)).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** A value of a user's as JSON, as much of it as a sentence can hold. */
export function shownValue(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return escapeControls(json.length > LONGEST_VALUE ? `${json.slice(0, LONGEST_VALUE - 1)}…` : json);
}

/** The same for a text of several lines: line ends and tabs are left. */
export function visible(text: string): string {
  return text.replace(
    CONTROL,
    (character) => character === "\n" || character === "\t" ? character : escapeControls(character),
  );
}

/** What begins a list and what ends it, with how many are between, where there are more than anyone reads. */
export function shortened(names: readonly string[], show = escapeControls): string[] {
  const between = names.length - 2 * ENDS_SHOWN;
  if (between < 2) return names.map(show);
  const [head, tail] = [names.slice(0, ENDS_SHOWN), names.slice(-ENDS_SHOWN)];
  return [...head.map(show), `… ${between} more …`, ...tail.map(show)];
}

/** What is in a text that neither a system call nor a database gives back; undefined when there is nothing. */
export function lostIn(text: string): string | undefined {
  return text.includes("\0") ? "NUL" : halfIn(text);
}

/** What is in a text that UTF-8 does not hold; undefined when there is nothing. */
export function halfIn(text: string): string | undefined {
  return text.isWellFormed() ? undefined : "half of a surrogate pair";
}
