// What happens to a crew when its members are killed, stopped, started at once, or have wrong clocks.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type CrewOptions } from "../../../actors/crew/options.ts";
import { CrewStore } from "../../../actors/crew/store/store.ts";
import { CrewPlace, NO_RETRIES, trail } from "../../actors/crew/rig.ts";
import { query } from "../../actors/storage/raw_database.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { stopBetweenWrites } from "../stopped.ts";
import { type MemberPlan, MemberProcess, reportsOf } from "./rig.ts";

function planFor(
  place: CrewPlace,
  identifier: string,
  more: Partial<MemberPlan> & { also?: CrewOptions } = {},
): MemberPlan {
  const { also, ...plan } = more;
  const options = { db: place.path, identifier, ...also } as MemberPlan["options"];
  return { count: 40, width: 10, taskMs: 0, ...plan, options };
}

/** Each task was completed once, by what its audit trail says happened to it. */
function assertDoneOnce(place: CrewPlace, count: number): void {
  place.assertSound();
  const trails = query<{ words: string }>(
    place.path,
    `select group_concat(status, ' ') words from
      (select task_id, status from task_statuses order by id) group by task_id`,
  );
  assertEquals(trails.length, count);
  for (const { words } of trails) assertMatch(words, /^(running killed )*running completed$/);
  assertEquals(query(place.path, "select * from claims"), []);
  const missed = `select s.id from task_statuses s join tasks t on t.id = s.task_id
    join task_dependencies d on d.task_id = t.id where s.status = 'running' and not exists (
      select 1 from task_statuses c where c.task_id = d.dependency_id and c.status = 'completed' and c.id < s.id)`;
  assertEquals(query(place.path, missed), [], "nothing began before what it depends on was completed");
}

// S3.30, S3.31, S3.36, S3.39
Deno.test("members killed at random moments: every task is completed once, and the trail says how", async () => {
  const random = randomFrom(seedFor("killed members"));
  using place = new CrewPlace();
  const also = { heartbeatIntervalMs: 100, heartbeatTimeoutMs: 5000, maxKilledRetries: 1000 };
  const plan = { count: 500, width: 50, taskMs: 10, also };
  let started = 0;
  const start = () => new MemberProcess(planFor(place, `member ${started++}`, plan));
  const members = Array.from({ length: 8 }, start);
  members.forEach((member) => member.go());
  for (let kills = 0; kills < 20; kills++) {
    await new Promise((resolve) => setTimeout(resolve, random.below(120))); // the random moment, not an order
    const victim = random.below(members.length);
    await members[victim][Symbol.asyncDispose]();
    members[victim] = start();
    members[victim].go();
  }
  for (const member of members) assertEquals(await member.line(), "ready");
  await reportsOf(members);
  assertDoneOnce(place, 500);
  using store = await CrewStore.open(place.path);
  assertEquals((await store.workflow()).counts.completed, 500);
  const statuses = (await store.workers()).map(({ status }) => status);
  assertEquals(statuses.filter((status) => status !== "offline" && status !== "killed"), []);
});

// S3.30
Deno.test("a member stopped for longer than its timeout is replaced, and publishes nothing when it goes on", async () => {
  using place = new CrewPlace();
  const also: CrewOptions = { heartbeatIntervalMs: 50, heartbeatTimeoutMs: 250, maxKilledRetries: 1 };
  const plan = { count: 3, width: 3, also };
  await using sleeper = new MemberProcess(planFor(place, "sleeper", { ...plan, taskMs: -1 }));
  sleeper.go();
  assertEquals([await sleeper.line(), await sleeper.line()], ["ready", "has task_0"]);
  await stopBetweenWrites(sleeper.pid, place.path);
  const [heir] = await MemberProcess.together([planFor(place, "heir", plan)]);
  const [report] = await reportsOf([heir]);
  assertEquals(report.ids, ["task_1", "task_2", "task_0"]);
  sleeper.signal("SIGCONT");
  sleeper.go();
  assertEquals((await sleeper.report())!.ids, ["task_0"], "it did the work, but nobody heard of it");
  assertDoneOnce(place, 3);
  using store = await CrewStore.open(place.path);
  assertEquals((await store.statusTrail("task_0")).map(({ status, worker }) => `${status} ${worker}`), [
    "running sleeper",
    "killed sleeper",
    "running heir",
    "completed heir",
  ]);
  assertEquals((await store.workers()).map(({ id, status, processedTasks }) => [id, status, processedTasks]), [
    ["sleeper", "killed", 0],
    ["heir", "offline", 3],
    ["sleeper", "offline", 0],
  ]);
});

// S3.39
Deno.test("eight processes that start at the same instant, without a database, share the work", async () => {
  using place = new CrewPlace();
  const plans = Array.from({ length: 8 }, (_, i) => planFor(place, `m${i}`, { count: 200, width: 40, taskMs: 1 }));
  const reports = await reportsOf(await MemberProcess.together(plans));
  const ids = reports.flatMap((report) => report.ids);
  assertEquals([ids.length, new Set(ids).size], [200, 200]);
  assertDoneOnce(place, 200);
  assertEquals(query(place.path, "select count(*) count from workflows"), [{ count: 1 }]);
});

// S3.39
Deno.test("four processes and ten tasks: ten distinct ones are done, and so every time", async () => {
  for (let round = 0; round < rounds(4); round++) {
    using place = new CrewPlace();
    const plans = Array.from({ length: 4 }, (_, i) => planFor(place, `m${i}`, { count: 10, width: 10, taskMs: 5 }));
    const reports = await reportsOf(await MemberProcess.together(plans));
    assertEquals(reports.flatMap(({ ids }) => ids).sort(), Array.from({ length: 10 }, (_, i) => `task_${i}`));
  }
});

