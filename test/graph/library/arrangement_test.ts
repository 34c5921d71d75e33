// From tasks with dependencies to waves, an order and errors; nothing runs.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { arrange, type ArrangementOptions, hasCycle } from "../../../graph/library/arrangement.ts";
import { CircularDependencyError, TaskNotFoundError } from "../../../graph/library/execution_error.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { randomAcyclic, randomShape, type Shape } from "../shapes.ts";

const OPTIONS: ArrangementOptions = { detectDeadlock: true, longestFirst: true, barrier: false };

function tasksOf(shape: Shape) {
  return Object.entries(shape).map(([taskId, dependencies]) => ({ taskId, dependencies, retryCount: 0 }));
}

function arranged(shape: Shape, options: Partial<ArrangementOptions> = {}) {
  const { tasks, stuck, waves, plan } = arrange(tasksOf(shape), { ...OPTIONS, ...options });
  const id = (task: number) => tasks[task].taskId;
  return {
    waves: waves.map((wave) => wave.map(id)),
    order: Array.from(plan.order, id),
    stuck: stuck.map(({ taskId }) => taskId),
  };
}

// S4.4
Deno.test("arrange() puts every task in the earliest wave after its dependencies", () => {
  const { waves } = arranged({ a: [], b: [], c: ["a", "b"], d: ["c"] });
  assertEquals(waves, [["a", "b"], ["c"], ["d"]]);
  assertEquals(arranged({}).waves, []);
});

// S4.4
Deno.test("arrange() gives random graphs waves in which each task is one wave after its last dependency", () => {
  const random = randomFrom(seedFor("waves"));
  for (let round = 0; round < rounds(500); round++) {
    const shape = randomAcyclic(random, 1 + random.below(30), 4);
    const waveOf = new Map<string, number>();
    arranged(shape).waves.forEach((wave, index) =>
      wave.forEach((id) => {
        assert(!waveOf.has(id), `${id} is in two waves`);
        waveOf.set(id, index);
      })
    );
    for (const [id, dependencies] of Object.entries(shape)) {
      assertEquals(waveOf.get(id), Math.max(-1, ...dependencies.map((other) => waveOf.get(other)!)) + 1, id);
    }
  }
});

Deno.test("arrange() orders by the longest way to the end, or as added, and by wave first with a barrier", () => {
  const shape = { lone: [], a: [], b: ["a"], c: ["b"], d: ["lone"] };
  assertEquals(arranged(shape).order, ["a", "lone", "b", "c", "d"]);
  assertEquals(arranged(shape, { longestFirst: false }).order, ["lone", "a", "b", "c", "d"]);
  const late = { x: [], y: ["x"], a: [], b: ["a"], c: ["b"], d: ["c"] };
  assertEquals(arranged(late).order, ["a", "b", "x", "c", "y", "d"]);
  assertEquals(arranged(late, { barrier: true }).order, ["a", "x", "b", "y", "c", "d"]);
});

// S4.8, S4.9
Deno.test("arrange() names a cycle from the task added first, in depends-on direction, both ways", () => {
  const error = assertThrows(
    () => arranged({ free: [], task_a: ["task_b"], task_b: ["task_c"], task_c: ["task_a"] }),
    CircularDependencyError,
  ) as CircularDependencyError;
  assertEquals(error.message, "Circular dependency detected: ['task_a', 'task_b', 'task_c', 'task_a']");
  assertEquals(error.arrows, "Circular dependency detected: task_a → task_b → task_c → task_a");
  assertEquals(error.cyclePath, ["task_a", "task_b", "task_c", "task_a"]);
  assertThrows(() => arranged({ a: ["a"] }), CircularDependencyError, "Circular dependency detected: ['a', 'a']");
});

// S4.8
Deno.test("arrange() names a dependency that was not added, what there is, and what may have been meant", () => {
  const error = assertThrows(() => arranged({ assets: [], site: ["asets"] }), TaskNotFoundError) as TaskNotFoundError;
  assertEquals(error.message, "Task 'site' depends on unknown task 'asets', did you mean 'assets'?");
  assertEquals([error.taskId, error.missingDependency, error.availableTasks], ["site", "asets", ["assets", "site"]]);
});

// S4.10
Deno.test("arrange() without detection sets apart what can never start, and nothing else", () => {
  const shape = { a: [], b: ["a"], x: ["y", "a"], y: ["x"], z: ["b", "y"], self: ["self"] };
  const { waves, stuck } = arranged(shape, { detectDeadlock: false });
  assertEquals(waves, [["a"], ["b"]]);
  assertEquals(stuck, ["x", "y", "z", "self"]);
});

// S4.10: a task is in a cycle if and only if a walk from it comes back
Deno.test("hasCycle() and arrange() agree with brute force on 10 000 random graphs", () => {
  const random = randomFrom(seedFor("cycles"));
  const all = rounds(10_000);
  let circular = 0;
  for (let round = 0; round < all; round++) {
    const size = 1 + random.below(8);
    const shape = round % 4 === 0
      ? randomAcyclic(random, size)
      : randomShape(random, size, random.below(20) / 10 / size);
    const inCycle = Object.keys(shape).filter((id) => reaches(shape, id, id));
    const stuck = Object.keys(shape).filter((id) => inCycle.some((other) => other === id || reaches(shape, id, other)));
    const tasks = tasksOf(shape);
    assertEquals(hasCycle(tasks), inCycle.length > 0, JSON.stringify(shape));
    assertEquals(arranged(shape, { detectDeadlock: false }).stuck, stuck, JSON.stringify(shape));
    if (inCycle.length === 0) {
      assertEquals(arranged(shape).waves.flat().length, size);
      continue;
    }
    circular++;
    const { cyclePath } = assertThrows(() => arranged(shape), CircularDependencyError) as CircularDependencyError;
    assertEquals(cyclePath[0], cyclePath.at(-1));
    for (let at = 1; at < cyclePath.length; at++) assert(shape[cyclePath[at - 1]].includes(cyclePath[at]));
  }
  assert(circular > all / 4 && circular < all * 3 / 4, `${circular} of the graphs had a cycle`);
});

function reaches(shape: Shape, from: string, to: string, seen = new Set<string>()): boolean {
  return shape[from].some((next) => {
    if (next === to) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return reaches(shape, next, to, seen);
  });
}

// S4.18
Deno.test("arrange() follows a chain of 100 000 tasks, and a cycle of as many", () => {
  const size = 100_000;
  const chain = Object.fromEntries(Array.from({ length: size }, (_, i) => [`t${i}`, i === 0 ? [] : [`t${i - 1}`]]));
  assertEquals(arranged(chain).waves.length, size);
  const cycle = { ...chain, t0: [`t${size - 1}`] };
  assertEquals(arranged(cycle, { detectDeadlock: false }).stuck.length, size);
});
