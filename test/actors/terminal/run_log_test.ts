import { assertEquals } from "@std/assert";
import type { Level } from "../../../actors/terminal/build_log.ts";
import type { TaskDefinition } from "../../../actors/history/records.ts";
import type { Reporter } from "../../../actors/terminal/reporter.ts";
import { RunLog } from "../../../actors/terminal/run_log.ts";
import { RunRecorder } from "../../../actors/history/run_recorder.ts";
import type { RunEvent } from "../../../actors/engine/run_event.ts";
import { definition, newRun, output } from "../history/history_samples.ts";
import type { Output } from "../../../actors/process/output.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A log, and all it tells the reporter: `=` for lines and what tasks print, `!` for stderr. */
class Stage {
  readonly said: string[] = [];
  readonly log: RunLog;
  readonly #recorder: RunRecorder;

  constructor(names: readonly string[], level: Level, more: Partial<TaskDefinition> = {}) {
    const tasks = names.map((name) => definition(name, [], more));
    this.#recorder = new RunRecorder(newRun(tasks));
    const say = (mark: string, text: string, tone = "plain") =>
      this.said.push(`${mark} ${text.replace(/\(\d.*s\)/, "(#)")}${tone === "plain" ? "" : ` <${tone}>`}`);
    const reporter = {
      line: (text: string, tone?: string) => say("=", text, tone),
      raw: (bytes: Uint8Array) => say("=", decode(bytes)),
      error: (text: string) => say("!", text),
      errorOutput: (bytes: Uint8Array) => say("!", decode(bytes)),
    } as unknown as Reporter;
    this.log = new RunLog(tasks, reporter, { level, whereRest: (task) => `troupe show 7 --task ${task}` });
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
    "= [3/3] c: echo c ........................ SKIPPED (after a failure) <dim>",
  ]);
});

Deno.test("RunLog shows what a failed task printed, and how much of it was dropped", () => {
  const printed: Output = { ...output("out\n", "err"), stdout: output("out\n", "", 7).stdout };
  const stage = new Stage(["a", "b", "c"], "normal").start(0).fail(0, { output: printed });
  assertEquals(stage.said.slice(1), ["! out\n[7 bytes dropped]\n", "! err"]);
});

// K27
Deno.test("RunLog shows the last 40 lines of what a failed task printed, and says where the rest is", () => {
  const numbers = Array.from({ length: 300 }, (_, i) => `${i}\n`);
  const stage = new Stage(["a", "b", "c"], "normal").start(0).fail(0, { output: output(numbers.join("") + "FATAL") });
  assertEquals(stage.said.slice(1), [
    "! [the last 40 lines; more: troupe show 7 --task a]",
    `! ${numbers.slice(-39).join("")}FATAL`,
  ]);
  const short = new Stage(["a"], "normal").start(0).fail(0, { output: output(numbers.slice(0, 40).join("")) });
  assertEquals(short.said.slice(1), [`! ${numbers.slice(0, 40).join("")}`]);
});

// K28
Deno.test("RunLog shows what a passed task wrote to stderr, unless it is to be quiet", () => {
  const run = (level: Level) =>
    new Stage(["a"], level).start(0).note({
      kind: "executed",
      task: 0,
      worker: 1,
      durationMs: 1,
      output: output("unseen\n", "a warning\n"),
    }).said;
  assertEquals(run("normal").slice(1), ["! a warning\n"]);
  assertEquals([run("quiet"), run("verbose").slice(1)], [[], []]);
});

// K32
Deno.test("RunLog says nothing of an attempt after which there is another, but which one it took", () => {
  const stage = new Stage(["a", "b", "c"], "normal", { retries: 5 });
  stage.start(0).fail(0, { retry: 1, output: output("x") });
  assertEquals(stage.said, []);
  const said = stage.start(0).pass(0).said.map((line) => line.replace(/, \d.*s\)/, ", #)"));
  assertEquals(said, ["= [1/3] a: echo a ........................ PASSED (attempt 2 of 6, #)"]);
});

// K35
Deno.test("RunLog counts a task that a crew gives out again once", () => {
  const stage = new Stage(["a", "b"], "normal").start(0).fail(0).start(0).fail(0).start(1).pass(1).start(0).pass(0);
  assertEquals(stage.said.map((line) => line.slice(2, 7)), ["[1/2]", "[1/2]", "[2/2]", "[2/2]"]);
});

// K35
Deno.test("RunLog has its own word for what was ended before its time, and nothing is bad about it", () => {
  const printed = output("so far", "a warning");
  const cancelled = { kind: "cancelled", task: 0, worker: 1, durationMs: 1, output: printed } as const;
  const stage = new Stage(["a", "b"], "normal").start(0).note(cancelled);
  assertEquals(stage.said, [
    "= [1/2] a: echo a ........................ CANCELLED (#) <dim>",
    "! so far",
    "! a warning",
  ]);
  assertEquals(new Stage(["a"], "quiet").start(0).note(cancelled).said, []);
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
