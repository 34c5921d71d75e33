// The report of all gates, word for word.
import { assert, assertEquals } from "@std/assert";
import type { GateContext } from "../../../graph/gates/findings.ts";
import type { GateTask } from "../../../graph/gates/gate_task.ts";
import { placesFrom } from "../../../graph/gates/places.ts";
import { validate } from "../../../graph/gates/validate.ts";

const LIMITS = { maxParallelTasks: 5, maxContextComplexity: 30, placeOf: placesFrom("/project") };

/** The report on a group, or on all. */
function report(tasks: GateTask[], names?: string[], context: Partial<GateContext> = {}) {
  const chosen = names?.map((name) => tasks.findIndex((task) => task.name === name));
  return validate(tasks, chosen, { ...LIMITS, ...context }).report;
}

// S1.13, S1.14
Deno.test("validate() lets a group run whose tasks are strangers, and its report has these fields and no others", () => {
  const tasks = [{ name: "a", reads: ["x"], writes: ["a.o"] }, { name: "b", reads: ["x"], writes: ["b.o"] }];
  assertEquals(report(tasks, ["a", "b"]), {
    can_parallel: true,
    task_count: 2,
    file_conflicts: [{ task1: "a", task2: "b", file: "x", type: "info" }],
    circular_dependencies: [],
    lock_issues: [],
    resource_capacity: { max_parallel_tasks: 5, requested: 2, available: 5 },
    context_budget: { total_complexity: 2, max_complexity: 30, within_budget: true },
    recommendations: [],
  });
});

// S1.2, S1.3, S1.12, S1.15, S1.24
Deno.test("validate() refuses a group with conflicts, and says what to do", () => {
  const tasks: GateTask[] = [
    { name: "gen", writes: ["out/gen.h"], shares: ["counter"] },
    { name: "docs", dependencies: ["gen"], reads: ["out/*.h"], writes: ["out/docs", "log"] },
    { name: "lint", writes: ["out/lint", "log"], shares: ["counter"] },
    { name: "elsewhere", writes: ["log"] },
  ];
  assertEquals(report(tasks, ["gen", "docs", "lint"], { heldLocks: [{ path: "log", mode: "shared" }] }), {
    can_parallel: false,
    task_count: 3,
    file_conflicts: [
      { task1: "docs", task2: "lint", file: "log", type: "blocking" },
      { task1: "gen", task2: "docs", file: "out/gen.h", type: "warning" },
    ],
    circular_dependencies: [],
    lock_issues: [{ task: "docs", file: "log" }, { task: "lint", file: "log" }],
    resource_capacity: { max_parallel_tasks: 5, requested: 3, available: 5 },
    context_budget: { total_complexity: 3, max_complexity: 30, within_budget: true },
    recommendations: [
      "Execute conflicting tasks sequentially",
      "'docs' and 'lint' write 'log': order them by dependencies, partition it into a file for each, or lock it",
      "Run 'gen' and 'lint' one after another: they share 'counter'",
      "Run 'gen' before 'docs', which needs it",
      "Wait for file locks to be released",
      "Start 'docs' when 'log' is no longer locked",
      "Start 'lint' when 'log' is no longer locked",
      "'docs' may read 'out/gen.h' while 'gen' writes it: mind which comes first",
      "Use more specific paths than 'out/*.h' in 'docs': it takes in 'out/gen.h'",
    ],
  });
});

// S1.2
Deno.test("validate() is not stopped by a reader beside a writer", () => {
  const tasks = [{ name: "a", writes: ["x"] }, { name: "b", reads: ["x"] }];
  assertEquals(report(tasks, ["a", "b"]).can_parallel, true);
  assertEquals(report(tasks).recommendations, [
    "'b' may read 'x' while 'a' writes it: let 'b' depend on 'a' if it needs what is written",
  ]);
});

