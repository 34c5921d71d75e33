import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { Beat, passed } from "../../../actors/machine/passing_time.ts";

/** Keeps the event loop alive, as the threads of a run do. */
async function inRun(body: () => Promise<void>): Promise<void> {
  const alive = setInterval(() => {}, 1000);
  try {
    await body();
  } finally {
    clearInterval(alive);
  }
}

Deno.test("passed() resolves no sooner than it should", async () => {
  await inRun(async () => {
    const begun = performance.now();
    await passed(20);
    assertGreaterOrEqual(performance.now() - begun, 19);
  });
});

Deno.test("Beat acts again and again, and never once it is disposed of", async () => {
  await inRun(async () => {
    const third = Promise.withResolvers<void>();
    let count = 0;
    const beat = new Beat(1, () => {
      if (++count === 3) third.resolve();
    });
    await third.promise;
    beat[Symbol.dispose]();
    const seen = count;
    await passed(20);
    assertEquals(count, seen);
  });
});
