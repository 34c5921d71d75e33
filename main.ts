/**
 * Owns the door of the program and the only `Deno.exit`. It imports nothing that every start would pay for: `--version`
 * is answered here, all else by cli/program.ts.
 *
 * @module
 */
import { later } from "./actors/machine/later.ts";
import { standardOutput } from "./actors/terminal/standard_output.ts";
import { lackingLines } from "./cli/lacking.ts";
import config from "./deno.json" with { type: "json" };

/** Runs the program with the given arguments and answers with the exit code, once all it has said is written. */
export async function main(args: readonly string[]): Promise<number> {
  if (args[0] === "--version" || args[0] === "-V") return await say([`troupe ${config.version}`], "stdout", 0);
  try {
    const { program } = await later<typeof import("./cli/program.ts")>("./cli/program.ts", import.meta.url);
    return await program(args);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return await say(lackingLines(error), "stderr", 2);
  }
}

async function say(lines: readonly string[], to: "stdout" | "stderr", code: number): Promise<number> {
  standardOutput.put(to, new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  await standardOutput.flush();
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
