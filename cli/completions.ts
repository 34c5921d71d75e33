/**
 * Owns the command `troupe completions`. The scripts are completion_scripts.ts's.
 *
 * @module
 */
import { Reporter } from "../actors/terminal/reporter.ts";
import { completionScript, SHELLS } from "./completion_scripts.ts";
import { PAGES, TOPICS } from "./help/pages.ts";
import { specOf } from "./help/page.ts";
import { COMPLETIONS_PAGE } from "./help/set_up.ts";
import { parseFlags } from "./options.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";

/** Runs `troupe completions` and answers with the exit code. */
export async function completionsCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("completions", args, specOf(COMPLETIONS_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(COMPLETIONS_PAGE);
  const [word] = flags.positional;
  const shell = SHELLS.find((each) => each === word);
  if (shell === undefined) {
    const which = word === undefined
      ? "troupe completions needs a shell"
      : `There are no completions for ${quote(word)}`;
    throw new InputError(`${which}: bash, zsh or fish`);
  }
  const script = completionScript(shell, PAGES, TOPICS.map(({ topic }) => topic));
  return await new Reporter({ lines: "stdout" }).result(script.trimEnd()) ? 0 : 1;
}
