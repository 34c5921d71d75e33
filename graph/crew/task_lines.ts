/**
 * Owns the words in which `troupe show` tells of one task of a crew. It knows no database.
 *
 * @module
 */
import type { CrewTaskState, CrewTaskStatus } from "./status.ts";
import { escapeControls } from "../text.ts";

/** One task of a crew, and what its last failed attempt printed. Times in Unix seconds. */
export interface CrewTaskReport {
  readonly name: string;
  readonly state: CrewTaskState;
  readonly attempts: readonly {
    readonly status: CrewTaskStatus;
    readonly member: string | null;
    readonly time: number;
    readonly detail: string | null;
  }[];
  readonly stdout: string;
  readonly stderr: string;
}

/** What it printed is shown as it is, but for its last line end. */
export function crewTaskLines(task: CrewTaskReport): string[] {
  return [
    `Task: ${escapeControls(task.name)}`,
    `Status: ${task.state}`,
    ...task.attempts.map(({ status, member, detail }) => {
      const by = member === null ? "" : ` by ${escapeControls(member)}`;
      return `  ${status}${by}${detail === null ? "" : `: ${escapeControls(detail)}`}`;
    }),
    "",
    "--- stdout ---",
    ...printed(task.stdout),
    "",
    "--- stderr ---",
    ...printed(task.stderr),
  ];
}

/** The last lines that are not empty. */
export function lastLines(text: string, most: number): string[] {
  return text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "").slice(-most);
}

function printed(text: string): string[] {
  return text === "" ? [] : [text.replace(/\r?\n$/, "")];
}
