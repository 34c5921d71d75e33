// A crew as programs use it: one loop after another, or several at once.
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { CrewError, TasksFailedError } from "../../../actors/crew/store/crew_error.ts";
import { CrewTask } from "../../../actors/crew/crew_task.ts";
import type { CrewOptions } from "../../../actors/crew/options.ts";
import { idsOf, libraryTest, tasks, until } from "./library.ts";
import { entry, trail } from "./rig.ts";

// S3.39, S3.17, S3.18
libraryTest(
  "a crew of one does every task once, and a second one on the finished workflow gets nothing",
  async ({ crew, place }) => {
    const first = crew(tasks(4), { identifier: "first" });
    assert(await first.hasMoreJobs(), "before the first loop");
    assertFalse(place.temp.has("crew.sqlite"), "which opens nothing");
    const seen: unknown[] = [];
    for await (const task of first) seen.push(task.id, task.data + 1);
    assertEquals(seen, ["task_0", 1, "task_1", 2, "task_2", 3, "task_3", 4]);
    assertFalse(await first.hasMoreJobs());
    assertEquals(await idsOf(crew(tasks(4), { identifier: "second" })), []);
    const store = await place.store();
    assertEquals((await store.workflow()).totalTasks, 4);
    assertEquals((await store.workers()).map(({ id, status, processedTasks }) => [id, status, processedTasks]), [
      ["first", "offline", 4],
      ["second", "offline", 0],
    ]);
  },
);

// S3.17
libraryTest("hasMoreJobs() asks the database once in a while, and anew after a loop", async ({ crew, place }) => {
  const one = crew([{ id: "a" }]);
  assertEquals(await idsOf(one), ["a"]);
  assertFalse(await one.hasMoreJobs());
  const store = await place.store();
  await store.register([{ id: "b", rank: 9, dependencies: [], requirements: [], maxParallelWorkers: 1 }]);
  assertFalse(await one.hasMoreJobs(), "the answer is kept");
  const clock = performance.now;
  const now = clock.call(performance);
  try {
    performance.now = () => now + 4000;
    assertFalse(await one.hasMoreJobs(), "the answer is still kept");
    performance.now = () => now + 5500;
    assert(await one.hasMoreJobs(), "its five seconds are over");
  } finally {
    performance.now = clock;
  }
  const mate = await place.mate(store);
  await mate.takesAll();
  await mate.leaves();
  assert(await one.hasMoreJobs(), "the answer is kept");
  await idsOf(one);
  assertFalse(await one.hasMoreJobs());
  await store.register([{ id: "c", rank: 10, dependencies: [], requirements: [], maxParallelWorkers: 1 }]);
  for await (const _ of one) assert(false, "it does not know that");
  const items = [{ id: "x" }, { id: "y" }];
  const two = crew(items, { workflow: "asked inside" });
  for await (const { id } of two) {
    if (id === "x") await two.close();
  }
  assert(await two.hasMoreJobs());
  const elsewhere = await place.mate(await place.store({ workflow: "asked inside" }));
  for await (const { id } of two) {
    assertEquals(id, "y");
    assertFalse(await two.hasMoreJobs(), "an answer from before the loop does not count in it");
  }
  await elsewhere.leaves();
});

// S3.38
libraryTest(
  "close() completes the current task and ends the loop; break fails it; the next loop goes on",
  async ({ crew, place }) => {
    const one = crew(tasks(10), { maxFailedRetries: 2 });
    const seen: string[] = [];
    for await (const { id } of one) {
      seen.push(id);
      if (id === "task_2") await one.close();
    }
    for await (const { id } of one) {
      seen.push(id);
      if (id === "task_5") {
        await one.close();
        break;
      }
    }
    assert(await one.hasMoreJobs());
    for await (const { id } of one) {
      seen.push(id);
      if (id === "task_6") void one.close(); // waited for by the loop
    }
    for await (const { id } of one) {
      seen.push(id);
      if (id === "task_8") break;
    }
    assert(await one.hasMoreJobs(), "a retry is allowed");
    seen.push(...await idsOf(one));
    const all = Array.from({ length: 10 }, (_, i) => `task_${i}`);
    assertEquals(seen, [...all.slice(0, 9), "task_8", "task_9"]);
    assertFalse(await one.hasMoreJobs());
    await one.close();
    const store = await place.store();
    assertEquals(await trail(store, "task_8"), ["running", "failed", "running", "completed"]);
    assertEquals(await trail(store, "task_5"), ["running", "completed"]);
    assertEquals((await store.workers()).length, 1, "one member, however many loops");
  },
);

