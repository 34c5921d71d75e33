// Attempts that fail, take too long or are cancelled.
import { assert, assertEquals, assertGreaterOrEqual, assertInstanceOf } from "@std/assert";
import { DependencyAwareScheduler } from "../../../actors/library/dependency_aware_scheduler.ts";
import { TaskRecord } from "../../../actors/library/scheduled_task.ts";
import { TaskSkippedError } from "../../../graph/library/execution_error.ts";
import { Held, settle } from "./held.ts";

const never = () => new Promise<never>(() => {});

// S4.11
Deno.test("execute() tries a task again as often as it may: retryCount 3 is up to 4 attempts", async () => {
  for (const works of [3, 4, 5]) {
    const attempts: number[] = [];
    const scheduler = new DependencyAwareScheduler();
    scheduler.addTask(
      "flaky",
      ({ attempt }) => {
        attempts.push(attempt);
        if (attempt < works) throw new Error(`Attempt ${attempt} broke`);
        return attempt;
      },
      [],
      { retryCount: 3, retryDelayMs: 0 },
    );
    const { taskResults, taskErrors } = await scheduler.execute();
    assertEquals(attempts, [1, 2, 3, 4].slice(0, works));
    if (works <= 4) assertEquals([taskResults.flaky, taskErrors], [works, {}]);
    else assertEquals(taskErrors.flaky.message, "Attempt 4 broke");
  }
});

// S4.11
Deno.test("execute() waits twice as long before each further attempt, and lets others run meanwhile", async () => {
  const scheduler = new DependencyAwareScheduler({ maxConcurrent: 1 });
  const begun: number[] = [];
  const order: string[] = [];
  scheduler.addTask(
    "flaky",
    () => {
      begun.push(performance.now());
      order.push("flaky");
      throw new Error("Broke");
    },
    [],
    { retryCount: 2, retryDelayMs: 20 },
  );
  for (const id of ["b", "c"]) scheduler.addTask(id, () => order.push(id));
  await scheduler.execute();
  assertEquals(order, ["flaky", "b", "c", "flaky", "flaky"]);
  assertGreaterOrEqual(begun[1] - begun[0], 20);
  assertGreaterOrEqual(begun[2] - begun[1], 40);
});

Deno.test("TaskRecord waits half a minute at most, or as long as it was told at first", () => {
  const delays = (retryDelayMs?: number) => {
    const record = new TaskRecord("a", { executor: () => 1, dependencies: [], options: { retryDelayMs } });
    return [1, 2, 3, 1000].map((failedAttempts) => record.delayMs(failedAttempts));
  };
  assertEquals(delays(), [100, 200, 400, 30_000]);
  assertEquals(delays(0), [0, 0, 0, 0]);
  assertEquals(delays(60_000), [60_000, 60_000, 60_000, 60_000]);
});

// S4.11
Deno.test("execute() abandons an attempt that takes too long, even if it does not listen, and tries again", async () => {
  const signals: AbortSignal[] = [];
  const scheduler = new DependencyAwareScheduler();
  scheduler.addTask(
    "deaf",
    ({ signal, attempt }) => {
      signals.push(signal);
      return attempt === 1 ? never() : "well";
    },
    [],
    { timeoutSeconds: 0.02, retryCount: 1, retryDelayMs: 0 },
  );
  scheduler.addTask("after", () => 1, ["deaf"]);
  const { taskResults } = await scheduler.execute();
  assertEquals(taskResults, { deaf: "well", after: 1 });
  assertEquals(signals.map(({ aborted }) => aborted), [true, false]);
  assertEquals([signals[0].reason.name, signals[0].reason.message], ["TimeoutError", "Timed out after 0.02s"]);
});

Deno.test("execute() drops what an abandoned attempt does later, and whether it fails", async () => {
  for (const late of ["returns", "throws"]) {
    const end = Promise.withResolvers<unknown>();
    const scheduler = new DependencyAwareScheduler();
    const held = new Held();
    scheduler.addTask("late", () => end.promise, [], { timeoutSeconds: 0.02 });
    scheduler.addTask("other", held.run);
    const events = scheduler.events();
    const execution = scheduler.execute();
    for await (const event of events) if (event.kind === "taskFailed") break;
    if (late === "returns") end.resolve(1);
    else end.reject(new Error("Late"));
    await settle();
    await held.complete("other");
    const { taskErrors, taskResults } = await execution;
    assertEquals([taskErrors.late.message, taskResults], ["Timed out after 0.02s", { other: "other" }]);
    assertEquals(scheduler.state.has("late"), false);
  }
});

Deno.test("execute() gives each of many tasks one after another its own limit", async () => {
  const scheduler = new DependencyAwareScheduler({ maxConcurrent: 2 });
  const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
  for (let i = 0; i < 20; i++) scheduler.addTask(`t${i}`, pause, [], { timeoutSeconds: 5 });
  scheduler.addTask("short", never, [], { timeoutSeconds: 0.02 });
  scheduler.addTask("endless", never, ["t0"], { timeoutSeconds: 0.03 });
  const { taskErrors, successfulTasks } = await scheduler.execute();
  assertEquals(successfulTasks, 20);
  assertEquals(Object.entries(taskErrors).map(([id, { message }]) => `${id}: ${message}`).sort(), [
    "endless: Timed out after 0.03s",
    "short: Timed out after 0.02s",
  ]);
});

Deno.test("execute() stops at a signal: what runs is abandoned, the rest is skipped, nothing is tried again", async () => {
  for (const barrier of [false, true]) {
    const stop = new AbortController();
    const held = new Held();
    const scheduler = new DependencyAwareScheduler({ barrier, maxConcurrent: 3 });
    scheduler.addTask("done", () => 1);
    const seen: unknown[] = [];
    scheduler.addTask(
      "runs",
      ({ signal }) => {
        signal.addEventListener("abort", () => seen.push(signal.reason));
        return never();
      },
      [],
      { retryCount: 3 },
    );
    scheduler.addTask("delayed", () => Promise.reject(new Error("Broke")), [], { retryCount: 3, retryDelayMs: 1e9 });
    scheduler.addTask("ready", held.run, ["done"]);
    scheduler.addTask("waits", held.run, ["runs"]);
    const execution = scheduler.execute({ signal: stop.signal });
    await settle();
    const reason = new Error("Enough");
    stop.abort(reason);
    const { taskResults, taskErrors, failedTasks } = await execution;
    assertEquals([taskResults, failedTasks, seen], [{ done: 1 }, 4, [reason]]);
    assertEquals([taskErrors.runs, taskErrors.waits.cause], [reason, reason]);
    assertInstanceOf(taskErrors.waits, TaskSkippedError);
    assertEquals(taskErrors.delayed.message, "Skipped because the execution was cancelled");
    assertEquals(taskErrors.ready.message, barrier ? taskErrors.waits.message : "Enough");
  }
});

Deno.test("execute() starts nothing when the signal was there before", async () => {
  const scheduler = new DependencyAwareScheduler();
  scheduler.addTask("a", () => assert(false));
  scheduler.addTask("b", () => 1, ["a"]);
  const kinds: string[] = [];
  const listening = (async () => {
    for await (const { kind } of scheduler.events()) kinds.push(kind);
  })();
  const { failedTasks } = await scheduler.execute({ signal: AbortSignal.abort() });
  await listening;
  assertEquals(failedTasks, 2);
  assertEquals([kinds[0], kinds.at(-1), kinds.includes("taskStarted")], ["executionStarted", "executionEnded", false]);
  assertEquals((await scheduler.execute({ signal: AbortSignal.timeout(1e6) })).totalTasks, 2);
});
