// Tasks that lock what they declare while they run: K53.
import { assert, assertEquals } from "@std/assert";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { planOf, World } from "./world.ts";

// K53
Deno.test("step() has a task's locks taken before it runs, and given back when its artifact is remembered", () => {
  const world = new World(planOf({ a: [], b: ["a"] }), 1, { locking: ["a"] }).begin();
  world.complete("a");
  const order = ["lock a", "run a", "record a", "unlock a", "complete a", "run b"];
  assertEquals(world.log.filter((line) => order.includes(line)), order);
  world.complete("b");
  assert(world.finished);
});

// K53
Deno.test("step() keeps no worker for a task that others bar, nor its look ahead, and starts it when it may", () => {
  const world = new World(planOf({ a: [], b: [], c: ["b"], d: [] }), 1, { locking: ["a"] });
  world.onLock = () => "barred";
  world.begin();
  assertEquals(world.statuses().a, "pending");
  for (const name of ["b", "c"]) world.complete(name);
  world.tell({ kind: "locked", task: world.index("a") }); // while d has the only worker
  assertEquals([[...world.running.keys()], [...world.asking]], [["d"], []]);
  world.onLock = () => "locked";
  world.complete("d");
  assertEquals([...world.running.keys()], ["a"]);
  world.complete("a");
  assert(world.finished);
  const own = new World(planOf({ a: [] }), 1, { locking: ["a"] });
  own.onLock = () => "barred";
  own.begin();
  own.onLock = () => "locked";
  own.asking.clear();
  own.tell({ kind: "unbarred", task: 0 });
  assertEquals([...own.running.keys()], ["a"]);
  const free = new World(planOf({ a: [] }), 1, { locking: ["a"] });
  free.onLock = () => "barred";
  free.begin();
  free.tell({ kind: "locked", task: 0 });
  assertEquals([...free.running.keys()], ["a"]);
});

// K53
Deno.test("step() fails a task whose locks are not to be had, and skips what needs it", () => {
  for (const isBarred of [false, true]) {
    const world = new World(planOf({ a: [], b: ["a"], c: [] }, 2), 1, { locking: ["a"] });
    world.onLock = () => isBarred ? "barred" : "unlockable";
    world.begin();
    if (isBarred) world.tell({ kind: "unlockable", task: 0 });
    assertEquals(world.statuses(), { a: "failed", b: "skipped", c: "running" });
    world.complete("c");
    assert(world.finished);
  }
});

// K53
Deno.test("step() stops asking for locks when it is interrupted, and hears no answer after that", () => {
  const world = new World(planOf({ a: [], b: [] }), 2, { locking: ["a", "b"] });
  world.onLock = (name) => name === "a" ? "barred" : "locked";
  world.begin();
  world.tell({ kind: "interrupted" });
  assertEquals([world.statuses(), [...world.asking]], [{ a: "skipped", b: "running" }, ["b"]]);
  for (const kind of ["locked", "barred", "unlockable"] as const) world.tell({ kind, task: 0 });
  assertEquals(world.statuses().a, "skipped");
  world.fail("b", false);
  assertEquals([[...world.asking], world.finished], [[], true]);
});

// K53
Deno.test("step() holds locks for what runs and for nothing else, over random graphs, answers, failures and crashes", () => {
  const seed = seedFor("locks");
  for (let run = 0; run < rounds(1000); run++) {
    const random = randomFrom(seed + run);
    const names = Array.from({ length: 1 + random.below(20) }, (_, i) => `t${i}`);
    const shape = Object.fromEntries(
      names.map((name, i) => [name, names.slice(0, i).filter(() => random.chance(1 / (i + 1)))]),
    );
    const workers = 1 + random.below(4);
    const world = new World(planOf(shape, random.below(2)), workers, {
      locking: names.filter(() => random.chance(0.7)),
    });
    const barred = new Set<string>();
    world.onLock = (name) => {
      const answer = random.pick(["locked", "barred", "barred", "unlockable"] as const);
      if (answer === "barred") barred.add(name);
      else barred.delete(name);
      return answer;
    };
    try {
      world.begin();
      for (let turn = 0; !world.finished; turn++) {
        assert(turn < 2000, "the run does not end");
        assert(world.running.size <= workers, "more running than workers");
        const held = [...world.asking].filter((name) => !barred.has(name));
        for (const name of held) assert(world.running.has(name), `${name} holds locks and does not run`);
        for (const name of barred) if (!world.asking.has(name)) barred.delete(name); // given up
        const name = random.pick([...world.running.keys(), ...barred]);
        if (turn < 100 && random.chance(0.1)) {
          world.change(names.filter(() => random.chance(0.2)), names.filter(() => random.chance(0.02)));
          continue;
        }
        if (random.chance(0.01)) world.tell({ kind: "interrupted" });
        else if (barred.has(name)) {
          barred.delete(name);
          const kind = random.pick(["locked", "locked", "unbarred", "unlockable"] as const);
          if (kind !== "locked") world.asking.delete(name);
          world.tell({ kind, task: world.index(name) });
        } else if (random.chance(0.1)) {
          const worker = world.running.get(name)!;
          world.running.delete(name);
          world.tell({ kind: "crashed", worker });
          world.tell({ kind: "workerReady", worker });
        } else if (random.chance(0.2)) world.fail(name, !world.schedule.stopping);
        else world.complete(name);
      }
      for (const [name, status] of Object.entries(world.statuses())) {
        assert(["completed", "failed", "skipped"].includes(status), `${name} is ${status}`);
      }
    } catch (error) {
      console.error(`TROUPE_SEED=${seed + run} shows it`);
      throw error;
    }
  }
});
