/**
 * Owns the sentence, the place and the hint of every diagnostic a task file can hold, as diagnostics.ts does for configs.
 * Places are stretches of the text.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import { didYouMean } from "../diagnostics.ts";
import { quote } from "../text.ts";

/** A stretch of a task file, and the line it lies on, counted from 1. */
export interface Stretch {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** What may stand in brackets at the end of a task's line. */
export const SUFFIX_WORDS = [
  "after",
  "timeout",
  "grace",
  "retries",
  "reads",
  "writes",
  "resource",
  "requires",
] as const;

export type SuffixWord = typeof SUFFIX_WORDS[number];

export function noTasksInFile(end: number): Diagnostic {
  return {
    message: "The task file has no tasks",
    places: [{ start: end, end: end + 1 }],
    hint: "add a line 'task_name: command'",
  };
}

export function notATask(at: Stretch, isMore: boolean): Diagnostic {
  const hint = isMore ? "a task is one line, command included" : "a comment begins with '#'";
  return syntaxError([at], "Expected 'task_name: command'", hint);
}

export function badTaskName(at: Stretch, name: string): Diagnostic {
  if (name === "") return syntaxError([at], "Expected a task name before ':'");
  const hint = nearlyName(name) ?? "a line reads 'task_name: command'";
  return syntaxError([at], `Task name ${quote(beginning(name))} must hold only letters, digits and underscores`, hint);
}

/** For a name with the dots and dashes that other tools take. */
function nearlyName(name: string): string | undefined {
  return /^[\w.-]*\w[\w.-]*$/.test(name) ? didYouMean(name.replace(/[.-]+/g, "_")) : undefined;
}

export function repeatedTaskName(first: Stretch, second: Stretch, name: string): Diagnostic {
  return syntaxError([first, second], `Duplicate task name ${quote(name)}`, "names must be unique");
}

export function missingCommand(at: Stretch, name: string): Diagnostic {
  return syntaxError([at], `Task ${quote(name)} has no command`, `write '${name}: command'`);
}

export function nulInCommand(at: Stretch): Diagnostic {
  return syntaxError([at], "A command must not contain NUL");
}

export function nearlySuffix(at: Stretch, text: string, meant: string): Diagnostic {
  return {
    message: `Warning at line ${at.line}: ${quote(beginning(text))} is taken for the end of the command`,
    places: [{ start: at.start, end: at.end }],
    hint: didYouMean(meant),
  };
}

export function wrongSuffix(at: Stretch, word: SuffixWord, actual: string): Diagnostic {
  const rules = {
    after: "list task names",
    timeout: "be a positive number of seconds",
    grace: "be a number of seconds",
    retries: "be a whole number from 0 to 1000, or 'flaky'",
    reads: "list files or globs",
    writes: "list files or globs",
    resource: "list resources, each a name or name=amount",
    requires: "list labels",
  };
  const reason = actual === "" ? "but a value is missing" : `not ${quote(beginning(actual))}`;
  const hint = (word === "timeout" || word === "grace") && /^\d.*[a-z]/i.test(actual)
    ? "seconds, without a unit"
    : word === "after"
    ? /\s/.test(actual) ? "commas stand between names" : nearlyName(actual)
    : undefined;
  return syntaxError([at], `'[${word}:…]' must ${rules[word]}, ${reason}`, hint);
}

export function repeatedSuffix(first: Stretch, second: Stretch, word: SuffixWord): Diagnostic {
  return syntaxError([first, second], `'[${word}:…]' is given twice`, "keep one of them");
}

/** Named by the line of its last place. */
function syntaxError(places: readonly Stretch[], what: string, hint?: string): Diagnostic {
  return {
    message: `Syntax error at line ${places.at(-1)!.line}: ${what}`,
    places: places.map(({ start, end }) => ({ start, end })),
    hint,
  };
}

/** As much of a text as a sentence can hold; what was taken for a name may be a whole file. */
function beginning(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
