import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { startAhead, takeAhead } from "../../../actors/engine/thread_ahead.ts";
import { WorkerPool } from "../../../actors/engine/worker_pool.ts";
import { StatusTable } from "../../../actors/worker/status_table.ts";

// S7.5b
Deno.test("the first worker has the thread that was started ahead, which only one pool can take", async () => {
  using ahead = startAhead();
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  const { promise, resolve } = Promise.withResolvers<number>();
  const pool = new WorkerPool({
    size: 2,
    table: new StatusTable(1).buffer,
    folder,
    onReport: (report) => report.kind === "worker" && report.message.kind === "ready" && resolve(report.worker),
    onWarning: (sentence) => assert(false, sentence),
  });
  try {
    pool.start();
    assertEquals(takeAhead(), undefined);
    ahead[Symbol.dispose](); // it is the pool's by now
    pool.want(1);
    assertEquals(await promise, 1);
  } finally {
    await pool.close();
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a thread that nobody takes ends with whoever started it, and never one that was started since", () => {
  const first = startAhead();
  first[Symbol.dispose]();
  assertEquals(takeAhead(), undefined);
  using _ = startAhead();
  first[Symbol.dispose]();
  const thread = takeAhead();
  assert(thread instanceof Worker);
  thread.terminate();
  assertStrictEquals(takeAhead(), undefined);
});
