/**
 * Owns the program: the command table, the exit codes, and the only `Deno.exit`.
 *
 * @module
 */
import { CrewError } from "./actors/crew/crew_error.ts";
import { DatabaseError } from "./actors/database_error.ts";
import { InputError } from "./actors/input.ts";
import { StoppedError } from "./actors/stop_listener.ts";
import { WorkerStartError } from "./actors/worker_pool.ts";
import { buildCommand } from "./cli/build.ts";
import { SIGNAL_EXIT } from "./cli/call.ts";
import { nearest } from "./graph/suggest.ts";
import config from "./deno.json" with { type: "json" };

const HELP = `troupe ${config.version}: parallel builds from a JSON config, with atomic artifacts and a content cache

Usage: troupe COMMAND [OPTIONS]

Commands:
  build [CONFIG]   build the artifacts of a config that are not up to date
  run TASKFILE     run the shell tasks of a task file, and record them in a history
  history          list recorded runs
  show RUN         show a recorded run, or one of its tasks with what it printed
  retry RUN        run again what did not pass in a recorded run
  check [CONFIG]   tell whether tasks may run together, and what to do where they may not
  batches [CONFIG] suggest batches of tasks that may each run together
  locks            list who holds file locks, and clean up after the dead
  join FILE        work through a config or a task file together with other processes
  crew N FILE      start N members of a crew on this machine, and wait for all
  status           show how a crew is doing
  watch            show it again and again

Options:
  -h, --help       show this help; troupe COMMAND --help shows a command's
  -V, --version    show the version
`;

type Command = (args: readonly string[]) => Promise<number>;

/** Each command is loaded when it is asked for: a build that finds nothing to do needs no history. */
const COMMANDS = new Map<string, () => Promise<Command>>([
  ["build", () => Promise.resolve(buildCommand)],
  ["run", async () => (await import("./cli/run.ts")).runCommand],
  ["history", async () => (await import("./cli/history.ts")).historyCommand],
  ["show", async () => (await import("./cli/history.ts")).showCommand],
  ["retry", async () => (await import("./cli/retry.ts")).retryCommand],
  ["check", async () => (await import("./cli/check.ts")).checkCommand],
  ["batches", async () => (await import("./cli/batches.ts")).batchesCommand],
  ["locks", async () => (await import("./cli/locks.ts")).locksCommand],
  ["join", async () => (await import("./cli/join.ts")).joinCommand],
  ["crew", async () => (await import("./cli/crew.ts")).crewCommand],
  ["status", async () => (await import("./cli/status.ts")).statusCommand],
  ["watch", async () => (await import("./cli/watch.ts")).watchCommand],
]);

/** Runs the program with the given arguments and answers with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    // A history that is damaged may open and only then show that it cannot be read.
    if (error instanceof InputError || error instanceof DatabaseError || error instanceof CrewError) {
      console.error(error.message);
      return 2;
    }
    if (error instanceof StoppedError) {
      console.error(error.message);
      return SIGNAL_EXIT[error.signal];
    }
    if (error instanceof WorkerStartError) {
      console.error(error.message);
      return 1;
    }
    if (error instanceof Deno.errors.NotCapable) {
      console.error(`troupe lacks a permission: ${error.message.split("\n")[0]}`);
      console.error("  run it with -A, or with -P to use the permission set of its deno.json");
      return 2;
    }
    console.error(error);
    console.error("This is a bug in troupe. Please report it with the lines above.");
    return 70;
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(HELP.trimEnd());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    console.log(`troupe ${config.version}`);
    return 0;
  }
  const load = COMMANDS.get(name);
  if (load !== undefined) return await (await load())(rest);
  const guess = nearest(name, COMMANDS.keys());
  throw new InputError(
    `Unknown command '${name}'${guess === undefined ? "; see troupe --help" : `, did you mean '${guess}'?`}`,
  );
}

if (import.meta.main) Deno.exit(await main(Deno.args));
