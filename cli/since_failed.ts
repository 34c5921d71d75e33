/**
 * Owns `--since-failed`: a build or a run of what did not pass the last time, which is what `troupe retry last` does.
 *
 * @module
 */
import { BUILD_PAGE, RETRY_PAGE, RUN_PAGE } from "./help/do.ts";
import { specOf } from "./help/page.ts";
import { parseFlags } from "./options.ts";
import { retryCommand } from "./retry.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";

/** The flag. */
const SINCE_FAILED = "--since-failed";

/**
 * Does again what did not pass in the last run, with those flags that a retry has too.
 *
 * @throws {InputError} When there are others, or words.
 */
export async function sinceFailed(command: "build" | "run", args: readonly string[]): Promise<number> {
  const page = command === "build" ? BUILD_PAGE : RUN_PAGE;
  const flags = parseFlags(command, args, specOf(page));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(page);
  const own = specOf(RETRY_PAGE);
  const lists = [...flags.lists].filter(([, { length }]) => length > 0).map(([name]) => name);
  const given = [...flags.on, ...flags.values.keys(), ...lists].filter((name) => `--${name}` !== SINCE_FAILED);
  const flag = given.find((name) => !own.boolean.includes(name) && !own.string.includes(name));
  const other = flag === undefined ? flags.positional.slice(0, 1).map(quote)[0] : `--${flag}`;
  if (other !== undefined) {
    throw new InputError(`${SINCE_FAILED} does again what the last run was, so ${other} has no place there`);
  }
  const values = [...flags.values].map(([name, value]) => `--${name}=${value}`);
  const on = given.filter((name) => flags.on.has(name)).map((name) => `--${name}`);
  return await retryCommand(["last", ...on, ...values]);
}
