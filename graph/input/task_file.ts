/**
 * Owns the task file: its text in, shell tasks or every diagnostic in it out.
 * It reads no file and runs nothing. The sentences of its diagnostics are in task_file_diagnostics.ts; what tasks mean to each other as a
 * graph is graph.ts, which speaks of places as paths: here they become stretches of the text.
 *
 * ```
 * # comment
 * build: cc -o app *.c && [ -x app ] [after:lint,unit_tests] [timeout:90] [retries:2] [writes:app]
 * └name  └command                    └suffixes, any number, in any order
 * ```
 *
 * Suffixes are taken off the end of the line, one pair of brackets at a time, until a pair is none. So no command needs an
 * escape, and a command that must end like a suffix can put it in quotes. The price: a misspelt suffix is a command.
 *
 * @module
 */
import type { Diagnostic, JsonPath } from "../failure.ts";
import { buildGraph, cycleDiagnostics, findCycles } from "../graph.ts";
import * as say from "./task_file_diagnostics.ts";
import { forEachEntry, nearlySuffixOf, readDeclarations, SUFFIX, type Suffix } from "./task_file_suffixes.ts";
import type { Stretch, SuffixWord } from "./task_file_diagnostics.ts";
import type { Span } from "./source.ts";
import { StringIndex } from "../string_index.ts";
import { type Declarations, LONGEST_TIME_MS, MOST_RETRIES } from "../task.ts";

/** One task of a task file: a name for a command, and what must have passed before it. */
export interface ShellTask {
  /** Unique in its file; letters, digits and underscores. */
  readonly name: string;
  /** What `/bin/sh -c` is given; never empty. */
  readonly command: string;
  /** The comment lines right above it, as one text; absent where there are none. */
  readonly description?: string;
  /** Names of the tasks that must have passed first, each once, in written order. */
  readonly dependencies: readonly string[];
  /** Limit for one attempt in milliseconds; absent means the run's own. */
  readonly timeoutMs?: number;
  /** From being asked to end to being made to, in milliseconds; absent means the run's own. */
  readonly graceMs?: number;
  /** Further attempts after a failed one; 0 means one attempt in all. */
  readonly retries: number;
  /** Whether it is tried again only if it is flaky by the history. */
  readonly retriesIfFlaky?: boolean;
  /** What the gates are told; absent where nothing was declared. */
  readonly declared?: Declarations;
}

/** The tasks of a file without diagnostics, or diagnostics without tasks. */
export interface ParsedTaskFile {
  /** In written order. */
  readonly tasks?: ShellTask[];
  /** In the order of their places. */
  readonly diagnostics: Diagnostic[];
  /** What is no error, but hardly meant. */
  readonly warnings: Diagnostic[];
}

/** A line that says something, without the blanks around it. */
interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
  readonly start: number;
  /** It looks like more of the line before: that one ends with a backslash, or it stands further in. */
  readonly isMore: boolean;
  /** The comment lines right above it. */
  readonly comment: readonly string[];
}

const NAME = /^[A-Za-z0-9_]+$/;
const SECONDS = /^(\d+\.?\d*|\.\d+)$/;

/** Parses and checks the text of a task file, dependencies and cycles included. */
export function parseTaskFile(text: string): ParsedTaskFile {
  const diagnostics: Diagnostic[] = [], warnings: Diagnostic[] = [];
  const tasks: ShellTask[] = [];
  const lines: Line[] = [];
  const unreadable = new Set<string>();
  for (const line of readLines(text)) {
    const task = readTask(line, diagnostics, warnings);
    if (task) {
      tasks.push(task);
      lines.push(line);
    } else addLikelyNames(line.text, unreadable);
  }
  if (tasks.length === 0 && diagnostics.length === 0) {
    return { diagnostics: [say.noTasksInFile(text.length)], warnings };
  }
  checkNames(tasks, lines, diagnostics);
  checkGraph(tasks, { lines, unreadable, diagnostics });
  if (diagnostics.length === 0) return { tasks, diagnostics, warnings };
  return { diagnostics: diagnostics.sort((a, b) => startOf(a) - startOf(b)), warnings };
}

