// What a task run says, character by character.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { RunRecord, RunReport, TaskRecord } from "../../../graph/report/run_records.ts";
import {
  concurrencyLine,
  countRetries,
  countStatuses,
  resultsSavedLine,
  retryLine,
  runCompletedLine,
  taskLine,
} from "../../../graph/report/run_report.ts";
import { seedFor } from "../../random.ts";
import {
  historyLines,
  showRunLines,
  showTaskLines,
  unknownRunLine,
  unknownTaskLine,
} from "../../../graph/report/history_lines.ts";
import { type EndedTask, secondsText } from "../../../graph/report/task_words.ts";
import { timeFormat } from "../../../graph/report/time_of_day.ts";

// 2024-01-15 14:30:22 in UTC
const START = 1705329022;
const ENDED: EndedTask = { name: "lint", command: "npm run lint", status: "passed", duration_ms: 2300 };
const TASK: TaskRecord = {
  ...ENDED,
  exit_code: 0,
  started_at: START,
  finished_at: START + 2.3,
  signal: null,
  error: null,
  attempts: 1,
  max_attempts: 1,
};
const RUN: RunRecord = {
  id: 42,
  started_at: START,
  finished_at: START + 31,
  duration_ms: 30_700,
  total_tasks: 6,
  passed: 5,
  failed: 1,
  timeout: 0,
  skipped: 0,
  interrupted: false,
};

// S2.13
Deno.test("concurrencyLine() says how many tasks run at once", () => {
  assertEquals(concurrencyLine(2), "Running with max 2 concurrent tasks...");
  assertEquals(concurrencyLine(1), "Running with max 1 concurrent task...");
});

// S2.19
Deno.test("taskLine() keeps the status in one column, whatever the task is called", () => {
  const lines = [
    taskLine({ ...ENDED, name: "fetch_deps", command: "npm ci", duration_ms: 15_200 }, { finished: 1, total: 6 }),
    taskLine(ENDED, { finished: 2, total: 6 }),
    taskLine({ ...ENDED, name: "integration", command: "npm run test:integration", status: "failed" }, {
      finished: 3,
      total: 6,
    }),
    taskLine({ ...ENDED, status: "timeout", duration_ms: 60_012 }, { finished: 4, total: 6 }),
    taskLine({ ...ENDED, status: "skipped", duration_ms: null }, { finished: 5, total: 6 }),
    taskLine({ ...ENDED, status: "skipped", duration_ms: null, skip_reason: "interrupted" }, { finished: 6, total: 6 }),
  ];
  assertEquals(
    lines.join("\n"),
    `[1/6] fetch_deps: npm ci ............... PASSED (15.2s)
[2/6] lint: npm run lint ............... PASSED (2.3s)
[3/6] integration: npm run test:int .... FAILED (2.3s)
[4/6] lint: npm run lint ............... TIMEOUT (60.0s)
[5/6] lint: npm run lint ............... SKIPPED (dependency failed)
[6/6] lint: npm run lint ............... SKIPPED (interrupted)`,
  );
});

// S2.19
Deno.test("taskLine() cuts between characters and stays on its line", () => {
  const at = { finished: 1, total: 1 };
  assertEquals(
    taskLine({ ...ENDED, name: "a", command: "😀".repeat(40) }, at).slice(0, 67),
    `[1/1] a: ${"😀".repeat(26)} .... `,
  );
  assertEquals(
    taskLine({ ...ENDED, name: "a", command: "echo 1\r\necho\t2\n\x1b[2J" }, at),
    "[1/1] a: echo 1 echo 2 \\u001b[2J ....... PASSED (2.3s)",
  );
});

// S2.19
Deno.test("taskLine() puts the status into column 42 with at least four dots, for any command", () => {
  const seed = seedFor("taskLine");
  const number = fc.integer({ min: 1, max: 99_999 });
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), number, number, (command, finished, total) => {
      const line = [...taskLine({ ...ENDED, command }, { finished, total })];
      assertEquals(line.slice(41).join(""), "PASSED (2.3s)");
      assertEquals(line.slice(35, 41).join("").slice(-5), ".... ");
    }),
    { seed },
  );
});

