/**
 * Owns how an error that came from another thread is told: its line, and its stack with the errors it was caused by.
 * It prints nothing.
 *
 * @module
 */
import type { Thrown } from "./sandbox_messages.ts";

/** The first line of it, with its name where that tells something; the rest of a long message is in the text. */
export function thrownLine({ name, message }: Thrown): string {
  const [first] = message.split("\n", 1);
  return name === "Error" || /^\w+Error: /.test(first) ? first : `${name}: ${first}`;
}

/** Its stack without the frames that are not its own, and indented what it was caused by; "" if that says no more. */
export function thrownText(thrown: Thrown): string {
  const { cause, errors = [], errorCount = 0 } = thrown;
  const own = ownFrames(thrown.stack);
  const others = errors.map((error, at) => indented(`Error ${at + 1} of ${errorCount}: `, error));
  if (errorCount > errors.length) others.push(`  … and ${errorCount - errors.length} more\n`);
  if (cause !== undefined) others.push(indented("Caused by: ", cause));
  if (others.length === 0) return own;
  return (own === "" ? `${heading(thrown)}\n` : own) + others.join("");
}

function indented(title: string, thrown: Thrown): string {
  const text = thrownText(thrown) || `${heading(thrown)}\n`;
  return `${title}${text}`.replace(/^(?=.)/gm, "  ");
}

/** What is no error has a message alone. */
function heading({ name, message, stack }: Thrown): string {
  return stack === "" && name === "Error" ? message : `${name}: ${message}`;
}

/** Frames of the thread that made the call, and of what Deno itself is made of. */
const FOREIGN_FRAME = /^\s+at .*(?:\/sandbox_\w+\.ts:|\bext:\w+\/)/;

/** Nothing when there are no other frames. */
function ownFrames(stack: string): string {
  const lines = stack.split("\n").filter((line) => !FOREIGN_FRAME.test(line));
  return lines.some((line) => /^\s+at /.test(line)) ? `${lines.join("\n")}\n` : "";
}
