/**
 * Owns the search for keys that an object of a JSON text has twice: JSON.parse takes the last and says nothing.
 * It is told texts that have been parsed already, comments and trailing commas included, and finds nothing else wrong.
 *
 * @module
 */

/** A key, quotes included, in offsets of the text. */
export interface KeySpan {
  readonly start: number;
  readonly end: number;
}

/** A key that stands twice in one object: where first, and where again. */
export interface RepeatedKey {
  readonly key: string;
  readonly first: KeySpan;
  readonly again: KeySpan;
}

/** Objects with more keys are looked at by a map, smaller ones one key after another, which costs less. */
const FEW = 16;

/** The keys of one object; undefined stands for a list. */
type JsonKeys = { readonly names: string[]; readonly spans: KeySpan[]; index?: Map<string, number> };

/** Every key that repeats one of its own object, in the order of the text. */
export function repeatedKeys(text: string): RepeatedKey[] {
  const found: RepeatedKey[] = [];
  const open: (JsonKeys | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case "{":
        open.push({ names: [], spans: [] });
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case "/":
        at = endOfComment(text, at);
        break;
      case '"': {
        const start = at;
        at = endOfString(text, start);
        const keys = open.at(-1);
        if (keys !== undefined && isBeforeColon(text, at + 1)) note(keys, text, { start, end: at + 1 }, found);
      }
    }
  }
  return found;
}

function note(keys: JsonKeys, text: string, span: KeySpan, found: RepeatedKey[]): void {
  const raw = text.slice(span.start + 1, span.end - 1);
  const key = raw.includes("\\") ? JSON.parse(`"${raw}"`) as string : raw;
  const { names, spans } = keys;
  if (names.length === FEW) keys.index = new Map(names.map((name, i) => [name, i]));
  const at = keys.index === undefined ? names.indexOf(key) : keys.index.get(key) ?? -1;
  if (at >= 0) {
    found.push({ key, first: spans[at], again: span });
    return;
  }
  keys.index?.set(key, names.length);
  names.push(key);
  spans.push(span);
}

/** Offset of the quote that ends the string which starts here. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === "\\") before--;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}

/** Offset of the last character of the comment that starts here. */
function endOfComment(text: string, start: number): number {
  const end = text[start + 1] === "*" ? text.indexOf("*/", start + 2) + 1 : text.indexOf("\n", start);
  return end <= start ? text.length : end;
}

function isBeforeColon(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "/") at = endOfComment(text, at);
    else if (text.charCodeAt(at) > 32) return text[at] === ":";
  }
  return false;
}
