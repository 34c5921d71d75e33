/**
 * Owns the command `troupe ui`: its flags, the line with the address, and its end. What it serves is actors/commands/ui.ts's.
 *
 * @module
 */
import { serveUi, type UiOptions } from "../actors/commands/ui.ts";
import { systemDetail } from "../actors/machine/system_error.ts";
import type { PageServer } from "../actors/page/server.ts";
import { InputError } from "../graph/input/input_error.ts";
import { asCommand, commandOf, SIGNAL_EXIT } from "./call.ts";
import { specOf } from "./help/page.ts";
import { UI_PAGE } from "./help/pictures.ts";
import { historyOf } from "./history.ts";
import { parseFlags, wholeNumber } from "./options.ts";

const MOST_PORT = 65_535;

/** Runs the command and answers with the exit code. */
export async function uiCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("ui", args, specOf(UI_PAGE));
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(UI_PAGE);
  const port = wholeNumber(flags, "port", 0, MOST_PORT) ?? 0;
  const command = { ...await commandOf(flags), face: "lines" as const };
  return await asCommand(command, async ({ reporter, stop }) => {
    const end = Promise.withResolvers<void>();
    await using server = await begin(historyOf(flags), { port, onBug: end.reject });
    await reporter.result(`${server.url}\nLive until Ctrl-C; the address is as good as a password.`);
    if (flags.on.has("open")) {
      const sentence = open(server.url);
      if (sentence !== undefined) reporter.error(sentence);
    }
    if (stop.aborted.aborted) end.resolve();
    else stop.aborted.addEventListener("abort", () => end.resolve());
    await end.promise;
    return SIGNAL_EXIT[stop.signal!];
  });
}

async function begin(db: string, options: UiOptions): Promise<PageServer> {
  try {
    return await serveUi(db, options);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) {
      throw new InputError(`Cannot listen on port ${options.port} of 127.0.0.1: ${systemDetail(error)}`);
    }
    throw error;
  }
}

/** Has the system open an address; answers with a sentence when that is not to be. */
function open(url: string): string | undefined {
  const [program, ...args] = {
    darwin: ["open"],
    windows: ["cmd", "/c", "start", ""],
  }[Deno.build.os as string] ?? ["xdg-open"];
  try {
    const child = new Deno.Command(program, {
      args: [...args, url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    child.unref();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return `Cannot open a browser: ${systemDetail(error)}`;
  }
}
