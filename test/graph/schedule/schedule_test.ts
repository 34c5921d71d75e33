// The rules of scheduling, told events and asked for effects; no thread, no file, no clock.
import { assert, assertEquals } from "@std/assert";
import type { Event } from "../../../graph/schedule/event.ts";
import { withFirst } from "../../../graph/schedule/plan.ts";
import { step } from "../../../graph/schedule/schedule.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { planOf, World } from "./world.ts";

// S0.11, S0.20, S0.23, S0.25
Deno.test("step() runs a diamond: the top, then both sides at once, then the foot once", () => {
  const world = new World(planOf({ a: [], b: ["a"], c: ["a"], d: ["b", "c"] }), 8).begin();
  assertEquals([...world.running.keys()], ["a"]);
  world.complete("a");
  assertEquals([...world.running.keys()], ["b", "c"]);
  world.complete("c");
  assertEquals([...world.running.keys()], ["b"]);
  world.complete("b");
  assertEquals([...world.running.keys()], ["d"]);
  world.complete("d");
  assert(world.finished);
  assertEquals(world.log.filter((line) => line === "run d").length, 1);
});

// S0.21: nothing but the last dependency's own event is needed
Deno.test("step() queues a task in the very step that completes its last dependency", () => {
  const world = new World(planOf({ b: [], c: [], d: [], a: ["b", "c", "d"] }), 8).begin();
  world.complete("b");
  world.complete("c");
  assert(!world.running.has("a"));
  world.complete("d");
  assert(world.running.has("a"));
});

// S0.24
Deno.test("step() runs a chain in order with one worker busy at any time", () => {
  const world = new World(planOf({ a: [], b: ["a"], c: ["b"], d: ["c"], e: ["d"] }), 8).begin();
  for (const name of ["a", "b", "c", "d", "e"]) {
    assertEquals([...world.running.keys()], [name]);
    world.complete(name);
  }
  assert(world.finished);
});

// S0.12, S0.15
Deno.test("step() gives eight independent tasks to eight workers, the ninth waits", () => {
  const world = new World(planOf(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`t${i}`, []]))), 8).begin();
  assertEquals([...world.running.values()].sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
  world.complete("t3");
  assert(world.running.has("t8"));
});

// S0.16
Deno.test("step() leaves five of eight workers idle when three tasks are ready", () => {
  const world = new World(planOf({ a: [], b: [], c: [] }), 8).begin();
  assertEquals(world.running.size, 3);
  assertEquals(world.schedule.idle.size, 5);
});

// S0.32
Deno.test("step() skips everything that needs a failed task and nothing else", () => {
  const world = new World(planOf({ a: [], b: ["a"], c: ["b"], d: ["c", "x"], x: [], y: ["x"] }), 8).begin();
  world.fail("a");
  world.complete("x");
  world.complete("y");
  assertEquals(world.statuses(), {
    a: "failed",
    b: "skipped",
    c: "skipped",
    d: "skipped",
    x: "completed",
    y: "completed",
  });
  assert(world.finished);
  assert(!world.log.some((line) => ["run b", "run c", "run d"].includes(line)));
});

// S0.47
Deno.test("step() enters an artifact in the cache before it completes the task and releases its dependents", () => {
  const world = new World(planOf({ a: [], b: ["a"] }), 1).begin();
  world.complete("a");
  const at = (line: string) => world.log.indexOf(line);
  assert(at("record a") < at("complete a") && at("complete a") < at("run b"));
});

Deno.test("step() tries a failed task again as often as it may, then fails it", () => {
  const world = new World(planOf({ a: [] }, 2), 1).begin();
  world.fail("a");
  world.fail("a");
  assert(world.running.has("a"));
  world.fail("a");
  assertEquals(world.statuses(), { a: "failed" });
});

