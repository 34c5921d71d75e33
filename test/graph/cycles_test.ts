// Cycles: all found, none invented, and told as one would tell them.
import { assert, assertEquals } from "@std/assert";
import { placeFinder } from "../../graph/input/config_places.ts";
import { buildGraph, cycleDiagnostics, findCycles } from "../../graph/graph.ts";
import { CircularDependencyError } from "../../graph/library/execution_error.ts";
import { renderDiagnostic, Source } from "../../graph/input/source.ts";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { randomAcyclic, randomShape, type Shape, tasksOf } from "./shapes.ts";

// K39, S0.10, S4.9
Deno.test("a long cycle is told by its first and last names and how many are between", () => {
  const ring = (size: number): Shape =>
    Object.fromEntries(Array.from({ length: size }, (_, i) => [`t${i}`, [`t${(i + 1) % size}`]]));
  const [message] = told(ring(20_000));
  const head = Array.from({ length: 10 }, (_, i) => `t${i}`),
    tail = Array.from({ length: 9 }, (_, i) => `t${19_991 + i}`);
  const path = [...head, "… 19981 more …", ...tail, "t0"].join(" → ");
  assertEquals(message, `Circular dependency detected: ${path}`);
  const names = Array.from({ length: 21 }, (_, i) => `t${i % 20}`);
  assertEquals(told(ring(20)), [`Circular dependency detected: ${names.join(" → ")}`]);
  const error = new CircularDependencyError(Array.from({ length: 20_001 }, (_, i) => `t${i % 20_000}`));
  const quoted = path.split(" → ").map((name) => name.startsWith("…") ? name : `'${name}'`);
  assertEquals([error.message, error.cyclePath.length], [
    `Circular dependency detected: [${quoted.join(", ")}]`,
    20_001,
  ]);
});

function told(shape: Shape): string[] {
  const tasks = tasksOf(shape);
  return cycleDiagnostics(tasks, findCycles(buildGraph(tasks).graph)).map((diagnostic) => diagnostic.message);
}

// S0.10, S4.9
Deno.test("findCycles() starts at the task declared first, in depends-on direction", () => {
  assertEquals(told({ A: ["B"], B: ["C"], C: ["A"] }), ["Circular dependency detected: A → B → C → A"]);
  assertEquals(told({ C: ["A"], B: ["C"], A: ["B"] }), ["Circular dependency detected: C → A → B → C"]);
});

// S0.10
Deno.test("findCycles() tells a task that depends on itself", () => {
  assertEquals(told({ A: ["A"] }), ["Circular dependency detected: A → A"]);
  assertEquals(told({ A: ["B", "A"], B: ["A"] }), ["Circular dependency detected: A → A"]);
});

// S1.4
Deno.test("findCycles() tells one cycle for each knot, in declared order, and the shortest", () => {
  assertEquals(
    told({ X: ["A", "Y"], Y: ["X"], A: ["B"], B: ["C", "A"], C: ["D"], D: ["A"], Z: ["A"] }),
    ["Circular dependency detected: X → Y → X", "Circular dependency detected: A → B → A"],
  );
});

// S0.11
Deno.test("findCycles() finds none in a diamond", () => {
  assertEquals(told({ D: ["B", "C"], B: ["A"], C: ["A"], A: [] }), []);
});

// S0.10
Deno.test("cycleDiagnostics() points at the dependency that closes the cycle", () => {
  const text = `{"tasks": [
  {"name": "A", "dependencies": ["B"]},
  {"name": "B", "dependencies": ["C", "A"]}
]}`;
  const tasks = tasksOf({ A: ["B"], B: ["C", "A"], C: [] });
  const [diagnostic] = cycleDiagnostics(tasks, findCycles(buildGraph(tasks).graph));
  assertEquals(
    renderDiagnostic(diagnostic, new Source("b.json", text), placeFinder(text)),
    `Circular dependency detected: A → B → A
  --> b.json:3:39
3 |   {"name": "B", "dependencies": ["C", "A"]}
  |                                       ^^^`,
  );
});

// S0.9, S4.10
Deno.test("findCycles() agrees with brute force on random graphs", () => {
  const random = randomFrom(seedFor("findCycles"));
  for (let round = 0; round < rounds(10_000); round++) {
    const size = 1 + random.below(9);
    const shape = round % 4 === 0
      ? randomAcyclic(random, size)
      : randomShape(random, size, (0.3 + random.below(17) / 10) / size);
    const { graph } = buildGraph(tasksOf(shape));
    const distance = distances(shape);
    const names = Object.keys(shape);

    const knots = new Map<number, number>();
    for (let task = 0; task < size; task++) {
      const first = names.findIndex((_, other) =>
        other === task ? distance[task][task] < Infinity : distance[task][other] + distance[other][task] < Infinity
      );
      if (first >= 0 && !knots.has(first)) knots.set(first, distance[first][first]);
    }
    const cycles = findCycles(graph);
    assertEquals(cycles.map((cycle) => cycle[0]), [...knots.keys()].sort((a, b) => a - b), JSON.stringify(shape));
    for (const cycle of cycles) {
      assertEquals(cycle.at(-1), cycle[0]);
      assertEquals(cycle.length - 1, knots.get(cycle[0]), `not the shortest of ${JSON.stringify(shape)}`);
      for (let at = 1; at < cycle.length; at++) {
        assert(shape[names[cycle[at - 1]]].includes(names[cycle[at]]), JSON.stringify(shape));
      }
    }
  }
});

/** Fewest steps from each task to each other, and back to itself (Floyd–Warshall). */
function distances(shape: Shape): number[][] {
  const names = Object.keys(shape);
  const distance = names.map((from) => names.map((to) => shape[from].includes(to) ? 1 : Infinity));
  for (const [via] of names.entries()) {
    for (const row of distance) {
      for (const [to] of names.entries()) row[to] = Math.min(row[to], row[via] + distance[via][to]);
    }
  }
  return distance;
}

Deno.test("findCycles() follows a cycle of 100 000 tasks", () => {
  const size = 100_000;
  const shape = Object.fromEntries(Array.from({ length: size }, (_, i) => [`t${i}`, [`t${(i + 1) % size}`]]));
  const cycles = findCycles(buildGraph(tasksOf(shape)).graph);
  assertEquals([cycles.length, cycles[0].length, cycles[0][0]], [1, size + 1, 0]);
});
