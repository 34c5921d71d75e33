/**
 * Owns what `troupe init` says: what it wrote and of what, what it left out and why, and what to type next.
 *
 * @module
 */
import { counted, escapeControls } from "../text.ts";
import type { Draft } from "./draft.ts";

/** More names of a kind are not told. */
const MOST_NAMES = 12;

/** The lines after a config was written. */
export function writtenLines(file: string, draft: Draft): string[] {
  const { count, from } = draft;
  const parts = from.map(({ file, count: part }) => from.length === 1 ? file : `${file} (${part})`);
  return [
    `Wrote ${file}: ${counted(count, "task")} from ${parts.join(", ")}`,
    ...leftOutLines(draft),
    "",
    "Each runs again when a file of its source_files has changed. Next:",
    "  troupe list         the tasks, and how they stand",
    "  troupe build        all of them",
    "  troupe help config  what else a task may say: narrower source_files, outputs, …",
  ];
}

/** `Left out, since they may not end: dev, start`. */
export function leftOutLines({ leftOut }: Pick<Draft, "leftOut">): string[] {
  return [...leftOut].map(([reason, names]) => {
    const more = names.length > MOST_NAMES ? `, … (${names.length})` : "";
    return `Left out, since ${reason}: ${names.slice(0, MOST_NAMES).map(escapeControls).join(", ")}${more}`;
  });
}