Deno.test("step() keeps no worker for a task whose next attempt is delayed", () => {
  const world = new World(planOf({ a: [], b: [] }, 1), 1).begin();
  world.fail("a", true, true);
  assertEquals([...world.running.keys()], ["b"]);
  world.tell({ kind: "due", task: world.index("a") });
  world.complete("b");
  assertEquals([...world.running.keys()], ["a"]);
  world.fail("a", true, true);
  assertEquals(world.statuses(), { a: "failed", b: "completed" });
  assert(world.finished);
});

Deno.test("step() skips a delayed task when it is interrupted, and it is due no more", () => {
  const world = new World(planOf({ a: [] }, 1), 1).begin();
  world.fail("a", true, true);
  world.tell({ kind: "interrupted" });
  assertEquals(world.statuses(), { a: "skipped" });
  assert(world.finished);
  world.tell({ kind: "due", task: world.index("a") });
  assertEquals(world.statuses(), { a: "skipped" });
});

// K35
Deno.test("step() skips what was cancelled since the run stops, and fails what was cancelled otherwise", () => {
  const cancel = (world: World, name: string) => {
    const task = world.index(name);
    world.tell({ kind: "failed", worker: world.running.get(name)!, task, retriable: false, isCancelled: true });
  };
  const world = new World(planOf({ a: [], b: ["a"] }, 2), 1).begin();
  world.tell({ kind: "interrupted" });
  cancel(world, "a");
  assertEquals(world.statuses(), { a: "skipped", b: "skipped" });
  assert(world.finished);
  const going = new World(planOf({ a: [], b: ["a"] }, 2), 1).begin();
  cancel(going, "a");
  assertEquals(going.statuses(), { a: "failed", b: "skipped" });
});

Deno.test("step() does not try a cancelled task again", () => {
  const world = new World(planOf({ a: [] }, 2), 1).begin();
  world.fail("a", false);
  assertEquals(world.statuses(), { a: "failed" });
});

// S0.45, S0.50
Deno.test("step() lets one of eight equal tasks work while seven wait for its result", () => {
  const names = Array.from({ length: 8 }, (_, i) => `t${i}`);
  const world = new World(planOf(Object.fromEntries(names.map((name) => [name, []]))), 8);
  let built = false;
  world.verdict = () => built ? { kind: "restore", fingerprint: "f" } : { kind: "run", fingerprint: "f" };
  world.begin();
  assertEquals([...world.running.keys()], ["t0"]);
  built = true;
  world.complete("t0");
  assertEquals(world.running.size, 7);
  for (const name of names.slice(1)) world.complete(name);
  assert(world.finished);
  assertEquals(world.log.filter((line) => line.startsWith("complete")).length, 8);
});

Deno.test("step() lets the next of equal tasks try when the first has failed", () => {
  const world = new World(planOf({ a: [], b: [], c: [] }), 8);
  world.verdict = () => ({ kind: "run", fingerprint: "f" });
  world.begin();
  world.fail("a");
  assertEquals([...world.running.keys()], ["b"]);
  world.complete("b");
  assertEquals([...world.running.keys()], ["c"]);
});

Deno.test("step() does the work after all when there was nothing to copy", () => {
  const world = new World(planOf({ a: [] }), 1);
  world.verdict = () => ({ kind: "restore", fingerprint: "f" });
  world.begin();
  world.verdict = () => ({ kind: "run", fingerprint: "f" });
  world.running.delete("a");
  world.tell({ kind: "unrestorable", worker: 1, task: 0 });
  assert(world.running.has("a"));
  world.complete("a");
  assert(world.finished);
});

Deno.test("step() starts no worker when everything is up to date", () => {
  const world = new World(planOf({ a: [], b: ["a"] }), 8);
  world.verdict = () => ({ kind: "fresh" });
  world.begin();
  assert(world.finished);
  assertEquals(world.log, ["complete a", "complete b", "finish"]);
});

Deno.test("step() with failFast starts nothing more after a failure and lets what runs finish", () => {
  const world = new World(planOf({ a: [], b: [], c: [], d: [] }), 2, { failFast: true }).begin();
  world.fail("a");
  assert(!world.finished);
  world.complete("b");
  assertEquals(world.statuses(), { a: "failed", b: "completed", c: "skipped", d: "skipped" });
  assert(world.finished);
});

