// Tasks that are shared with other processes: they come by claims, again and again, and may be taken away.
import { assert, assertEquals } from "@std/assert";
import type { Needs } from "../../../graph/schedule/admission.ts";
import type { Effect } from "../../../graph/schedule/event.ts";
import { type Random, randomFrom, rounds, seedFor } from "../../random.ts";
import { planOf, World } from "./world.ts";

const crewOf = (shape: Record<string, string[]>, workers: number, retries = 0) =>
  new World(planOf(shape, retries), workers, { inCrew: true });

Deno.test("step() in a crew begins with nothing but what was offered, and says for how much more there is room", () => {
  const world = crewOf({ a: [], b: ["a"], c: [] }, 2).begin();
  assertEquals(world.log, ["claim 2"]);
  world.offer("b"); // what it depends on is the crew's business
  assertEquals([[...world.running.keys()], world.room], [["b"], 1]);
  world.complete("b");
  assertEquals(world.log.slice(-2), ["complete b", "claim 2"]);
  assert(!world.finished);
  world.tell({ kind: "stopped" });
  assert(world.finished);
});

Deno.test("step() in a crew does a task again that is offered again, with attempts anew once it was completed", () => {
  const world = crewOf({ a: [] }, 1, 1).begin();
  for (let round = 0; round < 2; round++) {
    world.offer("a");
    world.fail("a");
    world.complete("a");
  }
  assertEquals(world.log.filter((line) => line === "retry a" || line === "complete a").length, 4);
});

// S3.36
Deno.test("step() in a crew tries a task as often as it may itself, and then as often as the crew gives it", () => {
  const world = crewOf({ a: [], b: ["a"] }, 1, 1).begin();
  world.offer("a");
  world.fail("a");
  world.fail("a");
  world.offer("a");
  world.fail("a");
  assertEquals(world.log.filter((line) => /^(retry|fail|skip)/.test(line)), ["retry a", "fail a", "fail a"]);
});

Deno.test("step() in a crew gives back what it has not begun when it is stopped, and what was ended when interrupted", () => {
  const world = crewOf({ a: [], b: [], c: [], d: [] }, 1).begin();
  world.offer("a", "b");
  world.tell({ kind: "stopped" });
  assertEquals([world.log.slice(-2), world.room], [["release b", "claim 0"], 0]);
  world.offer("c"); // it was on its way
  assertEquals(world.log.slice(-2), ["release c", "claim 0"]);
  world.tell({ kind: "interrupted" });
  world.giveUp("a");
  assertEquals(world.log.slice(-3), ["release a", "claim 0", "finish"]);
  assertEquals(world.statuses(), { a: "pending", b: "pending", c: "pending", d: "pending" });
});

// S3.30
Deno.test("step() in a crew ends what others have by now at once, and counts for nothing how it went", () => {
  const ends: ((world: World) => void)[] = [
    (world) => world.complete("a"),
    (world) => world.fail("a"),
    (world) => world.giveUp("a"),
    (world) => {
      world.running.delete("a");
      world.tell({ kind: "crashed", worker: 1 });
      world.tell({ kind: "workerReady", worker: 1 });
    },
  ];
  for (const end of ends) {
    const world = crewOf({ a: [], b: [], c: [] }, 1, 3).begin();
    world.offer("c");
    world.complete("c");
    world.offer("a", "b");
    world.withdraw("a", "b", "c");
    assertEquals(world.log.slice(-3), ["cancel a", "release b", "claim 1"]);
    end(world);
    assertEquals(world.log.slice(-2), ["release a", "claim 1"]);
    world.offer("a");
    assert(world.running.has("a"));
  }
});

Deno.test("step() in a crew lets go of what is asked about when the answer comes, if others have it by now", () => {
  const world = crewOf({ a: [] }, 1);
  world.isSlow = true;
  world.begin();
  world.offer("a");
  world.withdraw("a");
  world.answer("a");
  assertEquals(world.log, ["claim 1", "release a", "claim 1"]);
});

// K87
Deno.test("step() in a crew does one of equal claims, and has the next look again whatever becomes of the first", () => {
  const world = crewOf({ a: [], b: [], c: [] }, 3);
  world.verdict = () => ({ kind: "run", fingerprint: "f" });
  world.begin();
  world.offer("a", "b");
  assertEquals([...world.running.keys()], ["a"]);
  world.withdraw("a");
  world.complete("a");
  assertEquals([...world.running.keys()], ["b"]);
});

