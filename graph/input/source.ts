/**
 * Owns a text with a name: lines and columns of its offsets, and the excerpt with a caret under a diagnostic.
 * It never reads files and knows neither JSON nor tasks; a place written as a path is looked up by whoever asks.
 *
 * Columns count UTF-16 units from 1, as V8 and editors do; carets are aligned by the width a terminal gives each character.
 *
 * @module
 */
import type { Diagnostic, Place } from "../failure.ts";
import { columnsOf } from "../text_width.ts";

/** A stretch of text in UTF-16 offsets, end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A position as people count it, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Columns of one excerpt; a one-line config of 500 KB must not fill the screen. */
const EXCERPT_COLUMNS = 120;
/** Columns of a long line that are kept before the span. */
const LEAD_COLUMNS = 60;
const TAB = "    ";

/** A named text. */
export class Source {
  readonly name: string;
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  /** Line and column of an offset; offsets outside the text are taken as its ends. */
  position(offset: number): Position {
    const starts = this.#starts();
    const wanted = Math.min(Math.max(offset, starts[0]), this.text.length);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= wanted) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: wanted - starts[low] + 1 };
  }

  /** Where a line's text lies, without its line end. */
  line(number: number): Span {
    const starts = this.#starts();
    const start = starts[number - 1];
    let end = number < starts.length ? starts[number] : this.text.length;
    while (end > start && isLineEnd(this.text.charCodeAt(end - 1))) end--;
    return { start, end };
  }

  #starts(): number[] {
    if (this.#lineStarts) return this.#lineStarts;
    const starts = [this.text.charCodeAt(0) === 0xfeff ? 1 : 0];
    for (let at = 0; at < this.text.length; at++) {
      const code = this.text.charCodeAt(at);
      if (code === 10 || (code === 13 && this.text.charCodeAt(at + 1) !== 10)) starts.push(at + 1);
    }
    return this.#lineStarts = starts;
  }
}

/** A stretch of a text, which may be another than the one that is looked at. */
export interface FoundSpan extends Span {
  readonly source?: Source;
}

/** A diagnostic as people read it: the exact sentence, then each place with its line and a caret, the hint after the last. */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  source: Source,
  find: (place: Place) => FoundSpan | undefined = ownSpan,
): string {
  const spans = diagnostic.places.map(find).filter((span) => span !== undefined);
  if (spans.length === 0) return diagnostic.hint ? `${diagnostic.message}\n  ${diagnostic.hint}` : diagnostic.message;
  const sources = spans.map((span) => span.source ?? source);
  const positions = spans.map((span, at) => sources[at].position(span.start));
  const digits = Math.max(...positions.map((position) => String(position.line).length));
  const lines = [diagnostic.message];
  for (const [at, span] of spans.entries()) {
    const { line, column } = positions[at];
    const { text, caret } = excerpt(sources[at], span);
    const hint = diagnostic.hint && at === spans.length - 1 ? ` ${diagnostic.hint}` : "";
    lines.push(`  --> ${sources[at].name}:${line}:${column}`);
    lines.push(`${String(line).padStart(digits)} | ${text}`.trimEnd());
    lines.push(`${" ".repeat(digits)} | ${caret}${hint}`);
  }
  return lines.join("\n");
}

function ownSpan(place: Place): Span | undefined {
  return "start" in place ? place : undefined;
}

/** The line of a span's start and the carets under as much of the span as lies on it. */
function excerpt(source: Source, span: Span): { text: string; caret: string } {
  const line = source.line(source.position(span.start).line);
  const end = Math.min(Math.max(span.end, span.start + 1), line.end);
  // Only the neighbourhood is looked at: a character is at least one UTF-16 unit, so this is always enough.
  let from = Math.max(line.start, span.start - EXCERPT_COLUMNS);
  if (isLowSurrogate(source.text.charCodeAt(from))) from++;
  const before = cells(source.text.slice(from, span.start));
  const under = cells(source.text.slice(span.start, Math.min(end, span.start + EXCERPT_COLUMNS)));
  const after = cells(source.text.slice(Math.min(end, line.end), Math.min(end + EXCERPT_COLUMNS, line.end)));

  const whole = from === line.start && end + EXCERPT_COLUMNS >= line.end &&
    widthOf(before) + widthOf(under) + widthOf(after) <= EXCERPT_COLUMNS;
  const lead = whole ? before : lastCells(before, LEAD_COLUMNS);
  const start = from === line.start && lead.length === before.length ? "" : "…";
  const room = EXCERPT_COLUMNS - widthOf(lead);
  const marked = whole ? under : firstCells(under, room);
  const rest = marked.length < under.length ? [] : whole ? after : firstCells(after, room - widthOf(marked));
  const isCut = !whole &&
    (marked.length < under.length || rest.length < after.length || end + EXCERPT_COLUMNS < line.end);

  return {
    text: start + [...lead, ...marked, ...rest].map((cell) => cell.shown).join("") + (isCut ? "…" : ""),
    caret: " ".repeat(start.length + widthOf(lead)) + "^".repeat(Math.max(1, widthOf(marked))),
  };
}

interface Cell {
  readonly shown: string;
  readonly width: number;
}

function cells(text: string): Cell[] {
  return Array.from(text, (character) => {
    if (character === "\t") return { shown: TAB, width: TAB.length };
    // An escape sequence in somebody's config must not reach the terminal.
    if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(character)) return { shown: "\ufffd", width: 1 };
    return { shown: character, width: columnsOf(character) };
  });
}

function widthOf(list: readonly Cell[]): number {
  return list.reduce((sum, cell) => sum + cell.width, 0);
}

function firstCells(list: readonly Cell[], columns: number): Cell[] {
  let used = 0;
  const taken: Cell[] = [];
  for (const cell of list) {
    used += cell.width;
    if (used > columns) break;
    taken.push(cell);
  }
  return taken;
}

function lastCells(list: readonly Cell[], columns: number): Cell[] {
  return firstCells(list.toReversed(), columns).toReversed();
}

function isLineEnd(code: number): boolean {
  return code === 10 || code === 13;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
