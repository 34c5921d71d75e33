// K84: a crew whose tasks can never start says so, and a loop that asks again and again ends.
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import type { Crew } from "../../../actors/crew/crew.ts";
import { CrewError } from "../../../actors/crew/store/crew_error.ts";
import { CrewTask, type CrewTaskInit } from "../../../actors/crew/crew_task.ts";
import { idsOf, libraryTest } from "./library.ts";

/** What a program does that wants all of it done. */
async function poll(crew: Crew<CrewTaskInit>): Promise<string[]> {
  const seen: string[] = [];
  while (await crew.hasMoreJobs()) for await (const { id } of crew) seen.push(id);
  return seen;
}

function task(id: string, dependencies: string[] = [], requirements: string[] = []): CrewTask {
  return new CrewTask({ id, dependencies, requirements });
}

libraryTest("a cycle and an unknown dependency are errors once the rest is done", async ({ crew }) => {
  for (
    const [workflow, items, why] of [
      ["cycle", [task("a"), task("b", ["c", "a"]), task("c", ["b"])], "circular dependency 'b' → 'c' → 'b'"],
      ["unknown", [task("a"), task("b", ["aa"])], "'b' depends on unknown task 'aa', did you mean 'a'?"],
    ] as const
  ) {
    const one = crew<CrewTaskInit>(items, { workflow });
    const seen: string[] = [];
    const error = await assertRejects(async () => {
      for await (const { id } of one) seen.push(id);
    }, CrewError);
    assertEquals([error.kind, error.message, seen], ["stuck", `Tasks can never start: ${why}`, ["a"]]);
    assertFalse(await one.hasMoreJobs());
    await assertRejects(() => poll(crew<CrewTaskInit>(items, { workflow, identifier: "late" })), CrewError, why);
  }
});

libraryTest("a label that no member had is an error for a loop that is given nothing else", async ({ crew }) => {
  const why = "Tasks can never start: 'g' requires gpu, which no member had";
  await assertRejects(() => poll(crew<CrewTaskInit>([task("g", [], ["gpu"])], { workflow: "alone" })), CrewError, why);
  const items = [task("a"), task("g", [], ["gpu"]), task("after", ["g"])];
  const main = crew<CrewTaskInit>(items, { identifier: "main" });
  assertEquals(await idsOf(main), ["a"], "another member may come with it");
  assert(await main.hasMoreJobs());
  await assertRejects(() => idsOf(main), CrewError, why);
  assertFalse(await main.hasMoreJobs());
  assertEquals(await idsOf(crew(items, { identifier: "other", labels: ["gpu"] })), ["g", "after"]);
  assertEquals(await idsOf(main), []);
});

libraryTest("a label that a member had, a failure and other members' tasks are no errors", async ({ crew, place }) => {
  const items = [task("g", [], ["gpu"]), task("after", ["g"])];
  for await (const _ of crew([task("a")], { identifier: "gpu", labels: ["gpu"] }));
  const main = crew(items, { identifier: "main" });
  assertEquals(await idsOf(main), []);
  assert(await main.hasMoreJobs());
  const failing = crew([task("bad"), task("then", ["bad"])], { workflow: "failing", failurePolicy: "continue" });
  for await (const _ of failing) break;
  assertEquals(await poll(failing), []);
  const store = await place.store({ workflow: "theirs" });
  await store.register([{ id: "x", rank: 0, dependencies: ["y"], requirements: [], maxParallelWorkers: 1 }]);
  const own = crew([task("mine")], { workflow: "theirs" });
  assertEquals(await poll(own), ["mine"], "what others have registered is theirs");
});
