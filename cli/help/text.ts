/**
 * Owns how a page of help is set: sections, two columns, and lines that are no longer than the room there is.
 * It prints nothing and colours nothing.
 *
 * @module
 */
import { GROUPS, type HelpEntry, type Option, type Page, type Topic } from "./page.ts";

/** One line; titles stand out where there is colour. */
export interface HelpLine {
  readonly text: string;
  readonly isTitle?: boolean;
}

/** No first column is wider, so that there is room for the second one. */
const WIDEST_TERM = 26;

/** The help of one command. */
export function pageLines(page: Page, columns: number): HelpLine[] {
  const { words, about = [], options, files, environment, exits, examples } = page;
  return [
    ...wrapped(`${page.summary}.`, columns),
    BLANK,
    ...page.usage.map((line, at) => ({ text: `${at === 0 ? "Usage:" : "      "} troupe ${line}` })),
    ...(words === undefined ? [] : [BLANK, ...table(words, columns)]),
    ...about.flatMap((paragraph) => [BLANK, ...wrapped(paragraph, columns)]),
    ...options.flatMap((group) => section(group.title, group.options.map(entryOf), columns)),
    ...section("Files", files, columns),
    ...section("Environment", environment, columns),
    ...section("Exit codes", exits, columns),
    ...section("Examples", examples, columns),
  ];
}

/** A page that is no command's. */
export function topicLines({ summary, parts }: Topic, columns: number): HelpLine[] {
  return [
    ...wrapped(`${summary}.`, columns),
    ...parts.flatMap((part): HelpLine[] => {
      if ("text" in part) return [BLANK, ...wrapped(part.text, columns)];
      if ("entries" in part) return section(part.title, part.entries, columns);
      return [BLANK, title(part.title), ...part.code.split("\n").map((line) => ({ text: `  ${line}` }))];
    }),
  ];
}

/** All commands, by group. */
export function overviewLines(
  { pages, topics, head }: {
    readonly pages: readonly Page[];
    readonly topics: readonly Topic[];
    readonly head: string;
  },
  columns: number,
): HelpLine[] {
  const inGroup = (group: string) => pages.filter((page) => page.group === group);
  const width = termWidth([...pages.map(({ command }): HelpEntry => [command, ""]), ["help exit-codes", ""]], columns);
  return [
    ...wrapped(head, columns),
    BLANK,
    title("Usage"),
    ...table([
      ["troupe", "what there is to do here, and what to type next"],
      ["troupe NAME… [OPTIONS]", "build these tasks and what they need: troupe web:bundle 'api:*'"],
      ["troupe COMMAND [OPTIONS]", "one of these:"],
    ], columns),
    ...GROUPS.flatMap((group) =>
      section(
        `${group[0].toUpperCase()}${group.slice(1)}`,
        inGroup(group).map(({ command, summary, brief }): HelpEntry => [command, brief ?? lower(summary)]),
        columns,
        width,
      )
    ),
    ...section(
      "More",
      topics.map(({ topic, summary }): HelpEntry => [`help ${topic}`, lower(summary)]),
      columns,
      width,
    ),
    ...section(
      "Options",
      [["-h, --help", "show this help; behind a command, that command's"], [
        "-V, --version",
        "show the version",
      ]],
      columns,
      width,
    ),
    BLANK,
    ...wrapped(
      "Where a task and a command have one name, the command wins; troupe build NAME reaches the task.",
      columns,
    ),
  ];
}

const BLANK: HelpLine = { text: "" };

function title(text: string): HelpLine {
  return { text: `${text}:`, isTitle: true };
}

function section(name: string, entries: readonly HelpEntry[] | undefined, columns: number, width?: number): HelpLine[] {
  return entries === undefined || entries.length === 0 ? [] : [BLANK, title(name), ...table(entries, columns, width)];
}

function entryOf({ flag, short, value, text }: Option): HelpEntry {
  const head = short === undefined ? "    " : `-${short}, `;
  return [`${head}--${flag}${value === undefined ? "" : ` ${value}`}`, text];
}

function termWidth(entries: readonly HelpEntry[], columns: number): number {
  return Math.min(WIDEST_TERM, Math.floor(columns / 3), Math.max(...entries.map(([term]) => term.length)));
}

/** A term that is wider than its column has a line to itself. */
function table(entries: readonly HelpEntry[], columns: number, width = termWidth(entries, columns)): HelpLine[] {
  const indent = width + 4;
  return entries.flatMap(([term, text]) => {
    const lines = fill(text, Math.max(20, columns - indent));
    const isWide = term.length > width;
    const head = isWide ? [{ text: `  ${term}` }] : [];
    return [
      ...head,
      ...lines.map((line, at) => ({ text: `  ${(at === 0 && !isWide ? term : "").padEnd(width)}  ${line}`.trimEnd() })),
    ];
  });
}

function wrapped(text: string, columns: number): HelpLine[] {
  return fill(text, columns).map((line) => ({ text: line }));
}

/** The words of a text on as few lines as they fit on; two blanks in a row are kept, as in an example. */
function fill(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line.trimEnd());
      line = word;
    } else line = line === "" && lines.length === 0 && word === text ? word : line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** As the second half of a line. */
function lower(sentence: string): string {
  return sentence[0].toLowerCase() + sentence.slice(1);
}
