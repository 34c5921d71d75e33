import { assertEquals } from "@std/assert";
import { BusyWorkers } from "../../../actors/engine/busy_workers.ts";

Deno.test("BusyWorkers knows what each worker does, until its task has ended or it has died", () => {
  const busy = new BusyWorkers([{ name: "a" }, { name: "b" }, { name: "c" }]);
  for (const task of [0, 1, 2]) busy.note({ kind: "started", worker: task + 1, task });
  assertEquals([...busy].map(([worker, { task, index }]) => [worker, task, index]), [[1, "a", 0], [2, "b", 1], [
    3,
    "c",
    2,
  ]]);
  busy.note({ kind: "executed", task: 0, worker: 1, durationMs: 5 });
  busy.note({ kind: "skipped", task: 0 });
  assertEquals([...busy.keys()], [2, 3]);
  busy.note({ kind: "crashed", worker: 2 });
  busy.note({ kind: "failed", task: 2, worker: 3, durationMs: 5, failure: { kind: "cancelled" } });
  assertEquals(busy.size, 0);
});
