// The scheduler as a program sees it: functions in, waves, results and errors out.
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { DependencyAwareScheduler } from "../../../actors/library/dependency_aware_scheduler.ts";
import type { TaskContext } from "../../../actors/library/task_context.ts";
import { ThreadSafeState } from "../../../actors/library/thread_safe_state.ts";
import {
  CircularDependencyError,
  TaskNotFoundError,
  TaskSkippedError,
  WaveExecutionError,
} from "../../../graph/library/execution_error.ts";
import { Held, settle } from "./held.ts";

type Shape = Readonly<Record<string, readonly string[]>>;

function addAll(scheduler: DependencyAwareScheduler, held: Held, shape: Shape): void {
  for (const [id, dependencies] of Object.entries(shape)) scheduler.addTask(id, held.run, dependencies);
}

// S4.1, S4.5, S4.16
Deno.test("execute() starts each task when what it needs is completed, with no regard for waves", async () => {
  const held = new Held();
  const scheduler = new DependencyAwareScheduler();
  addAll(scheduler, held, { a: [], slow: [], b: ["a"], c: ["a", "slow"] });
  const execution = scheduler.execute();
  await settle();
  assertEquals(held.running, ["a", "slow"]);
  assertEquals([scheduler.getTaskStatus("a"), scheduler.getTaskStatus("b")], ["IN_PROGRESS", "PENDING"]);
  await held.complete("a");
  assertEquals(held.running, ["slow", "b"]);
  assertEquals(scheduler.getTaskStatus("a"), "COMPLETED");
  await held.complete("slow");
  assertEquals(held.running, ["b", "c"]);
  await held.complete("c");
  await held.complete("b");
  const result = await execution;
  assertEquals([result.totalTasks, result.successfulTasks, result.failedTasks, result.totalWaves], [4, 4, 0, 2]);
  assertEquals(result.taskResults, { a: "a", slow: "slow", b: "b", c: "c" });
  assertEquals(result.waveSummary.map(({ taskIds, taskCount }) => [taskCount, ...taskIds]), [
    [2, "a", "slow"],
    [2, "b", "c"],
  ]);
  assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(result.executionId));
});

// S4.12, S4.14, S4.15
Deno.test("execute() sums up what the attempts took, without the waits between them", async () => {
  const scheduler = new DependencyAwareScheduler();
  const busy = ({ attempt }: TaskContext) => {
    for (const begun = performance.now(); performance.now() - begun < 2;);
    if (attempt === 1) throw new Error("Broke");
  };
  const tasks = ["a", "b"].map((id) => scheduler.addTask(id, busy, [], { retryCount: 1, retryDelayMs: 50 }));
  const { totalDurationMs, sequentialDurationMs, speedupRatio } = await scheduler.execute();
  assert(tasks.every(({ durationMs }) => durationMs >= 4));
  assertEquals(sequentialDurationMs, tasks[0].durationMs + tasks[1].durationMs);
  assertEquals(speedupRatio, sequentialDurationMs / totalDurationMs);
  assert(totalDurationMs >= 50);
});

// S4.5
Deno.test("execute() with a barrier starts no task of a wave before the one before it has ended", async () => {
  const held = new Held();
  const scheduler = new DependencyAwareScheduler({ barrier: true });
  addAll(scheduler, held, { a: [], slow: [], b: ["a"], c: ["a"], d: ["b"] });
  const execution = scheduler.execute();
  await settle();
  await held.complete("a");
  assertEquals(held.running, ["slow"]);
  await held.fail("slow");
  assertEquals(held.running, ["b", "c"]);
  await held.complete("b");
  assertEquals(held.running, ["c"]);
  await held.complete("c");
  assertEquals(held.running, ["d"]);
  await held.complete("d");
  const { failedTasks } = await execution;
  assertEquals(failedTasks, 1);
  assertEquals(scheduler.schedule().map(({ status }) => status), ["FAILED", "COMPLETED", "COMPLETED"]);
});

