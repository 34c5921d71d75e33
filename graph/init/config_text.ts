/**
 * Owns the text of a config that is written for people to go on with: a key a line, lists of texts in one.
 *
 * @module
 */
import type { DraftTask } from "./draft_task.ts";

/** The text of a config with these tasks. */
export function configText(tasks: readonly DraftTask[]): string {
  const body = tasks.map((task) => {
    const keys = Object.entries(task).map(([key, value]) => `      ${JSON.stringify(key)}: ${inline(value)}`);
    return `    {\n${keys.join(",\n")}\n    }`;
  });
  return `{\n  "tasks": [\n${body.join(",\n")}\n  ]\n}\n`;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${inline(each)}`).join(", ")} }`;
}
