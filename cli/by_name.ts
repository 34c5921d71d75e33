/**
 * Owns a command line whose first word is no command: a file to build or run, or tasks to build.
 *
 * @module
 */
import { findConfig } from "../actors/input/config_search.ts";
import { isFile } from "../actors/machine/regular_file.ts";
import { isConfig } from "../actors/input/input.ts";
import { nearest } from "../graph/suggest.ts";
import { unknownWord } from "../graph/input/task_names.ts";
import { BUILD_FLAGS, buildCommand } from "./build.ts";
import { parseFlags } from "./options.ts";
import { CONFIG_FLAG, initHint, looksLikeFile, NO_CONFIG } from "./target.ts";
import { InputError } from "../graph/input/input_error.ts";
import { UnknownTaskError } from "../graph/input/unknown_task_error.ts";
import { quote } from "../graph/text.ts";

/** Builds or runs what the words name; `commands` are those that the first one could have been meant for. */
export async function byName(args: readonly string[], commands: Iterable<string>): Promise<number> {
  const [word] = args;
  if (nearest(word.slice(2), ["version"]) !== undefined && word.startsWith("--")) {
    throw new InputError(`Unknown flag ${quote(word)}, did you mean '--version'?`);
  }
  if (word.startsWith("-")) return await buildCommand(args, { typed: args });
  if (looksLikeFile(word)) {
    return isConfig(word)
      ? await buildCommand(args, { typed: args })
      : await (await import("./run.ts")).runCommand(args);
  }
  const isNamed = isFile(word) && isConfig(word);
  if (!isNamed && !parseFlags("build", args, BUILD_FLAGS).values.has(CONFIG_FLAG) && findConfig() === undefined) {
    throw new InputError(
      `${unknownWord(word, commands, [])}\n  ${NO_CONFIG}, so there are no tasks${await initHint()}`,
    );
  }
  try {
    return await buildCommand(args, { typed: args });
  } catch (error) {
    if (!(error instanceof UnknownTaskError) || error.words[0] !== word) throw error;
    throw new InputError([unknownWord(word, commands, error.names), ...error.hints].join("\n"));
  }
}
