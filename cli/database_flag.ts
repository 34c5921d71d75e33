/**
 * Owns how commands name a history and a run in it.
 *
 * @module
 */
import { InputError } from "../actors/input.ts";

/** Where runs are recorded unless `--db` says otherwise, in the current folder. */
export const DEFAULT_DATABASE = "taskrun.db";

/**
 * A run as it is named on the command line: a number, with or without `#`, or `last`.
 *
 * @throws {InputError} For anything else.
 */
export function parseRun(text: string | undefined, command: string): number | "last" {
  if (text === undefined) throw new InputError(`troupe ${command} needs the number of a run, or 'last'`);
  if (text === "last") return "last";
  if (!/^#?[1-9]\d{0,14}$/.test(text)) throw new InputError(`A run is a number or 'last', not '${text}'`);
  return Number(text.replace("#", ""));
}