/** Lines end as in {@linkcode Source}, so that both count them alike. */
function* readLines(text: string): Generator<Line> {
  let number = 0;
  let comment: string[] = [], isContinued = false;
  for (let start = 0; start < text.length;) {
    let end = start;
    while (end < text.length && text.charCodeAt(end) !== 10 && text.charCodeAt(end) !== 13) end++;
    number++;
    // A byte order mark is trimmed with the blanks.
    const indented = text.slice(start, end).trimStart();
    if (indented[0] === "#") comment.push(indented);
    else {
      const isMore = isContinued || end - indented.length > start;
      if (indented !== "") yield { text: indented.trimEnd(), number, start: end - indented.length, isMore, comment };
      if (comment.length > 0) comment = [];
    }
    isContinued = indented.trimEnd().endsWith("\\");
    start = end + (text.charCodeAt(end) === 13 && text.charCodeAt(end + 1) === 10 ? 2 : 1);
  }
}

/** The task of a line, unless it has no usable name. */
function readTask(line: Line, diagnostics: Diagnostic[], warnings: Diagnostic[]): ShellTask | undefined {
  const colon = line.text.indexOf(":");
  if (colon < 0) {
    diagnostics.push(say.notATask(stretch(line, 0, line.text.length), line.isMore));
    return undefined;
  }
  const name = line.text.slice(0, colon).trimEnd();
  const hasName = NAME.test(name);
  if (!hasName) diagnostics.push(say.badTaskName(stretch(line, 0, name.length || 1), name));

  const { command, suffixes } = takeSuffixes(line);
  const nearly = nearlySuffixOf(command);
  if (nearly !== undefined) {
    const { text, meant } = nearly, at = line.text.lastIndexOf(text);
    warnings.push(say.nearlySuffix(stretch(line, at, at + text.length), text, meant));
  }
  if (command === "" && hasName) diagnostics.push(say.missingCommand(stretch(line, 0, name.length), name));
  if (command.includes("\0")) {
    const at = line.text.indexOf("\0", colon);
    diagnostics.push(say.nulInCommand(stretch(line, at, at + 1)));
  }
  const dependencies = readDependencies(suffixes, diagnostics);
  const timeoutMs = readOnce("timeout", suffixes, { parse: parseTimeout, diagnostics });
  const graceMs = readOnce("grace", suffixes, { parse: parseGrace, diagnostics });
  const retries = readOnce("retries", suffixes, { parse: parseRetries, diagnostics }) ?? 0;
  const declared = readDeclarations(suffixes, diagnostics);
  if (!hasName) return undefined;
  const limits = { timeoutMs, graceMs, ...(retries === "flaky" ? { retries: 0, retriesIfFlaky: true } : { retries }) };
  const task = { name, command, dependencies, ...limits };
  const description = line.comment.length === 0 ? "" : textOf(line.comment);
  if (declared === undefined && description === "") return task;
  return { ...task, ...(declared === undefined ? {} : { declared }), ...(description === "" ? {} : { description }) };
}

