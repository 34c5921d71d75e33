import { assertEquals } from "@std/assert";
import type { GateTask } from "../../../graph/gates/gate_task.ts";
import { type GatesOptions, ParallelExecutionGates } from "../../../actors/library/gates.ts";
import { hasConflicts, resolutionSentences, tasksWithoutConflict, willPass } from "../../../graph/gates/resolution.ts";

function ask(tasks: readonly GateTask[], options: GatesOptions = {}) {
  return new ParallelExecutionGates(tasks, options).ask(tasks.map(({ name }) => name));
}

const TASKS: GateTask[] = [
  { name: "free" },
  { name: "w1", writes: ["f"] },
  { name: "w2", writes: ["f"] },
  { name: "s1", shares: ["counter"] },
  { name: "s2", shares: ["counter"] },
  { name: "after", dependencies: ["free"] },
];

// S1.19: eliminate
Deno.test("tasksWithoutConflict() leaves out those that conflict, wait for another, or find a lock held", () => {
  assertEquals(tasksWithoutConflict(ask(TASKS).findings), ["free"]);
  const locked = ask([{ name: "a", reads: ["f"] }, { name: "b" }], {
    heldLocks: () => [{ path: "f", mode: "exclusive" }],
  });
  assertEquals(tasksWithoutConflict(locked.findings), ["b"]);
});

// S1.19: retry with backoff
Deno.test("willPass() is true of held locks and a busy machine, and of nothing that stays", () => {
  const two: GateTask[] = [{ name: "a", writes: ["f"] }, { name: "b" }];
  assertEquals(willPass(ask(two)), false);
  assertEquals(willPass(ask(two, { heldLocks: () => [{ path: "f", mode: "shared" }] })), true);
  assertEquals(willPass(ask(two, { load: () => ({ cpu: 0.9 }) })), true);
  assertEquals(willPass(ask(two, { load: () => ({ cpu: 0.9 }), maxParallelTasks: 1 })), false);
  assertEquals(willPass(ask(two, { load: () => ({ cpu: 0.9 }), maxContextComplexity: 1 })), false);
  assertEquals(willPass(ask(TASKS, { load: () => ({ cpu: 0.9 }), maxParallelTasks: 9 })), false);
});

Deno.test("hasConflicts() is about what tasks do to each other, not about how many they are", () => {
  assertEquals(hasConflicts(ask(TASKS)), true);
  const kinds: GateTask[][] = [
    [{ name: "a", writes: ["f"] }, { name: "b", writes: ["f"] }],
    [{ name: "a", shares: ["counter"] }, { name: "b", shares: ["counter"] }],
    [{ name: "a", dependencies: ["b"] }, { name: "b", dependencies: ["a"] }],
  ];
  for (const tasks of kinds) assertEquals(hasConflicts(ask(tasks)), true, JSON.stringify(tasks));
  assertEquals(hasConflicts(ask([{ name: "a" }, { name: "b" }], { maxParallelTasks: 1 })), false);
});

// S1.20
Deno.test("resolutionSentences() tell how a group is going to be run", () => {
  assertEquals(resolutionSentences(ask(TASKS).findings, [["free", "w1", "s1"], ["w2", "s2"], ["after"]]), [
    "No party to a conflict: 'free'",
    "Partitioned into 3 batches",
    "Alone in a batch: 'after'",
  ]);
});
