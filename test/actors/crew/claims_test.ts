// Tasks given out and what becomes of them, by members that are rows only.
import { assert, assertEquals, assertFalse, assertGreater } from "@std/assert";
import { crewTest, entries, entry, trail } from "./rig.ts";

// S3.23, S3.39
crewTest(
  "turn() gives out what is ready by rank, each task once, and what it was waited for then",
  async (place, store) => {
    await store.register(entries({ d: ["b", "c"], c: ["a"], b: ["a"], a: [] }));
    const one = await place.mate(store), two = await place.mate(store);
    const a = await one.takes("a");
    await two.takesNothing();
    assert(await one.ends(a));
    const [c, b] = await two.take(5);
    assertEquals([c.id, b.id], ["c", "b"]);
    await one.takesNothing();
    assert(await two.ends(c));
    await one.takesNothing();
    assert(await two.ends(b));
    assertEquals(await one.takesAll(), ["d"]);
    await two.takesNothing();
    assertFalse(await two.ends(b), "a claim ends once");
    assertEquals(await trail(store, "d"), ["running", "completed"]);
    assertEquals((await store.workflow()).counts.completed, 4);
    assertEquals((await store.workers()).map(({ processedTasks, status }) => [processedTasks, status]), [
      [2, "idle"],
      [2, "idle"],
    ]);
  },
);

crewTest("turn() leaves out what is not wanted, and tells whether the member is busy", async (place, store) => {
  await store.register(entries({ a: [], b: [] }));
  const mate = await place.mate(store);
  const [{ task }] = place.rows<{ task: number }>("select id task from tasks where name = 'a'");
  const { claims } = await store.turn(mate.claimant, { limit: 2, except: [task] });
  assertEquals(claims.map(({ id }) => id), ["b"]);
  assertEquals((await store.workers())[0].status, "busy");
  await mate.ends(claims[0]);
  assertEquals((await store.workers())[0].status, "idle");
});

// S3.41
crewTest("a completion keeps the dependencies it went by", async (place, store) => {
  await store.register(entries({ a: [], b: [], c: ["b", "a"] }));
  await (await place.mate(store)).takesAll();
  assertEquals(await store.usedDependencies("c"), ["a", "b"]);
  assertEquals(await store.usedDependencies("a"), []);
});

// S3.33
crewTest("a task is given only to members with all the labels it requires", async (place, store) => {
  await store.register([
    entry("task1"),
    entry("task2", { requirements: ["gpu"] }),
    entry("task3", { requirements: ["gpu", "big"] }),
  ]);
  assertEquals(await (await place.mate(store)).takesAll(), ["task1"]);
  const { counts } = await store.workflow();
  assertEquals([counts.blocked, counts.ready], [2, 0], "no member at work has the labels");
  assertEquals((await store.task("task2"))!.currentStatus, "blocked");
  assertEquals((await store.tasks({ state: "blocked" })).map(({ id }) => id), ["task2", "task3"]);
  const gpu = await place.mate(store, { labels: ["gpu"] });
  assertEquals((await store.workflow()).counts.blocked, 1);
  assertEquals(await gpu.takesAll(), ["task2"]);
  assertEquals(await (await place.mate(store, { labels: ["big", "x", "gpu"] })).takesAll(), ["task3"]);
});

// S3.34
crewTest("what depends on a task for others waits for them, and then goes on", async (place, store) => {
  const onBranch = { requirements: ["b-branch"] };
  const graph = entries({ a: [], b: ["a"], c: ["a"], d: ["b"], e: ["b"], f: ["c"], g: ["c"] });
  await store.register(graph.map((task) => task.id === "b" ? { ...task, ...onBranch } : task));
  const main = await place.mate(store);
  assertEquals(await main.takesAll(), ["a", "c", "f", "g"]);
  assertEquals(await store.outlook(main.claimant), { hasMore: true, isMoving: false });
  const branch = await place.mate(store, { labels: ["b-branch"] });
  const b = await branch.takes("b");
  assertEquals(await store.outlook(main.claimant), { hasMore: true, isMoving: true });
  await branch.ends(b);
  assertEquals(await main.takesAll(), ["d", "e"]);
  assertEquals(await store.outlook(main.claimant), { hasMore: false, isMoving: false });
});

// K84
crewTest("what every other member has given back keeps nobody waiting", async (place, store) => {
  await store.register(entries({ a: [], gone: [] }));
  const [one, two] = [await place.mate(store), await place.mate(store)];
  const refuses = async (mate: typeof one) => {
    const { task, ...claim } = await mate.takes("gone");
    await mate.ends({ task, ...claim }, "cancelled");
    return async () => (await store.outlook(mate.claimant, [task])).isMoving;
  };
  const a = await one.takes("a");
  const oneWaits = await refuses(one);
  await one.ends(a);
  assert(await oneWaits(), "the other may take it");
  const twoWaits = await refuses(two);
  assertEquals([await oneWaits(), await twoWaits()], [false, false]);
  await place.mate(store);
  assertEquals([await oneWaits(), await twoWaits()], [true, true]);
});

