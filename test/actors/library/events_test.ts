// What is told of an execution, to whom, and for how long.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DependencyAwareScheduler } from "../../../actors/library/dependency_aware_scheduler.ts";
import type { ExecutionEvent } from "../../../graph/library/execution_event.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { randomAcyclic } from "../../graph/shapes.ts";

async function read(events: AsyncIterable<ExecutionEvent>): Promise<ExecutionEvent[]> {
  return await Array.fromAsync(events);
}

function told(event: ExecutionEvent): string {
  switch (event.kind) {
    case "executionStarted":
      return `started ${event.totalTasks} in ${event.totalWaves}`;
    case "waveStarted":
      return `wave ${event.waveNumber} of ${event.taskIds}`;
    case "taskStarted":
      return `${event.taskId} attempt ${event.attempt}`;
    case "attemptFailed":
      return `${event.taskId} again in ${event.retryInMs}: ${event.error.message}`;
    case "taskCompleted":
      return `${event.taskId} = ${event.result} after ${event.attempts}`;
    case "taskFailed":
      return `${event.taskId} failed after ${event.attempts}: ${event.error.message}`;
    case "taskSkipped":
      return `${event.taskId}: ${event.error.message}`;
    case "waveEnded":
      return `wave ${event.waveNumber} ${event.failed ? "failed" : "completed"}`;
    case "executionEnded":
      return `ended with ${event.result.failedTasks}`;
  }
}

Deno.test("events() tells everything in order to one who listened before, even if it is read afterwards", async () => {
  const scheduler = new DependencyAwareScheduler({ maxConcurrent: 1 });
  scheduler.addTask(
    "a",
    ({ attempt }) => {
      if (attempt === 1) throw new Error("Broke");
      return attempt;
    },
    [],
    { retryCount: 1, retryDelayMs: 0 },
  );
  scheduler.addTask("b", () => Promise.reject(new Error("Broke")), ["a"]);
  scheduler.addTask("c", () => 1, ["b"]);
  const events = scheduler.events();
  await scheduler.execute();
  assertEquals((await read(events)).map(told), [
    "started 3 in 3",
    "wave 1 of a",
    "a attempt 1",
    "a again in 0: Broke",
    "a attempt 2",
    "a = 2 after 2",
    "wave 1 completed",
    "wave 2 of b",
    "b attempt 1",
    "b failed after 1: Broke",
    "wave 2 failed",
    "c: Skipped because task 'b' failed",
    "wave 3 failed",
    "ended with 2",
  ]);
});

Deno.test("events() tells several listeners, those that come late from then on, and none who has left", async () => {
  const scheduler = new DependencyAwareScheduler({ maxConcurrent: 1 });
  const late = Promise.withResolvers<ReadableStream<ExecutionEvent>>();
  scheduler.addTask("a", () => late.resolve(scheduler.events()));
  scheduler.addTask("b", () => 1, ["a"]);
  const [whole, cancelled] = [scheduler.events(), scheduler.events()];
  await cancelled.cancel();
  const left: string[] = [];
  const leaving = (async () => {
    for await (const { kind } of scheduler.events()) {
      left.push(kind);
      if (kind === "taskStarted") break;
    }
  })();
  await scheduler.execute();
  await leaving;
  const [all, rest] = await Promise.all([read(whole), late.promise.then(read)]);
  assertEquals(left, ["executionStarted", "waveStarted", "taskStarted"]);
  assertEquals(rest, all.slice(3));
  assertEquals(await read(cancelled), []);
});

Deno.test("events() ends with the execution, be it refused", async () => {
  const scheduler = new DependencyAwareScheduler();
  scheduler.addTask("a", () => 1, ["a"]);
  const events = scheduler.events();
  await assertRejects(() => scheduler.execute());
  assertEquals(await read(events), []);
});

Deno.test("execute() tells of each task's end once, over random graphs, failures and both modes", async () => {
  const random = randomFrom(seedFor("events"));
  for (let round = 0; round < rounds(300); round++) {
    const shape = randomAcyclic(random, 1 + random.below(20), 3);
    const barrier = random.chance(0.5);
    const scheduler = new DependencyAwareScheduler({ barrier, maxConcurrent: 1 + random.below(5) });
    for (const [id, dependencies] of Object.entries(shape)) {
      const [hops, breaks] = [random.below(4), random.chance(0.15)];
      const retryCount = random.below(2);
      scheduler.addTask(
        id,
        async ({ dependencyResults, attempt }) => {
          assertEquals(Object.values(dependencyResults), dependencies.map(() => 1));
          for (let hop = 0; hop < hops; hop++) await null;
          if (breaks && attempt === 1) throw new Error("Broke");
          return 1;
        },
        dependencies,
        { retryCount, retryDelayMs: 0 },
      );
    }
    const waveOf = new Map(scheduler.schedule().flatMap((wave) => wave.taskIds.map((id) => [id, wave.waveNumber])));
    const stream = scheduler.events();
    const result = await scheduler.execute();
    const events = await read(stream);
    const ended = events.filter(({ kind }) => ["taskCompleted", "taskFailed", "taskSkipped"].includes(kind));
    const ids = ended.map((event) => "taskId" in event ? event.taskId : "");
    assertEquals(ids.toSorted(), Object.keys(shape).sort());
    assertEquals(result.successfulTasks + result.failedTasks, ids.length);
    let wave = 0;
    for (const event of events) {
      if (event.kind !== "taskStarted" || !barrier) continue;
      assert(event.waveNumber >= wave, "a wave began before the one before it was over");
      assertEquals(event.waveNumber, waveOf.get(event.taskId));
      wave = event.waveNumber;
    }
    for (const [id, dependencies] of Object.entries(shape)) {
      const needsFailed = dependencies.some((other) => !(other in result.taskResults));
      const wasSkipped = events.some((event) => event.kind === "taskSkipped" && event.taskId === id);
      assertEquals(wasSkipped, needsFailed, id);
    }
  }
});