Deno.test("four members share a thousand tasks of 5 ms: none gets less than half of its share", async () => {
  using place = new CrewPlace();
  const plans = Array.from({ length: 4 }, (_, i) => planFor(place, `m${i}`, { count: 1000, width: 100, taskMs: 5 }));
  const reports = await reportsOf(await MemberProcess.together(plans));
  const shares = reports.map(({ ids }) => ids.length);
  assertEquals(shares.reduce((sum, share) => sum + share), 1000);
  assert(Math.min(...shares) >= 125, `shares: ${shares}`);
});

// S3.30
Deno.test("clocks that are minutes apart harm nobody", async () => {
  using place = new CrewPlace();
  const also = { heartbeatIntervalMs: 50, heartbeatTimeoutMs: 2000 };
  const plans = [-10, -1, 0, 15].map((minutes) =>
    planFor(place, `${minutes} min`, { count: 100, width: 20, taskMs: 10, clockMs: minutes * 60_000, also })
  );
  const reports = await reportsOf(await MemberProcess.together(plans));
  assertEquals(reports.flatMap(({ ids }) => ids).length, 100);
  assert(reports.every(({ ids }) => ids.length > 0));
  assertDoneOnce(place, 100);
  assertEquals(query(place.path, "select distinct status from workers"), [{ status: "offline" }]);
});

// S3.29
Deno.test("of two processes with one identifier the second is refused, until the first is killed", async () => {
  using place = new CrewPlace();
  const plan = planFor(place, "same", { count: 2, width: 2, taskMs: -1, also: { maxKilledRetries: 1 } });
  await using first = new MemberProcess(plan);
  first.go();
  assertEquals([await first.line(), await first.line()], ["ready", "has task_0"]);
  const [second] = await MemberProcess.together([plan]);
  await assertRejects(() => reportsOf([second]), Error, "Worker with this identifier already exists");
  first.signal("SIGKILL");
  await first.report();
  const [third] = await MemberProcess.together([{ ...plan, taskMs: 0 }]);
  assertEquals((await reportsOf([third]))[0].ids, ["task_1", "task_0"], "what was killed goes last");
  using store = await CrewStore.open(place.path);
  assertEquals(await trail(store, "task_0"), ["running", "killed", "running", "completed"]);
});

// S3.21
Deno.test("eight writers of a thousand events each: no number twice, and each writer's in its own order", async () => {
  using place = new CrewPlace();
  const store = await place.store();
  const program = `
    import { CrewStore } from ${JSON.stringify(import.meta.resolve("../../../actors/crew/store/store.ts"))};
    const [path, worker] = Deno.args;
    using store = await CrewStore.open(path);
    for (let task = 1; task <= 1000; task++) await store.enterEvent("TASK_READY", { task, worker: Number(worker) });`;
  Deno.writeTextFileSync(place.temp.file("writer.ts"), program);
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const ends = await Promise.all(Array.from({ length: 8 }, (_, i) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--no-check",
        "--config",
        config,
        place.temp.file("writer.ts"),
        place.path,
        `${i}`,
      ],
    }).output()));
  assertEquals(ends.map(({ code }) => code), Array(8).fill(0));
  const events = await store.eventsSince(0, 100_000);
  assertEquals(events.length, 8000);
  for (let i = 1; i < events.length; i++) assert(events[i].sequence > events[i - 1].sequence);
  for (let writer = 0; writer < 8; writer++) {
    const order = events.filter(({ worker }) => worker === writer).map(({ task }) => task);
    assertEquals(order, Array.from({ length: 1000 }, (_, i) => i + 1));
  }
});

// S3.19, S3.20
Deno.test("on a shared file system a member killed with the lock in its hands holds up nobody", async () => {
  const random = randomFrom(seedFor("killed on a shared file system"));
  using place = new CrewPlace();
  const also = { sharedFs: true, heartbeatIntervalMs: 100, heartbeatTimeoutMs: 5000, maxKilledRetries: 1000 };
  const plan = { count: 80, width: 20, taskMs: 1, also };
  for (let round = 0; round < rounds(6); round++) {
    await using victim = new MemberProcess(planFor(place, `victim ${round}`, plan));
    assertEquals(await victim.line(), "ready");
    victim.go();
    await new Promise((resolve) => setTimeout(resolve, 20 + random.below(100))); // the random moment, not an order
  }
  await reportsOf(await MemberProcess.together(["a", "b"].map((name) => planFor(place, name, plan))));
  assertDoneOnce(place, 80);
});

Deno.test("a workflow whose members are all killed is gone on with by those who come later", async () => {
  using place = new CrewPlace();
  const plan = { count: 4, width: 2, taskMs: -1, also: { maxKilledRetries: 1 } };
  const members = await MemberProcess.together([planFor(place, "a", plan), planFor(place, "b", plan)]);
  for (const member of members) assertMatch((await member.line())!, /^has task_[01]$/);
  for (const member of members) await member[Symbol.asyncDispose]();
  using store = await CrewStore.open(place.path);
  assert((await store.workers()).some(({ status }) => status === "busy"), "nobody is left to notice the last one");
  assertEquals(await store.hasMoreTasks({ ...NO_RETRIES, labels: new Set() }), true);
  const [later] = await MemberProcess.together([planFor(place, "c", { ...plan, taskMs: 0 })]);
  assertEquals((await reportsOf([later]))[0].ids.length, 4);
  assertDoneOnce(place, 4);
});
