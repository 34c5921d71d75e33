import { assertEquals } from "@std/assert";
import { needsOf } from "../../graph/needs.ts";
import type { Declarations } from "../../graph/task.ts";

/** Which tasks could run beside each other, by admission's own sums. */
function conflicts(
  declarations: (Declarations | undefined)[],
  limits?: Record<string, number>,
  apart?: [number, number][],
): [number, number][] {
  const needs = needsOf(declarations.map((declared) => ({ declared })), { limits, apart });
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

// S1.29
Deno.test("needsOf() keeps given pairs apart, and only these", () => {
  assertEquals(conflicts([{}, {}, {}, {}], {}, [[0, 2], [2, 3]]), [[0, 2], [2, 3]]);
});