/** What comment lines say: without their signs, and without rulers and lines for other programs. */
function textOf(comment: readonly string[]): string {
  const lines = comment.filter((line) => !line.startsWith("#!")).map((line) =>
    line.replace(/^#+/, "").trim().replace(/^([-=*~_])\1{2,}\s*|\s*([-=*~_])\2{2,}$/g, "")
  );
  return lines.filter((line) => /[\p{L}\p{N}]/u.test(line)).join("\n");
}

/** What stands behind the colon: the command, and the suffixes in written order. */
function takeSuffixes(line: Line): { command: string; suffixes: Suffix[] } {
  const indented = line.text.slice(line.text.indexOf(":") + 1).trimStart();
  const start = line.start + line.text.length - indented.length;
  const suffixes: Suffix[] = [];
  let command = indented;
  while (command.endsWith("]")) {
    const open = command.lastIndexOf("[");
    const match = open < 0 ? null : SUFFIX.exec(command.slice(open));
    if (!match) break;
    const end = start + command.length;
    const [, word, value] = match;
    const valueStart = end - 1 - value.length;
    suffixes.push({ word: word as SuffixWord, value, line: line.number, start: start + open, end, valueStart });
    command = command.slice(0, open).trimEnd();
  }
  return { command, suffixes: suffixes.reverse() };
}

function readDependencies(suffixes: readonly Suffix[], diagnostics: Diagnostic[]): string[] {
  const names: string[] = [];
  forEachEntry(suffixes, "after", (name, start, suffix) => {
    if (NAME.test(name)) names.push(name);
    else diagnostics.push(say.wrongSuffix(name === "" ? suffix : { ...suffix, ...spanAt(start, name) }, "after", name));
  });
  const isShort = names.length < 8;
  return isShort && names.every((name, at) => names.indexOf(name) === at) ? names : [...new Set(names)];
}

/** The value of a suffix that may be given once. */
function readOnce<Value>(
  word: SuffixWord,
  suffixes: readonly Suffix[],
  { parse, diagnostics }: { parse: (value: string) => Value | undefined; diagnostics: Diagnostic[] },
): Value | undefined {
  let first: Suffix | undefined;
  let result: Value | undefined;
  for (const suffix of suffixes) {
    if (suffix.word !== word) continue;
    if (first) diagnostics.push(say.repeatedSuffix(first, suffix, word));
    first ??= suffix;
    const value = suffix.value.trim();
    result = parse(value);
    if (result === undefined) diagnostics.push(say.wrongSuffix(suffix, word, value));
  }
  return result;
}

function parseTimeout(value: string): number | undefined {
  if (!SECONDS.test(value) || !(Number(value) > 0)) return undefined;
  return Math.min(Math.max(1, Math.round(Number(value) * 1000)), LONGEST_TIME_MS);
}

function parseGrace(value: string): number | undefined {
  return SECONDS.test(value) ? Math.min(Math.round(Number(value) * 1000), LONGEST_TIME_MS) : undefined;
}

function parseRetries(value: string): number | "flaky" | undefined {
  if (value === "flaky") return value;
  return /^\d+$/.test(value) && Number(value) <= MOST_RETRIES ? Number(value) : undefined;
}

function checkNames(tasks: readonly ShellTask[], lines: readonly Line[], diagnostics: Diagnostic[]): void {
  const owners = new StringIndex(tasks.length);
  for (let index = 0; index < tasks.length; index++) {
    const name = tasks[index].name;
    const owner = owners.add(name, index);
    if (owner < 0) continue;
    diagnostics.push(
      say.repeatedTaskName(stretch(lines[owner], 0, name.length), stretch(lines[index], 0, name.length), name),
    );
  }
}

function checkGraph(
  tasks: readonly ShellTask[],
  { lines, unreadable, diagnostics }: {
    lines: readonly Line[];
    unreadable: ReadonlySet<string>;
    diagnostics: Diagnostic[];
  },
): void {
  const { graph, diagnostics: unknown } = buildGraph(tasks);
  const found = [
    // Whoever depends on a task whose line cannot be read is told about that line only.
    ...unknown.filter(({ places: [place] }) => !("path" in place && unreadable.has(nameIn(place.path)))),
    ...cycleDiagnostics(tasks, findCycles(graph)),
  ];
  const dependencies = new Map<number, Map<string, Span>>();
  for (const diagnostic of found) {
    diagnostics.push({
      ...diagnostic,
      places: diagnostic.places.map((place) => "path" in place ? spanOf(place.path) : place),
    });
  }

  /** Lines with a diagnostic are read once more: to keep every place of a good file would double the time it takes. */
  function spanOf(path: JsonPath): Span {
    const index = Number(path[1]);
    const spans = dependencies.get(index) ?? dependencySpans(lines[index]);
    dependencies.set(index, spans);
    const span = spans.get(nameIn(path));
    if (span === undefined) throw new Error(`Bug: no place in the task file for ${JSON.stringify(path)}`);
    return span;
  }
}

/** Where each dependency of a line is written first. */
function dependencySpans(line: Line): Map<string, Span> {
  const spans = new Map<string, Span>();
  forEachEntry(takeSuffixes(line).suffixes, "after", (name, start) => {
    if (!spans.has(name)) spans.set(name, spanAt(start, name));
  });
  return spans;
}

/** The name in `["tasks", index, "dependencies", name]`, the one kind of path that graph.ts gives. */
function nameIn(path: JsonPath): string {
  return String(path[3]);
}

/** What a line without a usable name may have been meant to name: its first word, `run_tests` for `run-tests`. */
function addLikelyNames(text: string, names: Set<string>): void {
  const word = text.split(/[\s:]/, 1)[0];
  names.add(word).add(word.replace(/\W+/g, "_"));
}

function stretch(line: Line, from: number, to: number): Stretch {
  return { line: line.number, start: line.start + from, end: line.start + to };
}

function spanAt(start: number, text: string): Span {
  return { start, end: start + text.length };
}

function startOf(diagnostic: Diagnostic): number {
  const place = diagnostic.places.at(-1);
  return place && "start" in place ? place.start : 0;
}
