// The three locks: the two for users, and the one around a database on a network file system.
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { Crew } from "../../../actors/crew/crew.ts";
import { CrewError } from "../../../actors/crew/store/crew_error.ts";
import { Flock } from "../../../actors/crew/store/flock.ts";
import { LockFile } from "../../../actors/crew/store/lock_file.ts";
import { Patience } from "../../../actors/machine/patience.ts";
import { thisProcess } from "../../../actors/machine/process_identity.ts";
import { query, RawDatabase } from "../storage/raw_database.ts";
import { TempFolder } from "../temp_folder.ts";
import { CrewPlace, entries } from "./rig.ts";
import { until } from "../../faults/rig.ts";

const OPTIONS = { lifetimeMs: 60_000, patience: new Patience(120_000) };

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
Deno.test("a lock's lifetime is one and a half intervals between heartbeats", async () => {
  using place = new CrewPlace();
  await using stack = new AsyncDisposableStack();
  const [one, two] = crews(place, 10_000).map((crew) => stack.use(crew));
  await one.lock.acquire();
  using raw = new RawDatabase(place.path);
  raw.exec("update locks set hostname = 'elsewhere', owner = 'gone'");
  const clock = performance.now;
  const startMs = clock.call(performance);
  let elapsedMs = 0;
  try {
    performance.now = () => startMs + (elapsedMs += 500); // half a second goes by from look to look
    await two.lock.acquire();
  } finally {
    performance.now = clock;
  }
  assert(elapsedMs > 15_000 && elapsedMs < 30_000, `broken after ${elapsedMs} ms`);
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
  const lock = new Flock(`${place.path}.lock`, OPTIONS);
  let answer: Promise<number> | undefined;
  await lock.around(async () => {
    answer = store.workflow().then(({ createdAt }) => createdAt);
    await new Promise((resolve) => setTimeout(resolve)); // time enough for a question that does not wait
    using raw = new RawDatabase(place.path);
    raw.exec("update workflows set created_at = 7");
  });
  assertEquals(await answer, 7, "reading waits too, and sees what was done meanwhile");
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
  const lock = new LockFile(`${path}.lock`, { ...OPTIONS, lifetimeMs: 50 });
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
});

for (const Lock of [Flock, LockFile]) {
  Deno.test(`${Lock.name}: one at a time, by as many locks as there are`, async () => {
    using temp = new TempFolder();
    const path = temp.file("db.lock");
    const locks = Array.from({ length: 5 }, () => new Lock(path, OPTIONS));
    await Promise.all([...locks, ...locks].map(async (lock) => {
      for (let turn = 0; turn < 10; turn++) {
        await lock.around(async () => {
          const count = temp.has("count") ? Number(Deno.readTextFileSync(temp.file("count"))) : 0;
          await new Promise((resolve) => setTimeout(resolve));
          Deno.writeTextFileSync(temp.file("count"), String(count + 1));
        });
      }
    }));
    assertEquals(Deno.readTextFileSync(temp.file("count")), "100");
    for (const lock of locks) lock.close();
    assertEquals(temp.names(), ["count"]);
    await assertRejects(() => new Lock(temp.file("none/db.lock"), OPTIONS).around(() => 3), CrewError, "Cannot lock");
  });

  // K80
  Deno.test(`${Lock.name}: whoever has just had it leaves it to one who waits`, async () => {
    using temp = new TempFolder();
    const [mine, theirs] = [1, 2].map(() => new Lock(temp.file("db.lock"), OPTIONS));
    let turns = 0, isTheirs = false;
    const asked = Promise.withResolvers<void>();
    mine.around(() => {
      theirs.around(() => isTheirs = true).then(() => asked.resolve());
    });
    while (!isTheirs && turns++ < 200) await mine.around(() => new Promise<void>((resolve) => setTimeout(resolve)));
    assert(isTheirs, "it had to wait for too many turns of another's");
    await asked.promise;
    for (const lock of [mine, theirs]) lock.close();
  });

  // K78
  Deno.test(`${Lock.name}: what is no lock file in the place of one is told at once, and left there`, async () => {
    using temp = new TempFolder();
    Deno.mkdirSync(temp.file("folder"));
    Deno.symlinkSync("none", temp.file("link"));
    for (const name of ["folder", "link"]) {
      const lock = new Lock(temp.file(name), OPTIONS);
      const sentence = `Cannot lock '${temp.file(name)}': not a regular file: remove it`;
      await assertRejects(() => lock.around(() => 3), CrewError, sentence);
      assertEquals(Deno.lstatSync(temp.file(name)).isFile, false);
    }
  });
}

// K80
Deno.test("Flock: the lock of a process that is killed is free at once, whoever looks; one that is to leave waits no more", async () => {
  using temp = new TempFolder();
  const path = temp.file("db.lock");
  Deno.writeTextFileSync(
    temp.file("holder.ts"),
    `
    import { Flock } from ${JSON.stringify(import.meta.resolve("../../../actors/crew/store/flock.ts"))};
    import { Patience } from ${JSON.stringify(import.meta.resolve("../../../actors/machine/patience.ts"))};
    await new Flock(${JSON.stringify(path)}, { patience: new Patience(9000) }).around(() => {
      console.log("held");
      return new Promise((resolve) => setTimeout(resolve, 1e6));
    });`,
  );
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const args = ["run", "-A", "--quiet", "--no-check", "--config", config, temp.file("holder.ts")];
  const holder = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const said = holder.stdout.getReader();
  await said.read();
  const leaving = new AbortController();
  const lock = new Flock(path, { patience: new Patience(120_000, leaving.signal) });
  const waiting = assertRejects(() => lock.around(() => 1), CrewError, "is held by others for too long");
  leaving.abort();
  await waiting;
  holder.kill("SIGKILL");
  await holder.status;
  await said.cancel();
  const other = new Flock(path, OPTIONS);
  assertEquals(await other.around(() => 2), 2);
  other.close();
  // It may be the turn of the one that has left only now.
  await until(() => temp.names().join() === "holder.ts", "the last one has removed the lock");
});