// S1.8, S1.9, S1.10, S1.11
Deno.test("validate() refuses a group that does not fit, and says how it would", () => {
  const tasks = Array.from({ length: 7 }, (_, at): GateTask => ({
    name: `t${at}`,
    difficulty: at === 0 ? 10 : 4,
    resources: { gpu: 1 },
  }));
  const names = tasks.map((task) => task.name);
  const load = { activeTasks: 2, cpu: 0.93, memory: 0.5, fileHandles: { used: 250, limit: 256 } };
  const refused = report(tasks, names, { load, resourceLimits: { gpu: 4 } });
  assertEquals(refused.can_parallel, false);
  assertEquals(refused.resource_capacity, { max_parallel_tasks: 5, requested: 7, available: 3 });
  assertEquals(refused.context_budget, { total_complexity: 34, max_complexity: 30, within_budget: false });
  assertEquals(refused.recommendations, [
    "Split the 7 tasks into groups of at most 3, the most urgent first, and queue the rest",
    "Wait until CPU load is at most 80 %; it is 93 %",
    "Run fewer tasks at once: they may need 56 file handles, and 6 are left",
    "Run fewer tasks at once: together they ask for 7 of 'gpu', and there is 4",
    "Split the tasks into groups with a complexity of at most 30; together it is 34",
    "Run 't0' alone: its difficulty is 10",
    "Let long tasks keep checkpoints, so that they can be resumed",
  ]);
  assertEquals(report(tasks, ["t1", "t2"], { load: { activeTasks: 9 } }).recommendations, [
    "Queue the tasks until running ones have ended",
  ]);
  // A whole config runs some at a time, so its size is no reason to refuse it.
  const whole = report(tasks, undefined, { load });
  assertEquals([whole.can_parallel, whole.context_budget.within_budget], [true, false]);
});

// S1.4
Deno.test("validate() names cycles, for a group those that touch it", () => {
  const tasks: GateTask[] = [
    { name: "a", dependencies: ["b"] },
    { name: "b", dependencies: ["c"] },
    { name: "c", dependencies: ["a"] },
    { name: "d" },
    { name: "e" },
  ];
  const whole = report(tasks);
  assertEquals([whole.can_parallel, whole.circular_dependencies], [false, [["a", "b", "c", "a"]]]);
  assertEquals(whole.recommendations, ["Remove a dependency from the circle 'a' → 'b' → 'c' → 'a'"]);
  assertEquals(report(tasks, ["b", "d"]).can_parallel, false);
  assertEquals(report(tasks, ["d", "e"]).circular_dependencies, []);
});

Deno.test("validate() sees what a task needs by way of others that are not in the group", () => {
  const tasks = [{ name: "a" }, { name: "x", dependencies: ["a"] }, { name: "b", dependencies: ["x"] }];
  assertEquals(report(tasks, ["a", "b"]).recommendations, ["Run 'a' before 'b', which needs it"]);
  assertEquals(report(tasks, ["a", "b"]).can_parallel, false);
  assertEquals(report(tasks).can_parallel, true);
});

Deno.test("validate() names the first few and counts the rest", () => {
  const tasks = Array.from({ length: 60 }, (_, at): GateTask => ({ name: `t${at}`, writes: ["log"], reads: [] }));
  const { recommendations, file_conflicts } = report(tasks);
  assertEquals(file_conflicts.length, 1000);
  assertEquals(recommendations, [
    "Execute conflicting tasks sequentially",
    "'t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7', 't8' and others write 'log': " +
    "order them by dependencies, partition it into a file for each, or lock it",
    "770 more conflicts of type 'blocking' are not listed",
  ]);
});

// At 10 000 tasks: 30 000 dependencies, 30 files a task of which many are common.
Deno.test("validate() answers for 10 000 tasks without taking quadratic time or memory", () => {
  const tasks = large(10_000);
  const { report } = validate(tasks, undefined, LIMITS);
  assertEquals(report.task_count, 10_000);
  assert(report.file_conflicts.length <= 2100);
});

/** Tasks in layers, which all read a few common headers and write a log of their layer's. */
function large(size: number): GateTask[] {
  return Array.from({ length: size }, (_, at) => ({
    name: `t${at}`,
    dependencies: at < 100 ? [] : [1, 50, 99].map((back) => `t${at - back}`),
    reads: [`src/t${at}.c`, "include/**/*.h", ...Array.from({ length: 10 }, (_, header) => `include/h${header}.h`)],
    writes: [`out/t${at}.o`, `log/${at % 100}.txt`],
  }));
}