// S4.1, S4.5
Deno.test("execute() runs at most maxConcurrent at once, ten unless told, and all that many", async () => {
  for (const [maxConcurrent, most] of [[undefined, 10], [3, 3], [1, 1], [Infinity, 24]]) {
    for (const barrier of [false, true]) {
      const held = new Held();
      const scheduler = new DependencyAwareScheduler({ maxConcurrent, barrier });
      const ids = Array.from({ length: 24 }, (_, i) => `t${i}`);
      addAll(scheduler, held, { ...Object.fromEntries(ids.map((id) => [id, []])), last: ids });
      const execution = scheduler.execute();
      await settle();
      assertEquals(held.running.length, most);
      while (held.running.length > 0) await held.complete(held.running[0]);
      assertEquals([(await execution).successfulTasks, held.most], [25, most]);
    }
  }
});

Deno.test("execute() starts what has the longest way to the end first, or as added without optimization", async () => {
  const shape = { lone: [], a: [], b: ["a"], c: ["b"] };
  for (const [enableWaveOptimization, first] of [[true, "a"], [false, "lone"]] as const) {
    const held = new Held();
    const scheduler = new DependencyAwareScheduler({ maxConcurrent: 1, enableWaveOptimization });
    addAll(scheduler, held, shape);
    const execution = scheduler.execute();
    await settle();
    while (held.running.length > 0) await held.complete(held.running[0]);
    await execution;
    assertEquals(held.started[0], first);
  }
});

// S4.6
Deno.test("execute() gives a function its context and stores what it returns in the state", async () => {
  const state = new ThreadSafeState({ limit: 3, attempt: "hidden" });
  const scheduler = new DependencyAwareScheduler({ state });
  scheduler.addTask("n", () => 4);
  scheduler.addTask(
    "check",
    (context) => {
      assertEquals([context.taskId, context.taskMetadata, context.dependencyResults], ["check", { owner: "ada" }, {
        n: 4,
      }]);
      assertEquals([context.limit, context.n, context.attempt, context.missing], [3, 4, 1, undefined]);
      assertEquals([context.state.get("attempt"), context.signal.aborted], ["hidden", false]);
      assert("limit" in context && "signal" in context && !("missing" in context));
      assertEquals(Object.keys(context), [
        "taskId",
        "taskMetadata",
        "dependencyResults",
        "attempt",
        "signal",
        "state",
        "limit",
        "n",
      ]);
      const copy = { ...context };
      assertEquals([copy.limit, copy.taskId], [3, "check"]);
      assertThrows(() => Object.assign(context, { limit: 5 }), TypeError, "use state.set()");
      return "well";
    },
    ["n"],
    { metadata: { owner: "ada" } },
  );
  const { taskErrors } = await scheduler.execute();
  assertEquals(taskErrors, {});
  assertEquals(state.snapshot(), { limit: 3, attempt: "hidden", n: 4, check: "well" });
});

// S4.3
Deno.test("execute() reports failed tasks and skips what needs them, and nothing else", async () => {
  const held = new Held();
  const scheduler = new DependencyAwareScheduler();
  addAll(scheduler, held, { a: [], b: ["a"], c: ["b"], x: [], y: ["x"] });
  const execution = scheduler.execute();
  await settle();
  await held.fail("a");
  await held.complete("x");
  await held.complete("y");
  const { taskErrors, taskResults, failedTasks } = await execution;
  assertEquals([failedTasks, taskResults], [3, { x: "x", y: "y" }]);
  assertEquals(Object.entries(taskErrors).map(([id, { message }]) => `${id}: ${message}`), [
    "a: a broke",
    "b: Skipped because task 'a' failed",
    "c: Skipped because task 'a' failed",
  ]);
  assertInstanceOf(taskErrors.c, TaskSkippedError);
  assertEquals(taskErrors.c.cause, taskErrors.a);
  assertEquals(["a", "c", "y"].map((id) => scheduler.getTaskStatus(id)), ["FAILED", "FAILED", "COMPLETED"]);
});

