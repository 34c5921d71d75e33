import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { predictContention } from "../../../actors/library/lock_contention.ts";
import { FileLockError } from "../../../actors/locks/error.ts";
import type { LockRequest } from "../../../actors/locks/request.ts";
import { FileLockManager } from "../../../actors/locks/locks.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { lockTest, Other, recordsIn, turn } from "./lock_place.ts";
import { JumpingClock } from "../machine/jumping_clock.ts";
import { inOwnProcess } from "../process/own_process.ts";
import { TempFolder } from "../temp_folder.ts";

lockTest("S1.6 readers hold a lock together, a writer alone", async (folder) => {
  const locks = new FileLockManager(folder);
  const first = await locks.acquire("a", "shared");
  const second = await locks.tryAcquire("a", "shared");
  assert(second);
  assertEquals(await locks.tryAcquire("a", "exclusive"), undefined);
  first.release();
  assertEquals(await locks.tryAcquire("a", "exclusive"), undefined);
  second.release();
  second.release();
  const writer = await locks.tryAcquire("./x/../a", "exclusive");
  assert(writer);
  assertEquals(await locks.tryAcquire(`${folder}/a`, "shared"), undefined);
  assertEquals(await locks.tryAcquire("a", "exclusive"), undefined);
  using _another = await locks.tryAcquire("b", "exclusive");
  writer[Symbol.dispose]();
  assertEquals(locks.status(["a", "b"]).map(({ state }) => state), ["free", "exclusive"]);
});

lockTest("S1.6 between processes too", async (folder) => {
  await using reader = await Other.that("hold", "held", [folder, "a", "shared", "reads"]);
  const locks = new FileLockManager(folder);
  using shared = await locks.tryAcquire("a", "shared", { task: "here" });
  assert(shared);
  assertEquals(await locks.tryAcquire("a", "exclusive"), undefined);
  const [{ state, holders }] = locks.status(["a"]);
  assertEquals(state, "shared");
  assertEquals(holders.map(({ task, pid }) => [task, pid]).sort(), [["here", Deno.pid], ["reads", reader.pid]]);
  shared.release();
  await reader.finish();
  assertEquals(recordsIn(folder), []);
});

lockTest("S1.6 processes that read and write at random never overlap with a writer", async (folder) => {
  const seed = seedFor("visits"), turns = 40;
  const others = await Promise.all(
    [1, 2, 3, 4].map((n) => Other.that("visit", "ready", [folder, `${turns}`, `${seed + n}`])),
  );
  await Promise.all(others.map((other) => other.finish()));
  for (const other of others) await other[Symbol.asyncDispose]();
  const inside = { shared: 0, exclusive: 0 };
  let most = 0, entered = 0;
  for (const line of Deno.readTextFileSync(`${folder}/log`).trim().split("\n")) {
    const [what, mode] = line.split(" ") as [string, keyof typeof inside];
    if (what === "enter") entered++;
    inside[mode] += what === "enter" ? 1 : -1;
    assert(inside.exclusive === 0 || (inside.exclusive === 1 && inside.shared === 0), JSON.stringify(inside));
    most = Math.max(most, inside.shared);
  }
  assertEquals(entered, 4 * turns);
  assert(most > 1, "no readers met");
});

lockTest(
  "S1.7 one that waits tries after each delay, the last one again and again, and then names the holder",
  async (folder) => {
    await using holder = await Other.that("hold", "held", [folder, "src/a.ts", "exclusive", "gen"]);
    const locks = new FileLockManager(folder);
    const begunMs = performance.now();
    const error = await assertRejects(
      () => locks.acquire("src/a.ts", "shared", { retryDelaysMs: [1, 2, 4], timeoutMs: 30 }),
      FileLockError,
    );
    assert(performance.now() - begunMs >= 30);
    const [first, second] = error.message.split("\n");
    assertEquals(first, "Cannot lock 'src/a.ts' for reading within 0.03s");
    assertMatch(
      second,
      new RegExp(`^  task 'gen' \\(process ${holder.pid} on '.+'\\) holds it for writing, since \\d{4}-`),
    );
    assertEquals([error.kind, error.holders[0].pid, error.holders[0].task], ["timeout", holder.pid, "gen"]);
    const waiting = locks.acquire("src/a.ts", "exclusive", { retryDelaysMs: [1] });
    await holder.finish();
    (await waiting).release();
    assertEquals(recordsIn(folder), []);
  },
);

