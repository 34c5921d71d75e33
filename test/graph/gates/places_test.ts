// Where declared paths are, however they are written.
import { assertEquals } from "@std/assert";
import { findFileConflicts } from "../../../graph/gates/file_conflicts.ts";
import { fileTable } from "../../../graph/gates/files.ts";
import type { GateTask } from "../../../graph/gates/gate_task.ts";
import { findLockIssues } from "../../../graph/gates/lock_availability.ts";
import { noOrdering } from "../../../graph/gates/pairs.ts";
import { meet, type PlaceOf, placesFrom } from "../../../graph/gates/places.ts";
import { suggestBatches } from "../../../graph/gates/batches.ts";
import { findTouches } from "../../../graph/gates/touches.ts";

/** Whether two writers conflict: by the conflicts, the batches, what a running task touches, and the locks of another. */
function answers(a: string, b: string, placeOf: PlaceOf): boolean[] {
  const tasks: GateTask[] = [{ name: "a", writes: [a] }, { name: "b", writes: [b] }];
  const table = fileTable(tasks, [0, 1], placeOf);
  const limits = { maxParallelTasks: 5, maxContextComplexity: 30, placeOf };
  const touching = tasks.map(({ writes }) => ({ declared: { writes } }));
  return [
    meet(placeOf(a), placeOf(b)),
    findFileConflicts(tasks, table, noOrdering(2)).counts.blocking > 0,
    suggestBatches(tasks, undefined, limits).length === 2,
    a === b || findTouches(touching, placeOf).size > 0,
    findLockIssues(tasks, fileTable(tasks, [1], placeOf), [{ path: a, mode: "shared" }]).length > 0,
  ];
}

// K50
Deno.test("paths are compared by where they are, not by how they are written", () => {
  const together: [string, string][] = [
    [".", "f"],
    [".", "d/f"],
    ["..", "f"],
    ["../..", "f"],
    ["/", "f"],
    ["/", "."],
    ["/work", "f"],
    ["/work/c++ \\[x\\]/d/f", "d/f"],
    ["../c++ \\[x\\]/f", "f"],
    ["/work/./x/../c++ \\[x\\]//f", "f"],
    [".", "*.txt"],
    ["..", "d/**"],
    ["/", "**/f"],
    [".", "../*/f"],
    ["d/f", "/work/*/d/f"],
    ["d/f", "/work/**"],
    ["*.txt", "/work/c++ \\[x\\]/a*"],
    ["*.txt", "../*/a*"],
    ["d", "d/*"],
    ["../x/*", "/work/x/y"],
    ["/tmp/*", "/tmp/x"],
    ["d*/../f", "f"],
    ["**/../f", "d/f"],
  ];
  const apart: [string, string][] = [
    ["/tmp", "f"],
    ["..", "/etc/x"],
    ["../x", "f"],
    ["../c++ x/f", "f"],
    ["../*.txt", "f"],
    ["d", "d2/f"],
    ["/work/c+", "f"],
    ["/work/*/d/f", "f"],
    ["*.txt", "../*.txt"],
  ];
  // A folder whose name has in it what makes a glob
  const placeOf = placesFrom("/work/c++ [x]");
  for (const [a, b] of together) {
    assertEquals(answers(a, b, placeOf), new Array(5).fill(true), `${a} and ${b}`);
    assertEquals(answers(b, a, placeOf), new Array(5).fill(true), `${b} and ${a}`);
  }
  for (const [a, b] of apart) {
    assertEquals(answers(a, b, placeOf), new Array(5).fill(false), `${a} and ${b}`);
    assertEquals(answers(b, a, placeOf), new Array(5).fill(false), `${b} and ${a}`);
  }
});

// K50
Deno.test("a path is told of as the first task writes it", () => {
  const tasks: GateTask[] = [
    { name: "a", writes: ["d/f"] },
    { name: "b", writes: ["/work/d/f"] },
    { name: "c", writes: ["."] },
  ];
  const { conflicts } = findFileConflicts(tasks, fileTable(tasks, tasks.keys(), placesFrom("/work")), noOrdering(3));
  assertEquals(conflicts.map(({ task1, task2, file }) => [task1, task2, file]), [
    ["a", "b", "d/f"],
    ["a", "c", "d/f"],
    ["b", "c", "d/f"],
  ]);
});