// S2.19
Deno.test("secondsText() has one decimal, and two below a tenth of a second", () => {
  const cases: [number, string][] = [
    [0, "0.00s"],
    [12, "0.01s"],
    [99, "0.10s"],
    [100, "0.1s"],
    [2345, "2.3s"],
    [3_725_400, "3725.4s"],
    [-5, "0.00s"],
  ];
  for (const [ms, text] of cases) assertEquals(secondsText(ms), text);
});

// S2.20
Deno.test("runCompletedLine() shows timeouts apart, and then no '0 failed'", () => {
  const line = (passed: number, failed: number, timeout: number, skipped: number) =>
    runCompletedLine({ passed, failed, timeout, skipped });
  assertEquals(line(5, 1, 0, 0), "Run completed: 5 passed, 1 failed, 0 skipped");
  assertEquals(line(6, 0, 0, 0), "Run completed: 6 passed, 0 failed, 0 skipped");
  assertEquals(line(1, 1, 1, 1), "Run completed: 1 passed, 1 timeout, 1 skipped");
  assertEquals(line(1, 3, 1, 0), "Run completed: 1 passed, 2 failed, 1 timeout, 0 skipped");
  // K35
  const stopped = { passed: 1, failed: 0, timeout: 0, skipped: 3, cancelled: 2 };
  assertEquals(runCompletedLine(stopped), "Run completed: 1 passed, 0 failed, 3 skipped (2 cancelled)");
});

// K35
Deno.test("countStatuses() counts a timeout among the failed, and what was cut off among the skipped", () => {
  const statuses = ["passed", "timeout", "failed", "skipped", "timeout", "cancelled", "interrupted"] as const;
  const counts = countStatuses(statuses.map((status) => ({ status })));
  assertEquals(counts, { passed: 1, failed: 3, timeout: 2, skipped: 3, cancelled: 2 });
  assertEquals(counts.passed + counts.failed + counts.skipped, statuses.length);
});

// S2.20
Deno.test("resultsSavedLine() names the database and the run", () => {
  assertEquals(resultsSavedLine("taskrun.db", 42), "Results saved to: taskrun.db (run #42)");
});

// S2.21
Deno.test("historyLines() lists runs as given", () => {
  const lines = historyLines([
    {
      ...RUN,
      id: 44,
      started_at: START + 86_400,
      finished_at: null,
      duration_ms: null,
      passed: 1,
      failed: 0,
      running: 2,
      pending: 3,
    },
    {
      ...RUN,
      id: 43,
      finished_at: START,
      duration_ms: 40,
      passed: 2,
      failed: 2,
      timeout: 1,
      skipped: 2,
      interrupted: true,
    },
    RUN,
  ], { timeZone: "UTC" });
  assertEquals(
    lines.join("\n"),
    `Recent runs:
  #44 | 2024-01-16 14:30:22 | 1 passed, 0 failed, 0 skipped, 2 running, 3 pending | unfinished
  #43 | 2024-01-15 14:30:22 | 2 passed, 1 failed, 1 timeout, 2 skipped, interrupted | 0.04s
  #42 | 2024-01-15 14:30:22 | 5 passed, 1 failed, 0 skipped | 30.7s`,
  );
  assertEquals(historyLines([]), ["No runs recorded yet"]);
});

