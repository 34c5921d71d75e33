/**
 * Owns the reading of what compilers, linters and test runners print: which place in which file is wrong, how badly, and
 * the one line that says why a task failed.
 *
 * The forms are those of gcc, clang and most others (`file:1:2: error: text`), of tsc and MSVC (`file(1,2): error X1: text`),
 * of rustc and deno lint (`error: text`, then `--> file:1:2`), of eslint (the file on a line of its own) and of the stack
 * traces of JavaScript and Python. It reads no file: places are as they were printed.
 *
 * @module
 */

/** How bad something is that was found. */
export type PrintedSeverity = "error" | "warning" | "note";

/** One thing that a tool found. */
export interface PrintedDiagnostic {
  /** As the tool named it, without `file://`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; absent where the tool tells none. */
  readonly column?: number;
  readonly severity: PrintedSeverity;
  /** One line, without the place. */
  readonly message: string;
}

/** More lines than this nobody reads, and no tool needs to make its point. */
const MOST_LINES = 5000;

const LONGEST_LINE = 1000;

// deno-lint-ignore no-control-regex -- escapes are what it finds
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;

/** A path: without blanks at its edges, and with a dot or a slash in it, as times of day have none. */
const PATH = String.raw`(?:file://)?((?:[A-Za-z]:)?[^\s:()'"][^:()'"]*?)`;

const WITH_COLONS = new RegExp(
  String
    .raw`^\s*${PATH}:(\d+)(?::(\d+))?(?:-\d+)?:?\s+(?:-\s+)?(?:(fatal error|error|warning|note|info|help)\b(?:\[[^\]]*\])?:?\s*)?(\S.*)$`,
  "i",
);
const WITH_BRACKETS = new RegExp(
  String.raw`^\s*${PATH}\((\d+)(?:,(\d+))?\)\s*:\s*(fatal error|error|warning|note|info)\b:?\s*(\S.*)$`,
  "i",
);
const HEAD = /^\s*(?:(\w+) \[(ERROR|WARNING)\]|(fatal error|error|warning)(?:\[([^\]]*)\]|\(([^)]*)\))?): (\S.*)$/i;
const ARROW = new RegExp(String.raw`^\s*(?:-->|╭─\[|┌─|at)\s*\[?${PATH}:(\d+)(?::(\d+))?\]?\s*$`);
const FRAME = new RegExp(String.raw`^\s*at (?:.*\()?${PATH}:(\d+):(\d+)\)?$`);
const PYTHON_FRAME = /^\s*File "([^"]+)", line (\d+)/;
const UNDER_FILE = /^\s+(\d+):(\d+)\s+(error|warning)\s+(\S.*)$/i;
const THROWN = /^\s*(?:error: )?(?:Uncaught )?(?:\(in promise\) )?(?:\w*(?:Error|Exception)\b.*|thrown: .*)$/;
const PANIC = new RegExp(String.raw`^\s*thread '.*' panicked at ${PATH}:(\d+):(\d+):?$`);

