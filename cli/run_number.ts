/**
 * Owns how a run in a history is named on the command line.
 *
 * @module
 */
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";

/**
 * A run as it is named on the command line: a number, with or without `#`, or `last`.
 *
 * @throws {InputError} For anything else.
 */
export function parseRun(text: string | undefined, command: string): number | "last" {
  if (text === undefined) throw new InputError(`troupe ${command} needs the number of a run, or 'last'`);
  if (text === "last") return "last";
  if (!/^#?[1-9]\d{0,14}$/.test(text)) throw new InputError(`A run is a number or 'last', not ${quote(text)}`);
  return Number(text.replace("#", ""));
}
