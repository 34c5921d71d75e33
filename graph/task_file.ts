/**
 * Owns the task file: its text in, shell tasks or every mistake in it out.
 * It reads no file and runs nothing. The sentences of its mistakes are in task_file_mistakes.ts; what tasks mean to each other as a
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
import type { JsonPath, Mistake } from "./failure.ts";
import { buildGraph, cycleMistakes, findCycles } from "./graph.ts";
import * as say from "./task_file_mistakes.ts";
import { forEachEntry, readDeclarations, SUFFIX, type Suffix } from "./task_file_suffixes.ts";
import type { Stretch, SuffixWord } from "./task_file_mistakes.ts";
import type { Span } from "./source.ts";
import { StringIndex } from "./string_index.ts";
import type { Declarations } from "./task.ts";

/** One task of a task file: a name for a command, and what must have passed before it. */
export interface ShellTask {
  /** Unique in its file; letters, digits and underscores. */
  readonly name: string;
  /** What `/bin/sh -c` is given; never empty. */
  readonly command: string;
  /** Names of the tasks that must have passed first, each once, in written order. */
  readonly dependencies: readonly string[];
  /** Limit for one attempt in milliseconds; absent means the run's own. */
  readonly timeoutMs?: number;
  /** Further attempts after a failed one; 0 means one attempt in all. */
  readonly retries: number;
  /** What the gates are told; absent where nothing was declared. */
  readonly declared?: Declarations;
}

/** The tasks of a file without mistakes, or mistakes without tasks. */
export interface ParsedTaskFile {
  /** In written order. */
  readonly tasks?: ShellTask[];
  /** In the order of their places. */
  readonly mistakes: Mistake[];
}

/** A line that says something, without the blanks around it. */
interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly number: number;
  readonly start: number;
}

const NAME = /^[A-Za-z0-9_]+$/;
const MOST_RETRIES = 1000;
/** A timer holds no more. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Parses and checks the text of a task file, dependencies and cycles included. */
export function parseTaskFile(text: string): ParsedTaskFile {
  const mistakes: Mistake[] = [];
  const tasks: ShellTask[] = [];
  const lines: Line[] = [];
  const unreadable = new Set<string>();
  for (const line of readLines(text)) {
    const task = readTask(line, mistakes);
    if (task) {
      tasks.push(task);
      lines.push(line);
    } else addLikelyNames(line.text, unreadable);
  }
  if (tasks.length === 0 && mistakes.length === 0) return { mistakes: [say.noTasksInFile(text.length)] };
  checkNames(tasks, lines, mistakes);
  checkGraph(tasks, { lines, unreadable, mistakes });
  if (mistakes.length === 0) return { tasks, mistakes };
  return { mistakes: mistakes.sort((a, b) => startOf(a) - startOf(b)) };
}

/** Lines end as in {@linkcode Source}, so that both count them alike. */
function* readLines(text: string): Generator<Line> {
  let number = 0;
  for (let start = 0; start < text.length;) {
    let end = start;
    while (end < text.length && text.charCodeAt(end) !== 10 && text.charCodeAt(end) !== 13) end++;
    number++;
    // A byte order mark is trimmed with the blanks.
    const indented = text.slice(start, end).trimStart();
    if (indented !== "" && indented[0] !== "#") {
      yield { text: indented.trimEnd(), number, start: end - indented.length };
    }
    start = end + (text.charCodeAt(end) === 13 && text.charCodeAt(end + 1) === 10 ? 2 : 1);
  }
}

