// Batches: each may run together, in the order of the dependencies, and few.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type BatchLimits, suggestBatches } from "../../../graph/gates/batches.ts";
import { GateError, type GateTask } from "../../../graph/gates/gate_task.ts";
import { placesFrom } from "../../../graph/gates/places.ts";
import { validate } from "../../../graph/gates/validate.ts";
import { type Random, randomFrom, rounds, seedFor } from "../../random.ts";
import { randomAcyclic } from "../shapes.ts";

const LIMITS: BatchLimits = { maxParallelTasks: 5, maxContextComplexity: 30, placeOf: placesFrom("/project") };

// S1.16
Deno.test("suggestBatches() keeps writers of one file apart, and dependencies in earlier batches", () => {
  const tasks: GateTask[] = [
    { name: "a", writes: ["x"] },
    { name: "b", writes: ["x"] },
    { name: "c", dependencies: ["a"], writes: ["out/*"] },
    { name: "d", writes: ["out/d"] },
    { name: "e", dependencies: ["c"], reads: ["x"] },
    { name: "f", shares: ["counter"] },
    { name: "g", shares: ["counter"] },
  ];
  assertEquals(suggestBatches(tasks, undefined, LIMITS), [["a", "d", "f"], ["b", "c", "g"], ["e"]]);
  // What a chosen task needs by way of others still comes first.
  assertEquals(suggestBatches(tasks, [4, 0, 3], LIMITS), [["a", "d"], ["e"]]);
  assertEquals(suggestBatches(tasks, [], LIMITS), []);
});

// S1.16
Deno.test("suggestBatches() keeps within capacity, budget and resources, and a task too large for any goes alone", () => {
  const tasks = Array.from({ length: 6 }, (_, at): GateTask => ({ name: `t${at}`, difficulty: at < 2 ? 10 : 5 }));
  assertEquals(suggestBatches(tasks, undefined, LIMITS), [["t0", "t1", "t2", "t3"], ["t4", "t5"]]);
  assertEquals(suggestBatches(tasks, undefined, { ...LIMITS, maxContextComplexity: 9 }), [
    ["t0"],
    ["t1"],
    ["t2"],
    ["t3"],
    ["t4"],
    ["t5"],
  ]);
  const gpu = Array.from(
    { length: 5 },
    (_, at): GateTask => ({ name: `g${at}`, resources: { gpu: at === 0 ? 2 : 1 } }),
  );
  assertEquals(suggestBatches(gpu, undefined, { ...LIMITS, resourceLimits: { gpu: 2 } }), [
    ["g0"],
    ["g1", "g2"],
    ["g3", "g4"],
  ]);
});

// S1.18
Deno.test("suggestBatches() begins with 2 and 3 when progressive", () => {
  const tasks = Array.from({ length: 17 }, (_, at): GateTask => ({ name: `t${at}` }));
  const sizes = (limits: Partial<BatchLimits>) =>
    suggestBatches(tasks, undefined, { ...LIMITS, ...limits }).map((batch) => batch.length);
  assertEquals(sizes({ progressive: true }), [2, 3, 5, 5, 2]);
  assertEquals(sizes({ progressive: true, maxParallelTasks: 2 }), [2, 2, 2, 2, 2, 2, 2, 2, 1]);
  assertEquals(sizes({}), [5, 5, 5, 2]);
});

Deno.test("suggestBatches() refuses a cycle", () => {
  const tasks = [{ name: "a", dependencies: ["b"] }, { name: "b", dependencies: ["a"] }];
  assertThrows(() => suggestBatches(tasks, undefined, LIMITS), GateError, "Circular dependency detected: a → b → a");
});

