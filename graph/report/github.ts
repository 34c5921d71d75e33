/**
 * Owns the words of GitHub Actions: commands that a step gives by what it prints, and what keeps text from being one.
 *
 * Data and properties are escaped as GitHub's own toolkit does. A runner takes any line for a command that begins with
 * `::`, and any that has `##[` in it; what tasks print goes between `stop-commands` and a token that nobody can guess.
 *
 * @module
 */
import { shortFailure } from "./closing.ts";
import type { PrintedDiagnostic } from "./printed_diagnostics.ts";
import type { TaskFailure } from "../failure.ts";
import { escapeControls } from "../text.ts";

/** A runner shows no more of each kind for a step. */
const MOST_ANNOTATIONS = 10;

/** A command, as a line without its end. */
export function githubCommand(
  name: string,
  data = "",
  properties: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const given = Object.entries(properties).filter(([, value]) => value !== undefined);
  const list = given.map(([key, value]) => `${key}=${escapeProperty(`${value}`)}`).join(",");
  return `::${name}${list === "" ? "" : ` ${list}`}::${escapeData(data)}`;
}

/**
 * What a runner would take for a command, made harmless. It ends lines at `\r` as well, and passes over any white space of
 * Unicode's before `::`; as `text` may be bytes, one a character, whatever is not ASCII counts as such.
 */
export function guardedLines(text: string): string {
  return text.replaceAll("##[", "## [").replace(/^([^\n\r\x21-\x39\x3b-\x7e]*):(?=:)/gm, "$1: ");
}

/** The same JSON, in which no line is a command: what could be one stands in a string. */
export function guardedJson(json: string): string {
  return json.replaceAll("##[", "#\\u0023[");
}

/** What is known of a task's end. */
export interface Annotated {
  readonly task: string;
  /** Absent for a task that succeeded. */
  readonly failure?: TaskFailure;
  /** The line of its output that says why it failed. */
  readonly telling?: string;
  /** What its output says is wrong where. */
  readonly diagnostics: readonly PrintedDiagnostic[];
  /** The path of a file, as it was printed, from the root of the repository. */
  readonly pathOf: (file: string) => string;
}

/** The commands by which a task's errors and warnings are shown beside the lines of code that they are about. */
export function githubAnnotations({ task, failure, telling, diagnostics, pathOf }: Annotated): string[] {
  const title = escapeControls(task);
  const placed = (kind: "error" | "warning") => {
    const found = diagnostics.filter(({ severity }) => severity === kind).map(({ file, line, column, message }) =>
      githubCommand(kind, escapeControls(message), { file: pathOf(file), line, col: column, title })
    );
    return [...new Set(found)].slice(0, MOST_ANNOTATIONS);
  };
  const errors = failure === undefined ? [] : placed("error");
  if (failure !== undefined && errors.length === 0) {
    const why = [shortFailure(failure), ...(telling === undefined ? [] : [escapeControls(telling)])].join(": ");
    errors.push(githubCommand("error", why, { title }));
  }
  return [...errors, ...placed("warning")];
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
