// How tasks come into the database, and what another fingerprint does to those that are completed.
import { assert, assertEquals } from "@std/assert";
import { CrewStore } from "../../../actors/crew/store/store.ts";
import { crewTest, entries, entry, trail } from "./rig.ts";

/** Where tasks stand; undefined for one that is only announced. */
async function states(store: CrewStore, ...ids: readonly string[]): Promise<(string | undefined)[]> {
  return await Promise.all(ids.map(async (id) => (await store.task(id))?.state));
}

// S3.39
crewTest("register() enters each task once, however often and by however many", async (place, store) => {
  const tasks = entries({ a: [], b: ["a"], c: ["a", "b"] });
  assertEquals(await store.register(tasks), { added: 3, invalidated: 0 });
  const events = await store.latestEvent();
  using other = await CrewStore.open(place.path);
  assertEquals(await other.register(tasks), { added: 0, invalidated: 0 });
  assertEquals(await store.latestEvent(), events, "nothing was written");
  const big = Array.from({ length: 1000 }, (_, rank) => entry(`t${rank}`, { rank, dependencies: ["a"] }));
  const added = await Promise.all([store.register(big), other.register(big)]);
  assertEquals(added[0].added + added[1].added, 1000);
  assertEquals((await store.workflow()).discoveredTasks, 1003);
});

// S3.13
crewTest(
  "dependencies may come later, or from somebody else; until then they hold up what needs them",
  async (place, store) => {
    const mate = await place.mate(store);
    await store.register([entry("c", { dependencies: ["b", "a"] })]);
    assertEquals((await store.workflow()).discoveredTasks, 1);
    assertEquals(await store.task("a"), undefined, "only announced");
    await mate.takesNothing();
    assertEquals(await states(store, "a", "b", "c"), [undefined, undefined, "waiting"]);
    await store.register([entry("a")]);
    assertEquals(await mate.takesAll(), ["a"]);
    assertEquals(await states(store, "a", "b", "c"), ["completed", undefined, "waiting"]);
    await store.register([entry("b", { dependencies: ["a"] })]);
    assertEquals(await mate.takesAll(), ["b", "c"]);
    assertEquals(await states(store, "a", "b", "c"), ["completed", "completed", "completed"]);
  },
);

crewTest("a task that depends on what did not make it is blocked as it is registered", async (place, store) => {
  const mate = await place.mate(store);
  await store.register(entries({ a: [], x: [] }));
  await mate.ends(await mate.takes("a"), "failed");
  await store.register(entries({ b: ["a"], c: ["b"], y: ["x"] }));
  assertEquals([await trail(store, "b"), await trail(store, "c")], [["blocked"], ["blocked"]]);
  assertEquals(await mate.takesAll(), ["x", "y"]);
});

crewTest(
  "what is blocked, or no longer, counts for all that depends on it, whoever is registered first",
  async (place, store) => {
    const mate = await place.mate(store);
    await store.register(entries({ a: [] }));
    await mate.ends(await mate.takes("a"), "failed");
    await store.register(entries({ d: ["c"], c: ["b"] }));
    assertEquals((await store.workflow()).counts.waiting, 2);
    await store.register(entries({ b: ["a"] }));
    assertEquals((await store.workflow()).counts.blocked, 3);
    await store.register(entries({ b: [] }));
    assertEquals((await store.workflow()).counts.blocked, 0);
    assertEquals(await mate.takesAll(), ["b", "c", "d"]);
  },
);

// S3.4
crewTest(
  "what failed is tried again when its fingerprint, or what it depends on, has changed",
  async (place, store) => {
    const mate = await place.mate(store);
    const graph = (own: string, other = "1") => [
      entry("other", { fingerprint: other }),
      entry("bad", { fingerprint: own, dependencies: ["other"], rank: 1 }),
      entry("after", { dependencies: ["bad"], rank: 2 }),
    ];
    await store.register(graph("1"), "invalidates");
    await mate.ends(await mate.takes("other"));
    await mate.ends(await mate.takes("bad"), "failed");
    assertEquals(await store.register(graph("1"), "invalidates"), { added: 0, invalidated: 0 });
    assertEquals(await store.register(graph("2"), "invalidates"), { added: 0, invalidated: 1 });
    place.assertSound();
    await mate.ends(await mate.takes("bad"), "failed");
    assertEquals((await store.task("bad"))!.failedRetries, 1, "counted anew");
    assertEquals(await store.register(graph("2", "2"), "invalidates"), { added: 0, invalidated: 2 });
    place.assertSound();
    assertEquals(await mate.takesAll(), ["other", "bad", "after"]);
    assertEquals(await trail(store, "after"), ["blocked", "blocked", "running", "completed"]);
  },
);

