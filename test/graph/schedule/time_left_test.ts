import { assertEquals } from "@std/assert";
import { buildGraph } from "../../../graph/graph.ts";
import { schedulable } from "../../../graph/schedule/plan.ts";
import { timeLeft } from "../../../graph/schedule/time_left.ts";
import { tasksOf } from "../shapes.ts";

// S6.5
Deno.test("timeLeft() is the longest path of what is left, or all of it shared among the workers", () => {
  const tasks = tasksOf({ a: [], b: ["a"], c: ["b"], x: [], y: [], z: [] });
  const { graph } = buildGraph(tasks);
  const plan = schedulable(tasks, graph);
  const usual: (number | undefined)[] = [10, 20, 30, 40, 40, 40];
  const over = new Set<number>();
  const elapsed = new Map<number, number>();
  const left = (workers: number) =>
    timeLeft(plan, {
      isOver: (task) => over.has(task),
      usualMs: (task) => usual[task],
      elapsedMs: (task) => elapsed.get(task) ?? 0,
      workers,
    });
  assertEquals(left(1), 180);
  assertEquals(left(2), 90);
  assertEquals(left(8), 60);
  elapsed.set(0, 4).set(3, 1000);
  assertEquals([left(8), left(1)], [56, 136]);
  over.add(0).add(3);
  assertEquals(left(8), 50);
  usual[4] = undefined;
  assertEquals(left(8), undefined);
  over.add(4);
  assertEquals(left(8), 50);
});
