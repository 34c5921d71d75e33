/**
 * Owns the command table and the exit codes.
 *
 * @module
 */
import { CrewError } from "../actors/crew/store/crew_error.ts";
import { DatabaseError } from "../actors/storage/database_error.ts";
import { standardOutput, type StreamName } from "../actors/terminal/standard_output.ts";
import { StoppedError } from "../actors/process/stop_listener.ts";
import { WorkerStartError } from "../actors/engine/pool.ts";
import { SIGNAL_EXIT } from "./call.ts";
import { lackingLines } from "./lacking.ts";
import { later } from "../actors/machine/later.ts";
import { InputError } from "../graph/input/input_error.ts";
import { visible } from "../graph/text.ts";

type Command = (args: readonly string[]) => Promise<number>;

/** Each command is loaded when it is asked for: a build that finds nothing to do needs no history. */
const COMMANDS = new Map<string, () => Promise<Command>>([
  ["build", async () => (await later<typeof import("./build.ts")>("./build.ts", import.meta.url)).buildCommand],
  ["run", async () => (await later<typeof import("./run.ts")>("./run.ts", import.meta.url)).runCommand],
  ["clean", async () => (await later<typeof import("./clean.ts")>("./clean.ts", import.meta.url)).cleanCommand],
  ["list", async () => (await later<typeof import("./list.ts")>("./list.ts", import.meta.url)).listCommand],
  ["history", async () => (await later<typeof import("./history.ts")>("./history.ts", import.meta.url)).historyCommand],
  ["show", async () => (await later<typeof import("./history.ts")>("./history.ts", import.meta.url)).showCommand],
  ["retry", async () => (await later<typeof import("./retry.ts")>("./retry.ts", import.meta.url)).retryCommand],
  ["check", async () => (await later<typeof import("./check.ts")>("./check.ts", import.meta.url)).checkCommand],
  ["batches", async () => (await later<typeof import("./batches.ts")>("./batches.ts", import.meta.url)).batchesCommand],
  ["locks", async () => (await later<typeof import("./locks.ts")>("./locks.ts", import.meta.url)).locksCommand],
  ["join", async () => (await later<typeof import("./join.ts")>("./join.ts", import.meta.url)).joinCommand],
  ["crew", async () => (await later<typeof import("./crew.ts")>("./crew.ts", import.meta.url)).crewCommand],
  ["status", async () => (await later<typeof import("./status.ts")>("./status.ts", import.meta.url)).statusCommand],
  ["why", async () => (await later<typeof import("./why.ts")>("./why.ts", import.meta.url)).whyCommand],
  ["graph", async () => (await later<typeof import("./graph.ts")>("./graph.ts", import.meta.url)).graphCommand],
  ["trace", async () => (await later<typeof import("./trace.ts")>("./trace.ts", import.meta.url)).traceCommand],
  ["report", async () => (await later<typeof import("./report.ts")>("./report.ts", import.meta.url)).reportCommand],
  ["ui", async () => (await later<typeof import("./ui.ts")>("./ui.ts", import.meta.url)).uiCommand],
  ["store", async () => (await later<typeof import("./store.ts")>("./store.ts", import.meta.url)).storeCommand],
  ["init", async () => (await later<typeof import("./init.ts")>("./init.ts", import.meta.url)).initCommand],
  ["schema", async () => (await later<typeof import("./schema.ts")>("./schema.ts", import.meta.url)).schemaCommand],
  [
    "completions",
    async () =>
      (await later<typeof import("./completions.ts")>("./completions.ts", import.meta.url)).completionsCommand,
  ],
  ["help", async () => (await later<typeof import("./help.ts")>("./help.ts", import.meta.url)).helpCommand],
  ["watch", async () => (await later<typeof import("./watch.ts")>("./watch.ts", import.meta.url)).watchCommand],
]);

/** The names of all commands. */
export const COMMAND_NAMES: readonly string[] = [...COMMANDS.keys()];

/** Runs a command with its arguments and answers with the exit code, once all it has said is written. */
export async function program(args: readonly string[]): Promise<number> {
  const code = await exitCode(args);
  await standardOutput.flush();
  return code;
}

async function exitCode(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    // A history that is damaged may open and only then show that it cannot be read.
    if (error instanceof InputError || error instanceof DatabaseError || error instanceof CrewError) {
      say(error.message);
      return 2;
    }
    if (error instanceof StoppedError) {
      say(error.message);
      return SIGNAL_EXIT[error.signal];
    }
    if (isWithoutName()) {
      say("The name of the current folder is not UTF-8: rename it, or start troupe elsewhere");
      return 2;
    }
    if (error instanceof WorkerStartError) {
      say(error.message);
      return 1;
    }
    if (error instanceof Deno.errors.NotCapable) {
      for (const line of lackingLines(error)) say(line);
      return 2;
    }
    say(Deno.inspect(error));
    say("This is a bug in troupe. Please report it with the lines above.");
    return 70;
  }
}

/** Deno tells no name that is not UTF-8, and so no path can be made absolute here. */
function isWithoutName(): boolean {
  try {
    Deno.cwd();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.InvalidData;
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    return await (await later<typeof import("./overview.ts")>("./overview.ts", import.meta.url)).overviewCommand(
      COMMAND_NAMES,
    );
  }
  if (name === "--help" || name === "-h") {
    return await (await later<typeof import("./help.ts")>("./help.ts", import.meta.url)).showCommands();
  }
  const load = COMMANDS.get(name);
  const command = load === undefined ? "build" : name;
  if ((command === "build" || command === "run") && args.includes("--since-failed")) {
    return await (await later<typeof import("./since_failed.ts")>("./since_failed.ts", import.meta.url)).sinceFailed(
      command,
      load === undefined ? args : rest,
    );
  }
  if (load !== undefined) return await (await load())(rest);
  return await (await later<typeof import("./by_name.ts")>("./by_name.ts", import.meta.url)).byName(
    args,
    COMMANDS.keys(),
  );
}

/** Behind all that was said before. */
function say(text: string, to: StreamName = "stderr"): void {
  standardOutput.put(to, new TextEncoder().encode(`${visible(text)}\n`));
}