/** Words in a line that says why something went wrong, for tools that name no place. */
const WHY =
  /\b(?:\w*error|\w*exception|fatal|fail(?:ed|ure|s)?|not ok|panic(?:ked)?|cannot|can't|could not|unable|not found|no such|denied|undefined|refused|invalid|missing|unexpected|abort(?:ed)?|segmentation fault|assert(?:ion)?)\b/i;

/** The text without what it would do to a terminal. */
export function withoutEscapes(text: string): string {
  return text.replace(ESCAPES, "");
}

/** All that can be read from what a tool printed, in order. */
export function printedDiagnostics(text: string): PrintedDiagnostic[] {
  const lines = withoutEscapes(text).split(/\r?\n|\r/, MOST_LINES);
  const found: PrintedDiagnostic[] = [];
  /** What was said, and waits for its place. */
  let head: { readonly severity: PrintedSeverity; readonly message: string } | undefined;
  let file: string | undefined;
  let frame: Pick<PrintedDiagnostic, "file" | "line"> | undefined;
  for (const [at, line] of lines.entries()) {
    if (line.length > LONGEST_LINE) continue;
    const under = UNDER_FILE.exec(line);
    if (under !== null && file !== undefined) {
      found.push(diagnostic([file, under[1], under[2]], severityOf(under[3]), under[4]));
      continue;
    }
    if (/^\S*[./]\S*$/.test(line) && !/[:()]/.test(line)) file = line;
    const panic = PANIC.exec(line);
    if (panic !== null) {
      found.push(diagnostic(panic.slice(1, 4), "error", lines[at + 1] ?? "panicked"));
      continue;
    }
    const arrow = ARROW.exec(line) ?? FRAME.exec(line);
    if (arrow !== null) {
      if (head !== undefined && isOwn(arrow[1])) {
        found.push(diagnostic(arrow.slice(1, 4), head.severity, head.message));
        head = undefined;
      }
      continue;
    }
    const python = PYTHON_FRAME.exec(line);
    if (python !== null) {
      if (isOwn(python[1])) frame = { file: python[1], line: Number(python[2]) };
      continue;
    }
    const placed = WITH_BRACKETS.exec(line) ?? WITH_COLONS.exec(line);
    if (placed !== null && looksLikePath(placed[1])) {
      // A bare `file:1: text` is what greps and loggers print as well: it is believed with a column, or a word that says why.
      const isBad = placed[3] !== undefined || WHY.test(placed[5]);
      const severity = placed[4] === undefined ? (isBad ? "error" : undefined) : severityOf(placed[4]);
      if (severity !== undefined) found.push(diagnostic(placed.slice(1, 4), severity, placed[5]));
      continue;
    }
    const said = HEAD.exec(line);
    if (said !== null) {
      const severity = severityOf(said[2] ?? said[3]);
      const code = said[1] ?? said[4] ?? said[5];
      head = { severity, message: code === undefined || code === "" ? said[6] : `${said[6]} (${code})` };
    } else if (THROWN.test(line)) {
      const message = line.trim();
      if (frame !== undefined) found.push({ ...frame, severity: "error", message });
      head = frame === undefined ? { severity: "error", message } : undefined;
      frame = undefined;
    }
  }
  return found;
}

/**
 * The line of what a task printed that says why it failed, with its place in front where it has one: the first thing that
 * a tool called an error, else the first line with a word for one, else the last line. Undefined when nothing was printed.
 * Of what the failure's `sentence` says already only the place is told.
 */
export function tellingLine(text: string, sentence: string): string | undefined {
  const error = printedDiagnostics(text).find(({ severity }) => severity === "error");
  if (error !== undefined) {
    const place = placeOf(error);
    return isSaid(error.message, sentence) ? place : `${place} ${error.message}`;
  }
  const lines = withoutEscapes(text).split(/\r?\n|\r/).map((line) => line.trim()).filter((line) => line !== "");
  const line = lines.find((line) => WHY.test(line)) ?? lines.at(-1);
  return line === undefined || isSaid(line, sentence) ? undefined : line.slice(0, LONGEST_LINE);
}

/** Whether a sentence ends with what a line says, with or without the class of an error. */
function isSaid(line: string, sentence: string): boolean {
  return [line, line.replace(/^\w*Error: /, "")].some((said) => sentence.endsWith(`: ${said}`));
}

/** The first warning in what a task printed that succeeded, with its place; undefined when it holds none. */
export function firstWarning(text: string): string | undefined {
  const found = printedDiagnostics(text).find(({ severity }) => severity !== "note");
  if (found !== undefined) return `${placeOf(found)} ${found.message}`;
  const line = withoutEscapes(text).split(/\r?\n|\r/).find((line) => /\bwarn(?:ing)?\b|\bdeprecated\b/i.test(line));
  return line?.trim().slice(0, LONGEST_LINE);
}

/** `file:line:column`, as editors and terminals take it. */
export function placeOf({ file, line, column }: PrintedDiagnostic): string {
  return `${file}:${line}${column === undefined ? "" : `:${column}`}`;
}

function diagnostic(
  [file, line, column]: readonly string[],
  severity: PrintedSeverity,
  message: string,
): PrintedDiagnostic {
  const place = { file: file.trim().replace(/^file:\/\//, ""), line: Number(line) };
  return { ...place, ...(column === undefined ? {} : { column: Number(column) }), severity, message: message.trim() };
}

function severityOf(word: string): PrintedSeverity {
  const lower = word.toLowerCase();
  return lower.includes("error") ? "error" : lower === "warning" ? "warning" : "note";
}

/** Whether a frame of a stack is in a file of the user's, and not of a runtime or a package. */
function isOwn(file: string): boolean {
  return !/^(?:node:|ext:|internal\/|https?:|<)|[\\/](?:node_modules|site-packages)[\\/]|[\\/]lib[\\/]python/.test(
    file,
  );
}

function looksLikePath(text: string): boolean {
  return /[./\\]/.test(text) && /[A-Za-z]/.test(text) && !/^\d|\s{2}|^https?$/.test(text) && text.length < 300;
}
