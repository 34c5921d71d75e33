// The locks that the tasks of one run hold, from their wish to their end.
import { assertEquals } from "@std/assert";
import { FileLockManager } from "../../../actors/locks/locks.ts";
import { locksOf, type TaskLockReport } from "../../../actors/locks/task_locks.ts";
import { TempFolder } from "../temp_folder.ts";

// K53
Deno.test("what tasks have locked, and what they wait for, is given back when their run is closed", async () => {
  using place = new TempFolder();
  const task = (name: string) => ({ name, declared: { writes: ["f"], reads: ["g"] } });
  const locks = locksOf([task("a"), task("b")], {
    folder: place.path,
    patience: { timeoutMs: Infinity, retryDelaysMs: [3_600_000] },
    onWarning: (sentence) => {
      throw new Error(sentence);
    },
  });
  const { promise: isBarred, resolve: barred } = Promise.withResolvers<TaskLockReport>();
  const { promise: isLocked, resolve: locked } = Promise.withResolvers<TaskLockReport>();
  const keeper = locks!.open((report) => report.kind === "barred" ? barred(report) : locked(report));
  const held = () => new FileLockManager(place.path).list().map(({ path, isWaiting }) => [path, isWaiting]).sort();
  keeper.lock(0);
  assertEquals((await isLocked).kind, "locked");
  assertEquals(held(), [[place.file("f"), false], [place.file("g"), false]]);
  keeper.lock(1);
  assertEquals((await isBarred).kind, "barred");
  keeper.close();
  assertEquals(held(), []);
});