// S1.16
Deno.test("suggestBatches() makes batches that pass the gates, and not many more than can be, over random tasks", () => {
  const random = randomFrom(seedFor("suggestBatches"));
  let batchesMade = 0, batchesNeeded = 0;
  for (let round = 0; round < rounds(300); round++) {
    const tasks = randomTasks(random, 1 + random.below(round < 200 ? 7 : 40));
    const limits = {
      ...LIMITS,
      maxParallelTasks: 1 + random.below(5),
      maxContextComplexity: 10 + random.below(20),
      resourceLimits: { gpu: 2 },
    };
    const batches = suggestBatches(tasks, undefined, limits);
    assertEquals(suggestBatches(tasks, undefined, limits), batches);
    assertEquals(batches.flat().sort(), tasks.map((task) => task.name).sort());
    const batchOf = new Map(batches.flatMap((batch, at) => batch.map((name) => [name, at])));
    for (const { name, dependencies } of tasks) {
      for (const dependency of dependencies!) assert(batchOf.get(dependency)! < batchOf.get(name)!);
    }
    for (const batch of batches) {
      const chosen = batch.map((name) => tasks.findIndex((task) => task.name === name));
      const { report } = validate(tasks, chosen, limits);
      assert(report.can_parallel, JSON.stringify({ batch, tasks, limits, report }));
    }
    const least = round < 200 && tasks.length <= 6 ? fewest(tasks, limits) : lowerBound(tasks, limits);
    assert(batches.length >= least);
    assert(batches.length <= 2 * least + 1, JSON.stringify({ tasks, limits, batches, least }));
    batchesMade += batches.length;
    batchesNeeded += least;
  }
  assert(batchesMade <= 1.2 * batchesNeeded, `${batchesMade} batches where ${batchesNeeded} might do`);
});

Deno.test("suggestBatches() gives 10 000 writers of one file a batch each, beside others", () => {
  const tasks = Array.from({ length: 10_000 }, (_, at): GateTask => ({
    name: `t${at}`,
    writes: at % 2 === 0 ? ["log"] : [`out/${at}`],
  }));
  assertEquals(suggestBatches(tasks, undefined, LIMITS).length, 5000);
});

function randomTasks(random: Random, size: number): GateTask[] {
  const files = ["a", "b", "c/d", "c/*", "?"];
  const some = <Item>(items: readonly Item[], chance: number) => items.filter(() => random.chance(chance));
  return Object.entries(randomAcyclic(random, size, 2)).map(([name, dependencies]): GateTask => ({
    name,
    dependencies: random.chance(0.5) ? dependencies : [],
    reads: some(files, 0.2),
    writes: [`out/${name}`, ...some(files, 0.1)],
    shares: some(["counter", "db"], 0.1),
    difficulty: 1 + random.below(10),
    resources: random.chance(0.3) ? { gpu: 1 + random.below(2) } : {},
  }));
}

/** Breadth-first over the sets of tasks that are done. */
function fewest(tasks: readonly GateTask[], limits: BatchLimits): number {
  const all = (1 << tasks.length) - 1;
  const index = new Map(tasks.map((task, at) => [task.name, at]));
  const needs = tasks.map(({ dependencies = [] }) =>
    dependencies.reduce((set, name) => set | 1 << index.get(name)!, 0)
  );
  const isGood = new Map<number, boolean>();
  let reached = new Set([0]);
  for (let batches = 0;; batches++) {
    if (reached.has(all)) return batches;
    const next = new Set<number>();
    for (const done of reached) {
      const ready = tasks.map((_, at) => 1 << at)
        .reduce((set, bit, at) => !(done & bit) && (needs[at] & ~done) === 0 ? set | bit : set, 0);
      for (let batch = ready; batch > 0; batch = (batch - 1) & ready) {
        let good = isGood.get(batch);
        if (good === undefined) {
          const chosen = [...tasks.keys()].filter((at) => batch & 1 << at);
          isGood.set(batch, good = validate(tasks, chosen, limits).report.can_parallel);
        }
        if (good) next.add(done | batch);
      }
    }
    reached = next;
  }
}

/** What no batches can do with less: by count, difficulty, resources, and one after another. */
function lowerBound(tasks: readonly GateTask[], limits: BatchLimits): number {
  const sum = (of: (task: GateTask) => number) => tasks.reduce((total, task) => total + of(task), 0);
  const depth = new Map<string, number>();
  const depthOf = ({ name, dependencies = [] }: GateTask): number => {
    const known = depth.get(name) ??
      1 + Math.max(0, ...dependencies.map((other) => depthOf(tasks.find((task) => task.name === other)!)));
    depth.set(name, known);
    return known;
  };
  const users = (key: "writes" | "shares", name: string) => tasks.filter((task) => task[key]!.includes(name)).length;
  return Math.max(
    Math.ceil(tasks.length / limits.maxParallelTasks),
    Math.ceil(sum((task) => task.difficulty!) / limits.maxContextComplexity),
    Math.ceil(sum((task) => task.resources!.gpu ?? 0) / 2),
    ...["a", "b", "c/d", "c/*", "?"].map((file) => users("writes", file)),
    ...["counter", "db"].map((name) => users("shares", name)),
    ...tasks.map(depthOf),
  );
}