/** The task of a line, unless it has no usable name. */
function readTask(line: Line, mistakes: Mistake[]): ShellTask | undefined {
  const colon = line.text.indexOf(":");
  if (colon < 0) {
    mistakes.push(say.notATask(stretch(line, 0, line.text.length)));
    return undefined;
  }
  const name = line.text.slice(0, colon).trimEnd();
  const hasName = NAME.test(name);
  if (!hasName) mistakes.push(say.badTaskName(stretch(line, 0, name.length || 1), name));

  const { command, suffixes } = takeSuffixes(line);
  if (command === "" && hasName) mistakes.push(say.missingCommand(stretch(line, 0, name.length), name));
  if (command.includes("\0")) {
    const at = line.text.indexOf("\0", colon);
    mistakes.push(say.nulInCommand(stretch(line, at, at + 1)));
  }
  const dependencies = readDependencies(suffixes, mistakes);
  const timeoutMs = readOnce("timeout", suffixes, { parse: parseTimeout, mistakes });
  const retries = readOnce("retries", suffixes, { parse: parseRetries, mistakes }) ?? 0;
  const declared = readDeclarations(suffixes, mistakes);
  if (!hasName) return undefined;
  const task = { name, command, dependencies, timeoutMs, retries };
  return declared === undefined ? task : { ...task, declared };
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

function readDependencies(suffixes: readonly Suffix[], mistakes: Mistake[]): string[] {
  const names: string[] = [];
  forEachEntry(suffixes, "after", (name, start, suffix) => {
    if (NAME.test(name)) names.push(name);
    else mistakes.push(say.wrongSuffix(name === "" ? suffix : { ...suffix, ...spanAt(start, name) }, "after", name));
  });
  const isShort = names.length < 8;
  return isShort && names.every((name, at) => names.indexOf(name) === at) ? names : [...new Set(names)];
}

/** The value of a suffix that may be given once. */
function readOnce(
  word: SuffixWord,
  suffixes: readonly Suffix[],
  { parse, mistakes }: { parse: (value: string) => number | undefined; mistakes: Mistake[] },
): number | undefined {
  let first: Suffix | undefined;
  let result: number | undefined;
  for (const suffix of suffixes) {
    if (suffix.word !== word) continue;
    if (first) mistakes.push(say.repeatedSuffix(first, suffix, word));
    first ??= suffix;
    const value = suffix.value.trim();
    result = parse(value);
    if (result === undefined) mistakes.push(say.wrongSuffix(suffix, word, value));
  }
  return result;
}

function parseTimeout(value: string): number | undefined {
  if (!/^(\d+\.?\d*|\.\d+)$/.test(value) || !(Number(value) > 0)) return undefined;
  return Math.min(Math.max(1, Math.round(Number(value) * 1000)), LONGEST_TIMEOUT_MS);
}

function parseRetries(value: string): number | undefined {
  return /^\d+$/.test(value) && Number(value) <= MOST_RETRIES ? Number(value) : undefined;
}

function checkNames(tasks: readonly ShellTask[], lines: readonly Line[], mistakes: Mistake[]): void {
  const owners = new StringIndex(tasks.length);
  for (let index = 0; index < tasks.length; index++) {
    const name = tasks[index].name;
    const owner = owners.add(name, index);
    if (owner < 0) continue;
    mistakes.push(
      say.repeatedTaskName(stretch(lines[owner], 0, name.length), stretch(lines[index], 0, name.length), name),
    );
  }
}

function checkGraph(
  tasks: readonly ShellTask[],
  { lines, unreadable, mistakes }: {
    lines: readonly Line[];
    unreadable: ReadonlySet<string>;
    mistakes: Mistake[];
  },
): void {
  const { graph, mistakes: unknown } = buildGraph(tasks);
  const found = [
    // Whoever depends on a task whose line cannot be read is told about that line only.
    ...unknown.filter(({ places: [place] }) => !("path" in place && unreadable.has(nameIn(place.path)))),
    ...cycleMistakes(tasks, findCycles(graph)),
  ];
  const dependencies = new Map<number, Map<string, Span>>();
  for (const mistake of found) {
    mistakes.push({ ...mistake, places: mistake.places.map((place) => "path" in place ? spanOf(place.path) : place) });
  }

  /** Lines with a mistake are read once more: to keep every place of a good file would double the time it takes. */
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

function startOf(mistake: Mistake): number {
  const place = mistake.places.at(-1);
  return place && "start" in place ? place.start : 0;
}