// S3.38, S3.37
libraryTest(
  "an error in the loop fails the task and arrives where it was thrown; the others go on",
  async ({ crew, place }) => {
    const one = crew(tasks(3), { identifier: "one" });
    const error = await assertRejects(async () => {
      for await (const task of one) throw new RangeError(`mine: ${task.id}`);
    }, RangeError);
    assertEquals(error.message, "mine: task_0");
    assertEquals(await idsOf(crew(tasks(3), { identifier: "two" })), ["task_1", "task_2"]);
    assertFalse(await one.hasMoreJobs());
    const store = await place.store();
    assertEquals(await trail(store, "task_0"), ["running", "failed"]);
    assertEquals((await store.task("task_0"))!.currentStatus, "failed");
  },
);

// S3.37, S3.9
libraryTest("with the policy to stop, the others are told which tasks failed", async ({ crew }) => {
  const one = crew(tasks(4), { identifier: "one", failurePolicy: "stop" });
  const two = crew(tasks(4), { identifier: "two", failurePolicy: "stop" });
  const seen: string[] = [];
  const error = await assertRejects(async () => {
    for await (const { id } of two) {
      seen.push(id);
      for await (const _ of one) break;
    }
  }, TasksFailedError);
  assertEquals([error.message, error.tasks, seen], ["Tasks '{task_1}' have failed", ["task_1"], ["task_0"]]);
  await assertRejects(() => idsOf(one), TasksFailedError);
  const changed = (fingerprint: string) => [{ id: "a", fingerprint }];
  const options: CrewOptions = { workflow: "other", failurePolicy: "stop", enableFingerprints: true };
  assertEquals(await idsOf(crew(changed("1"), options)), ["a"]);
  assertEquals(await idsOf(crew(changed("2"), options)), ["a"], "invalidated is healthy");
});

// S3.33, S3.34
libraryTest("labels decide who gets what, and iterating again picks up what has become ready", async ({ crew }) => {
  const graph: [string, string?][] = [["a"], ["b", "a"], ["c", "a"], ["d", "b"], ["e", "b"], ["f", "c"], ["g", "c"]];
  const items = graph.map(([id, on]) => ({
    id,
    dependencies: on === undefined ? [] : [on],
    requirements: id === "b" ? ["b-branch"] : [],
  }));
  const main = crew(items, { identifier: "main" });
  const branch = crew(items, { identifier: "branch", labels: ["b-branch"] });
  assertEquals(await idsOf(main), ["a", "c", "f", "g"]);
  assert(await main.hasMoreJobs());
  for await (const { id } of branch) {
    assertEquals(id, "b");
    await branch.close();
  }
  assertEquals(await idsOf(main), ["d", "e"]);
  assertFalse(await main.hasMoreJobs());
});

libraryTest("a loop waits while others are at something that may bring it work", async ({ crew, place }) => {
  const items = [new CrewTask({ id: "a" }), new CrewTask({ id: "b", dependencies: ["a"] })];
  const holder = crew(items, { identifier: "holder" });
  const waiter = crew(items, { identifier: "waiter" });
  const held = holder[Symbol.asyncIterator]();
  assertEquals((await held.next()).value?.id, "a");
  const waiting = idsOf(waiter);
  const store = await place.store();
  await until(async () => (await store.workers()).length === 2);
  await holder.close();
  assertEquals((await held.next()).done, true);
  assertEquals(await waiting, ["b"]);
});

libraryTest(
  "several loops at once share what there is, in the order of what it depends on",
  async ({ crew, place }) => {
    const items = tasks(60).map((task, i) =>
      new CrewTask({
        ...task,
        dependencies: i < 6 ? [] : [`task_${i - 6}`, `task_${i - (i % 6)}`].filter((id) => id !== task.id),
      })
    );
    const done = new Set<string>();
    const shares = await Promise.all(["one", "two", "three"].map(async (identifier) => {
      let share = 0;
      for await (const task of crew(items, { identifier })) {
        assert(task.dependencies.every((id) => done.has(id)), `'${task.id}' came too early`);
        await new Promise((resolve) => setTimeout(resolve, 1));
        done.add(task.id);
        share++;
      }
      return share;
    }));
    assertEquals([done.size, shares.reduce((sum, share) => sum + share)], [60, 60]);
    assertEquals(place.rows("select * from task_statuses where status = 'completed'").length, 60);
  },
);

// S3.35
libraryTest("several members work at one task that allows it", async ({ crew, place }) => {
  const items = [new CrewTask({ id: "wide", maxParallelWorkers: 2 })];
  const loops = ["one", "two"].map((identifier) => crew(items, { identifier })[Symbol.asyncIterator]());
  for (const loop of loops) assertEquals((await loop.next()).value?.id, "wide");
  assertEquals(await idsOf(crew(items, { identifier: "three" })), []);
  for (const loop of loops) assertEquals((await loop.next()).done, true);
  assertEquals(await trail(await place.store(), "wide"), ["running", "running", "completed", "completed"]);
});