// S1.8
Deno.test("step() in a crew claims no more than the machine bears, but always one", () => {
  const world = crewOf({ a: [], b: [], c: [] }, 4).begin();
  world.tell({ kind: "limited", room: 0 });
  assertEquals(world.room, 1);
  world.offer("a");
  assertEquals(world.room, 0);
  world.tell({ kind: "limited", room: 2 });
  assertEquals(world.room, 2);
});

// K53
Deno.test("step() in a crew claims others for the workers of what waits for locks", () => {
  const world = new World(planOf({ a: [], b: [] }), 1, { inCrew: true, locking: ["a"] });
  world.onLock = () => "barred";
  world.begin();
  world.offer("a");
  assertEquals(world.room, 1);
  world.offer("b");
  world.withdraw("a", "b");
  world.giveUp("b");
  assertEquals([world.room, [...world.asking]], [1, []]);
});

// S1.8
Deno.test("step() in a crew gives the turn of what others have by now to the next that waits for the same", () => {
  const needs: Needs = {
    start: Int32Array.from([0, 1, 2, 3]),
    resource: Int32Array.from([0, 0, 0]),
    amount: Float64Array.from([1, 1, 1]),
    limits: Float64Array.from([1]),
  };
  const world = new World({ ...planOf({ a: [], b: [], c: [] }), needs }, 3, { inCrew: true }).begin();
  world.offer("a", "b", "c");
  world.withdraw("b");
  world.complete("a");
  assertEquals([...world.running.keys()], ["c"]);
});

/** What the crew knows of its tasks while one member plays. */
class Crew {
  /** Task → how far its claim is; absent for one that nobody has. */
  readonly claims = new Map<string, "held" | "withdrawn">();
  readonly done = new Set<string>();
  /** How often the run has tried each again by itself since it was last completed. */
  readonly retried = new Map<string, number>();
  readonly failures = new Map<string, number>();

  constructor(readonly shape: Record<string, string[]>, readonly world: World, readonly retries: number) {
    world.onEffect = (effect) => this.#note(effect);
  }

  /** What may be claimed: it is not done, what it needs is, and it has not failed too often. */
  get free(): string[] {
    return Object.keys(this.shape).filter((name) =>
      !this.claims.has(name) && !this.done.has(name) && (this.failures.get(name) ?? 0) < 2 &&
      this.shape[name].every((dependency) => this.done.has(dependency))
    );
  }

  get isLost(): boolean {
    return [...this.claims.values()].includes("withdrawn");
  }

  offer(random: Random): void {
    const names = random.shuffled(this.free).slice(0, 1 + random.below(this.world.room));
    for (const name of names) this.claims.set(name, "held");
    this.world.offer(...names);
  }

  withdraw(random: Random): void {
    const names = [...this.claims.keys()].filter(() => random.chance(0.7));
    for (const name of names) this.claims.set(name, "withdrawn");
    this.world.withdraw(...names);
  }

  #note(effect: Effect): void {
    if (!("task" in effect)) return;
    const { name } = this.world.plan.tasks[effect.task];
    const claim = this.claims.get(name);
    switch (effect.kind) {
      case "run":
        assertEquals(claim, "held", `${name} is begun without a claim`);
        break;
      case "retry": {
        if (effect.attempt === 0) break;
        const retried = (this.retried.get(name) ?? 0) + 1;
        assert(retried <= this.retries, `${name} is tried again ${retried} times`);
        this.retried.set(name, retried);
        break;
      }
      case "record":
        assertEquals(claim, "held", `${name} is remembered without a claim`);
        break;
      case "complete":
        assertEquals(claim, "held", `${name} is completed without a claim`);
        this.claims.delete(name);
        this.done.add(name);
        this.retried.delete(name);
        break;
      case "fail": {
        assertEquals(claim, "held", `${name} fails without a claim`);
        this.claims.delete(name);
        const failures = (this.failures.get(name) ?? 0) + 1;
        this.failures.set(name, failures);
        break;
      }
      case "release":
        assert(claim !== undefined, `${name} is given back and was not claimed`);
        this.claims.delete(name);
        break;
      case "skip":
        assert(false, `${name} is skipped, and not the run's to skip`);
    }
  }
}

function randomNeeds(names: readonly string[], random: Random): Needs {
  const start = [0], resource: number[] = [], amount: number[] = [];
  for (const _ of names) {
    for (let which = 0; which < 2; which++) {
      if (!random.chance(0.5)) continue;
      resource.push(which);
      amount.push(1 + random.below(3));
    }
    start.push(resource.length);
  }
  return {
    start: Int32Array.from(start),
    resource: Int32Array.from(resource),
    amount: Float64Array.from(amount),
    limits: Float64Array.from([3, 2]),
  };
}