// K84
crewTest("what members do not ask for by name keeps them waiting for others alone", async (place, store) => {
  await store.register(entries({ a: [], b: [], gone: [] }));
  const [one, two] = [await place.mate(store, { only: '["a"]' }), await place.mate(store, { only: '["b"]' })];
  const wait = () => Promise.all([one, two].map(async (mate) => (await store.outlook(mate.claimant)).isMoving));
  assertEquals(await one.takesAll(), ["a"]);
  assertEquals(await wait(), [true, true]);
  assertEquals(await two.takesAll(), ["b"]);
  assertEquals(await wait(), [false, false]);
  assertEquals(await (await place.mate(store)).takesAll(), ["gone"]);
});

// S3.35
crewTest(
  "several members at one task: no more than allowed, nobody new once it is done, complete with the last",
  async (place, store) => {
    await store.register([
      entry("wide", { maxParallelWorkers: 2 }),
      entry("after", { dependencies: ["wide"], rank: 1 }),
    ]);
    const [one, two, three] = [await place.mate(store), await place.mate(store), await place.mate(store)];
    const first = await one.takes("wide");
    await one.takesNothing(); // it has it already
    const second = await two.takes("wide");
    await three.takesNothing();
    assertEquals((await store.task("wide"))!.activeWorkers, 2);
    await one.ends(first);
    await three.takesNothing();
    assertEquals([(await store.task("wide"))!.state, (await store.task("wide"))!.currentStatus], [
      "running",
      "running",
    ]);
    await two.ends(second);
    assertEquals((await store.task("wide"))!.state, "completed");
    assertEquals(await three.takesAll(), ["after"]);
    assertEquals(await trail(store, "wide"), ["running", "running", "completed", "completed"]);
  },
);

// S3.36, S3.45
crewTest(
  "retries: N after the first, failures and deaths apart; then it is abandoned and its dependents blocked",
  async (place, store) => {
    await store.register(entries({ a: [], b: ["a"], c: ["b"], other: [] }));
    const mate = await place.mate(store, { maxFailedRetries: 2, maxKilledRetries: 0 });
    for (let attempt = 0; attempt < 3; attempt++) {
      assertEquals((await store.task("a"))!.failedRetries, attempt);
      await mate.ends(await mate.takes("a"), "failed", `attempt ${attempt}`);
    }
    assertEquals(await trail(store, "a"), ["running", "failed", "running", "failed", "running", "failed", "abandoned"]);
    assertEquals((await store.statusTrail("a")).map(({ detail }) => detail).filter(Boolean), [
      "attempt 0",
      "attempt 1",
      "attempt 2",
    ]);
    assertEquals([await trail(store, "b"), await trail(store, "c")], [["blocked"], ["blocked"]]);
    const { counts } = await store.workflow();
    assertEquals([counts.abandoned, counts.blocked, counts.ready], [1, 2, 1]);
    const task = (await store.task("a"))!;
    assertEquals([task.currentStatus, task.failedRetries, task.killedRetries, task.runtimeMs], ["abandoned", 3, 0, -1]);
    assertEquals(await mate.takesAll(), ["other"]);
    assertEquals(await store.hasMoreTasks(mate.claimant), false);
    assertEquals(await store.failedTasks(), ["a"]);
  },
);

// S3.44
crewTest(
  "without retries a failure is the end; a member that allows more lets it go on, and what it blocked",
  async (place, store) => {
    await store.register(entries({ a: [], b: ["a"], x: [], y: ["x"], z: ["y", "b"] }));
    const strict = await place.mate(store);
    await strict.ends(await strict.takes("a"), "failed");
    await strict.ends(await strict.takes("x"), "failed");
    assertEquals(await store.hasMoreTasks(strict.claimant), false);
    assertEquals((await store.tasks()).map(({ state }) => state), [
      "failed",
      "blocked",
      "failed",
      "blocked",
      "blocked",
    ]);
    assertEquals(await store.reopen(strict.claimant), []);
    const patient = await place.mate(store, { maxFailedRetries: 1 });
    assert(await store.hasMoreTasks(patient.claimant));
    assertEquals(await store.reopen(patient.claimant), ["a", "x"]);
    place.assertSound();
    const a = await patient.takes("a");
    await patient.ends(a);
    await patient.ends(await patient.takes("b"));
    await patient.ends(await patient.takes("x"), "failed");
    assertEquals((await store.tasks()).map(({ state }) => state), [
      "completed",
      "completed",
      "abandoned",
      "blocked",
      "blocked",
    ]);
    assertEquals(await trail(store, "y"), ["blocked", "blocked"]);
  },
);

