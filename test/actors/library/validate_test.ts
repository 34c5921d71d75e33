// What a build or a run keeps to that asks the gates, in this process: settings, environment, and waits for locks.
import { assertEquals, assertRejects } from "@std/assert";
import { asLibrary, type Invocation } from "../../../actors/commands/invocation.ts";
import { validate } from "../../../actors/commands/validate.ts";
import { FileLockManager } from "../../../actors/locks/locks.ts";
import { GateError } from "../../../graph/gates/gate_task.ts";
import { JumpingClock } from "../machine/jumping_clock.ts";
import { TempFolder } from "../temp_folder.ts";

/** Asks about a config in a folder, and tells the lines that were shown and whether the run is to be watched. */
async function ask(
  config: string,
  level: Invocation["level"] = "normal",
): Promise<[lines: string[], isWatched: boolean]> {
  const lines: string[] = [];
  const isWatched = await asLibrary({}, async (caller) => {
    caller.reporter.line = (text: string) => void lines.push(text);
    return (await validate(config, { validate: true }, { ...caller, level })).isWatched;
  });
  return [lines, isWatched];
}

// S1.21, S1.26
Deno.test("validate() keeps to GATE_LOG_LEVEL, and to monitoring that is switched off", async () => {
  using temp = new TempFolder();
  const config = temp.file("build.json");
  const tasks = ["a", "b"].map((name) => ({ name, output: name, content: name }));
  Deno.writeTextFileSync(config, JSON.stringify({ tasks }));
  const at = async (level: string) => {
    Deno.env.set("GATE_LOG_LEVEL", level);
    try {
      return await ask(config);
    } finally {
      Deno.env.delete("GATE_LOG_LEVEL");
    }
  };
  const [info, isWatched] = await ask(config);
  const [debug, debugIsWatched] = await at("DEBUG");
  const [error, errorIsWatched] = await at("ERROR");
  const [, warningIsWatched] = await at("WARNING");
  assertEquals([isWatched, debugIsWatched, warningIsWatched, errorIsWatched], [true, true, false, false]);
  const verdict = "The 2 tasks may be run in parallel";
  assertEquals([info.length > 1, debug, error], [true, info, [verdict]]);
  assertEquals(await ask(config, "quiet"), [[verdict], false]);
  Deno.writeTextFileSync(temp.file("parallel-execution.json"), JSON.stringify({ enable_monitoring: false }));
  assertEquals(await ask(config), [info, false]);
});

// S1.7, S1.8
Deno.test("validate() waits for a lock as long as the settings say before each further look, the last one repeated", async () => {
  using temp = new TempFolder();
  const config = temp.file("build.json");
  Deno.writeTextFileSync(
    config,
    JSON.stringify({ tasks: [{ name: "a", output: "a", content: "x", writes: ["log"] }] }),
  );
  const settings = { retry_delays: [0.5, 1, 2], lock_timeout_seconds: 6 };
  Deno.writeTextFileSync(temp.file("parallel-execution.json"), JSON.stringify(settings));
  using _lock = await new FileLockManager(temp.path).acquire("a", "exclusive", { task: "other" });
  using clock = new JumpingClock();
  await assertRejects(() => ask(config), GateError, "is still locked after 6s");
  assertEquals(clock.waits, [0.5, 1, 2, 2, 0.5]);
});
