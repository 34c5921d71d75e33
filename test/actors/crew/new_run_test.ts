// What is left of an earlier run when somebody joins while nobody is at work.
import { assert, assertEquals } from "@std/assert";
import { RawDatabase } from "../storage/raw_database.ts";
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

// K85
crewTest("what members die of goes last and by itself, and counts over new runs", async (place, store) => {
  const names = ["deadly", "a", "b", "c"];
  const limits = { maxFailedRetries: 0, maxKilledRetries: 1 };
  const register = () => store.register(names.map((id, rank) => entry(id, { rank })));
  const restarted = async () => {
    const mate = await place.mate(store, limits);
    await register();
    await store.startOver(mate.claimant.worker, names, limits);
    await store.reopen(limits);
    return mate;
  };
  const first = await restarted();
  assertEquals((await first.take(2)).map(({ id }) => id), ["deadly", "a"]);
  await first.dies(first.claimant);
  const second = await restarted();
  const [b, c] = await second.take(4);
  assertEquals([b.id, c.id], ["b", "c"], "what was killed is not taken along");
  await second.ends(b);
  await second.takesNothing();
  await second.ends(c);
  assertEquals((await second.take(4)).map(({ id }) => id), ["deadly"], "alone");
  await store.register([entry("late")]);
  await second.takesNothing();
  const other = await place.mate(store);
  await other.ends(await other.takes("late")); // others go on
  await other.leaves();
  await second.dies(second.claimant);
  const third = await restarted();
  assertEquals([(await store.task("deadly"))!.state, (await store.task("deadly"))!.killedRetries], ["abandoned", 2]);
  assertEquals(await store.deadlyTasks(limits, 5), [{ id: "deadly", kills: 2 }]);
  assertEquals(await third.takesAll(), ["a"]);
  assertEquals((await store.task("a"))!.rank, 1, "its own place again");
  await third.leaves();
  const more = await place.mate(store, { ...limits, maxKilledRetries: 2 });
  await store.startOver(more.claimant.worker, names, more.claimant);
  assertEquals(await store.reopen(more.claimant), ["deadly"]);
  assertEquals(await more.takesAll(), ["deadly"], "who allows more tries again");
});

crewTest("startOver() changes nothing while another member is at work", async (place, store) => {
  await store.register(entries(GRAPH));
  const first = await place.mate(store), second = await place.mate(store);
  await first.ends(await first.takes("a"), "failed");
  await store.startOver(second.claimant.worker, [], NO_RETRIES);
  assertEquals([await store.reopen(NO_RETRIES), (await store.workflow()).discoveredTasks], [[], 4]);
});

// S3.36
crewTest("of members that come at once the first begins a new run, and forgets nothing", async (place, store) => {
  await store.register(entries(GRAPH));
  const before = await place.mate(store);
  await before.ends(await before.takes("a"));
  await before.ends(await before.takes("b"), "failed");
  await before.leaves();
  const [first, second] = [await place.mate(store, { mayBegin: true }), await place.mate(store, { mayBegin: true })];
  const how = { ...NO_RETRIES, redoes: true };
  await second.store.startOver(second.claimant.worker, ["a", "b"], how);
  assertEquals((await store.workflow()).discoveredTasks, 4); // d may be the other's
  await second.ends(await second.takes("a"));
  await first.store.startOver(first.claimant.worker, ["a", "b"], how);
  assertEquals(await trail(store, "a"), ["running", "completed", "invalidated", "running", "completed"]);
  // It is one of those at work by then, whether or not it has begun a run
  await second.leaves();
  const third = await place.mate(store, { mayBegin: true });
  await third.store.startOver(third.claimant.worker, ["a", "b"], how);
  assertEquals((await trail(store, "a")).length, 5);
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
      raw.exec("update workers set process_birth = process_birth || '0'");
    }
    const second = await place.mate(store);
    await store.startOver(second.claimant.worker, ["a", "b"], NO_RETRIES);
    await store.reopen(NO_RETRIES);
    assertEquals(await second.takesAll(), ["a", "b"]);
    assertEquals(await trail(store, "b"), ["running", "killed", "running", "completed"]);
    assert((await store.workers()).some(({ status }) => status === "killed"));
  },
);

crewTest("startOver() that redoes has completed tasks done once more, but forgives no death", async (place, store) => {
  await store.register(entries({ a: [], b: ["a"], c: ["a"] }));
  const names = ["a", "b", "c"];
  const first = await place.mate(store);
  for (const name of ["a", "b"]) await first.ends(await first.takes(name));
  await first.take(1);
  await store.startOver(0, names, { ...NO_RETRIES, redoes: true });
  assertEquals((await store.task("a"))!.state, "completed", "somebody is at work");
  await first.dies(first.claimant);
  const second = await place.mate(store);
  await store.startOver(second.claimant.worker, names, { ...NO_RETRIES, redoes: true });
  assertEquals(await trail(store, "a"), ["running", "completed", "invalidated"]);
  assertEquals((await store.task("c"))!.killedRetries, 1);
  assertEquals(await second.takesAll(), ["a", "b", "c"]);
});
