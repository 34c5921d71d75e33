// What is said of an execution, and the names it has in JSON.
import { assert, assertEquals } from "@std/assert";
import { ExecutionResult } from "../../../graph/library/execution_report.ts";
import { skippedAfter } from "../../../graph/library/execution_error.ts";
import { plainJson } from "../../../graph/library/plain_json.ts";

// S4.15: four tasks of a second each, in three waves
Deno.test("the speedup is the time one after another over the time it took", () => {
  const none = { executionId: "id", totalTasks: 0, successfulTasks: 0, failedTasks: 0, totalWaves: 0 };
  const ratio = (sequentialDurationMs: number, totalDurationMs: number) => {
    const figures = {
      ...none,
      sequentialDurationMs,
      totalDurationMs,
      taskResults: {},
      taskErrors: {},
      waveSummary: [],
    };
    return new ExecutionResult(figures).speedupRatio;
  };
  assertEquals(ratio(4000, 3000).toFixed(2), "1.33");
  assertEquals(ratio(8000, 4000), 2);
  assertEquals(ratio(0, 0), 1);
});

// S4.14
Deno.test("ExecutionResult has all figures, and their names in JSON", () => {
  const result = new ExecutionResult({
    executionId: "id",
    totalTasks: 3,
    successfulTasks: 1,
    failedTasks: 2,
    totalWaves: 2,
    totalDurationMs: 300,
    sequentialDurationMs: 600,
    taskResults: { a: [1] },
    taskErrors: { b: new Error("No such file"), c: skippedAfter("b", undefined) },
    waveSummary: [
      { waveNumber: 1, taskCount: 2, durationMs: 300, taskIds: ["a", "b"] },
      { waveNumber: 2, taskCount: 1, durationMs: 0, taskIds: ["c"] },
    ],
  });
  assertEquals(result.speedupRatio, 2);
  assertEquals(JSON.parse(JSON.stringify(result)), {
    execution_id: "id",
    total_tasks: 3,
    successful_tasks: 1,
    failed_tasks: 2,
    total_waves: 2,
    total_duration_ms: 300,
    sequential_duration_ms: 600,
    speedup_ratio: 2,
    task_results: { a: [1] },
    task_errors: { b: "No such file", c: "Skipped because task 'b' failed" },
    wave_summary: [
      { wave_number: 1, task_count: 2, duration_ms: 300, task_ids: ["a", "b"] },
      { wave_number: 2, task_count: 1, duration_ms: 0, task_ids: ["c"] },
    ],
  });
});

// K103
Deno.test("plainJson() has a form for whatever a task returns", () => {
  const cycle: Record<string, unknown> = { name: "a" };
  cycle.self = cycle;
  cycle.list = [cycle, { deep: cycle }];
  const shared = { n: 1 };
  const json = (value: unknown) => JSON.parse(JSON.stringify(plainJson(value)));
  assertEquals(json(12345678901234567890n), "12345678901234567890");
  assertEquals(json({ a: [1n, { b: 2n }] }), { a: ["1", { b: "2" }] });
  assertEquals(json(cycle), { name: "a", self: "[Circular]", list: ["[Circular]", { deep: "[Circular]" }] });
  assertEquals(json([shared, shared]), [shared, shared]);
  const at = new Date(0);
  assertEquals(json({ at, text: Object("x"), none: undefined, list: [undefined] }), {
    at: at.toJSON(),
    text: "x",
    list: [null],
  });
  const broken = {
    get a() {
      throw new Error("no");
    },
  };
  assertEquals(json(broken), "[Unreadable: no]");
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  assert(typeof json(deep) === "string");
});