function playRandomMember(seed: number): void {
  const random = randomFrom(seed);
  const names = Array.from({ length: 1 + random.below(25) }, (_, i) => `t${i}`);
  const shape = Object.fromEntries(
    names.map((name, i) => [name, names.slice(0, i).filter(() => random.chance(1 / (i + 1)))]),
  );
  const retries = random.below(3), workers = 1 + random.below(6);
  const plan = { ...planOf(shape, retries), ...(random.chance(0.5) ? { needs: randomNeeds(names, random) } : {}) };
  const locking = random.chance(0.5) ? names.filter(() => random.chance(0.3)) : [];
  const world = new World(plan, workers, { inCrew: true, locking });
  const crew = new Crew(shape, world, retries);
  const prints = new Map(names.map((name) => [name, random.chance(0.3) ? `f${random.below(3)}` : undefined]));
  const kinds = ["run", "run", "run", "fresh", "restore", "unreadable"] as const;
  world.verdict = (name) => {
    const kind = random.pick(kinds), fingerprint = prints.get(name);
    return kind === "restore"
      ? { kind, fingerprint: fingerprint ?? "other" }
      : { kind, fingerprint } as { kind: "run" };
  };
  world.isSlow = random.chance(0.5);
  const barred = new Set<string>();
  world.onLock = (name) => {
    const answer = random.pick(["locked", "barred", "unlockable"] as const);
    if (answer === "barred") barred.add(name);
    return answer;
  };
  const losing = random.chance(0.5) ? 0.05 : 0;
  let isStopped = false, losses = 0, lates = 0;
  const stop = (kind: "stopped" | "interrupted") => {
    isStopped = true;
    world.tell({ kind });
  };
  world.begin();
  for (let turns = 0; !world.finished; turns++) {
    assert(turns < 3000, "the run does not end");
    assert(world.running.size <= workers, "more running than workers");
    for (const name of world.running.keys()) assert(crew.claims.has(name), `${name} runs and is nobody's`);
    for (const name of barred) if (!world.asking.has(name)) barred.delete(name); // given up
    if (losses < 5 && random.chance(losing)) {
      losses++;
      crew.withdraw(random);
      continue;
    }
    if (!isStopped && random.chance(0.005)) {
      stop(random.pick(["stopped", "interrupted"] as const));
      continue;
    }
    if (random.chance(0.1)) world.tell({ kind: "limited", room: random.below(4) });
    if (lates < 5 && crew.done.size > 0 && random.chance(0.02)) {
      lates++;
      crew.done.delete(random.pick([...crew.done]));
    }
    // Who was declared dead joins again when nothing of it runs any more.
    if (!isStopped && !crew.isLost && world.room > 0 && crew.free.length > 0 && random.chance(0.6)) {
      crew.offer(random);
      continue;
    }
    if (world.asked.size > 0 && random.chance(0.7)) {
      world.answer(random.pick([...world.asked.keys()]));
      continue;
    }
    const busy = [...world.running.keys(), ...barred];
    if (busy.length === 0) {
      const isIdle = world.asked.size + crew.claims.size === 0;
      if (!isStopped && isIdle && crew.free.length === 0) stop("stopped");
      else assert(isStopped || world.asked.size > 0 || world.room > 0, "nothing goes on, and nothing is claimed");
      continue;
    }
    const name = random.pick(busy), task = world.index(name);
    if (barred.delete(name)) {
      const kind = random.pick(["locked", "unbarred", "unlockable"] as const);
      if (kind !== "locked") world.asking.delete(name);
      world.tell({ kind, task });
    } else if (world.cancelled.has(name) && random.chance(0.7)) world.giveUp(name);
    else if (random.chance(0.05)) {
      const worker = world.running.get(name)!;
      world.running.delete(name);
      world.tell({ kind: "crashed", worker });
      world.tell({ kind: "workerReady", worker });
    } else if (world.schedule.restoring[task] && random.chance(0.5)) {
      const worker = world.running.get(name)!;
      world.running.delete(name);
      world.tell({ kind: "unrestorable", worker, task });
    } else if (random.chance(0.2)) world.fail(name, !isStopped);
    else world.complete(name);
  }
  assertEquals([crew.claims.size, world.schedule.held, world.running.size], [0, 0, 0], "claims are left");
}

// S3.30, S3.36, K82: each once a claim, nothing without one, nothing more than it has workers for, and always an end
Deno.test("step() in a crew keeps its promises over random graphs, offers, losses, failures, crashes and stops", () => {
  const seed = seedFor("claims");
  for (let run = 0; run < rounds(3000); run++) {
    try {
      playRandomMember(seed + run);
    } catch (error) {
      console.error(`TROUPE_SEED=${seed + run} shows it`);
      throw error;
    }
  }
});
