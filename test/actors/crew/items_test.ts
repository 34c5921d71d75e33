// What a crew's tasks may come from, and what it is without a database.
import { assert, assertEquals, assertFalse, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { CrewError } from "../../../actors/crew/crew_error.ts";
import { CrewTask, type CrewTaskInit } from "../../../actors/crew/crew_task.ts";
import type { CrewOptions } from "../../../actors/crew/options.ts";
import { idsOf, libraryTest, tasks } from "./library.ts";
import { trail } from "./rig.ts";

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
    ] as const
  ) {
    const error = assertThrows(() => new CrewTask(init as unknown as CrewTaskInit));
    assertInstanceOf(error, CrewError);
    assertEquals([error.kind, error.message], ["task", message]);
  }
});

libraryTest("tasks may be named by themselves as dependencies", async ({ crew }) => {
  const a = new CrewTask({ id: "a" }), b = new CrewTask({ id: "b", dependencies: [a, "a"] });
  assertEquals(b.dependencies, ["a"]);
  assertEquals(await idsOf(crew([b, a])), ["a", "b"]);
});
