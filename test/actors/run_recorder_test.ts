import { assert, assertEquals, assertFalse } from "@std/assert";
import type { RunEvent } from "../../actors/run_event.ts";
import { RunRecorder } from "../../actors/run_recorder.ts";
import { newRun, open, output, SOME } from "./history_samples.ts";
import { query, RawDatabase } from "./raw_database.ts";
import { TempFolder } from "./temp_folder.ts";

/** One end of each kind for the tasks of SOME, in the order in which it comes. */
const EVENTS: RunEvent[] = [
  { kind: "started", task: 0, worker: 1 },
  { kind: "failed", task: 0, worker: 1, durationMs: 5, failure: { kind: "exit", code: 9 }, retry: 1 },
  { kind: "started", task: 0, worker: 1 },
  { kind: "executed", task: 0, worker: 1, durationMs: 12.4, output: output("out", "err") },
  { kind: "started", task: 1, worker: 1 },
  { kind: "started", task: 3, worker: 2 },
  { kind: "printed", task: 1, stream: "stdout", bytes: new Uint8Array([10]) },
  { kind: "failed", task: 1, worker: 1, durationMs: 20, failure: { kind: "exit", code: 3 } },
  { kind: "skipped", task: 4 },
  { kind: "hit", task: 2, worker: null },
  { kind: "failed", task: 3, worker: 2, durationMs: 60_000, failure: { kind: "timeout", timeoutMs: 60_000 } },
];

const ENDS = [
  ["fetch", "passed", 0, 12],
  ["lint", "failed", 3, 20],
  ["test", "passed", null, 0],
  ["slow", "timeout", null, 60_000],
  ["deploy", "skipped", null, null],
];

function noted(recorder: RunRecorder, events: readonly RunEvent[] = EVENTS): void {
  for (const event of events) recorder.note(event, false);
}

function told(recorder: RunRecorder): unknown[] {
  return recorder.report(false).tasks.map((task) => [task.name, task.status, task.exit_code, task.duration_ms]);
}

const stored = (path: string) =>
  query<Record<string, unknown>>(
    path,
    "select name, status, exit_code, duration_ms from definitions join tasks using (run_id, name) order by position",
  ).map((row) => Object.values(row));

// S2.6, S2.15
Deno.test("RunRecorder knows how each task ended, with a history and without", async () => {
  const recorder = new RunRecorder(newRun(SOME));
  recorder.detach();
  noted(recorder);
  assertEquals(told(recorder), ENDS);
  const { id, total_tasks, passed, failed, timeout, skipped, interrupted } = recorder.report(false);
  assertEquals([id, total_tasks, passed, failed, timeout, skipped, interrupted], [null, 5, 2, 2, 1, 1, false]);
  assertFalse(await recorder.finish(undefined));
});

// S2.15
Deno.test("RunRecorder enters in the history what came before it was open, and what came after", async () => {
  for (const before of [0, 1, 4, EVENTS.length]) {
    using temp = new TempFolder();
    const path = temp.file("taskrun.db");
    using history = await open(path);
    const recorder = new RunRecorder(newRun(SOME, { retryOf: 7 }));
    noted(recorder, EVENTS.slice(0, before));
    const attached = recorder.attach(history);
    noted(recorder, EVENTS.slice(before));
    await attached;
    assertEquals(recorder.id, 1);
    assert(await recorder.finish(undefined));
    assertEquals(stored(path), ENDS);
    assertEquals(told(recorder), ENDS);
    const [run] = query<Record<string, unknown>>(path, "select passed, failed, timeouts, skipped, retry_of from runs");
    assertEquals({ ...run }, { passed: 2, failed: 2, timeouts: 1, skipped: 1, retry_of: 7 });
    const rows = query<Record<string, unknown>>(
      path,
      "select attempts, error, stdout, stderr from tasks order by name",
    );
    assertEquals(rows.map((row) => Object.values(row)), [
      [0, null, null, null],
      [2, null, "out", "err"],
      [1, "Command failed with exit code 3", null, null],
      [1, "Timed out after 60s", null, null],
      [1, null, null, null],
    ]);
  }
});

Deno.test("RunRecorder answers with the record of a task once it has ended, and only then", () => {
  const recorder = new RunRecorder(newRun(SOME));
  recorder.detach();
  const answers = EVENTS.map((event) => recorder.note(event, false)?.name);
  const nobody = undefined;
  assertEquals(answers, [
    ...[nobody, nobody, nobody, "fetch", nobody, nobody, nobody],
    ...["lint", "deploy", "test", "slow"],
  ]);
  assertEquals(recorder.record(4)?.status, "skipped");
});

// S2.17
Deno.test("RunRecorder tells tasks that were stopped from those whose dependency failed", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const recorder = new RunRecorder(newRun(SOME));
  await recorder.attach(history);
  recorder.note({ kind: "started", task: 0, worker: 1 }, false);
  for (const task of [1, 2, 3, 4]) recorder.note({ kind: "skipped", task }, task > 1);
  recorder.note({ kind: "failed", task: 0, worker: 1, durationMs: 1, failure: { kind: "cancelled" } }, true);
  assert(await recorder.finish("SIGINT"));
  const { tasks, interrupted } = recorder.report(true);
  assertEquals(tasks.map(({ skip_reason }) => skip_reason), [
    undefined,
    undefined,
    "interrupted",
    "interrupted",
    "interrupted",
  ]);
  assert(interrupted);
  const [run] = query<Record<string, unknown>>(
    path,
    "select interrupted, failed, skipped, finished_at > 0 f from runs",
  );
  assertEquals({ ...run }, { interrupted: "SIGINT", failed: 1, skipped: 4, f: 1 });
});

// S2.16
Deno.test("RunRecorder goes on when the run cannot be entered", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  const sentences: string[] = [];
  const { History } = await import("../../actors/history.ts");
  using history = await History.open(path, (sentence) => sentences.push(sentence));
  {
    using other = new RawDatabase(path);
    other.exec("drop table runs");
  }
  const recorder = new RunRecorder(newRun(SOME));
  noted(recorder, EVENTS.slice(0, 4));
  await recorder.attach(history);
  noted(recorder, EVENTS.slice(4));
  assertFalse(await recorder.finish(undefined));
  assertEquals([recorder.id, told(recorder), sentences.length], [undefined, ENDS, 1]);
});