// S2.22
Deno.test("showRunLines() dots names to one column", () => {
  const tasks: TaskRecord[] = [
    { ...TASK, name: "fetch_deps", duration_ms: 15_200 },
    TASK,
    { ...TASK, name: "integration", status: "failed", exit_code: 1, duration_ms: 5300 },
    { ...TASK, name: "publish", status: "skipped", exit_code: null, duration_ms: null },
  ];
  const run: RunReport = { ...RUN, tasks };
  assertEquals(
    showRunLines(run, "UTC").join("\n"),
    `Run #42 (2024-01-15 14:30:22)
Duration: 30.7s

Tasks:
  fetch_deps .... PASSED (15.2s)
  lint .......... PASSED (2.3s)
  integration ... FAILED (5.3s)
  publish ....... SKIPPED (dependency failed)`,
  );
  const wide = { ...run, tasks: [{ ...TASK, name: "構築" }, { ...TASK, name: "lint" }] };
  assertEquals(showRunLines(wide, "UTC").slice(-2), ["  構築 ... PASSED (2.3s)", "  lint ... PASSED (2.3s)"]);
  assertEquals(showRunLines({ ...run, interrupted: true }, "UTC")[1], "Duration: 30.7s (interrupted)");
  assertEquals(showRunLines({ ...run, tasks: [] }, "UTC").slice(3), ["Tasks:", "  none failed"]);
  const fresh = { ...TASK, name: "a long name", started_at: null, finished_at: null, duration_ms: 0 };
  assertEquals(showRunLines({ ...run, tasks: [fresh, TASK, fresh] }, "UTC").slice(4), [
    "  lint ... PASSED (2.3s)",
    "  and 2 up to date",
  ]);
});

// S2.23
Deno.test("showTaskLines() shows what a task printed", () => {
  const task = {
    ...TASK,
    run_id: 42,
    name: "integration",
    command: "npm run\ntest:integration",
    exit_code: 1,
    attempt_records: [],
  };
  assertEquals(
    showTaskLines({ ...task, status: "failed", duration_ms: 5300, stdout: "one\n\ntwo\n", stderr: "not ok" }).join(
      "\n",
    ),
    `Task: integration
Command: npm run test:integration
Status: FAILED (exit code 1)
Duration: 5.3s

--- stdout ---
one

two

--- stderr ---
not ok`,
  );
  const skipped = {
    ...task,
    attempts: 0,
    status: "skipped" as const,
    exit_code: null,
    duration_ms: null,
    stdout: "",
    stderr: "",
  };
  assertEquals(
    showTaskLines(skipped).slice(2).join("\n"),
    `Status: SKIPPED (dependency failed)
Duration: 0.00s

--- stdout ---

--- stderr ---`,
  );
  for (const status of ["running", "interrupted"] as const) {
    assertEquals(showTaskLines({ ...skipped, status })[3], "Duration: unfinished", status);
  }
});

// K33
Deno.test("showTaskLines() says why a task failed", () => {
  const status = (more: Partial<TaskRecord>) =>
    showTaskLines({ ...TASK, exit_code: null, run_id: 1, stdout: "", stderr: "", attempt_records: [], ...more })[2];
  const failed = (error: string, more: Partial<TaskRecord> = {}) => status({ status: "failed", error, ...more });
  const cases = [
    [failed("Command was ended by signal SIGKILL", { signal: "SIGKILL" }), "FAILED (ended by signal SIGKILL)"],
    [status({ status: "timeout", error: "Timed out after 1s" }), "TIMEOUT (after 1s)"],
    [failed("Cannot start command: too many processes"), "FAILED (cannot start command: too many processes)"],
    [failed("Module failed: Error: no\n    at m.ts:1"), "FAILED (module failed: Error: no)"],
    [failed("IO\x1b[31m"), "FAILED (IO\\u001b[31m)"],
    [failed(""), "FAILED"],
    [status({ status: "cancelled", error: "Cancelled" }), "CANCELLED"],
    [
      status({ status: "failed", exit_code: 7, error: "x", attempts: 3, max_attempts: 3 }),
      "FAILED (exit code 7, attempt 3 of 3)",
    ],
    [status({ status: "passed", exit_code: 0, attempts: 3, max_attempts: 6 }), "PASSED (exit code 0, attempt 3 of 6)"],
    [status({ status: "passed", exit_code: 0, attempts: 4, max_attempts: 2 }), "PASSED (exit code 0, attempt 4)"],
  ];
  for (const [said, expected] of cases) assertEquals(said, `Status: ${expected}`);
});

