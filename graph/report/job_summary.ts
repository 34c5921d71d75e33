/**
 * Owns the Markdown page about a run that GitHub shows for a job: what failed first, then what was not done, then what
 * took longest.
 *
 * @module
 */
import { type ClosedRun, closingLine, durationText, type Outcome, shortFailure } from "./closing.ts";
import { escapeControls } from "../text.ts";

/** So long may it be: GitHub takes 1 MiB of all that a step writes. */
export const MOST_SUMMARY_BYTES = 256 * 1024;

/** So many tasks that succeeded are named. */
const MOST_SUCCEEDED = 100;

/** A run that is over. */
export interface SummedRun {
  /** The name of its config or task file. */
  readonly name: string;
  readonly closed: ClosedRun;
  /** By task, of the last attempt; undefined for one that was not begun. */
  readonly durations: readonly (number | undefined)[];
}

/** The page, or as much of it as has room. */
export function jobSummary({ name, closed, durations }: SummedRun, most = MOST_SUMMARY_BYTES): string {
  const rows = rowsOf(closed, durations);
  const head = `### ${markdown(name)}: ${closingLine(closed)}\n\n`;
  const table = "| | Task | Time | |\n| --- | --- | ---: | --- |\n";
  const encoder = new TextEncoder();
  // With a line for those that have no room.
  const room = most - encoder.encode(head + table).length - 100;
  if (rows.length === 0 || room < 0) return encoder.encode(head).length <= most ? head : "";
  let text = "", bytes = 0, shown = 0;
  for (const row of rows) {
    bytes += encoder.encode(row).length;
    if (bytes > room) break;
    text += row;
    shown++;
  }
  const more = rows.length - shown;
  return `${head}${table}${text}${more > 0 ? `\n… and ${more} more\n` : ""}\n`;
}

function rowsOf({ tasks, outcomes }: ClosedRun, durations: SummedRun["durations"]): string[] {
  const of = (...kinds: Outcome["kind"][]) =>
    tasks.flatMap(({ name }, task) => {
      const outcome = outcomes[task] ?? { kind: "skipped" };
      return kinds.includes(outcome.kind) ? [{ name, outcome, durationMs: durations[task] }] : [];
    });
  const built = of("built").sort((one, other) => (other.durationMs ?? 0) - (one.durationMs ?? 0));
  return [
    ...of("failed").map((each) => row("✗", each, each.outcome.kind === "failed" ? reason(each.outcome) : "")),
    ...of("skipped", "cancelled").map((each) => row("–", each, "not run")),
    ...built.slice(0, MOST_SUCCEEDED).map((each) => row("✓", each, "")),
    ...(built.length > MOST_SUCCEEDED ? [`| ✓ | … and ${built.length - MOST_SUCCEEDED} more | | |\n`] : []),
  ];
}

function reason({ failure, telling }: Extract<Outcome, { kind: "failed" }>): string {
  return [shortFailure(failure), ...(telling === undefined ? [] : [telling])].join("  ");
}

function row(mark: string, { name, durationMs }: { readonly name: string; readonly durationMs?: number }, why: string) {
  const time = durationMs === undefined ? "" : durationText(durationMs);
  return `| ${mark} | ${markdown(name)} | ${time} | ${markdown(why)} |\n`;
}

/** Text that means nothing but itself in a cell of a table. */
function markdown(text: string): string {
  return escapeControls(text).replace(
    /[!-/:-@[-`{-~]/g,
    (character) => character === "|" ? "&#124;" : `\\${character}`,
  );
}