lockTest("S1.7 a lock freed in the same manager goes to who waits before the delay has passed", async (folder) => {
  const locks = new FileLockManager(folder);
  const held = await locks.acquire("a", "exclusive");
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (n) => {
    using _lock = await locks.acquire("a", "exclusive", { retryDelaysMs: [3_600_000], timeoutMs: Infinity });
    order.push(n);
  });
  await turn();
  held.release();
  await Promise.all(waiting);
  assertEquals(order, [1, 2, 3]);
});

lockTest("S1.7 a signal ends the waiting and leaves nothing", async (folder) => {
  const locks = new FileLockManager(folder);
  using _held = await locks.acquire("a", "shared");
  const control = new AbortController();
  const waiting = locks.acquire("a", "exclusive", { retryDelaysMs: [0, 3_600_000], signal: control.signal });
  await turn();
  control.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await assertRejects(() => locks.acquire("b", "shared", { signal: control.signal }), Error, "enough");
  assertEquals(recordsIn(folder).length, 1);
});

lockTest("S1.7 a writer is not starved by readers that come and go", async (folder) => {
  const readers = new FileLockManager(folder), writers = new FileLockManager(folder);
  let reader = await readers.acquire("a", "shared");
  const writing = writers.acquire("a", "exclusive", { retryDelaysMs: [1] });
  let relays = 0;
  while (true) {
    const next = await readers.tryAcquire("a", "shared");
    if (next === undefined) break;
    assert(++relays < 100_000, "the writer never had precedence");
    reader.release();
    reader = next;
    await turn();
  }
  assertEquals(readers.status(["a"]).map(({ state, waiting }) => [state, waiting.length]), [["shared", 1]]);
  reader.release();
  const writer = await writing;
  assertEquals(readers.status(["a"]).map(({ state, waiting }) => [state, waiting.length]), [["exclusive", 0]]);
  writer.release();
});

lockTest(
  "S1.23 the lock of a killed process is stale, goes to the next at once, and can be cleaned up",
  async (folder) => {
    const said: string[] = [];
    const locks = new FileLockManager(folder, { warn: (sentence) => said.push(sentence) });
    for (const path of ["a", "b"]) {
      await using holder = await Other.that("hold", "held", [folder, path, "exclusive", "victim"]);
      assertEquals(locks.status([path])[0].state, "exclusive");
      await holder.kill();
      const [{ state, holders }] = locks.status([path]);
      assertEquals([state, holders[0].stale, holders[0].liveness], ["stale", "ended", "dead"]);
    }
    (await locks.acquire("a", "exclusive", { timeoutMs: 0 })).release();
    assertEquals(said.length, 1);
    assertMatch(
      said[0],
      /^Took over the lock on 'a': task 'victim' \(process \d+ on '.+'\) ended without releasing it$/,
    );
    assertEquals([await locks.clean(), await locks.clean()], [1, 0]);
    assertEquals(recordsIn(folder), []);
  },
);

lockTest("four processes count to 1000 together", async (folder) => {
  Deno.writeTextFileSync(`${folder}/counter`, "0");
  const others = await Promise.all([1, 2, 3, 4].map(() => Other.that("count", "ready", [folder, "250"])));
  await Promise.all(others.map((other) => other.finish()));
  for (const other of others) await other[Symbol.asyncDispose]();
  assertEquals(Deno.readTextFileSync(`${folder}/counter`), "1000");
  assertEquals(recordsIn(folder), []);
});

lockTest("acquireAll() takes all or none, and a file named twice once", async (folder) => {
  const locks = new FileLockManager(folder);
  const held = await locks.acquire("b", "exclusive");
  const wanted: LockRequest[] = [
    { path: "c", mode: "shared" },
    { path: "b", mode: "shared" },
    { path: "a", mode: "shared" },
    { path: "./a", mode: "exclusive" },
  ];
  await assertRejects(() => locks.acquireAll(wanted, { timeoutMs: 0 }), FileLockError, "Cannot lock 'b' for reading");
  assertEquals(locks.status(["a", "b", "c"]).map(({ state }) => state), ["free", "exclusive", "free"]);
  held.release();
  const all = await locks.acquireAll(wanted);
  assertEquals(all.requests.map(({ path, mode }) => [path.slice(folder.length), mode]), [
    ["/a", "exclusive"],
    ["/b", "shared"],
    ["/c", "shared"],
  ]);
  all.release();
  (await locks.acquireAll([])).release();
  assertEquals(recordsIn(folder), []);
});