// K32
Deno.test("showTaskLines() shows earlier attempts with what they printed", () => {
  const attempt = {
    attempt: 1,
    outcome: "failed" as const,
    how: null,
    started_us: 1e15,
    ended_us: 1e15 + 2e6,
    worker: 1,
    host: "h",
    exit_code: 3,
    signal: null,
    reason: null,
    error: "Command failed with exit code 3",
    fingerprint: null,
    cpu_us: null,
    max_rss_kb: null,
    stdout: "first\n",
    stderr: "",
  };
  const last = { ...attempt, attempt: 2, outcome: "passed" as const, stdout: "second\n" };
  const task = { ...TASK, run_id: 1, attempts: 2, max_attempts: 6, stdout: "second\n", stderr: "" };
  assertEquals(
    showTaskLines({ ...task, attempt_records: [attempt, last] }).slice(4).join("\n"),
    `
--- stdout ---
second

--- stderr ---

--- attempt 1: FAILED (exit code 3, 2.0s) ---

--- stdout ---
first

--- stderr ---`,
  );
  assertEquals(taskLine(task, { finished: 1, total: 1 }).slice(41), "PASSED (attempt 2 of 6, 2.3s)");
});

// K34
Deno.test("showRunLines() has a word for what has not ended, and no time", () => {
  const tasks = (["running", "pending", "interrupted", "cancelled"] as const).map((status) => ({ ...TASK, status }));
  assertEquals(showRunLines({ ...RUN, tasks }, "UTC").slice(4), [
    "  lint ... RUNNING",
    "  lint ... PENDING",
    "  lint ... INTERRUPTED",
    "  lint ... CANCELLED (2.3s)",
  ]);
});

// K34
Deno.test("countRetries() counts by the words of show", () => {
  const statuses = [
    "passed",
    "failed",
    "timeout",
    "skipped",
    "cancelled",
    "interrupted",
    "running",
    "pending",
  ] as const;
  const counts = countRetries(statuses.map((status) => ({ status })));
  assertEquals(counts, { failed: 2, skipped: 2, cancelled: 1, interrupted: 2 });
});

// S2.24
Deno.test("retryLine() counts what failed and, where there are others, the others too", () => {
  assertEquals(retryLine(42, { failed: 1, skipped: 0 }), "Retrying 1 failed task from run #42...");
  assertEquals(retryLine(42, { failed: 2, skipped: 0 }), "Retrying 2 failed tasks from run #42...");
  assertEquals(retryLine(2, { failed: 1, skipped: 1 }), "Retrying 1 failed and 1 skipped task from run #2...");
  assertEquals(
    retryLine(2, { failed: 1, skipped: 3, cancelled: 2, interrupted: 1 }),
    "Retrying 1 failed, 2 cancelled, 1 interrupted and 3 skipped tasks from run #2...",
  );
  assertEquals(retryLine(42, { failed: 0, skipped: 3 }), "Retrying 3 skipped tasks from run #42...");
  assertEquals(retryLine(42, { failed: 0, skipped: 0 }), "Nothing to retry: all tasks of run #42 passed");
});

// S2.25
Deno.test("unknownRunLine() and unknownTaskLine() say what was looked for, and where", () => {
  assertEquals(unknownRunLine(99, "taskrun.db"), "Run #99 not found in 'taskrun.db'");
  const known = ["lint", "integration"];
  assertEquals(
    unknownTaskLine("integratoin", 42, known),
    "Task 'integratoin' not found in run #42, did you mean 'integration'?",
  );
  assertEquals(unknownTaskLine("zzz", 42, known), "Task 'zzz' not found in run #42");
  assertEquals(unknownTaskLine("zzz", "old.db", known), "Task 'zzz' not found in any run of 'old.db'");
});

// S2.21
Deno.test("timeFormat() follows the zone, its summer time and midnight", () => {
  assertEquals(timeFormat("UTC")(0), "1970-01-01 00:00:00");
  assertEquals(timeFormat("America/New_York")(START), "2024-01-15 09:30:22");
  assertEquals(timeFormat("Europe/Berlin")(1720000000.9), "2024-07-03 11:46:40");
});

// S2.21
Deno.test("timeFormat() without a zone agrees with the local time of Date", () => {
  for (const seconds of [0, START, 1720000000, 1e9]) {
    const date = new Date(seconds * 1000);
    const two = (part: number) => String(part).padStart(2, "0");
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    assertEquals(timeFormat()(seconds), `${day} ${time}`);
  }
});
