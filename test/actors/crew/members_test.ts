// Joining, leaving, being declared dead, and what is pruned when all is done.
import { assert, assertEquals, assertFalse, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { CrewError } from "../../../actors/crew/store/crew_error.ts";
import { Heart } from "../../../actors/crew/heart.ts";
import { Member, type MemberOptions } from "../../../actors/crew/member.ts";
import { RawDatabase } from "../storage/raw_database.ts";
import { until } from "./library.ts";
import { crewTest, entries, entry, NO_RETRIES, trail } from "./rig.ts";

const OPTIONS: MemberOptions = {
  ...NO_RETRIES,
  labels: ["b", "a"],
  heartbeatIntervalMs: 30_000,
  heartbeatTimeoutMs: 60_000,
  enableFingerprints: false,
  isRegistering: false,
  heart: "timer",
  storeOptions: {},
};

// S3.28, S3.29, S3.32
crewTest(
  "a member is on record with all there is to know, and its identifier is its own while it is at work",
  async (_, store) => {
    const member = await Member.join(store, OPTIONS);
    assertEquals(member.identifier, String(Deno.pid));
    const [record] = await store.workers();
    assertEquals([record.id, record.status, record.labels, record.pid, record.hostname, record.endedAt], [
      String(Deno.pid),
      "idle",
      ["a", "b"],
      Deno.pid,
      Deno.hostname(),
      null,
    ]);
    assertEquals([record.heartbeatIntervalMs, record.heartbeatTimeoutMs, record.processedTasks], [30_000, 60_000, 0]);
    assert(Math.abs(Date.now() - record.startedAt) < 60_000 && record.lastHeartbeat >= record.startedAt);
    const taken = "Worker with this identifier already exists";
    await assertRejects(() => Member.join(store, OPTIONS), CrewError, taken);
    await assertRejects(() => Member.join(store, { ...OPTIONS, identifier: String(Deno.pid) }), CrewError, taken);
    await member.leave();
    await member.leave();
    assertEquals((await store.workers())[0].status, "offline");
    await using again = await Member.join(store, OPTIONS);
    assertEquals((await store.workers()).map(({ id, status }) => [id, status]), [
      [again.identifier, "offline"],
      [again.identifier, "idle"],
    ]);
  },
);

// K82
crewTest(
  "what is done for a held claim is done before anybody can take it away, or not at all",
  async (place, store) => {
    await store.register(entries({ a: [] }));
    const mate = await place.mate(store), heir = await place.mate(await place.store());
    const { claim } = await mate.takes("a");
    using raw = new RawDatabase(place.path);
    const { worker } = mate.claimant;
    let isTaken = false;
    const done = await store.whileHeld(worker, claim, () => {
      assertThrows(() => raw.exec("begin immediate"), Error, "locked");
      heir.store.declareDead(worker, NO_RETRIES).then(() => isTaken = true);
      return isTaken ? "late" : "in time";
    });
    assertEquals(done, "in time");
    await until(() => isTaken);
    assertEquals(await store.whileHeld(worker, claim, () => "too late"), undefined);
  },
);

// S3.29
crewTest("an identifier is taken over at once from a process that is dead", async (place, store) => {
  await store.register(entries({ a: [] }));
  const mate = await place.mate(store, { identifier: "x" });
  await mate.takes("a");
  using raw = new RawDatabase(place.path);
  raw.exec("update workers set pid = 999999999");
  await using _taken = await Member.join(store, { ...OPTIONS, identifier: "x" });
  assertEquals((await store.workers()).map(({ status }) => status), ["killed", "idle"]);
  assertEquals(await trail(store, "a"), ["running", "killed"]);
});

// K70, K90: the namesake is on another host, in another container, or before the last boot
crewTest("where a namesake may be dead, its sign of life is waited for, and that is said", async (place, store) => {
  using raw = new RawDatabase(place.path);
  const elsewhere = ["hostname = 'elsewhere'", "process_birth = 'another boot/1/1'", "process_birth = '//'"];
  for (const [i, place_] of elsewhere.entries()) {
    const said: string[] = [];
    const wanted = { ...OPTIONS, identifier: `x${i}`, onWait: (sentence: string) => said.push(sentence) };
    const ghost = await place.mate(store, { identifier: `x${i}` });
    raw.exec(`update workers set ${place_}, pid = 7 where id = ${ghost.claimant.worker}`);
    const asking = Member.join(store, wanted);
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await store.beat(ghost.claimant.worker);
    await assertRejects(() => asking, CrewError, "Worker with this identifier already exists");
    raw.exec(`update workers set heartbeat_timeout_ms = 1 where id = ${ghost.claimant.worker}`);
    await using _late = await Member.join(store, wanted);
    assertEquals((await store.workers()).map(({ id, status }) => [id, status]).slice(-2), [
      [`x${i}`, "killed"],
      [`x${i}`, "idle"],
    ]);
    assertMatch(
      said[0],
      /^Waiting up to 2s for a sign of life of worker 'x\d' \(process 7 on '.*'\), which has this id/,
    );
    assertEquals(said.length, 2);
  }
  const mate = await place.mate(store, { identifier: "y" });
  raw.exec(`update workers set hostname = 'elsewhere' where id = ${mate.claimant.worker}`);
  const stopped = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => Member.join(store, { ...OPTIONS, identifier: "y", signal: stopped }), Error, "stopped");
});