Deno.test("step() asks running tasks to end at the first interrupt and makes them at the second", () => {
  const world = new World(planOf({ a: [], b: ["a"], c: [] }), 1).begin();
  const signals: string[] = [];
  const tell = (event: Event) => {
    for (const effect of step(world.schedule, event)) if (effect.kind === "cancel") signals.push(effect.signal);
  };
  tell({ kind: "interrupted" });
  tell({ kind: "interrupted" });
  assertEquals(signals, ["SIGTERM", "SIGKILL"]);
  world.fail("a", false);
  assertEquals(world.statuses(), { a: "failed", b: "skipped", c: "skipped" });
  assert(world.finished);
});

Deno.test("step() fails the task of a crashed worker and gives its replacement the next", () => {
  const world = new World(planOf({ a: [], b: [] }), 1).begin();
  world.running.delete("a");
  world.tell({ kind: "crashed", worker: 1 });
  assertEquals(world.running.size, 0);
  world.tell({ kind: "workerReady", worker: 1 });
  assert(world.running.has("b"));
  // An idle worker that crashes and comes back is still one worker.
  world.complete("b");
  world.tell({ kind: "workerReady", worker: 1 });
  assertEquals(world.schedule.idle.size, 1);
});

// S6.14
Deno.test("step() ends a running task whose sources change, looks at it again, and disturbs nothing else", () => {
  const world = new World(planOf({ a: [], b: [], c: ["a"] }, 1), 2).begin();
  world.change(["a"]);
  assertEquals([...world.cancelled], ["a"]);
  world.change(["a"]);
  assertEquals(world.log.filter((line) => line === "cancel a").length, 1);
  world.giveUp("a");
  assertEquals(world.log.slice(-2), ["redo a", "run a"]);
  assertEquals([...world.running.keys()].sort(), ["a", "b"]);
  // none of its attempts is spent
  world.fail("a");
  world.complete("a");
  world.complete("b");
  world.complete("c");
  assertEquals([world.finished, world.schedule.isOutdated], [true, false]);
});

// S6.14
Deno.test("step() does a task again that ends, fails or crashes before it hears that it is to end", () => {
  const ends: ((world: World) => void)[] = [
    (world) => world.complete("a"),
    (world) => world.fail("a"),
    (world) => {
      world.running.delete("a");
      world.tell({ kind: "crashed", worker: 1 });
      world.tell({ kind: "workerReady", worker: 1 });
    },
  ];
  for (const end of ends) {
    const world = new World(planOf({ a: [], b: ["a"] }), 1).begin();
    world.change(["a"]);
    end(world);
    assertEquals(world.log.slice(-2), ["redo a", "run a"]);
    assert(!world.log.includes("fail a") && !world.log.includes("record a"));
  }
});

// S6.14
Deno.test("step() looks again at what is looked at or queued when its sources change, and at what shares its work", () => {
  const busy = ["x", "y", "z"];
  const world = new World(planOf({ x: [], y: [], z: [], a: [], b: [], duplicate: [] }), 3);
  let version = "old";
  world.isSlow = true;
  world.verdict = (name) => ({ kind: "run", fingerprint: `${version} ${name === "duplicate" ? "a" : name}` });
  world.begin();
  for (const name of busy) world.answer(name);
  for (const name of ["a", "duplicate"]) world.answer(name);
  // queued, its duplicate, and one that is looked at
  version = "new";
  world.change(["a", "b", "duplicate"]);
  for (let turns = 0; !world.finished; turns++) {
    assert(turns < 20, world.log.join("\n"));
    for (const name of [...world.asked.keys()]) world.answer(name);
    for (const name of [...world.running.keys()]) world.complete(name);
  }
  assertEquals(world.log.filter((line) => line.startsWith("complete ")).length, 6);
  assertEquals(world.log.filter((line) => line.startsWith("redo ")), []);
  for (const name of ["a", "b"]) assertEquals(world.schedule.fingerprints[world.index(name)], `new ${name}`);
});