crewTest("a graph that has changed counts from then on, for what was not begun", async (place, store) => {
  const mate = await place.mate(store);
  await store.register(entries({ a: [], b: ["a"], c: ["b"], bad: [] }));
  await mate.ends(await mate.takes("a"));
  await store.register(entries({ c: ["a", "new"], b: ["bad"], new: [], a: ["bad"], bad: [] }));
  place.assertSound();
  assertEquals((await store.task("a"))!.state, "completed");
  await mate.ends(await mate.takes("new"));
  await mate.ends(await mate.takes("c"));
  await mate.ends(await mate.takes("bad"), "failed");
  assertEquals((await store.task("b"))!.state, "blocked");
  await store.register(entries({ b: [] }));
  assertEquals([(await store.task("b"))!.state, (await store.task("b"))!.currentStatus], ["ready", null]);
  assertEquals(await mate.takesAll(), ["b"]);
});

// S3.1, S3.3, S3.4, S3.5, S3.6, S3.7
crewTest("another fingerprint invalidates what is completed, and the trail tells it all", async (place, store) => {
  const mate = await place.mate(store, { enableFingerprints: true });
  const plain = entry("plain", { rank: 1 });
  const register = (fingerprint: string) => store.register([entry("a", { fingerprint }), plain], "invalidates");
  await register("v1");
  assertEquals((await store.task("a"))!.lastFingerprint, null);
  assertEquals(await mate.takesAll(), ["a", "plain"]);
  for (const [from, to] of [["v1", "v2"], ["v2", "v3"], ["v3", "v1"]]) {
    assertEquals(await register(from), { added: 0, invalidated: 0 });
    await mate.takesNothing();
    assertEquals(await register(to), { added: 0, invalidated: 1 });
    const task = (await store.task("a"))!;
    assertEquals([task.state, task.currentStatus, task.lastFingerprint, task.fingerprint], [
      "ready",
      "invalidated",
      from,
      to,
    ]);
    assert(await store.hasMoreTasks(mate.claimant));
    assertEquals(await mate.takesAll(), ["a"]);
    assertEquals((await store.task("a"))!.lastFingerprint, to);
  }
  const lines = (await store.statusTrail("a")).map(({ status, fingerprint }) => `${status} ${fingerprint}`);
  assertEquals(lines, [
    ...["running v1", "completed v1"],
    ...["invalidated v2", "running v2", "completed v2"],
    ...["invalidated v3", "running v3", "completed v3"],
    ...["invalidated v1", "running v1", "completed v1"],
  ]);
  const times = (await store.statusTrail("a")).map(({ timestamp }) => timestamp);
  assertEquals(times, times.toSorted((a, b) => a - b));
});

// S3.11
crewTest("what is invalidated takes with it all that depends on it, completed or not", async (place, store) => {
  const mate = await place.mate(store, { enableFingerprints: true });
  const graph = (a: string) =>
    entries({ a: [], b: ["a"], c: ["b"], other: [], late: ["c", "other"] })
      .map((task) => ({ ...task, fingerprint: task.id === "a" ? a : "same" }));
  await store.register(graph("v1"), "invalidates");
  await mate.takesAll();
  assertEquals(await store.register(graph("v2"), "invalidates"), { added: 0, invalidated: 4 });
  place.assertSound();
  assertEquals((await store.tasks()).map(({ state }) => state), [
    "ready",
    "waiting",
    "waiting",
    "completed",
    "waiting",
  ]);
  assertEquals(await mate.takesAll(), ["a", "b", "c", "late"]);
  assertEquals(await trail(store, "late"), ["running", "completed", "invalidated", "running", "completed"]);
});

