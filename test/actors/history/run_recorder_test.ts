import { assert, assertEquals, assertFalse } from "@std/assert";
import type { RunEvent } from "../../../actors/engine/run_event.ts";
import { RunRecorder } from "../../../actors/history/run_recorder.ts";
import { historyTest, newRun, open, output, SOME } from "./history_samples.ts";
import { query, RawDatabase } from "../storage/raw_database.ts";
import { TempFolder } from "../temp_folder.ts";

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
  { kind: "hit", task: 2, by: "fresh", worker: null },
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
    assertEquals(stored(path), ENDS.filter(([name]) => name !== "test"), "what was up to date has no row");
    assertEquals(
      history.view.tasks(1).map(({ name, status, exitCode, durationMs }) => [name, status, exitCode, durationMs]),
      ENDS,
    );
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

// K32, S6.9
historyTest("RunRecorder enters every attempt, with what it printed and why it was made", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const recorder = new RunRecorder(newRun(SOME));
  await recorder.attach(history);
  const before = Date.now() * 1000;
  const killed = { kind: "signal", signal: "SIGKILL" } as const;
  noted(recorder, [
    { kind: "reason", task: 0, reason: "new" },
    { kind: "started", task: 0, worker: 1 },
    { kind: "failed", task: 0, worker: 1, durationMs: 2000, failure: killed, output: output("one"), retry: 1 },
    { kind: "failed", task: 0, worker: 2, durationMs: 5, failure: { kind: "exit", code: 9 }, retry: 2 },
    { kind: "executed", task: 0, worker: 1, durationMs: 7, output: output("three", "err") },
    { kind: "hit", task: 1, by: "fresh", worker: null },
    { kind: "hit", task: 2, by: "copied", worker: 2 },
    { kind: "failed", task: 3, worker: 2, durationMs: 1, failure: { kind: "timeout", timeoutMs: 1 } },
    // The next attempt of a task that failed is never begun.
    { kind: "started", task: 4, worker: 1 },
    { kind: "failed", task: 4, worker: 1, durationMs: 1, failure: { kind: "exit", code: 1 }, retry: 1 },
  ]);
  recorder.note({ kind: "skipped", task: 4 }, true);
  assert(await recorder.finish(undefined));
  const columns = "task, attempt, outcome, how, worker, exit_code, signal, reason, stdout, stderr";
  assertEquals(
    query<Record<string, unknown>>(path, `select ${columns} from attempts`).map((row) => Object.values(row)),
    [
      ["fetch", 1, "failed", null, 1, null, "SIGKILL", "new", "one", ""],
      ["fetch", 2, "failed", null, 2, 9, null, "new", null, null],
      ["fetch", 3, "passed", "executed", 1, 0, null, "new", "three", "err"],
      ["test", 1, "passed", "copied", 2, null, null, null, null, null],
      ["slow", 1, "timeout", null, 2, null, null, null, null, null],
      ["deploy", 1, "failed", null, 1, 1, null, null, null, null],
    ],
  );
  const [{ took, ended, host }] = query<Record<string, number>>(
    path,
    "select ended_us - started_us took, ended_us ended, host is not null host from attempts",
  );
  assert(
    took === 2_000_000 && ended > before - 1e6 && ended < Date.now() * 1000 + 1e6 && host === 1,
    `${took} ${ended}`,
  );
  const [fetch, , , slow, deploy] = recorder.report(false).tasks;
  assertEquals([fetch.attempts, fetch.max_attempts, fetch.signal, fetch.error], [3, 3, null, null]);
  assertEquals([slow.error, slow.attempts, slow.max_attempts], ["Timed out after 0.001s", 1, 1]);
  assertEquals([deploy.status, deploy.attempts, deploy.skip_reason], ["skipped", 1, "interrupted"]);
});

// S2.17
historyTest(
  "RunRecorder tells tasks that were stopped from those that were not begun after a failure",
  async (temp) => {
    const path = temp.file("taskrun.db");
    using history = await open(path);
    const recorder = new RunRecorder(newRun(SOME));
    await recorder.attach(history);
    recorder.note({ kind: "started", task: 0, worker: 1 }, false);
    for (const task of [1, 2, 3, 4]) recorder.note({ kind: "skipped", task }, task > 1);
    recorder.note({ kind: "cancelled", task: 0, worker: 1, durationMs: 1, output: output("so far") }, true);
    assert(await recorder.finish("SIGINT"));
    const { tasks, interrupted } = recorder.report(true);
    assertEquals(tasks.map(({ skip_reason }) => skip_reason), [
      undefined,
      "after a failure", // and nothing that it needs has failed
      "interrupted",
      "interrupted",
      "interrupted",
    ]);
    assert(interrupted);
    const [run] = query<Record<string, unknown>>(
      path,
      "select interrupted, failed, skipped, cancelled, finished_at > 0 f from runs",
    );
    assertEquals({ ...run }, { interrupted: "SIGINT", failed: 0, skipped: 5, cancelled: 1, f: 1 });
    // K35
    assertEquals([tasks[0].status, tasks[1].status], ["cancelled", "skipped"]);
    const [first] = query<Record<string, unknown>>(path, "select * from tasks where name = 'fetch'");
    assertEquals(
      [first.status, first.cancelled, first.exit_code, first.error, first.stdout, first.attempts],
      ["skipped", 1, null, "Cancelled", "so far", 1],
    );
  },
);

// S2.16
historyTest("RunRecorder goes on when the run cannot be entered", async (temp) => {
  const path = temp.file("taskrun.db");
  const sentences: string[] = [];
  const { History } = await import("../../../actors/history/history.ts");
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