Deno.test("execute() takes whatever a function throws", async () => {
  const scheduler = new DependencyAwareScheduler();
  scheduler.addTask("text", () => {
    throw "no error";
  });
  scheduler.addTask("nothing", () => Promise.reject());
  scheduler.addTask("bare", () => {
    throw Object.create(null);
  });
  scheduler.addTask("fields", () => {
    throw { status: 500, big: 1n };
  });
  scheduler.addTask("like", () => {
    throw { message: "of another realm" };
  });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  scheduler.addTask("revoked", () => {
    throw proxy;
  });
  const { taskErrors } = await scheduler.execute();
  assertEquals(Object.values(taskErrors).map(({ message }) => message), [
    "no error",
    "undefined",
    "A value without a text was thrown",
    "{ status: 500, big: 1n }",
    "of another realm",
    "A value without a text was thrown",
  ]);
});

// S4.8
Deno.test("execute() with failFast starts nothing more, lets finish what runs, and rejects with all of it", async () => {
  const held = new Held();
  const scheduler = new DependencyAwareScheduler({ maxConcurrent: 2 });
  addAll(scheduler, held, { a: [], b: [], c: [], d: ["c"] });
  const execution = assertRejects(() => scheduler.execute({ failFast: true }), WaveExecutionError);
  await settle();
  const [first, second] = [...held.running];
  await held.fail(first);
  assertEquals(held.running, [second]);
  await held.complete(second);
  const error = await execution as WaveExecutionError;
  assertEquals(error.message, `Wave 1 failed: task '${first}': ${first} broke`);
  assertEquals([error.waveNumber, error.taskId, (error.cause as Error).message], [1, first, `${first} broke`]);
  assertEquals([error.result.successfulTasks, error.result.failedTasks], [1, 3]);
});

// S4.8, S4.9, S4.10
Deno.test("schedule() and execute() refuse tasks that can never start; detectDeadlock() only says so", async () => {
  const scheduler = new DependencyAwareScheduler();
  scheduler.addTask("a", () => 1, ["b"]);
  assertThrows(() => scheduler.schedule(), TaskNotFoundError, "Task 'a' depends on unknown task 'b'");
  assertEquals(scheduler.detectDeadlock(), false);
  scheduler.addTask("b", () => 1, ["a"]);
  assertEquals(scheduler.detectDeadlock(), true);
  assertThrows(() => scheduler.schedule(), CircularDependencyError, "['a', 'b', 'a']");
  await assertRejects(() => scheduler.execute(), CircularDependencyError);
  assertThrows(() => scheduler.getWaveSummary(), CircularDependencyError);
  assertEquals(scheduler.getTaskStatus("a"), "PENDING");
});

// S4.10
Deno.test("execute() without detection runs what can run and reports what is stuck", async () => {
  const scheduler = new DependencyAwareScheduler({ enableDeadlockDetection: false });
  scheduler.addTask("a", () => 1, ["b"]);
  scheduler.addTask("b", () => 1, ["a"]);
  scheduler.addTask("free", () => 1);
  assertEquals(scheduler.schedule().map(({ taskIds }) => taskIds), [["free"]]);
  const { totalTasks, taskResults, taskErrors } = await scheduler.execute();
  assertEquals([totalTasks, taskResults, Object.keys(taskErrors)], [3, { free: 1 }, ["a", "b"]]);
  assertInstanceOf(taskErrors.a, TaskSkippedError);
  scheduler.clear();
  scheduler.addTask("self", () => 1, ["self"]);
  assertEquals((await scheduler.execute()).failedTasks, 1);
});

