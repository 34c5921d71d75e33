/**
 * Owns the door of the program and the only `Deno.exit`. It imports nothing that every start would pay for: `--version`
 * is answered here, all else by cli/program.ts.
 *
 * @module
 */
import type { Known } from "./actors/door/answer.ts";
import { later } from "./actors/machine/later.ts";
import { standardOutput } from "./actors/terminal/standard_output.ts";
import { lackingLines } from "./cli/lacking.ts";
import config from "./deno.json" with { type: "json" };

/**
 * Runs the program with the given arguments and answers with the exit code, once all it has said is written: whatever it
 * did, what could not be written is missing to whoever asked for it.
 */
export async function main(args: readonly string[]): Promise<number> {
  const code = await commanded(args);
  await standardOutput.flush();
  return code === 0 && !standardOutput.isWhole("stdout") ? 1 : code;
}

async function commanded(args: readonly string[]): Promise<number> {
  if (args[0] === "--version" || args[0] === "-V") return await say(linesOf([`troupe ${config.version}`]), "stdout", 0);
  try {
    const known = args.length === 0 ? undefined : await answered(args);
    if (known?.text !== undefined) return await say(known.text, "stdout", 0);
    using _ = known && await startAhead();
    const { program } = await later<typeof import("./cli/program.ts")>("./cli/program.ts", import.meta.url);
    return await program(args);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return await say(linesOf(lackingLines(error)), "stderr", 2);
  }
}

/** What a build that has nothing to do says, if that is known without one. */
async function answered(args: readonly string[]): Promise<Known | undefined> {
  const { questionOf, quickAnswer } = await later<typeof import("./actors/door/answer.ts")>(
    "./actors/door/answer.ts",
    import.meta.url,
  );
  const question = questionOf(args, [config.version, Deno.version.deno]);
  return question && quickAnswer(question);
}

/** A build that was found to have something to do will want a worker, which takes as long to start as all else does to load. */
async function startAhead(): Promise<Disposable> {
  const ahead = await later<typeof import("./actors/engine/thread_ahead.ts")>(
    "./actors/engine/thread_ahead.ts",
    import.meta.url,
  );
  return ahead.startAhead();
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** In one go, as long as that is taken: nothing else waits to be done. */
async function say(text: string, to: "stdout" | "stderr", code: number): Promise<number> {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(Deno[to].writeSync(rest));
  } catch {
    standardOutput.put(to, rest);
  }
  await standardOutput.flush();
  return code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
