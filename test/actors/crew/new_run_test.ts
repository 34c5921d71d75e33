// What is left of an earlier run when somebody joins while nobody is at work.
import { assert, assertEquals } from "@std/assert";
import { RawDatabase } from "../raw_database.ts";
import { crewTest, entries, entry, NO_RETRIES, trail } from "./rig.ts";

const GRAPH = { a: [], b: ["a"], c: ["b"], d: [] };

crewTest("startOver() lets what failed be tried again, and what was blocked by it", async (place, store) => {
  await store.register(entries(GRAPH));
  const first = await place.mate(store);
  await first.ends(await first.takes("a"), "failed");
  await first.leaves();
  const second = await place.mate(store);
  assertEquals(await store.reopen(NO_RETRIES), []);
  await store.startOver(second.claimant.worker, Object.keys(GRAPH), NO_RETRIES);
  assertEquals(await store.reopen(NO_RETRIES), ["a"]);
  assertEquals(await second.takesAll(), ["a", "b", "c", "d"]);
});

crewTest("startOver() changes nothing while another member is at work", async (place, store) => {
  await store.register(entries(GRAPH));
  const first = await place.mate(store), second = await place.mate(store);
  await first.ends(await first.takes("a"), "failed");
  await store.startOver(second.claimant.worker, [], NO_RETRIES);
  assertEquals([await store.reopen(NO_RETRIES), (await store.workflow()).discoveredTasks], [[], 4]);
});

crewTest("startOver() forgets tasks that are not wanted any more, but not what was completed", async (place, store) => {
  await store.register(entries(GRAPH));
  const first = await place.mate(store);
  await first.ends(await first.takes("a"));
  await first.ends(await first.takes("b"), "failed");
  await first.leaves();
  const second = await place.mate(store);
  await store.startOver(second.claimant.worker, ["d"], NO_RETRIES);
  await store.reopen(NO_RETRIES);
  const { discoveredTasks, counts } = await store.workflow();
  assertEquals([discoveredTasks, counts.completed, counts.ready, counts.blocked], [2, 1, 1, 0]);
  assertEquals((await store.tasks()).map(({ id }) => id), ["a", "d"]);
  assertEquals(await second.takesAll(), ["d"]);
  await store.register([entry("c", { dependencies: ["b"] }), entry("b", { dependencies: ["a"] })]);
  assertEquals(await second.takesAll(), ["b", "c"]);
  assertEquals(await trail(store, "b"), ["running", "failed", "running", "completed"]);
});

crewTest(
  "startOver() first buries those whose processes are gone, however long they may be silent",
  async (place, store) => {
    await store.register(entries({ a: [], b: [] }));
    const first = await place.mate(store);
    await first.ends(await first.takes("a"), "failed");
    await first.takes("b");
    {
      using raw = new RawDatabase(place.path);
      raw.exec("update workers set process_birth = 'another boot/1'");
    }
    const second = await place.mate(store);
    await store.startOver(second.claimant.worker, ["a", "b"], NO_RETRIES);
    await store.reopen(NO_RETRIES);
    assertEquals(await second.takesAll(), ["a", "b"]);
    assertEquals(await trail(store, "b"), ["running", "killed", "running", "completed"]);
    assert((await store.workers()).some(({ status }) => status === "killed"));
  },
);
