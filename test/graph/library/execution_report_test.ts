// What is said of an execution, and the names it has in JSON.
import { assertEquals } from "@std/assert";
import { ExecutionResult, speedupRatio } from "../../../graph/library/execution_report.ts";
import { skippedAfter } from "../../../graph/library/execution_error.ts";

// S4.15: four tasks of a second each, in three waves
Deno.test("speedupRatio() is the time one after another over the time it took", () => {
  assertEquals(speedupRatio(4000, 3000).toFixed(2), "1.33");
  assertEquals(speedupRatio(8000, 4000), 2);
  assertEquals(speedupRatio(0, 0), 1);
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
