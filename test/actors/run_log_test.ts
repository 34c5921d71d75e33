import { assertEquals } from "@std/assert";
import type { Level } from "../../actors/build_log.ts";
import type { Output } from "../../actors/messages.ts";
import type { Reporter } from "../../actors/reporter.ts";
import { RunLog } from "../../actors/run_log.ts";
import { RunRecorder } from "../../actors/run_recorder.ts";
import type { RunEvent } from "../../actors/run_event.ts";
import { definition, newRun, output } from "./history_samples.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A log, and all it tells the reporter: `=` for lines and what tasks print, `!` for stderr. */
class Stage {
  readonly said: string[] = [];
  readonly log: RunLog;
  readonly #recorder: RunRecorder;

  constructor(names: readonly string[], level: Level) {
    const tasks = names.map((name) => definition(name));
    this.#recorder = new RunRecorder(newRun(tasks));
    const say = (mark: string, text: string, tone = "plain") =>
      this.said.push(`${mark} ${text.replace(/\(\d.*s\)/, "(#)")}${tone === "plain" ? "" : ` <${tone}>`}`);
    const reporter = {
      line: (text: string, tone?: string) => say("=", text, tone),
      raw: (bytes: Uint8Array) => say("=", decode(bytes)),
      error: (text: string) => say("!", text),
      errorOutput: (bytes: Uint8Array) => say("!", decode(bytes)),
    } as unknown as Reporter;
    this.log = new RunLog(tasks, reporter, level);
  }

  note(event: RunEvent): this {
    this.log.note(event, this.#recorder.note(event, false));
    return this;
  }

  start(task: number): this {
    return this.note({ kind: "started", task, worker: task + 1 });
  }

  pass(task: number): this {
    return this.note({ kind: "executed", task, worker: task + 1, durationMs: 1, output: output("unseen") });
  }

  fail(task: number, more: Partial<Extract<RunEvent, { kind: "failed" }>> = {}): this {
    return this.note({
      kind: "failed",
      task,
      worker: task + 1,
      durationMs: 1,
      failure: { kind: "exit", code: 1 },
      ...more,
    });
  }

  print(task: number, text: string, stream: "stdout" | "stderr" = "stdout"): this {
    return this.note({ kind: "printed", task, stream, bytes: new TextEncoder().encode(text) });
  }
}

const A = "[1/3] a: echo a ........................ PASSED (#)";

// S2.19
Deno.test("RunLog says a line for each task that has ended, and counts them", () => {
  const stage = new Stage(["a", "b", "c"], "normal").start(0).start(1).pass(0).fail(1).note({
    kind: "skipped",
    task: 2,
  });
  assertEquals(stage.said, [
    `= ${A}`,
    "= [2/3] b: echo b ........................ FAILED (#) <bad>",
    "= [3/3] c: echo c ........................ SKIPPED (dependency failed) <dim>",
  ]);
});

Deno.test("RunLog shows what a failed task printed, and how much of it was dropped", () => {
  const printed: Output = { ...output("out\n", "err"), stdout: output("out\n", "", 7).stdout };
  const stage = new Stage(["a", "b", "c"], "normal").start(0).fail(0, { output: printed });
  assertEquals(stage.said.slice(1), ["! out\n", "! [7 bytes dropped]", "! err"]);
});

Deno.test("RunLog says nothing of an attempt after which there is another", () => {
  const stage = new Stage(["a", "b", "c"], "normal").start(0).fail(0, { retry: 1, output: output("x") });
  assertEquals([stage.said, stage.log.busy.size], [[], 0]);
  assertEquals(stage.start(0).pass(0).said, [`= ${A}`]);
});

// S2.10
Deno.test("RunLog says why, where neither the line nor the output does", () => {
  const stage = new Stage(["a", "b", "c"], "quiet");
  stage.fail(0, { worker: null, failure: { kind: "spawn", detail: "no such thing" } });
  stage.fail(1, { failure: { kind: "signal", signal: "SIGKILL" } });
  stage.fail(2, { failure: { kind: "timeout", timeoutMs: 5 } });
  assertEquals(stage.said.filter((line) => line.startsWith("!")), [
    "! a: Cannot start command: no such thing",
    "! b: Command was ended by signal SIGKILL",
  ]);
});

Deno.test("RunLog, quiet, tells only what goes wrong, and still counts the others", () => {
  const stage = new Stage(["a", "b", "c"], "quiet").pass(0).fail(1).pass(2);
  assertEquals(stage.said, ["= [2/3] b: echo b ........................ FAILED (#) <bad>"]);
});

// S2.9
Deno.test("RunLog, verbose, shows whole lines by stream and task, and what is left when a task ends", () => {
  const stage = new Stage(["a", "b", "c"], "verbose").start(0).start(1);
  stage.print(0, "one\nha").print(1, "other\n").print(0, "err", "stderr").print(0, "lf\n");
  assertEquals(stage.said, ["= a | one\n", "= b | other\n", "= a | half\n"]);
  stage.print(0, "rest").pass(0);
  assertEquals(stage.said.slice(3), ["= a | rest\n", "= a | err\n", `= ${A}`]);
  assertEquals(stage.fail(1, { output: output("other\n") }).said.slice(6), [
    "= [2/3] b: echo b ........................ FAILED (#) <bad>",
  ]);
});

Deno.test("RunLog knows who is busy, also when a worker dies", () => {
  const stage = new Stage(["a", "b", "c"], "normal").start(0).start(1);
  assertEquals([...stage.log.busy].map(([worker, { task }]) => [worker, task]), [[1, "a"], [2, "b"]]);
  stage.pass(0).note({ kind: "crashed", worker: 2 });
  assertEquals(stage.log.busy.size, 0);
});