// S3.44
crewTest("what is cancelled is given back, and uses up no retry", async (place, store) => {
  await store.register(entries({ a: [], b: [] }));
  const one = await place.mate(store), two = await place.mate(store);
  await one.ends(await one.takes("a"), "cancelled");
  assertEquals((await store.task("a"))!.currentStatus, "cancelled");
  const [a] = await one.take();
  await one.leaves();
  assertFalse(await one.ends(a));
  assertEquals((await store.workers())[0].status, "offline");
  assertEquals(await two.takesAll(), ["a", "b"]);
  assertEquals(await trail(store, "a"), ["running", "cancelled", "running", "cancelled", "running", "completed"]);
});

// S3.30
crewTest(
  "a member declared dead: its tasks are killed, given to others within retries, and it publishes nothing",
  async (place, store) => {
    await store.register(entries({ a: [], b: ["a"], c: [] }));
    const dead = await place.mate(store), heir = await place.mate(store, { maxKilledRetries: 1 });
    const [a, c] = await dead.take(2);
    assert(await dead.dies(heir.claimant));
    assertFalse(await dead.dies(heir.claimant), "once");
    assertEquals((await store.workers()).map(({ status }) => status), ["killed", "idle"]);
    const again = await heir.takes("a");
    assertGreater(again.claim, a.claim);
    const turn = await store.turn(dead.claimant, {
      limit: 3,
      endings: [{ claim: a.claim, ending: "completed" }, { claim: c.claim, ending: "failed" }],
    });
    assertEquals(turn, { isMember: false, counted: [false, false], claims: [], failed: [] });
    assertEquals(await store.beat(dead.claimant.worker), false);
    assertFalse((await store.turn(dead.claimant, { limit: 1 })).isMember);
    assertEquals(await trail(store, "a"), ["running", "killed", "running"]);
    await heir.ends(again);
    assertEquals((await store.task("a"))!.killedRetries, 1);
    const b = await heir.takes("b");
    await heir.dies();
    assertEquals([b.id, (await store.task("b"))!.state], ["b", "ready"]);
    const last = await place.mate(store, { maxKilledRetries: 1 });
    await last.ends(await last.takes("c")); // K85: b was killed later
    await last.takes("b");
    await last.dies();
    assertEquals(await trail(store, "b"), ["running", "killed", "running", "killed", "abandoned"]);
  },
);

// S3.37, S3.9
crewTest("who stops on failure is told which tasks failed, and given nothing", async (place, store) => {
  await store.register(entries({ b: [], a: [], c: [] }));
  const one = await place.mate(store), two = await place.mate(store);
  const stop = (limit: number) => store.turn(two.claimant, { limit, stopsOnFailure: true });
  await one.ends(await one.takes("b"), "failed");
  const [a] = await one.take();
  assertEquals(await stop(1), { isMember: true, counted: [], claims: [], failed: ["b"] });
  await one.ends(a, "failed");
  assertEquals((await stop(1)).failed, ["a", "b"]);
  assertEquals(await one.takesAll(), ["c"], "the others go on");
});

crewTest("what is given back while a dependency of it is done once more waits for that", async (place, store) => {
  await store.register(entries({ a: [], b: ["a"] }));
  const one = await place.mate(store);
  await one.ends(await one.takes("a"));
  const b = await one.takes("b");
  await store.invalidate(["a"]);
  await one.ends(b, "cancelled");
  assertEquals((await store.task("b"))!.state, "waiting");
  assertEquals(await one.takesAll(), ["a", "b"]);
});

// K87
crewTest("equal work is one member's; the others take what it made, unless that is of no use", async (place, store) => {
  await store.register(entries({ a: [], b: [] }));
  const one = await place.mate(store), two = await place.mate(store);
  const { claim: a } = await one.takes("a"), { claim: b } = await two.takes("b");
  const ask = ({ claimant: { worker } }: typeof one, claim: number, isUseless = false) =>
    store.agree({ worker, claim, fingerprint: "same", isUseless });
  assertEquals(await ask(one, a), { kind: "own" });
  assertEquals(await ask(two, b), { kind: "elsewhere" });
  await store.turn(one.claimant, { limit: 0, endings: [{ claim: a, ending: "completed", result: "made" }] });
  assertEquals(await ask(two, b), { kind: "made", result: "made" });
  assertEquals(await ask(two, b, true), { kind: "own" });
});
