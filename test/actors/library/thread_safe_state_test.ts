// Shared state: no change is lost, whoever changes what at the same time.
import { assertEquals, assertRejects } from "@std/assert";
import { ThreadSafeState } from "../../../actors/library/thread_safe_state.ts";
import { DependencyAwareScheduler } from "../../../actors/library/dependency_aware_scheduler.ts";
import { randomFrom, seedFor } from "../../random.ts";

async function hop(times: number): Promise<void> {
  for (let hop = 0; hop < times; hop++) await null;
}

// S4.7
Deno.test("update() loses no change of many at once, however long each takes", async () => {
  const random = randomFrom(seedFor("state"));
  const state = new ThreadSafeState({ a: 0, b: 0 });
  const updates = Array.from({ length: 1000 }, async (_, i) => {
    const [key, before, within] = [random.pick(["a", "b"]), random.below(5), random.below(5)];
    await hop(before);
    await state.update(key, async (value) => {
      await hop(within);
      if (i % 10 === 0) throw new Error("Broke");
      return Number(value) + 1;
    }).catch(() => {});
  });
  await Promise.all(updates);
  assertEquals(Number(state.get("a")) + Number(state.get("b")), 900);
});

// S4.7
Deno.test("update() from tasks that run at once loses no change", async () => {
  const state = new ThreadSafeState({ count: 0 });
  const scheduler = new DependencyAwareScheduler({ state, maxConcurrent: 50 });
  for (let i = 0; i < 200; i++) {
    scheduler.addTask(`t${i}`, ({ state }) =>
      state.update("count", async (count) => {
        await hop(i % 7);
        return Number(count) + 1;
      }));
  }
  await scheduler.execute();
  assertEquals(state.get("count"), 200);
});

Deno.test("update() holds up only its own key, and readers never", async () => {
  const state = new ThreadSafeState({ slow: 1, fast: 1 });
  const gate = Promise.withResolvers<number>();
  const slow = state.update("slow", () => gate.promise);
  const later = state.update("slow", (value) => Number(value) * 2);
  const last = state.set("slow", 7);
  assertEquals(await state.update("fast", (value) => Number(value) + 1), 2);
  await state.set("fast", 3);
  assertEquals(state.snapshot(), { slow: 1, fast: 3 });
  gate.resolve(5);
  assertEquals([await slow, await later], [5, 10]);
  await last;
  assertEquals(state.get("slow"), 7);
});

Deno.test("update() within an update, not waited for, has the next turn", async () => {
  const state = new ThreadSafeState({ a: 1 });
  let inner: Promise<unknown> | undefined;
  await state.update("a", (value) => {
    inner = state.update("a", (value) => Number(value) * 10);
    return Number(value) + 1;
  });
  assertEquals([await inner, state.get("a")], [20, 20]);
});

Deno.test("update() that fails leaves the value, and those after it their turn", async () => {
  const state = new ThreadSafeState({ a: 1 });
  const failing = assertRejects(() => state.update("a", () => Promise.reject(new Error("Broke"))), Error, "Broke");
  const after = state.update("a", (value) => Number(value) + 1);
  await failing;
  assertEquals([await after, state.get("a")], [2, 2]);
});

Deno.test("a state starts with a copy of its initial values and takes any key", async () => {
  const initial: Record<string, unknown> = { a: 1 };
  const state = new ThreadSafeState(initial);
  void state.set("__proto__", 2);
  await state.set("a", undefined);
  assertEquals([initial, state.keys(), state.get("__proto__")], [{ a: 1 }, ["a", "__proto__"], 2]);
  assertEquals([state.has("a"), state.has("b"), state.get("toString")], [true, false, undefined]);
  const snapshot = state.snapshot();
  await state.set("a", 3);
  assertEquals([Object.hasOwn(snapshot, "__proto__"), snapshot.a], [true, undefined]);
});

// K101
Deno.test("an update that is given up leaves the value, and the key to others, whatever its function goes on to do", async () => {
  const state = new ThreadSafeState({ n: 1 });
  const stop = new AbortController(), late = Promise.withResolvers<number>();
  const given = state.update("n", () => late.promise, { signal: stop.signal });
  const behind = state.update("n", (n) => Number(n) + 1);
  const alsoGiven = state.update("n", () => 99, { signal: stop.signal });
  const last = state.update("n", (n) => Number(n) + 1);
  stop.abort(new Error("Enough"));
  await assertRejects(() => given, Error, "Enough");
  await assertRejects(() => alsoGiven, Error, "Enough");
  assertEquals([await behind, await last], [2, 3]);
  late.resolve(50);
  await late.promise;
  await assertRejects(() => state.update("n", () => 7, { signal: stop.signal }), Error, "Enough");
  assertEquals([await state.update("n", (n) => n), state.get("n")], [3, 3]);
});

// K101
Deno.test("what an attempt does to the state ends with it, and at the latest with its execution", async () => {
  const never = () => new Promise<never>(() => {});
  const state = new ThreadSafeState({ n: 1, m: 1 });
  const scheduler = new DependencyAwareScheduler({ state });
  const late = Promise.withResolvers<void>();
  let set: Promise<unknown> | undefined;
  let attempts = 0;
  // Not waited for, too: a rejection that nobody hears would end the program
  scheduler.addTask("careless", ({ state }) => void state.update("m", never));
  scheduler.addTask(
    "stuck",
    async ({ state }) => {
      if (++attempts > 1) return await state.update("n", (n) => Number(n) + 1);
      set ??= late.promise.then(() => assertRejects(() => state.set("n", 99), DOMException, "Timed out after 0.02s"));
      // Nobody hears of this one
      late.promise.then(() => void state.set("n", 98));
      return await state.update("n", never);
    },
    [],
    { timeoutSeconds: 0.02, retryCount: 1, retryDelayMs: 0 },
  );
  const { taskResults } = await scheduler.execute();
  assertEquals([taskResults.stuck, state.get("n")], [2, 2]);
  assertEquals(await state.update("m", (m) => Number(m) + 1), 2);
  late.resolve();
  await set;
  assertEquals([state.get("n"), attempts], [2, 2]);
  assertEquals((await scheduler.execute()).taskResults.stuck, 3);
});
