import { assertEquals } from "@std/assert";
import { findTouches, type TouchingTask } from "../../../graph/gates/touches.ts";
import { placesFrom } from "../../../graph/gates/places.ts";
import { needsOf } from "../../../graph/schedule/needs.ts";
import type { Declarations } from "../../../graph/task.ts";

/** Which tasks could run beside each other, by admission's own sums. */
function conflicts(
  declarations: (Declarations | undefined)[],
  limits?: Record<string, number>,
  touches?: ReadonlyMap<number, readonly string[]>,
): [number, number][] {
  const needs = needsOf(declarations.map((declared) => ({ declared })), { limits, touches });
  if (needs === undefined) return [];
  const { start, resource, amount } = needs;
  const wanted = (task: number, which: number) => {
    for (let i = start[task]; i < start[task + 1]; i++) if (resource[i] === which) return amount[i];
    return 0;
  };
  const pairs: [number, number][] = [];
  for (let a = 0; a < declarations.length; a++) {
    for (let b = a + 1; b < declarations.length; b++) {
      const isOver = [...needs.limits].some((limit, which) => {
        const both = [wanted(a, which), wanted(b, which)];
        return both[0] > 0 && both[1] > 0 && both[0] + both[1] > limit;
      });
      if (isOver) pairs.push([a, b]);
    }
  }
  return pairs;
}

Deno.test("needsOf() is nothing when no task declares anything", () => {
  assertEquals(needsOf([{}, {}]), undefined);
  assertEquals(needsOf([{ declared: { difficulty: 3 } }]), undefined);
});

// S1.6
Deno.test("needsOf() keeps a file's writer apart from its readers and other writers, and readers together", () => {
  const reader = { reads: ["log.txt"] }, writer = { writes: ["log.txt"] };
  assertEquals(conflicts([reader, reader, writer, writer, { writes: ["other.txt"] }]), [
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
    [2, 3],
  ]);
  assertEquals(conflicts([{ reads: ["x"], writes: ["x"] }, { reads: ["x"] }]), [[0, 1]]);
});

// S1.12
Deno.test("needsOf() gives shared state to one task at a time", () => {
  assertEquals(conflicts([{ shares: ["counter"] }, { shares: ["counter", "counter"] }, { shares: ["quota"] }]), [[
    0,
    1,
  ]]);
});

Deno.test("needsOf() counts a resource only where it is limited", () => {
  const two = { resources: { gpu: 2 } };
  assertEquals(conflicts([two, two], { gpu: 3 }), [[0, 1]]);
  assertEquals(conflicts([two, two], { gpu: 4 }), []);
  assertEquals(conflicts([two, two]), []);
});

// S1.24, S1.29
Deno.test("needsOf() keeps a writer apart from those who touch its files under other names, and these together", () => {
  const tasks: TouchingTask[] = [
    { declared: { writes: ["log/*.txt"] } },
    { declared: { writes: ["log/a.txt"] } },
    { declared: { reads: ["log/b*"] } },
    { outputs: [{ path: "log/c.txt", kind: "file" }], sourceFiles: ["src/x"] },
    { outputs: [{ path: "out/d", kind: "file" }], sourceFiles: ["log/c.txt"] },
    { outputs: [{ path: "src/log/a.txt", kind: "file" }] },
  ];
  assertEquals(conflicts(tasks.map(({ declared }) => declared), {}, findTouches(tasks, placesFrom("/project"))), [
    [0, 1],
    [0, 2],
    [0, 3],
    [
      0,
      4,
    ],
  ]);
});

Deno.test("needsOf() keeps the writer of a folder apart from those who touch what is in it", () => {
  const tasks: TouchingTask[] = [{ declared: { writes: ["site"] } }, {
    outputs: [{ path: "site/index.html", kind: "file" }],
  }, {
    outputs: [{ path: "site2", kind: "file" }],
  }];
  assertEquals(conflicts(tasks.map(({ declared }) => declared), {}, findTouches(tasks, placesFrom("/project"))), [[
    0,
    1,
  ]]);
});

Deno.test("findTouches() finds nothing where nobody declares to write", () => {
  assertEquals(
    findTouches([{ outputs: [{ path: "a", kind: "file" }], declared: { reads: ["*"] } }, {
      outputs: [{ path: "b", kind: "file" }],
    }], placesFrom("/project")).size,
    0,
  );
});

// K51
Deno.test("needsOf() keeps the difficulties of running tasks within the budget, and lets what is beyond it run alone", () => {
  const tasks = [{ difficulty: 10 }, { difficulty: 10 }, undefined, { difficulty: 9 }].map((declared) => ({
    declared,
  }));
  const { start, amount, limits } = needsOf(tasks, { budget: 19 })!;
  assertEquals([[...start], [...amount], [...limits]], [[0, 1, 2, 3, 4], [10, 10, 1, 9], [19]]);
});