// K70
crewTest("a process id is told apart from that of another host, and from those in containers", async (place, store) => {
  const { pid } = Deno, host = Deno.hostname();
  const identifiers = [`${pid}`, `${pid}@${host}`, `${pid}@${host}#2`];
  using raw = new RawDatabase(place.path);
  for (const identifier of identifiers.slice(0, 2)) {
    await place.mate(store, { identifier });
    raw.exec("update workers set process_birth = 'boot/1/1'");
  }
  await using member = await Member.join(store, OPTIONS);
  assertEquals(member.identifier, identifiers[2]);
});

// S3.30, S3.31
crewTest("hearts find those dead whose number stands still, whatever the clocks say", async (place, store) => {
  await store.register(entries({ a: [], b: ["a"] }));
  const mates = [await place.mate(store), await place.mate(store), await place.mate(store)];
  await mates[0].takes("a");
  using raw = new RawDatabase(place.path);
  // on other hosts, with clocks an hour apart, and timeouts as short as they can be
  raw.exec(`update workers set hostname = 'host' || id, heartbeat_timeout_ms = 1,
    last_heartbeat = last_heartbeat + (id - 2) * 3600000`);
  const owner = "", intervalMs = 60_000;
  const heart = new Heart(store, { worker: mates[2].claimant.worker, owner, intervalMs, limits: NO_RETRIES });
  assert(await heart.beat());
  const statuses = async () => (await store.workers()).map(({ status }) => status);
  assertEquals(await statuses(), ["busy", "idle", "idle"]);
  await new Promise((resolve) => setTimeout(resolve, 5)); // longer than the timeout
  await store.beat(mates[1].claimant.worker);
  assert(await heart.beat());
  assertEquals(await statuses(), ["killed", "idle", "idle"]);
  assertEquals([await trail(store, "a"), await trail(store, "b")], [["running", "killed"], ["blocked"]]);
  assertFalse(await store.beat(mates[0].claimant.worker));
});

crewTest("a member learns by its heart or its next turn that it was declared dead", async (place, store) => {
  await store.register(entries({ a: [], b: [] }));
  const other = await place.mate(store);
  for (const heart of ["timer", "thread"] as const) {
    const member = await Member.join(store, { ...OPTIONS, heart, heartbeatIntervalMs: 5, heartbeatTimeoutMs: 60_000 });
    const lost = new Promise<void>((resolve) => member.lost.addEventListener("abort", () => resolve()));
    await store.declareDead(member.claimant.worker, other.claimant);
    await lost;
    assertEquals(await member.change(), undefined);
    await member.leave();
  }
  await using slow = await Member.join(store, OPTIONS);
  await store.declareDead(slow.claimant.worker, other.claimant);
  assertFalse((await slow.turn({ limit: 1 })).isMember);
  assert(slow.lost.aborted);
  assertEquals((await store.workers()).map(({ status }) => status), ["idle", "killed", "killed", "killed"]);
});