// S3.11
crewTest("a task invalidated while it runs is done again after it", async (place, store) => {
  const mate = await place.mate(store, { enableFingerprints: true });
  const graph = (a: string, b: string) => [
    entry("a", { fingerprint: a }),
    entry("b", { fingerprint: b, dependencies: ["a"], rank: 1 }),
    entry("c", { dependencies: ["b"], rank: 2 }),
  ];
  await store.register(graph("1", "1"), "invalidates");
  await mate.ends(await mate.takes("a"));
  const b = await mate.takes("b");
  await store.register(graph("2", "1"), "invalidates");
  await mate.ends(b);
  assertEquals((await store.task("b"))!.state, "waiting");
  place.assertSound();
  const again = await mate.takes("a");
  await mate.ends(again);
  const own = await mate.takes("b");
  await store.register(graph("2", "2"), "invalidates");
  await mate.ends(own);
  assertEquals((await store.task("b"))!.lastFingerprint, "1");
  assertEquals(await mate.takesAll(), ["b", "c"]);
  assertEquals((await store.task("b"))!.lastFingerprint, "2");
  assertEquals(await trail(store, "b"), [
    ...["running", "completed", "invalidated"],
    ...["running", "completed", "invalidated"],
    ...["running", "completed"],
  ]);
});

// S3.2, S3.8, S3.10
crewTest(
  "with fingerprints off nothing is done again; they are recorded, and count once they are on",
  async (place, store) => {
    const mate = await place.mate(store);
    const graph = (fingerprint?: string) => [entry("a", { fingerprint }), entry("b", { dependencies: ["a"], rank: 1 })];
    await store.register(graph());
    assertEquals(await mate.takesAll(), ["a", "b"]);
    assertEquals(await store.register(graph("v1")), { added: 0, invalidated: 0 });
    await mate.takesNothing();
    // completed without one: nobody can tell that it is up to date
    assertEquals(await store.register(graph("v1"), "invalidates"), { added: 0, invalidated: 2 });
    assertEquals(await mate.takesAll(), ["a", "b"]);
    assertEquals(await store.register(graph("v2")), { added: 0, invalidated: 0 });
    assertEquals(await store.register(graph(), "invalidates"), { added: 0, invalidated: 0 });
    assertEquals(await store.register(graph("v1"), "invalidates"), { added: 0, invalidated: 0 });
  },
);

crewTest("thousands that depend on one are invalidated, blocked and released in a moment", async (place, store) => {
  const mate = await place.mate(store, { maxFailedRetries: 1 });
  const graph = (fingerprint: string) => [
    entry("root", { fingerprint }),
    ...Array.from({ length: 3000 }, (_, i) => entry(`t${i}`, { rank: i + 1, dependencies: ["root"] })),
  ];
  await store.register(graph("1"), "invalidates");
  const strict = await place.mate(store);
  await strict.ends(await strict.takes("root"), "failed");
  assertEquals((await store.workflow()).counts.blocked, 3000);
  await store.reopen(mate.claimant);
  assertEquals((await store.workflow()).counts.waiting, 3000);
  assertEquals((await mate.takesAll()).length, 3001);
  assertEquals((await store.register(graph("2"), "invalidates")).invalidated, 3001);
  assertEquals((await store.workflow()).counts, {
    ...{ waiting: 3000, ready: 1, running: 0, completed: 0 },
    ...{ failed: 0, killed: 0, abandoned: 0, blocked: 0 },
  });
});

crewTest("several workflows in one database know nothing of each other", async (place, store) => {
  const other = await place.store({ workflow: "other" });
  await store.register(entries({ a: [] }));
  await other.register(entries({ a: ["b"], b: [] }));
  const mate = await place.mate(store, { identifier: "same" });
  const theirs = await place.mate(other, { identifier: "same" });
  assertEquals(await mate.takesAll(), ["a"]);
  assertEquals(await theirs.takesAll(), ["b", "a"]);
  assertEquals([(await store.workflow()).discoveredTasks, (await other.workflow()).discoveredTasks], [1, 2]);
  assertEquals(await store.failedTasks(), []);
});
