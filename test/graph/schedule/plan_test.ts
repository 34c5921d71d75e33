import { assertEquals } from "@std/assert";
import { buildGraph } from "../../../graph/graph.ts";
import { makePlan, withFirst } from "../../../graph/schedule/plan.ts";
import type { Task } from "../../../graph/task.ts";

function task(name: string, dependencies: string[] = [], retries = 0): Task {
  return {
    name,
    action: { kind: "content", content: "" },
    dependencies,
    sourceFiles: [],
    outputs: [{ path: `out/${name}`, kind: "file" }],
    env: {},
    retries,
  };
}

Deno.test("makePlan() puts the task with the longest path behind it first, equal ones as declared", () => {
  const tasks = [
    task("alone"),
    task("short"),
    task("end", ["middle", "short"]),
    task("middle", ["long"]),
    task("long"),
  ];
  const plan = makePlan(tasks, buildGraph(tasks).graph, tasks.map(() => []));
  assertEquals([...plan.order].map((index) => tasks[index].name), ["long", "short", "middle", "alone", "end"]);
});

// S7.13
Deno.test("makePlan() goes by time where it is known how long tasks take", () => {
  const tasks = [task("first"), task("a"), task("b", ["a"]), task("c", ["b"]), task("slow")];
  const weights = [10, 10, 10, 10, 500], sources = tasks.map(() => []);
  const plan = makePlan(tasks, buildGraph(tasks).graph, sources, { weights });
  assertEquals(plan.weights, weights);
  assertEquals([...plan.order].map((index) => tasks[index].name), ["slow", "a", "b", "first", "c"]);
});

Deno.test("makePlan() gives each task its sources, its retries, and its neighbours on both sides", () => {
  const tasks = [task("a", [], 2), task("b", ["a"]), task("c", ["b", "a"], 1)];
  const plan = makePlan(tasks, buildGraph(tasks).graph, [["x"], [], ["y", "z"]]);
  assertEquals([plan.size, [...plan.retries]], [3, [2, 0, 1]]);
  assertEquals(plan.sources, [["x"], [], ["y", "z"]]);
  const dependents = (index: number) =>
    [
      ...plan.dependents.subarray(plan.dependentStart[index], plan.dependentStart[index + 1]),
    ].sort();
  assertEquals([0, 1, 2].map(dependents), [[1, 2], [2], []]);
  assertEquals([...plan.dependencyStart], [0, 0, 1, 3]);
});

Deno.test("a plan tells which task makes a path", () => {
  const tasks = [task("a"), task("b")];
  const { producers } = makePlan(tasks, buildGraph(tasks).graph, [[], []]);
  assertEquals([producers.get("out/b"), producers.get("out/c")], [1, undefined]);
});

// S6.14
Deno.test("withFirst() puts some tasks and all they need before all others, each in the order of the plan", () => {
  const tasks = [
    task("other"),
    task("end", ["middle"]),
    task("middle", ["first"]),
    task("first"),
    task("more", ["end"]),
  ];
  const plan = makePlan(tasks, buildGraph(tasks).graph, tasks.map(() => []));
  const { order, urgent } = withFirst(plan, [2, 0]);
  assertEquals([...order].map((index) => tasks[index].name), ["first", "middle", "other", "end", "more"]);
  assertEquals([urgent, [...withFirst(plan, []).order]], [3, [...plan.order]]);
});
