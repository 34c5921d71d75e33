/**
 * Owns the command `troupe help`: the list of commands, the help of one of them, and the pages about other things.
 *
 * @module
 */
import { nearest } from "../graph/suggest.ts";
import config from "../deno.json" with { type: "json" };
import { PAGES, TOPICS } from "./help/pages.ts";
import { specOf } from "./help/page.ts";
import { HELP_PAGE } from "./help/set_up.ts";
import { showHelp, showLines } from "./help/show.ts";
import { overviewLines, topicLines } from "./help/text.ts";
import { parseFlags } from "./options.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";

const HEAD = `troupe ${config.version}: parallel builds from a JSON config, with atomic artifacts and a content cache`;

/** Runs `troupe help` and answers with the exit code. */
export async function helpCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("help", args, specOf(HELP_PAGE));
  if (flags.on.has("help")) return await showHelp(HELP_PAGE);
  const [word] = flags.positional;
  if (word === undefined) return await showCommands();
  const page = PAGES.find(({ command }) => command === word);
  if (page !== undefined) return await showHelp(page);
  const topic = TOPICS.find((each) => each.topic === word);
  if (topic !== undefined) return await showLines((columns) => topicLines(topic, columns));
  const guess = nearest(word, [...PAGES.map(({ command }) => command), ...TOPICS.map(({ topic }) => topic)]);
  throw new InputError(
    `No help about ${quote(word)}${guess === undefined ? "; see troupe help" : `, did you mean ${quote(guess)}?`}`,
  );
}

/** Shows the list of commands. */
export async function showCommands(): Promise<number> {
  return await showLines((columns) => overviewLines({ pages: PAGES, topics: TOPICS, head: HEAD }, columns));
}
