import { assert, assertEquals, assertRejects } from "@std/assert";
import { DatabaseError } from "../../../actors/storage/database_error.ts";
import { Monitor } from "../../../actors/crew/monitor.ts";
import { RawDatabase } from "../storage/raw_database.ts";
import { CrewPlace, crewTest, entries, entry } from "./rig.ts";

// S3.45, S3.46
crewTest("Monitor sees workers, tasks and the workflow while others write", async (place, store) => {
  using monitor = await Monitor.open(place.path);
  await store.register([...entries({ a: [], b: ["a"], c: [] }), entry("g", { requirements: ["gpu"], rank: 9 })]);
  await store.setTotal(4);
  const mate = await place.mate(store, { identifier: "mate", labels: ["x"] });
  using writer = new RawDatabase(place.path);
  await mate.ends(await mate.takes("a"));
  await mate.ends(await mate.takes("b"), "failed", "no luck");
  await mate.takes("c");
  writer.exec("begin immediate"); // somebody writes, for as long as this one looks
  assertEquals(
    (await monitor.getTasks()).map(({ id, state, currentStatus }) => [id, state, currentStatus]),
    [["a", "completed", "completed"], ["b", "failed", "failed"], ["c", "running", "running"], [
      "g",
      "blocked",
      "blocked",
    ]],
  );
  assertEquals((await monitor.getTasks("running")).map(({ id, activeWorkers }) => [id, activeWorkers]), [["c", 1]]);
  assertEquals(await monitor.getTasks("ready"), []);
  assertEquals((await monitor.getTasks("blocked")).map(({ id }) => id), ["g"]);
  assertEquals((await monitor.getTasks(undefined, "mate")).map(({ id }) => id), ["a", "b", "c"]);
  assertEquals((await monitor.getTasks("failed", "mate")).map(({ id }) => id), ["b"]);
  assertEquals(await monitor.getTasks(undefined, "nobody"), []);
  assertEquals(await monitor.getTask("nothing"), undefined);
  const [a, b] = await monitor.getTasks();
  assertEquals(a.runtimeMs, a.endedAt! - a.startedAt!);
  assertEquals([b.runtimeMs, b.failedRetries, b.killedRetries], [-1, 1, 0]);
  assertEquals((await monitor.getStatuses("b")).map(({ status, worker, detail }) => [status, worker, detail]), [
    ["running", "mate", null],
    ["failed", "mate", "no luck"],
  ]);
  assertEquals(await monitor.getUsedDependencies("a"), []);
  const { totalTasks, discoveredTasks, counts } = await monitor.getWorkflow();
  assertEquals([totalTasks, discoveredTasks], [4, 4]);
  assertEquals(counts, {
    ...{ completed: 1, failed: 1, running: 1, blocked: 1 },
    ...{ waiting: 0, ready: 0, killed: 0, abandoned: 0 },
  });
  const [worker] = await monitor.getWorkers();
  assertEquals([worker.id, worker.status, worker.processedTasks, worker.isStale], ["mate", "busy", 2, false]);
  writer.exec("rollback");
});

// S3.47
crewTest("Monitor calls stale whose heartbeat has expired, and not whose clock is wrong", async (place, store) => {
  using monitor = await Monitor.open(place.path);
  const mates = [await place.mate(store), await place.mate(store), await place.mate(store)];
  using raw = new RawDatabase(place.path);
  raw.exec("update workers set last_heartbeat = last_heartbeat - 3600000 where id < 3");
  await mates[2].leaves();
  const stale = async () => (await monitor.getWorkers()).map(({ isStale }) => isStale);
  assertEquals(await stale(), [true, true, false]);
  raw.exec("update workers set beat = beat + 1 where id = 1"); // seen to live, by a clock that is an hour behind
  assertEquals(await stale(), [false, true, false]);
  const ages = (await monitor.getWorkers()).map(({ heartbeatAgeMs }) => heartbeatAgeMs);
  assert(ages[0] < 60_000 && ages[1] >= 3_600_000, `${ages}`);
  raw.exec("update workers set last_heartbeat = last_heartbeat + 7200000 where id = 2"); // an hour ahead
  assertEquals((await monitor.getWorkers())[1].heartbeatAgeMs, 0);
});

// S3.46, S3.47
crewTest("Monitor gives an overview of who is at what and why tasks failed", async (place, store) => {
  using monitor = await Monitor.open(place.path);
  await store.register([...entries({ a: [], b: [], c: [], d: ["a"], e: [] }), entry("f", { rank: 9 })]);
  await store.setTotal(7);
  const first = await place.mate(store, { identifier: "first", maxFailedRetries: 1 });
  const second = await place.mate(store, { identifier: "second" });
  await first.ends(await first.takes("a"), "failed", "no luck");
  await first.ends(await first.takes("a"), "failed", "no luck again");
  await second.ends(await second.takes("b"), "failed");
  await first.takes("c");
  await second.takes("e");
  await first.takes("f");
  await first.dies();
  const { workers, running, failed, ...figures } = await monitor.getOverview();
  assertEquals(figures, {
    workflow: "main",
    totalTasks: 7,
    discoveredTasks: 6,
    createdAt: figures.createdAt,
    counts: { completed: 0, running: 1, ready: 0, waiting: 0, blocked: 1, failed: 1, killed: 2, abandoned: 1 },
  });
  assertEquals(workers.map(({ id, status, processedTasks }) => [id, status, processedTasks]), [
    ["first", "killed", 2],
    ["second", "busy", 1],
  ]);
  assertEquals(running.map(({ task, worker }) => [task, worker]), [["e", "second"]]);
  assert(Math.abs(running[0].startedAt - Date.now()) < 60_000);
  assertEquals(failed, [
    { task: "a", state: "abandoned", detail: "no luck again" },
    { task: "b", state: "failed", detail: null },
    { task: "c", state: "killed", detail: "its member died" },
    { task: "f", state: "killed", detail: "its member died" },
  ]);
});

// S3.46
Deno.test("Monitor makes nothing and says what is missing", async () => {
  using place = new CrewPlace();
  const error = await assertRejects(() => Monitor.open(place.path), DatabaseError);
  assertEquals([error.kind, error.message], ["missing", `Database '${place.path}' does not exist`]);
  await assertRejects(() => Monitor.open(place.path, { sharedFs: true }), DatabaseError, "does not exist");
  assertEquals(place.temp.names(), []);
  await place.store();
  const workflow = await assertRejects(() => Monitor.open(place.path, { workflow: "x" }), DatabaseError);
  assertEquals([workflow.kind, workflow.message], ["missing", `Database '${place.path}' has no workflow 'x'`]);
});

// K88
Deno.test("a crew's database in a folder that one may only read is looked at without the lock", async () => {
  using place = new CrewPlace();
  const store = await place.store({ sharedFs: true });
  await store.register(entries({ a: [] }));
  place.temp.folder("disk");
  Deno.copyFileSync(place.path, place.temp.file("disk/crew.sqlite"));
  const folder = place.temp.readOnly("ro", place.temp.file("disk"));
  if (folder === undefined) return;
  using monitor = await Monitor.open(`${folder}/crew.sqlite`, { sharedFs: true });
  assertEquals((await monitor.getTasks()).map(({ id }) => id), ["a"]);
});