// S4.2, S4.3, S4.12, S4.13
Deno.test("a scheduler tells what it holds, and can be cleared and used again", async () => {
  const scheduler = new DependencyAwareScheduler();
  assertEquals((await scheduler.execute()).totalTasks, 0);
  const a = scheduler.addTask("a", () => 1);
  scheduler.addTask("b", () => 2, ["a", "a"]);
  assertEquals(scheduler.getDag(), { a: [], b: ["a"] });
  assertEquals([a.timeoutSeconds, a.retryCount, a.metadata, a.status, a.durationMs], [300, 0, {}, "PENDING", 0]);
  assertInstanceOf(a.createdAt, Date);
  assertEquals(scheduler.schedule().map(({ waveNumber, taskIds, status }) => [waveNumber, taskIds, status]), [
    [1, ["a"], "PENDING"],
    [2, ["b"], "PENDING"],
  ]);
  for (let time = 0; time < 2; time++) {
    assertEquals((await scheduler.execute()).taskResults, { a: 1, b: 2 });
    assertEquals([a.status, a.result, scheduler.getTask("a")?.result], ["COMPLETED", 1, 1]);
    assertEquals(scheduler.getWaveSummary().map(({ waveNumber, taskIds }) => [waveNumber, taskIds]), [
      [1, ["a"]],
      [2, ["b"]],
    ]);
  }
  scheduler.clear();
  assertEquals([scheduler.getDag(), scheduler.schedule(), scheduler.getTaskStatus("a")], [{}, [], undefined]);
  assertEquals(scheduler.state.get("b"), 2);
  scheduler.addTask("a", () => 3);
  assertEquals((await scheduler.execute()).taskResults, { a: 3 });
});

Deno.test("execute() runs 100 000 tasks, side by side and one after another", async () => {
  const size = 100_000;
  for (const needs of [() => [], (i: number) => i === 0 ? [] : [`t${i - 1}`]]) {
    const scheduler = new DependencyAwareScheduler();
    for (let i = 0; i < size; i++) scheduler.addTask(`t${i}`, () => i, needs(i));
    assertEquals((await scheduler.execute()).successfulTasks, size);
  }
});

Deno.test("a scheduler refuses what cannot be", async () => {
  const scheduler = new DependencyAwareScheduler();
  scheduler.addTask("a", () => new Promise(() => {}));
  assertThrows(() => scheduler.addTask("a", () => 1), RangeError, "Task 'a' was added before; each needs its own id");
  const refuse = (options: object, sentence: string) =>
    assertThrows(() => scheduler.addTask("b", () => 1, [], options), RangeError, sentence);
  refuse({ timeoutSeconds: 0 }, "timeoutSeconds of task 'b' must be more than 0, not 0");
  refuse({ retryCount: 1.5 }, "retryCount of task 'b' must be an integer from 0, not 1.5");
  refuse({ retryDelayMs: -1 }, "retryDelayMs of task 'b' must be 0 or more, not -1");
  for (const maxConcurrent of [0, 1.5, NaN]) {
    assertThrows(() => new DependencyAwareScheduler({ maxConcurrent }), RangeError, "maxConcurrent must be an integer");
  }
  const stop = new AbortController();
  const execution = scheduler.execute({ signal: stop.signal });
  assertThrows(() => scheduler.addTask("b", () => 1), Error, "Cannot add task 'b' while the tasks are executed");
  assertThrows(() => scheduler.clear(), Error, "Cannot clear the tasks while");
  await assertRejects(() => scheduler.execute(), Error, "Cannot execute the tasks while");
  stop.abort();
  await execution;
  scheduler.clear();
});