crewTest("a heart whose thread cannot use the database beats by a timer", async (place, store) => {
  const elsewhere = new Proxy(store, {
    get(target, name) {
      if (name === "path") return place.temp.file("none/crew.sqlite");
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const options = { ...OPTIONS, heart: "thread", heartbeatIntervalMs: 5 } as const;
  await using _member = await Member.join(elsewhere, options);
  const deadline = performance.now() + 10_000;
  while ((await store.workers())[0].beat < 5) {
    assert(performance.now() < deadline, "no heartbeat");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

// S3.22
crewTest("a member that waits wakes up for what others do, and for nothing else", async (place, store) => {
  await store.register(entries({ a: [], b: ["a"] }));
  let looks = 0;
  const watched = new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== "eventsSince") return typeof value === "function" ? value.bind(target) : value;
      return async (sequence: number) => {
        const events = await target.eventsSince(sequence);
        looks++;
        return events;
      };
    },
  });
  await using member = await Member.join(watched, OPTIONS);
  const otherStore = await place.store();
  const other = await place.mate(otherStore);
  const a = await other.takes("a");
  await member.change(); // that somebody joined
  let hasWoken = false;
  const waiting = member.change().then(() => hasWoken = true);
  for (let beat = 0; beat < 3; beat++) {
    const before = looks;
    await otherStore.beat(other.claimant.worker);
    await until(() => looks > before); // it has seen that there was something
    assertFalse(hasWoken, "heartbeats are no news");
  }
  await other.ends(a);
  await waiting;
  assertEquals((await member.turn({ limit: 1 })).claims.map(({ id }) => id), ["b"]);
});

// S3.14, S3.15, S3.16
crewTest(
  "pruning keeps the newest lines of each task, what stands for now, and what completions went by",
  async (place, store) => {
    const mate = await place.mate(store, { enableFingerprints: true, maxFailedRetries: 99 });
    for (let round = 0; round < 8; round++) {
      const fingerprint = String(round);
      await store.register([entry("a", { fingerprint }), entry("b", { dependencies: ["a"], rank: 1 })], "invalidates");
      await mate.takesAll();
    }
    await store.register([entry("short"), entry("held", { maxParallelWorkers: 2 })]);
    await mate.ends(await mate.takes("short"));
    const held = await mate.takes("held");
    const other = await place.mate(store, { maxFailedRetries: 99 });
    for (let times = 0; times < 12; times++) await other.ends(await other.takes("held"), "cancelled");
    assertEquals((await trail(store, "a")).length, 23);
    assertEquals(await store.pruneStatusHistory(23), 1, "a claim that is held keeps its line");
    assertEquals(await store.pruneStatusHistory(), 13 + 13 + 13, "10 by default");
    assertEquals(await trail(store, "a"), (await trail(store, "a")).slice(-10));
    assertEquals((await trail(store, "a")).at(-1), "completed");
    assertEquals(await store.usedDependencies("b"), ["a"]);
    assertEquals(await store.pruneStatusHistory(), 0);
    place.assertSound();
    assertEquals(await store.pruneStatusHistory(0), 9 + 9 + 1 + 9, "the current status always stays");
    assertEquals(await trail(store, "a"), ["completed"]);
    // K86
    const said = { bytes: new TextEncoder().encode("why\n"), dropped: 0 },
      nothing = { bytes: new Uint8Array(), dropped: 0 };
    await store.register([entry("bad")]);
    const failed = {
      claim: (await mate.takes("bad")).claim,
      ending: "failed",
      output: { stdout: nothing, stderr: said },
    } as const;
    await store.turn(mate.claimant, { limit: 0, endings: [failed] });
    assertEquals(await store.output("bad"), { stdout: "", stderr: "why\n" });
    await mate.ends(await mate.takes("bad"));
    assertEquals(await store.pruneStatusHistory(1), 3, "with what the task printed");
    assertEquals([await store.output("bad"), place.rows("select * from task_outputs")], [undefined, []]);
    place.assertSound();
    await mate.ends(held);
    await store.register([entry("waits", { dependencies: ["a"] })]);
    const lines = (await trail(store, "held")).length;
    await store.clean();
    assertEquals((await trail(store, "held")).length, lines, "something is left to do");
  },
);

// S3.21, S3.22
crewTest("events have numbers in order and are pruned by age", async (place, store) => {
  const before = await store.latestEvent();
  await store.register(entries({ a: [], b: ["a"] }));
  const mate = await place.mate(store);
  await mate.takesAll();
  const events = await store.eventsSince(before);
  assertEquals(events.map(({ kind }) => kind), [
    "TASKS_REGISTERED",
    "WORKER_JOINED",
    "TASK_RUNNING",
    "TASK_COMPLETED",
    "TASK_READY",
    "TASK_RUNNING",
    "TASK_COMPLETED",
  ]);
  assertEquals(events.map(({ sequence }) => sequence), events.map((_, i) => before + 1 + i));
  assertEquals(await store.pruneEvents(3), before + 4);
  assertEquals((await store.eventsSince(0)).length, 3);
  await store.pruneEvents(0);
  await store.enterEvent("TASK_READY");
  assertEquals(await store.latestEvent(), before + 8, "a number is never given again");
});

crewTest("a member that is about to tell of tasks again is worth waiting for", async (place, store) => {
  await store.register([entry("a"), entry("b", { requirements: ["gpu"] })]);
  const one = await place.mate(store), two = await place.mate(store, { labels: ["gpu"] });
  await two.ends(await two.takes("a"));
  await two.ends(await two.takes("b"), "failed");
  const isMoving = async () =>
    (await store.outlook({ ...one.claimant, maxFailedRetries: 1, labels: new Set(["gpu"]) })).isMoving;
  assertFalse(await isMoving());
  await store.noteRegistering(two.claimant.worker);
  assert(await isMoving());
  await store.noteRegistered(two.claimant.worker);
  assertFalse(await isMoving());
});
