// The gates as a program asks them.
import { assertEquals, assertThrows } from "@std/assert";
import { ConflictDetector, ParallelExecutionGates } from "../../../actors/library/gates.ts";
import { GateError, type GateTask } from "../../../graph/gates/gate_task.ts";

const TASKS: GateTask[] = [
  { name: "a", writes: ["./log//x"] },
  { name: "b", writes: ["log/*"], difficulty: 9 },
  { name: "c", dependencies: ["a"], reads: ["log/x"] },
];

// S1.2
Deno.test("ConflictDetector.validateParallelExecution() answers with a verdict and the conflicts", () => {
  const detector = new ConflictDetector(TASKS);
  assertEquals(detector.validateParallelExecution(["b", "a", "b"]), [
    false,
    [{ task1: "a", task2: "b", file: "log/x", type: "blocking" }],
  ]);
  assertEquals(detector.validateParallelExecution(["c", "a"]), [
    true,
    [{ task1: "a", task2: "c", file: "log/x", type: "warning" }],
  ]);
  assertEquals(detector.validateParallelExecution([]), [true, []]);
});

// S1.13, S1.16
Deno.test("ParallelExecutionGates answers with a verdict and a report, and suggests batches", () => {
  let isLocked = true;
  const gates = new ParallelExecutionGates(TASKS, {
    maxParallelTasks: 2,
    load: () => ({ activeTasks: 1 }),
    heldLocks: () => isLocked ? [{ path: "log/x", mode: "shared" }] : [],
  });
  const [canParallel, report] = gates.validateParallelGroup(["b"]);
  assertEquals([canParallel, report.lock_issues], [false, [{ task: "b", file: "log/x" }]]);
  assertEquals(report.resource_capacity, { max_parallel_tasks: 2, requested: 1, available: 1 });
  isLocked = false;
  assertEquals(gates.validateParallelGroup(["b"])[0], true);
  assertEquals(gates.suggestExecutionBatches(), [["b"], ["a"], ["c"]]);
  assertEquals(gates.suggestExecutionBatches(["a", "c"]), [["a"], ["c"]]);
});

Deno.test("the gates refuse names and declarations that cannot be", () => {
  const refuse = (work: () => unknown, message: string) => assertThrows(work, GateError, message);
  const gates = new ParallelExecutionGates([{ name: "compile" }]);
  refuse(() => gates.validateParallelGroup(["comple"]), "Unknown task 'comple', did you mean 'compile'?");
  refuse(() => new ConflictDetector([{ name: "a" }, { name: "a" }]), "Two tasks have the same name");
  refuse(() => new ConflictDetector([{ name: "a", writes: [""] }]), "Path '' of task 'a' must not be empty");
  refuse(
    () => new ConflictDetector([{ name: "a", difficulty: 11 }]),
    "Difficulty of task 'a' must be an integer from 1 to 10, not 11",
  );
  refuse(
    () => new ConflictDetector([{ name: "a", resources: { gpu: 0 } }]),
    "Resource 'gpu' of task 'a' must be more than 0",
  );
});
