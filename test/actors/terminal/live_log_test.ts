// What scrolls above the live view.
import { assertEquals } from "@std/assert";
import { LiveLog } from "../../../actors/terminal/live_log.ts";
import { Outcomes } from "../../../actors/engine/outcomes.ts";
import { Reporter } from "../../../actors/terminal/reporter.ts";
import type { Captured, Output } from "../../../actors/process/output.ts";

function output(stderr: string): Output {
  const captured = (text: string): Captured => ({ bytes: new TextEncoder().encode(text), dropped: 0 });
  return { stdout: captured(""), stderr: captured(stderr) };
}

// K28, S6.4
Deno.test("LiveLog shows what a copied artifact's command once warned of, and nothing of a copy without", () => {
  const said: string[] = [];
  const reporter = new Reporter({ lines: "none" });
  reporter.line = (line) => void said.push(line);
  const outcomes = new Outcomes(2, "/");
  const tasks = ["a", "b"].map((name) => ({ name, retries: 0 }));
  const log = new LiveLog(tasks, reporter, { level: "normal", outcomes });
  log.note({ kind: "hit", task: 0, by: "copied", worker: 1, output: output("warning: x\n") });
  log.note({ kind: "hit", task: 1, by: "copied", worker: 1 });
  assertEquals([said, outcomes.warned], [["⚠ a  copied  warning: x"], 1]);
});