// S6.14
Deno.test("step() leaves a change of what has ended to another run, with all that needs it and has not begun", () => {
  const world = new World(planOf({ a: [], b: ["a"], c: ["b"], d: [], e: ["d"] }), 2).begin();
  world.complete("a");
  assertEquals([...world.running.keys()], ["d", "b"]);
  world.change(["a"]);
  assertEquals([world.schedule.isOutdated, world.cancelled.size], [true, 0]);
  world.complete("b");
  world.complete("d");
  world.complete("e");
  assertEquals(world.statuses(), { a: "completed", b: "completed", c: "skipped", d: "completed", e: "completed" });
  assert(world.finished);
});

// S6.14
Deno.test("step() leaves a task that now reads other files to another run, ended if it runs", () => {
  const world = new World(planOf({ a: [], b: ["a"], c: [], d: [] }, 3), 2).begin();
  world.change([], ["a", "d"]);
  assertEquals([...world.cancelled], ["a"]);
  world.giveUp("a");
  world.complete("c");
  assertEquals(world.statuses(), { a: "skipped", b: "skipped", c: "completed", d: "skipped" });
  assert(world.finished && world.schedule.isOutdated);
});

/** Plays one random run to its end and checks what must hold in every run. */
function playRandomRun(seed: number): void {
  const random = randomFrom(seed);
  const size = 1 + random.below(30);
  const shape: Record<string, string[]> = {};
  const names: string[] = [];
  for (let i = 0; i < size; i++) {
    const dependencies = names.filter(() => random.chance(2 / (i + 1)));
    shape[`t${i}`] = random.shuffled(dependencies);
    names.push(`t${i}`);
  }
  const plan = planOf(shape, random.below(3));
  const workers = 1 + random.below(8);
  const world = new World(plan, workers, { failFast: random.chance(0.1) });
  const fresh = new Set(names.filter(() => random.chance(0.2)));
  const prints = new Map(names.map((name) => [name, random.chance(0.3) ? `f${random.below(4)}` : undefined]));
  // What a task reads: as it is, and as it was when the task was last looked at.
  const now = new Map(names.map((name) => [name, 0])), seen = new Map<string, number>();
  world.verdict = (name) => {
    seen.set(name, now.get(name)!);
    const print = prints.get(name);
    if (fresh.has(name) && now.get(name) === 0) return { kind: "fresh" };
    return { kind: "run", fingerprint: print && `${print} ${now.get(name)}` };
  };
  world.isSlow = random.chance(0.5);
  const failing = random.chance(0.5) ? 0.2 : 0, changing = random.chance(0.5) ? 0.2 : 0;
  let interrupted = false, changes = 0;
  const wanted = new Set<string>();
  const change = () => {
    const touched = names.filter(() => random.chance(2 / size));
    const reshaped = random.chance(0.2) ? touched.splice(0, 1) : [];
    for (const name of [...touched, ...reshaped]) {
      now.set(name, now.get(name)! + 1);
      wanted.add(name);
    }
    world.change(touched, reshaped);
    for (const name of interrupted ? [] : world.cancelled) {
      assert(wanted.has(name), `${name} was ended for nothing`);
    }
  };
  world.begin();
  const delayed: string[] = [];
  for (let turns = 0; world.running.size + delayed.length + world.asked.size > 0; turns++) {
    assert(turns < 2000, "the run does not end");
    if (changes < 20 && random.chance(changing)) {
      changes++;
      change();
    }
    if (world.asked.size > 0 && (world.running.size === 0 || random.chance(0.3))) {
      world.answer(random.pick([...world.asked.keys()]));
      continue;
    }
    if (world.running.size + delayed.length === 0) continue;
    if (delayed.length > 0 && (world.running.size === 0 || random.chance(0.3))) {
      world.tell({ kind: "due", task: world.index(delayed.pop()!) });
      continue;
    }
    assert(world.running.size <= workers, "more running than workers");
    const prints = [...world.running.keys()].map((name) => world.schedule.fingerprints[world.index(name)]);
    const known = prints.filter((print) => print !== undefined);
    assertEquals(new Set(known).size, known.length, "equal work in flight twice");
    const name = random.pick([...world.running.keys()]);
    for (const dependency of shape[name]) {
      assertEquals(world.schedule.status(world.index(dependency)), "completed", `${name} ran before ${dependency}`);
    }
    if (world.cancelled.has(name) && random.chance(0.7)) {
      world.giveUp(name);
    } else if (!interrupted && random.chance(0.01)) {
      interrupted = true;
      world.tell({ kind: "interrupted" });
    } else if (random.chance(0.03)) {
      const worker = world.running.get(name)!;
      world.running.delete(name);
      world.tell({ kind: "crashed", worker });
      world.tell({ kind: "workerReady", worker });
    } else if (random.chance(failing)) {
      const isDelayed = random.chance(0.5);
      world.fail(name, !interrupted, isDelayed);
      if (isDelayed) delayed.push(name);
    } else {
      world.complete(name);
    }
  }
  assert(world.finished, "everything ended but the run");
  const statuses = world.statuses();
  for (const name of names) {
    assert(["completed", "failed", "skipped"].includes(statuses[name]), `${name} is ${statuses[name]}`);
    const needsFailed = shape[name].some((dependency) => statuses[dependency] !== "completed");
    if (needsFailed) assertEquals(statuses[name], "skipped", `${name} needs a task that did not complete`);
    else if (!interrupted && !world.schedule.stopping && !world.schedule.isOutdated) {
      assert(statuses[name] !== "skipped", `${name} was skipped`);
    }
    if (!interrupted && !world.schedule.isOutdated && !world.schedule.stopping && statuses[name] !== "skipped") {
      assertEquals(seen.get(name), now.get(name), `${name} ended on what has changed, and nobody knows`);
    }
    const ends = world.log.filter((line) => [`complete ${name}`, `fail ${name}`, `skip ${name}`].includes(line));
    assertEquals(ends.length, 1, `${name} ended ${ends.length} times`);
  }
}

