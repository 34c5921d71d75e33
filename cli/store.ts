/**
 * Owns the command `troupe store`: its flags, its help, and what is printed. What it does is actors/commands/store.ts's.
 *
 * @module
 */
import { type StoreDeed, storeFor } from "../actors/commands/store.ts";
import { Reporter } from "../actors/terminal/reporter.ts";
import { InputError } from "../graph/input/input_error.ts";
import { nearest } from "../graph/suggest.ts";
import { quote } from "../graph/text.ts";
import { specOf } from "./help/page.ts";
import { STORE_PAGE } from "./help/store.ts";
import { parseFlags } from "./options.ts";

const DEEDS: ReadonlySet<string> = new Set<StoreDeed>(["gc", "verify", "clear"]);

/** Runs `troupe store` and answers with the exit code. */
export async function storeCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("store", args, specOf(STORE_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(STORE_PAGE);
  const deed = deedOf(flags.positional[0]), isDry = flags.on.has("dry-run");
  if (isDry && deed === "show") {
    throw new InputError("--dry-run goes with gc, verify or clear; see troupe store --help");
  }
  const { lines, report, isBad } = await storeFor({
    deed,
    isDry,
    store: flags.values.get("store"),
    config: flags.values.get("config"),
  });
  const reporter = new Reporter({ lines: "stdout" });
  const isWhole = flags.on.has("json") ? await reporter.json(report) : await reporter.result(lines.join("\n"));
  return isBad || isWhole === false ? 1 : 0;
}

function deedOf(word: string | undefined): StoreDeed {
  if (word === undefined) return "show";
  if (DEEDS.has(word)) return word as StoreDeed;
  const guess = nearest(word, [...DEEDS]);
  const hint = guess === undefined ? "see troupe store --help" : `did you mean '${guess}'?`;
  throw new InputError(`troupe store knows gc, verify and clear, not ${quote(word)}; ${hint}`);
}