lockTest("acquireAll() in random orders never deadlocks", async (folder) => {
  const random = randomFrom(seedFor("orders"));
  const inside = new Map<string, number>();
  let turns = 0;
  await Promise.all(Array.from({ length: 6 }, async () => {
    const locks = new FileLockManager(folder);
    for (let round = 0; round < rounds(25); round++) {
      const paths = random.shuffled(["a", "b", "c", "d", "e"]).slice(0, 2 + random.below(3));
      const wanted = paths.map((path): LockRequest => ({ path, mode: random.chance(0.7) ? "exclusive" : "shared" }));
      using _locks = await locks.acquireAll(wanted, { retryDelaysMs: [random.below(3), 1 + random.below(2)] });
      // A writer counts as many, so that nobody fits in beside it
      for (const { path, mode } of wanted) {
        inside.set(path, (inside.get(path) ?? 0) + (mode === "exclusive" ? 100 : 1));
        assert(inside.get(path)! <= 100, `${path}: ${inside.get(path)}`);
      }
      await turn();
      for (const { path, mode } of wanted) inside.set(path, inside.get(path)! - (mode === "exclusive" ? 100 : 1));
      turns++;
    }
  }));
  assertEquals(turns, 6 * rounds(25));
  assertEquals(recordsIn(folder), []);
});

lockTest("two ways to one folder are one", async (folder, place) => {
  place.folder("real");
  Deno.symlinkSync(`${folder}/real`, `${folder}/link`);
  using _held = await new FileLockManager(`${folder}/real`).acquire("a", "exclusive");
  assertEquals(await new FileLockManager(`${folder}/link`).tryAcquire("a", "shared"), undefined);
  assertEquals(await new FileLockManager(`${folder}/link`).tryAcquire(`${folder}/link/a`, "shared"), undefined);
});

// K57
lockTest("a file is one file by all its names, for as long as these are its names", async (folder, place) => {
  const a = new FileLockManager(folder), b = new FileLockManager(folder);
  Deno.writeTextFileSync(place.file("x"), "x");
  Deno.linkSync(place.file("x"), place.file("hard"));
  Deno.symlinkSync("x", place.file("soft"));
  Deno.writeTextFileSync(place.file("other"), "x");
  {
    using held = await a.acquire("x", "exclusive", { task: "holder" });
    for (const name of ["hard", "soft"]) {
      assertEquals(await b.tryAcquire(name, "shared"), undefined, name);
      assertEquals(b.status([name])[0].holders.map(({ task }) => task), ["holder"], name);
    }
    using _other = await b.tryAcquire("other", "exclusive");
    assert(_other !== undefined);
    const waiting = a.acquire("hard", "exclusive", { retryDelaysMs: [60_000], timeoutMs: 60_000 });
    held.release(); // wakes it
    (await waiting).release();
  }
  {
    using _reader = await a.acquire("hard", "shared");
    using second = await b.tryAcquire("x", "shared");
    assert(second !== undefined);
  }
  using _held = await a.acquire("x", "exclusive");
  Deno.renameSync(place.file("other"), place.file("x"));
  using apart = await b.tryAcquire("hard", "exclusive");
  assert(apart !== undefined, "what was put in its place is another file");
});

Deno.test({
  name: "locks hold no descriptors, however the asking ends",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using place = new TempFolder();
    const { before, after, refused } = await inOwnProcess(import.meta.resolve("./lock_descriptors.ts"), place.path);
    assertEquals(refused, 100);
    assertLess(after, before + 20); // of 175 that asked; Deno opens some of its own when it likes
  },
});

Deno.test("predictContention() names the files that tasks would wait for, and in how many turns", () => {
  const forecast = predictContention([
    { task: "gen", reads: ["in.txt"], writes: ["out/a", "log"] },
    { task: "use", reads: ["in.txt", "./out/a"], writes: ["./log", "out/b"] },
    { task: "see", reads: ["out/x/../a", "log"] },
    { task: "own", reads: ["own"], writes: ["own"] },
  ]);
  assertEquals(forecast, [
    { path: "log", writers: ["gen", "use"], readers: ["see"], turns: 3 },
    { path: "out/a", writers: ["gen"], readers: ["use", "see"], turns: 2 },
  ]);
  assertEquals(predictContention([]), []);
});

// S1.19
Deno.test("acquire() looks again after each of the delays, the last one repeated, until the time is up", async () => {
  using place = new TempFolder();
  using _held = await new FileLockManager(place.path).acquire("a", "exclusive");
  const others = new FileLockManager(place.path);
  using clock = new JumpingClock();
  await assertRejects(
    () => others.acquire("a", "shared", { retryDelaysMs: [100, 500, 1000], timeoutMs: 3000 }),
    FileLockError,
  );
  assertEquals(clock.waits, [0.1, 0.5, 1, 1, 0.4]);
});