// K74
libraryTest("a crew that says whose its tasks are does nobody else's", async ({ crew }) => {
  assertEquals(await idsOf(crew(["a"], { project: "one" })), ["0"]);
  const error = await assertRejects(() => idsOf(crew(["b"], { project: "other" })), CrewError);
  assertEquals(error.kind, "project");
  assertEquals(await idsOf(crew(["b"], { project: "other", workflow: "other" })), ["0"]);
  assertEquals(await idsOf(crew(["a"], { project: "one" })), []);
});

// K72
libraryTest(
  "with fingerprints a loop is not given what another member has registered anew",
  async ({ crew, place }) => {
    const items = (
      fingerprint: string,
    ) => [{ id: "a", fingerprint }, { id: "b", fingerprint: "0", dependencies: ["a"] }];
    const one = crew(items("1"), { enableFingerprints: true });
    const store = await place.store();
    const seen: string[] = [];
    const error = await assertRejects(async () => {
      for await (const { id } of one) {
        seen.push(id);
        await store.register([entry("b", { dependencies: ["a"], rank: 1, fingerprint: "2" })], "invalidates");
      }
    }, CrewError);
    assertEquals([seen, error.kind, error.message], [
      ["a"],
      "changed",
      "Task 'b' was registered by another member with fingerprint '2', and has '0' here: " +
      "begin again with the tasks as they are now",
    ]);
    assertEquals((await store.task("a"))!.state, "completed");
    const again = [{ id: "a", fingerprint: "1" }, { id: "b", fingerprint: "2", dependencies: ["a"] }];
    assertEquals(await idsOf(crew(again, { enableFingerprints: true })), ["b"]);
  },
);

// K72
libraryTest("without them a completion is booked with the fingerprint that it was done by", async ({ crew, place }) => {
  const store = await place.store();
  for await (const { id } of crew([{ id: "a", fingerprint: "mine" }, { id: "b", dependencies: ["a"] }])) {
    const fingerprint = id === "a" ? "theirs" : "of b";
    for (const other of ["a", "b"]) await store.register([entry(other, { fingerprint })]);
  }
  const lastOf = async (id: string) => (await store.task(id))!.lastFingerprint;
  assertEquals([await lastOf("a"), await lastOf("b")], ["mine", null]);
  const fingerprints = (await store.statusTrail("a")).map(({ fingerprint }) => fingerprint);
  assertEquals(fingerprints, ["mine", "mine"]);
});

// S3.2, S3.4, S3.8
libraryTest("a changed fingerprint counts where that is enabled, and not else", async ({ crew }) => {
  const one = (fingerprint: string, enableFingerprints?: boolean) =>
    idsOf(crew([new CrewTask({ id: "a", fingerprint }), { id: "b", dependencies: ["a"] }], { enableFingerprints }));
  assertEquals(await one("1", true), ["a", "b"]);
  assertEquals(await one("2"), []);
  assertEquals(await one("1", true), []);
  assertEquals(await one("2", true), ["a", "b"]);
});

// S3.30
libraryTest(
  "a member that was declared dead publishes nothing, and goes on as another one",
  async ({ crew, place }) => {
    const one = crew(tasks(3), { identifier: "one", heartbeatIntervalMs: 20 });
    const store = await place.store();
    const seen: string[] = [];
    for await (const { id } of one) {
      if (seen.push(id) > 1) continue;
      assert(await store.declareDead(1, { maxFailedRetries: 0, maxKilledRetries: 1 }));
      await until(() => one.lost!.aborted);
    }
    assertEquals(seen, ["task_0", "task_1", "task_2", "task_0"], "what was killed goes last"); // K85
    assertEquals(await trail(store, "task_0"), ["running", "killed", "running", "completed"]);
    assertEquals((await store.workers()).map(({ id, status }) => [id, status]), [["one", "killed"], [
      "one",
      "offline",
    ]]);
  },
);

libraryTest("a main thread that is busy for longer than the timeout is not taken for dead", async ({ crew, place }) => {
  const busy = crew(tasks(1), { identifier: "busy", heartbeatIntervalMs: 20, heartbeatTimeoutMs: 60 });
  for await (const _ of busy) {
    const beat = () => place.rows<{ beat: number }>("select beat from workers")[0].beat;
    const start = beat(), deadline = performance.now() + 10_000;
    while (beat() < start + 5 && performance.now() < deadline); // never gives the thread back
    assert(beat() >= start + 5, "the heart beats in a thread of its own");
  }
});

// S3.29
libraryTest("an identifier that is taken is one clear error, and free again afterwards", async ({ crew }) => {
  const one = crew(tasks(2), { identifier: "same" });
  let calls = 0;
  const two = crew(tasks(2), { identifier: () => `sa${calls++ < 2 ? "me" : "id"}` });
  for await (const _ of one) {
    const error = await assertRejects(() => idsOf(two), CrewError);
    assertEquals([error.kind, error.message], ["identifier", "Worker with this identifier already exists"]);
    await one.close();
  }
  assertEquals(await idsOf(two), ["task_1"]);
  assertEquals(calls, 2);
});
