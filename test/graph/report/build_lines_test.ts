// The exact lines, without a build.
import { assertEquals } from "@std/assert";
import * as report from "../../../graph/report/build_lines.ts";

// S0.19, S0.60
Deno.test("startedLine() names the dependencies, or says that there are none", () => {
  assertEquals(report.startedLine(1, "a", []), "Worker 1: Started task 'a' (dependencies: none)");
  assertEquals(report.startedLine(12, "it's", ["b", "c"]), "Worker 12: Started task 'it's' (dependencies: b, c)");
});

// S0.61
Deno.test("completedLine() shows seconds with two decimals", () => {
  assertEquals(
    report.completedLine(3, "a", 1234.5, "out/a"),
    "Worker 3: Completed task 'a' in 1.23s (artifact: out/a)",
  );
  assertEquals(report.completedLine(3, "a", 0, "a"), "Worker 3: Completed task 'a' in 0.00s (artifact: a)");
  assertEquals(report.completedLine(3, "a", 3_600_000, "a"), "Worker 3: Completed task 'a' in 3600.00s (artifact: a)");
});

// S0.62
Deno.test("failedLine() gives the error, and the scheduler where no worker had the task", () => {
  assertEquals(report.failedLine(2, "a", 50, "oh no"), "Worker 2: Failed task 'a' after 0.05s (error: oh no)");
  assertEquals(report.failedLine(null, "a", 0, "gone"), "Scheduler: Failed task 'a' after 0.00s (error: gone)");
});

// S0.46
Deno.test("cacheHitLine() names the task's own artifact", () => {
  assertEquals(report.cacheHitLine("a", "out/a"), "Task 'a' skipped: cache hit (artifact: out/a)");
});

// S0.59
Deno.test("progressLine() counts completed, running and pending tasks", () => {
  const counts = { done: 3, total: 80, running: 8, pending: 69 };
  assertEquals(report.progressLine(counts), "Progress: 3/80 tasks completed, 8 running, 69 pending");
  // K35
  const bad = { done: 3, total: 80, running: 8, pending: 64, failed: 2, skipped: 3 };
  assertEquals(report.progressLine(bad), "Progress: 3/80 tasks completed, 8 running, 64 pending, 2 failed, 3 skipped");
});

// S6.7
Deno.test("progressLine() names what runs longest", () => {
  const counts = { done: 7, total: 28, running: 7, pending: 14 };
  const names = ["a", "b", "c", "utils:check", "d", "web:check", "e"];
  const busy = names.map((task) => ({ task, elapsedMs: task.length > 1 ? 33_900 : 12_000 }));
  assertEquals(
    report.progressLine({ ...counts, busy }),
    "Progress: 7/28 tasks completed, 7 running, 14 pending (utils:check 33s, web:check 33s, +5)",
  );
  const few = [{ task: "a\nb", elapsedMs: 62_000 }, { task: "c", elapsedMs: 7_260_000 }];
  assertEquals(
    report.progressLine({ done: 0, total: 2, running: 2, pending: 0, busy: few }),
    "Progress: 0/2 tasks completed, 2 running, 0 pending (c 2h01m, a\\nb 1m02s)",
  );
});

// S0.64
Deno.test("summaryLine() counts what succeeded, failed and was skipped", () => {
  const whole = {
    total_tasks: 6,
    completed: 3,
    failed: 1,
    skipped: 2,
    total_duration: 12.3456,
    worker_utilization: {},
    results: {},
  };
  assertEquals(report.summaryLine(whole), "Build completed in 12.35s: 3 succeeded, 1 failed, 2 skipped");
  // K35
  assertEquals(
    report.summaryLine({ ...whole, cancelled: 1 }),
    "Build completed in 12.35s: 3 succeeded, 1 failed, 2 skipped (1 cancelled)",
  );
});

Deno.test("the further lines say what was dropped and why a task runs", () => {
  assertEquals(report.droppedLine(17), "[17 bytes dropped]");
  assertEquals(report.reasonLine("a", "source changed: x"), "Task 'a' must run: source changed: x");
});
