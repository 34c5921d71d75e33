import { assertEquals } from "@std/assert";
import { afterEnding, type Attempted, type Ending } from "../../../graph/crew/ending.ts";

const ALONE: Attempted = { activeWorkers: 1, maxParallelWorkers: 1, hasCompleted: false, failures: 0, kills: 0 };

function states(endings: readonly Ending[], maxFailedRetries = 0, maxKilledRetries = 0): string[] {
  let task = ALONE;
  return endings.map((ending) => {
    const after = afterEnding(task, ending, { maxFailedRetries, maxKilledRetries });
    task = { ...after, activeWorkers: 1, maxParallelWorkers: 1 };
    assertEquals(after.isClaimable, after.state === "ready");
    return after.state;
  });
}

// S3.36, S3.44
Deno.test("afterEnding() allows N retries after N + 1 attempts in all, counting failures and deaths apart", () => {
  assertEquals(states(["completed"]), ["completed"]);
  assertEquals(states(["failed"]), ["failed"]);
  assertEquals(states(["killed"]), ["killed"]);
  assertEquals(states(["failed", "failed", "failed"], 2), ["ready", "ready", "abandoned"]);
  assertEquals(states(["killed", "failed", "killed", "completed"], 1, 2), ["ready", "ready", "ready", "completed"]);
  assertEquals(states(["killed", "killed"], 5, 1), ["ready", "abandoned"]);
  assertEquals(states(["failed"], 0, 5), ["failed"]);
});

// S3.44
Deno.test("afterEnding() lets a cancelled task go on without using up a retry", () => {
  assertEquals(states(["cancelled", "cancelled", "failed"], 1), ["ready", "ready", "ready"]);
  assertEquals(states(["cancelled", "failed"]), ["ready", "failed"]);
});

// S3.35
Deno.test("afterEnding() completes a task of several members when the last of them ends, and lets nobody join then", () => {
  const limits = { maxFailedRetries: 0, maxKilledRetries: 0 };
  const two = { ...ALONE, activeWorkers: 2, maxParallelWorkers: 2 };
  const first = afterEnding(two, "completed", limits);
  assertEquals([first.state, first.activeWorkers, first.isClaimable, first.hasCompleted], ["running", 1, false, true]);
  for (const ending of ["completed", "failed", "killed", "cancelled"] as const) {
    const last = afterEnding({ ...first, maxParallelWorkers: 2 }, ending, limits);
    assertEquals([last.state, last.activeWorkers, last.hasCompleted], ["completed", 0, false], ending);
  }
  const failed = afterEnding(two, "failed", limits);
  assertEquals([failed.state, failed.isClaimable], ["running", false]);
  assertEquals(afterEnding({ ...failed, maxParallelWorkers: 2 }, "completed", limits).state, "completed");
  assertEquals(afterEnding(two, "cancelled", limits).isClaimable, true);
});
