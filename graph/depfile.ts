/**
 * Owns the form of a dependency file: the rules that compilers write for make, and which files they name. Text in, paths
 * or the first mistake out; whether a file is there, and what its path means, is for others to say.
 *
 * What is understood is what GCC, Clang, rustc and their like write, and what ninja reads: `targets: files`, a backslash
 * at the end of a line for one that goes on, `\ ` and `\#` and `$$` for characters that mean something else otherwise, rules
 * without files (`-MP`), comments, and either kind of line end. A colon parts targets from files where a blank or the
 * end of the line follows it, so that it may stand within a name.
 *
 * @module
 */

/** What is wrong with a dependency file, and where. */
export interface DepfileMistake {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** What it is, as a sentence without an end. */
  readonly detail: string;
}

/** Files as they are named, each once, in order; or the first mistake. */
export type ParsedDepfile = { readonly files: readonly string[] } | { readonly mistake: DepfileMistake };

const BLANKS = /[ \t]+/y;
/** The end of a line, or a line that goes on. */
const LINE_END = /\r?\n/y;
const CONTINUATION = /\\(?:\r?\n|$)/y;
/** Characters without a meaning of their own, at the fastest. */
const PLAIN = /[^ \t\r\n\\$:\0]+/y;
/** Backslashes and what they stand before. */
const BACKSLASHES = /\\+/y;

/** An empty, `.` or `..` part. */
const UNUSUAL = /(?:^|\/)\.{1,2}(?:\/|$)|\/\/|.\/$/;

/** Reads the text of a dependency file. */
export function parseDepfile(text: string): ParsedDepfile {
  const files = new Set<string>();
  let at = 0, hasTarget = false, isPastColon = false, ruleAt = 0, isOpen = false;
  const wrong = (offset: number, detail: string): ParsedDepfile => ({ mistake: { ...placeOf(text, offset), detail } });
  while (at < text.length) {
    at = skip(BLANKS, text, at);
    const goesOn = skip(CONTINUATION, text, at);
    if (goesOn > at) {
      at = goesOn;
      isOpen = true;
      continue;
    }
    const ended = text[at] === "#" ? endOfLine(text, at) : at;
    const next = skip(LINE_END, text, ended);
    if (next > at || ended === text.length) {
      if (hasTarget && !isPastColon) return wrong(ruleAt, "expected ':' after the target");
      hasTarget = isPastColon = isOpen = false;
      at = next;
      continue;
    }
    const word = readWord(text, at);
    if (word.end === at) return wrong(at, `unexpected ${shown(text.charCodeAt(at))}`);
    if (!isPastColon && !hasTarget) ruleAt = at;
    const isLast = word.name.endsWith(":") && !word.endsEscaped;
    if (isLast && isPastColon) return wrong(word.end - 1, "a second ':' in one rule");
    if (isLast && !hasTarget && word.name === ":") return wrong(at, "expected a target before ':'");
    if (isPastColon) files.add(word.name);
    else {
      hasTarget = true;
      isPastColon = isLast;
    }
    isOpen = false;
    at = word.end;
  }
  if (isOpen) return wrong(text.length, "it ends in the middle of a rule");
  if (hasTarget && !isPastColon) return wrong(ruleAt, "expected ':' after the target");
  return { files: [...files] };
}

/**
 * A path without `.` and empty parts, and without `..` and the folder it undoes unless that is a link: then the way leads
 * somewhere else. What is left may begin with `..`.
 */
export function plainPath(path: string, isLink: (folder: string) => boolean): string {
  if (!UNUSUAL.test(path)) return path;
  const kept: string[] = path.startsWith("/") ? [""] : [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    const last = kept.at(-1);
    const undoes = part === ".." && last !== undefined && last !== "..";
    if (undoes && kept.length === 1 && last === "") continue; // above the root is the root
    if (undoes && !isLink(kept.join("/"))) kept.pop();
    else kept.push(part);
  }
  return kept.join("/") || (path.startsWith("/") ? "/" : ".");
}

interface Word {
  readonly name: string;
  readonly end: number;
  /** Whether its last character is none that could part targets from files. */
  readonly endsEscaped: boolean;
}

function readWord(text: string, start: number): Word {
  let name = "", at = start, endsEscaped = false;
  while (at < text.length) {
    const plain = skip(PLAIN, text, at);
    if (plain > at) {
      name += text.slice(at, plain);
      endsEscaped = false;
      at = plain;
      continue;
    }
    const character = text[at];
    if (character === ":") {
      name += ":";
      endsEscaped = false;
      at++;
    } else if (character === "$") {
      name += "$";
      at += text[at + 1] === "$" ? 2 : 1;
    } else if (character === "\\") {
      const escape = readBackslashes(text, at);
      if (escape === undefined) break;
      name += escape.name;
      endsEscaped = escape.isEscape;
      at = escape.end;
    } else if (character === "\r" && text[at + 1] !== "\n") {
      name += character;
      at++;
    } else break;
  }
  return { name, end: at, endsEscaped };
}

/**
 * Before a blank an odd number makes it a part of the name, and stands for half of them then; before `#` and `:` one is taken
 * away; everywhere else they are themselves. Undefined where the line goes on, or the file ends.
 */
function readBackslashes(text: string, at: number): { name: string; end: number; isEscape: boolean } | undefined {
  const end = skip(BACKSLASHES, text, at), count = end - at;
  const following = text[end];
  if (following === " " || following === "\t") {
    if (count % 2 === 0) return { name: "\\".repeat(count), end, isEscape: false };
    return { name: "\\".repeat((count - 1) / 2) + following, end: end + 1, isEscape: true };
  }
  if (following === undefined) return undefined;
  if (following === "#") return { name: "\\".repeat(count - 1) + "#", end: end + 1, isEscape: true };
  if (following === ":" && !isEndOfWord(text, end + 1)) {
    return { name: "\\".repeat(count - 1) + ":", end: end + 1, isEscape: true };
  }
  if (following === "\n" || (following === "\r" && text[end + 1] === "\n")) {
    if (count === 1) return undefined;
    return { name: "\\".repeat(count - 1), end: end - 1, isEscape: false };
  }
  return { name: "\\".repeat(count), end, isEscape: false };
}

function isEndOfWord(text: string, at: number): boolean {
  return at >= text.length || " \t\r\n".includes(text[at]);
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  if (end < 0) return text.length;
  return text[end - 1] === "\r" ? end - 1 : end;
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

function shown(code: number): string {
  return code === 0 ? "NUL" : JSON.stringify(String.fromCharCode(code));
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
