// The three locks: the two for users, and the one around a database on a network file system.
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { Crew } from "../../../actors/crew/crew.ts";
import { CrewError } from "../../../actors/crew/crew_error.ts";
import { DatabaseLock } from "../../../actors/crew/database_lock.ts";
import { thisProcess } from "../../../actors/process_identity.ts";
import { query, RawDatabase } from "../raw_database.ts";
import { TempFolder } from "../temp_folder.ts";
import { CrewPlace, entries } from "./rig.ts";

function crews(place: CrewPlace, heartbeatIntervalMs = 30_000): Crew[] {
  return ["one", "two"].map((identifier) => new Crew([], { db: place.path, identifier, heartbeatIntervalMs }));
}

// S3.19
Deno.test("lock and taskLock(): one at a time each, and none in the way of another", async () => {
  using place = new CrewPlace();
  await using stack = new AsyncDisposableStack();
  const [one, two] = crews(place).map((crew) => stack.use(crew));
  const held = await one.lock.acquire();
  const error = await assertRejects(() => two.lock.acquire({ timeoutMs: 0 }), CrewError);
  const who = `worker 'one' (process ${Deno.pid} on '${Deno.hostname()}')`;
  assertEquals([error.kind, error.message], ["lock", `Lock 'global_lock' was not free within 0s: ${who} has it`]);
  {
    await using _a = await two.taskLock("a").acquire({ timeoutMs: 0 });
    await using _b = await two.taskLock("b").acquire({ timeoutMs: 0 });
    await assertRejects(() => one.taskLock("a").acquire({ timeoutMs: 0 }), CrewError, "Lock 'task_lock a'");
  }
  const reason = new RangeError("enough");
  await assertRejects(() => two.lock.acquire({ signal: AbortSignal.abort(reason) }), RangeError, "enough");
  let isTheirs = false;
  const waiting = two.lock.acquire().then((lock) => {
    isTheirs = true;
    return lock;
  });
  assertFalse(isTheirs);
  assert(await held.release());
  assert(await held.release(), "again is no error");
  const theirs = await waiting;
  assert(await theirs.release());
  assertEquals(query(place.path, "select * from locks"), []);
});

// S3.20
Deno.test("a lock whose holder gives no sign of life for its lifetime is broken, and a dead process's at once", async () => {
  using place = new CrewPlace();
  await using stack = new AsyncDisposableStack();
  const [one, two] = crews(place, 40).map((crew) => stack.use(crew));
  const held = await one.lock.acquire();
  using raw = new RawDatabase(place.path);
  // as one held elsewhere, by a clock that is a day behind
  raw.exec("update locks set hostname = 'elsewhere', owner = 'gone', acquired_at = acquired_at - 86400000");
  const begun = performance.now();
  const theirs = await two.lock.acquire();
  assert(performance.now() - begun > 60, "1.5 intervals");
  assertFalse(await held.release(), "it was taken away");
  raw.exec("update locks set pid = 999999999, owner = 'gone'");
  await using _mine = await one.lock.acquire({ timeoutMs: 0 });
  assertFalse(await theirs.release());
});

// S3.20
Deno.test("a lock is kept for as long as its holder lives", async () => {
  using place = new CrewPlace();
  await using stack = new AsyncDisposableStack();
  const [one, two] = crews(place, 20).map((crew) => stack.use(crew));
  await using _held = await one.lock.acquire();
  await assertRejects(() => two.lock.acquire({ timeoutMs: 200 }), CrewError, "was not free within 0.2s");
});

// S3.19, S3.24
Deno.test("on a shared file system: a rollback journal, a lock around every access, and the same results", async () => {
  using place = new CrewPlace();
  const options = { sharedFs: true };
  const store = await place.store(options);
  assertEquals(query(place.path, "pragma journal_mode"), [{ journal_mode: "delete" }]);
  await store.register(entries({ a: [], b: ["a"], c: ["a"] }));
  const mate = await place.mate(store);
  const lock = new DatabaseLock(place.path, 60_000);
  let hasAnswered = false;
  let answer: Promise<unknown> | undefined;
  await lock.around(async () => {
    assertEquals(JSON.parse(Deno.readTextFileSync(`${place.path}.lock`)).pid, Deno.pid);
    answer = store.workflow().then(() => hasAnswered = true);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
    assertFalse(hasAnswered, "reading waits too");
  });
  await answer;
  assert(store.waitedMs > 0);
  assertEquals(await mate.takesAll(), ["a", "b", "c"]);
  const items = Array.from({ length: 30 }, (_, i) => ({ id: `t${i}`, dependencies: i % 5 ? [`t${i - 1}`] : [] }));
  const shares = await Promise.all(["one", "two", "three"].map(async (identifier) => {
    await using crew = new Crew(items, { db: place.path, identifier, workflow: "items", ...options });
    return (await Array.fromAsync(crew)).map(({ id }) => id);
  }));
  assertEquals(new Set(shares.flat()).size, 30);
  assertEquals(shares.flat().length, 30);
  assertEquals(place.temp.names(), ["crew.sqlite"]);
  place.assertSound();
});

// S3.20
Deno.test("the lock of a database is taken from one that is dead or gives no sign of life, and from nobody else", async () => {
  using temp = new TempFolder();
  const path = temp.file("db");
  const lock = new DatabaseLock(path, 50);
  const plant = (holder: unknown) => Deno.writeTextFileSync(`${path}.lock`, JSON.stringify(holder));
  plant({ ...thisProcess(), pid: 999_999_999 });
  let begun = performance.now();
  assertEquals(await lock.around(() => 1), 1);
  assert(performance.now() - begun < 5000);
  for (const text of [JSON.stringify({ ...thisProcess(), host: "elsewhere", token: "x" }), ""]) {
    Deno.writeTextFileSync(`${path}.lock`, text);
    begun = performance.now();
    assertEquals(await lock.around(() => 2), 2);
    assert(performance.now() - begun > 50, "its lifetime");
  }
  assertEquals(temp.names(), []);
  await assertRejects(() => new DatabaseLock(temp.file("none/db"), 50).around(() => 3), CrewError, "Cannot lock");
  const counts = await Promise.all(Array.from({ length: 5 }, async (_, i) => {
    const own = new DatabaseLock(path, 60_000);
    for (let turn = 0; turn < 10; turn++) {
      await own.around(async () => {
        const count = temp.has("count") ? Number(Deno.readTextFileSync(temp.file("count"))) : 0;
        await new Promise((resolve) => setTimeout(resolve));
        Deno.writeTextFileSync(temp.file("count"), String(count + 1));
      });
    }
    return i;
  }));
  assertEquals([counts.length, Deno.readTextFileSync(temp.file("count"))], [5, "50"]);
});
