/**
 * Owns the reading of a glob's segments, by the rules of @std/path: `*`, `?`, `[a-z]`, `{a,b}`, `@(a|b)` and its kin,
 * and `\` before what is meant literally.
 *
 * @module
 */

/** UTF-16 units from a first to a last, ascending. */
export type Units = readonly (readonly [number, number])[];

/** A part of a segment: one unit out of some, any number of any units, or one of several sequences. */
export type Part =
  | { readonly kind: "unit"; readonly units: Units }
  | { readonly kind: "any" }
  | { readonly kind: "group"; readonly choices: readonly (readonly Part[])[]; readonly times: "" | "?" | "+" | "*" };

/** A segment: its parts, or `**`. */
export type Segment = readonly Part[] | "**";

export const SLASH = 47;
/** Any unit but `/`. */
export const ANY: Units = [[0, SLASH - 1], [SLASH + 1, 0xffff]];
const CLASSES: Readonly<Record<string, Units>> = {
  alnum: [[48, 57], [65, 90], [97, 122]],
  alpha: [[65, 90], [97, 122]],
  blank: [[9, 9], [32, 32]],
  digit: [[48, 57]],
  lower: [[97, 122]],
  upper: [[65, 90]],
  word: [[48, 57], [65, 90], [95, 95], [97, 122]],
  xdigit: [[48, 57], [65, 70], [97, 102]],
};

/** As @std/path reads it: what is not closed makes its whole segment literal. */
export function parseSegment(text: string): Segment {
  if (text === "**") return "**";
  const parser = { text, at: 0 };
  const parts = parseParts(parser, "");
  return parts !== undefined && parser.at === text.length ? parts : text.split("").map(literal);
}

/** The parts up to one of the characters in `stops`; undefined when something is not closed. */
function parseParts(parser: { readonly text: string; at: number }, stops: string): Part[] | undefined {
  const { text } = parser;
  const parts: Part[] = [];
  while (parser.at < text.length) {
    const char = text[parser.at];
    if (stops.includes(char)) return parts;
    parser.at++;
    const isExtended = "@+*?!".includes(char) && text[parser.at] === "(";
    if (char === "\\") {
      if (parser.at === text.length) return undefined;
      parts.push(literal(text[parser.at++]));
    } else if (char === "[") {
      const units = parseRange(parser);
      if (units === undefined) return undefined;
      parts.push({ kind: "unit", units });
    } else if (char === "{" || isExtended) {
      if (isExtended) parser.at++;
      const choices = parseChoices(parser, char === "{" ? ",}" : "|)");
      if (choices === undefined) return undefined;
      if (char === "!") parts.push({ kind: "any" });
      else parts.push({ kind: "group", choices, times: char === "{" || char === "@" ? "" : char as "?" | "+" | "*" });
    } else if (char === "*") {
      while (text[parser.at] === "*") parser.at++;
      parts.push({ kind: "any" });
    } else parts.push(char === "?" ? { kind: "unit", units: ANY } : literal(char));
  }
  return stops === "" ? parts : undefined;
}

function parseChoices(parser: { readonly text: string; at: number }, stops: string): Part[][] | undefined {
  const choices: Part[][] = [];
  while (true) {
    const parts = parseParts(parser, stops);
    if (parts === undefined) return undefined;
    choices.push(parts);
    if (parser.text[parser.at++] === stops[1]) return choices;
  }
}

/** What stands between `[` and `]`. */
function parseRange(parser: { readonly text: string; at: number }): Units | undefined {
  const { text } = parser;
  const isNegated = text[parser.at] === "!";
  if (isNegated) parser.at++;
  const units: [number, number][] = [];
  while (text[parser.at] !== "]") {
    const named = /^\[:(\w+):\]/.exec(text.slice(parser.at));
    if (named) {
      units.push(...(CLASSES[named[1]] ?? ANY).map(([first, last]): [number, number] => [first, last]));
      parser.at += named[0].length;
      continue;
    }
    const first = takeUnit();
    if (first === undefined) return undefined;
    const isSpan = text[parser.at] === "-" && parser.at + 1 < text.length && text[parser.at + 1] !== "]";
    if (isSpan) parser.at++;
    const last = isSpan ? takeUnit() : first;
    if (last === undefined) return undefined;
    if (first <= last) units.push([first, last]);
  }
  parser.at++;
  const outside = isNegated ? complement(units) : units;
  return common(outside.toSorted((a, b) => a[0] - b[0]), ANY);

  function takeUnit(): number | undefined {
    if (text[parser.at] === "\\") parser.at++;
    return parser.at < text.length ? text.charCodeAt(parser.at++) : undefined;
  }
}

/** Any unit but `/` and some. */
export function others(codes: readonly number[]): Units {
  return common(complement(codes.map((code): [number, number] => [code, code])), ANY);
}

function complement(units: Units): Units {
  const rest: [number, number][] = [];
  let from = 0;
  for (const [first, last] of units.toSorted((a, b) => a[0] - b[0])) {
    if (first > from) rest.push([from, first - 1]);
    from = Math.max(from, last + 1);
  }
  if (from <= 0xffff) rest.push([from, 0xffff]);
  return rest;
}

function common(a: Units, b: Units): Units {
  return a.flatMap(([first, last]) =>
    b.map(([low, high]): [number, number] => [Math.max(first, low), Math.min(last, high)])
      .filter(([low, high]) => low <= high)
  );
}

function literal(char: string): Part {
  const code = char.charCodeAt(0);
  return { kind: "unit", units: [[code, code]] };
}