// S0.11, S0.14, S0.17, S0.20, S0.32
Deno.test("step() keeps its promises over thousands of random graphs, orders, failures, crashes and interrupts", () => {
  const seed = seedFor("schedule");
  for (let run = 0; run < rounds(3000); run++) {
    try {
      playRandomRun(seed + run);
    } catch (error) {
      console.error(`TROUPE_SEED=${seed + run} shows it`);
      throw error;
    }
  }
});

Deno.test("step() answers the same events with the same effects", () => {
  const effects = () => {
    const world = new World(planOf({ a: [], b: ["a"], c: ["a"], d: [], e: ["d"] }), 2).begin();
    world.complete("a");
    world.fail("d");
    world.complete("b");
    world.complete("c");
    return world.log;
  };
  assertEquals(effects(), effects());
});

// S6.14
Deno.test("step() looks at urgent tasks one after another before it looks at any other", () => {
  const lanes = { a1: [], a2: ["a1"], a3: ["a2"], b1: [], b2: ["b1"], b3: ["b2"], c: [] };
  const asked: string[] = [];
  const plan = planOf(lanes);
  const world = new World(withFirst(plan, [5]), 4);
  world.onEffect = (effect) => {
    if (effect.kind === "check") asked.push(plan.tasks[effect.task].name);
  };
  world.verdict = () => ({ kind: "fresh" });
  world.begin();
  assertEquals(asked.slice(0, 3), ["b1", "b2", "b3"]);
  assertEquals([world.finished, asked.slice(3).sort()], [true, ["a1", "a2", "a3", "c"]]);
});

// S6.14
Deno.test("step() looks at others while urgent tasks run", () => {
  const plan = withFirst(planOf({ urgent: [], next: ["urgent"], other: [] }), [1]);
  const world = new World(plan, 2).begin();
  assertEquals([...world.running.keys()].sort(), ["other", "urgent"]);
});
