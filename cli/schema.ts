/**
 * Owns the command `troupe schema`.
 *
 * @module
 */
import { Reporter } from "../actors/terminal/reporter.ts";
import schema from "../schema.json" with { type: "json" };
import { specOf } from "./help/page.ts";
import { SCHEMA_PAGE } from "./help/set_up.ts";
import { parseFlags } from "./options.ts";
import { InputError } from "../graph/input/input_error.ts";
import { quote } from "../graph/text.ts";

/** Runs `troupe schema` and answers with the exit code. */
export async function schemaCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("schema", args, specOf(SCHEMA_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(SCHEMA_PAGE);
  const shown = await schemaOf(flags.positional[0] ?? "config");
  return await new Reporter({ lines: "stdout" }).result(JSON.stringify(shown, null, 2)) ? 0 : 1;
}

async function schemaOf(word: string): Promise<unknown> {
  if (word === "config") return schema;
  if (word === "events") return (await import("../graph/report/event_fields.ts")).eventsSchema();
  throw new InputError(`There are schemas of config and events, not of ${quote(word)}`);
}
