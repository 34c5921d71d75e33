// What a crew's tasks may come from, and what it is without a database.
import { assert, assertEquals, assertFalse, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { Crew } from "../../../actors/crew/crew.ts";
import { CrewError } from "../../../actors/crew/store/crew_error.ts";
import { CrewTask, type CrewTaskInit } from "../../../actors/crew/crew_task.ts";
import type { CrewOptions } from "../../../actors/crew/options.ts";
import { idsOf, libraryTest, tasks } from "./library.ts";
import { entry, trail } from "./rig.ts";

// S3.40
libraryTest(
  "any iterable gives tasks: lists, generators of unknown length, slow ones, and items that are no tasks",
  async ({ crew, place }) => {
    const of = (workflow: string): CrewOptions => ({ workflow });
    const totals = async (workflow: string) => (await (await place.store({ workflow })).workflow()).totalTasks;
    const data = async (items: AsyncIterable<CrewTask>) =>
      (await Array.fromAsync(items)).map((task) => [task.id, task.data]);

    assertEquals(await data(crew([null, 7, "x", undefined], of("items"))), [["0", null], ["1", 7], ["2", "x"], [
      "3",
      undefined,
    ]]);
    assertEquals(await totals("items"), 4);
    assertEquals(await data(crew(new Set(["x"]), of("set"))), [["0", "x"]]);
    assertEquals(await totals("set"), 1);

    function* some() {
      for (let i = 0; i < 250; i++) yield new CrewTask({ id: `t${i}`, data: i });
    }
    assertEquals((await data(crew(some(), of("generator")))).length, 250);
    assertEquals(await totals("generator"), null);

    let given = 0;
    async function* slow() {
      for (; given < 3; given++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield { id: `slow${given}` };
      }
    }
    const seen: [string, number][] = [];
    for await (const { id } of crew(slow(), of("slow"))) seen.push([id, given]);
    assertEquals(seen, [["slow0", 0], ["slow1", 1], ["slow2", 2]], "no more was taken than was needed");
    assertEquals(await totals("slow"), null);
  },
);

// K76, K77
libraryTest("what a function answers for the identifier must be one", async ({ crew }) => {
  for (
    const [answer, shown] of [[undefined, "null"], ["", "''"], [7, "7"], [Promise.resolve("x"), "[object Promise]"]]
  ) {
    const error = await assertRejects(() => idsOf(crew(["x"], { identifier: () => answer as string })), CrewError);
    assertEquals([error.kind, error.message], ["option", `What identifier answers must be a text, not ${shown}`]);
  }
});

// K75
libraryTest("a generator ends what it has open when its crew is left for good, and not before", async ({ crew }) => {
  let open = 0;
  function* counted() {
    open++;
    try {
      yield* ["a", "b", "c"];
    } finally {
      open--;
    }
  }
  {
    await using one = crew(counted(), { workflow: "once" });
    for await (const _ of one) break;
    assertEquals(open, 1);
  }
  assertEquals(open, 0);
  // What can begin again does so with the next loop.
  for await (const _ of crew({ [Symbol.iterator]: counted }, { workflow: "again" })) break;
  assertEquals(open, 0);
});

libraryTest("a generator goes on where the last loop left it", async ({ crew }) => {
  function* endless() {
    for (let i = 0;; i++) yield { id: `t${i}`, data: i };
  }
  const one = crew(endless());
  for (const last of [2, 250]) {
    for await (const { data } of one) if (data === last) await one.close();
  }
  for await (const { data } of one) {
    assertEquals(data, 251);
    break;
  }
});

libraryTest("an error of the iterable arrives in the loop, whenever it comes", async ({ crew }) => {
  async function* failing() {
    yield { id: "a" };
    await Promise.resolve();
    throw new SyntaxError("theirs");
  }
  await assertRejects(() => idsOf(crew(failing())), SyntaxError, "theirs");
});

libraryTest(
  "tasks that another member registered further on, or that this one does not know",
  async ({ crew, place }) => {
    const store = await place.store();
    await store.register(
      [...tasks(150).map(({ id }) => id), "unknown"].map((id) => ({
        ...{ id, rank: id === "unknown" ? 0 : 1, dependencies: [], requirements: [], maxParallelWorkers: 1 },
      })),
    );
    const generator = function* () {
      yield* tasks(150);
    };
    assertEquals(new Set(await idsOf(crew(generator()))), new Set(tasks(150).map(({ id }) => id)));
    assertEquals(await trail(store, "unknown"), ["running", "cancelled"], "given back, and not taken again");
  },
);

// S3.42
libraryTest("disabled it is a plain iteration: no database, no locks", async ({ crew, place }) => {
  const one = crew(tasks(3), { disabled: true });
  assert(await one.hasMoreJobs());
  await using _held = await one.lock.acquire();
  await using _again = await one.lock.acquire();
  const seen: number[] = [];
  for await (const { data } of one) {
    seen.push(data);
    if (data === 1) await one.close();
  }
  assertEquals(seen, [0, 1]);
  assertFalse(await one.hasMoreJobs());
  assertEquals((await Array.fromAsync(crew([null], { disabled: true })))[0].data, null);
  assertEquals(place.temp.names(), []);
});

libraryTest("what cannot be is refused in a sentence", async ({ crew }) => {
  const one = crew(tasks(2));
  for await (const _ of one) {
    await assertRejects(() => idsOf(one), CrewError, "This crew is being iterated already: make a Crew for each loop");
    await one.close();
  }
  await assertRejects(() => idsOf(crew([{ id: "a" }, { id: "a" }])), CrewError, "Task 'a' is given twice");
  for (
    const [init, message] of [
      [{ id: "" }, "Task id must be a text, not ''"],
      [{ id: 7 }, "Task id must be a text, not 7"],
      [{ id: "a", dependencies: ["a"] }, "Task 'a' depends on itself"],
      [{ id: "a", dependencies: [1] }, "The dependencies of task 'a' must be texts, not 1"],
      [{ id: "a", requirements: [""] }, "The requirements of task 'a' must be texts, not ''"],
      [{ id: "a", fingerprint: 1 }, "The fingerprint of task 'a' must be texts, not 1"],
      [{ id: "a", maxParallelWorkers: 0 }, "maxParallelWorkers of task 'a' must be a whole number from 1, not 0"],
      // K77
      [
        { id: "a", dependencies: "fetch" },
        "The dependencies of task 'a' must be a list, not 'fetch': put it in brackets",
      ],
      [{ id: "a", requirements: "gpu" }, "The requirements of task 'a' must be a list, not 'gpu': put it in brackets"],
      [
        { id: "a", dependencies: new CrewTask({ id: "b" }) },
        "The dependencies of task 'a' must be a list, not task 'b': put it in brackets",
      ],
      [{ id: "a", dependencies: 7 }, "The dependencies of task 'a' must be a list, not 7"],
      [{ id: "a", requirements: null }, "The requirements of task 'a' must be a list, not null"],
      [{ id: "a", requirements: { gpu: 1 } }, "The requirements of task 'a' must be a list, not an object"],
      [{ id: "a", dependancies: ["b"] }, "Unknown key 'dependancies' in task 'a', did you mean 'dependencies'?"],
      [{ id: "a", dependsOn: ["b"] }, "Unknown key 'dependsOn' in task 'a', did you mean 'dependencies'?"],
      [{ id: "a", name: "x" }, "Unknown key 'name' in task 'a'; what is the task's own goes into 'data'"],
      // K76
      [{ id: "a\0b" }, "Task id must not contain NUL, as 'a\\u0000b' does"],
      [{ id: "\ud800" }, "Task id must not contain half of a surrogate pair, as '\ud800' does"],
      [
        { id: "a", dependencies: ["b", "c\0"] },
        "The dependencies of task 'a' must not contain NUL, as 'c\\u0000' does",
      ],
      [
        { id: "a", fingerprint: "\udfff1" },
        "The fingerprint of task 'a' must not contain half of a surrogate pair, as '\udfff1' does",
      ],
    ] as const
  ) {
    const error = assertThrows(() => new CrewTask(init as unknown as CrewTaskInit));
    assertInstanceOf(error, CrewError);
    assertEquals([error.kind, error.message], ["task", message]);
  }
});

// K77, K88
libraryTest(
  "an item with an id is a description, a record that is its own data, or refused",
  async ({ crew, place }) => {
    const row = { id: "row", name: "Ada", size: 3 };
    class Page {
      constructor(readonly id: string) {}
    }
    const page = new Page("page");
    const data = async (items: readonly unknown[], workflow: string) =>
      (await Array.fromAsync(crew(items, { workflow }))).map((task) => [task.id, task.data]);
    assertEquals(await data([row, { id: "plain" }, { id: "own", data: 1 }, page], "records"), [
      ["row", row],
      ["plain", undefined],
      ["own", 1],
      ["page", page],
    ]);
    const both = [{ ...row, id: "second", dependencies: ["first"] }, { id: "first" }];
    assertEquals(await data(both, "both"), [["first", undefined], ["second", both[0]]]);
    const typed: string[] = [];
    for await (const task of crew([row], { workflow: "typed" })) typed.push(task.data.name);
    assertEquals(typed, ["Ada"]);
    for (
      const [item, message] of [
        [
          { id: 7, url: "x" },
          `Task id must be a text, not 7: an item with another id is given as {id: "…", data: item}`,
        ],
        [{ id: undefined }, "Task id must be a text, not undefined"],
        [{ id: "a", dependsOn: ["b"] }, "Unknown key 'dependsOn' in task 'a', did you mean 'dependencies'?"],
        [{ id: "a", requirement: ["b"] }, "Unknown key 'requirement' in task 'a', did you mean 'requirements'?"],
        [{ id: "a", data: 1, name: "x" }, "Unknown key 'name' in task 'a'; what is the task's own goes into 'data'"],
        [{ id: "a", name: "x", dependencies: "b" }, "The dependencies of task 'a' must be a list, not 'b'"],
      ] as const
    ) {
      await assertRejects(() => idsOf(crew([{ id: "good" }, item], { workflow: "refused" })), CrewError, message);
      await assertRejects(() => idsOf(crew([item], { disabled: true })), CrewError, message);
    }
    const refused = await place.store({ workflow: "refused" });
    assertEquals((await refused.workflow()).discoveredTasks, 0, "a list is taken whole or not at all");
  },
);

// K77
Deno.test("what cannot be iterated as tasks, or is no option, is refused by the constructor", () => {
  for (
    const [items, what] of [
      ["tasks.txt", "a text: put it in brackets"],
      [Promise.resolve([]), "a promise: await it"],
      [function* () {}, "a function: call it"],
      [7, "7"],
      [undefined, "undefined"],
      [{ length: 0 }, "an object"],
    ] as const
  ) {
    const error = assertThrows(() => new Crew(items as unknown as string[]), CrewError);
    const message = `The tasks of a crew must be a list, or something else to iterate, not ${what}`;
    assertEquals([error.kind, error.message], ["task", message]);
  }
  for (
    const [options, message] of [
      [{ workfow: "x" }, "Unknown option 'workfow', did you mean 'workflow'?"],
      [{ retries: 3 }, "Unknown option 'retries'"],
      [{ workflow: "a\0" }, "workflow must be a text without NUL, not 'a\\u0000'"],
      [{ workflow: "" }, "workflow must be a text, not ''"],
      [{ identifier: 7 }, "identifier must be a text, not 7"],
      [{ identifier: "\ud800" }, "identifier must be a text without half of a surrogate pair, not '\ud800'"],
      [{ labels: "gpu" }, "labels must be several texts, not 'gpu'"],
      [{ labels: ["gpu", 7] }, "Each of labels must be a text, not 7"],
      [{ enableFingerprints: "false" }, "enableFingerprints must be true or false, not 'false'"],
    ] as const
  ) {
    const error = assertThrows(() => new Crew([], options as unknown as CrewOptions), CrewError);
    assertEquals([error.kind, error.message], ["option", message]);
  }
  assertThrows(() => new Crew([]).taskLock("a\0"), CrewError, "Task id must not contain NUL");
});

// K76
libraryTest("a claim that comes back by a name nobody knows is not made again", async ({ crew, place }) => {
  const store = await place.store();
  await store.register(["a\0b", "\ud800"].map((id) => entry(id)));
  assertEquals(await idsOf(crew([{ id: "z" }])), ["z"]);
  assertEquals(place.rows("select count(*) count from task_statuses where status = 'cancelled'"), [{ count: 2 }]);
});

libraryTest("tasks may be named by themselves as dependencies", async ({ crew }) => {
  const a = new CrewTask({ id: "a" }), b = new CrewTask({ id: "b", dependencies: [a, "a"] });
  assertEquals(b.dependencies, ["a"]);
  assertEquals(await idsOf(crew([b, a])), ["a", "b"]);
});