// K100
Deno.test("addTask() takes functions and module executors, and says what it was given instead", () => {
  const scheduler = new DependencyAwareScheduler();
  const fetched = Promise.reject(new Error("Its own error"));
  fetched.catch(() => {});
  const wrong: [unknown, string][] = [
    [fetched, "a promise: pass () => … around what makes it"],
    [{ then() {} }, "a promise: pass () => … around what makes it"],
    [undefined, "undefined: pass a function"],
    [null, "null: pass a function"],
    ["echo 1", "a string: pass a function"],
    [new URL("file:///x.ts"), "an object of class URL: pass a function"],
    [{}, "an object: pass a function"],
    [Object.create(null), "an object: pass a function"],
  ];
  for (const [executor, what] of wrong) {
    assertThrows(
      () => scheduler.addTask("a", executor as () => unknown),
      TypeError,
      `Executor of task 'a' must be a function, not ${what}`,
    );
  }
  const options = [["timeoutMs", "timeoutSeconds"], ["retries", "retryCount"], ["retrycount", "retryCount"]];
  for (const [option, meant] of options) {
    assertThrows(
      () => scheduler.addTask("a", () => 1, [], { [option]: 1 }),
      TypeError,
      `Unknown option '${option}' of task 'a', did you mean '${meant}'?`,
    );
  }
  const lists: unknown[] = ["fetch", { 0: "a" }, [1], [undefined]];
  for (const dependencies of lists) {
    assertThrows(() => scheduler.addTask("a", () => 1, dependencies as string[]), TypeError, "must be a list of ids");
  }
  assertThrows(() => scheduler.addTask(1 as unknown as string, () => 1), TypeError, "The id of a task must be a text");
  assertThrows(() => scheduler.state.update("n", 1 as unknown as () => number), TypeError, "takes a function");
  assertEquals(scheduler.getDag(), {});
});

// K102, S4.12, S4.13, S4.14
Deno.test("waves held from schedule() are filled in by each execution, and its figures are of what happened in it", async () => {
  const before = Date.now();
  const scheduler = new DependencyAwareScheduler();
  let isBad = true;
  scheduler.addTask("a", () => delay(20));
  scheduler.addTask("b", async () => {
    await delay(20);
    if (isBad) throw new Error("bad");
  });
  scheduler.addTask("c", () => 1, ["a"]);
  const waves = scheduler.schedule();
  assertEquals(waves.map(({ status, durationMs }) => [status, durationMs]), [["PENDING", 0], ["PENDING", 0]]);
  const first = await scheduler.execute();
  assertEquals(waves.map(({ status }) => status), ["FAILED", "COMPLETED"]);
  assert(scheduler.schedule() === waves);
  for (const { durationMs } of waves) assert(durationMs <= first.totalDurationMs, `${durationMs}`);
  assert(waves[0].durationMs >= 15, `${waves[0].durationMs}`);
  assertEquals(first.waveSummary.map(({ durationMs }) => durationMs), waves.map(({ durationMs }) => durationMs));
  // what failed took its time too
  const took = ["a", "b", "c"].map((id) => scheduler.getTask(id)!.durationMs);
  assertEquals(first.sequentialDurationMs, took.reduce((sum, ms) => sum + ms, 0));
  assert(took[1] >= 15 && first.sequentialDurationMs >= 30, `${took}`);

  isBad = false;
  const second = await scheduler.execute();
  assertEquals(waves.map(({ status }) => status), ["COMPLETED", "COMPLETED"]);
  for (const id of [first.executionId, second.executionId]) {
    assertMatch(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  assertNotEquals(first.executionId, second.executionId);
  const after = Date.now();
  for (const { createdAt } of [...waves, scheduler.getTask("a")!]) {
    assert(createdAt.getTime() >= before && createdAt.getTime() <= after, createdAt.toISOString());
  }
});

// K103
Deno.test("a result is written as JSON whatever its tasks return", async () => {
  const scheduler = new DependencyAwareScheduler();
  const cycle: unknown[] = [];
  cycle.push(cycle);
  scheduler.addTask("big", () => 2n ** 70n);
  scheduler.addTask("cycle", () => cycle);
  const { task_results } = JSON.parse(JSON.stringify(await scheduler.execute()));
  assertEquals(task_results, { big: "1180591620717411303424", cycle: ["[Circular]"] });
});
