// Databases that cannot be used, or no longer: one clear error, the task in hand is not lost, and the next crew goes on.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Crew } from "../../../actors/crew/crew.ts";
import { Monitor } from "../../../actors/crew/monitor.ts";
import { startHeart } from "../../../actors/crew/heartbeat.ts";
import { CREW_SCHEMA } from "../../../actors/crew/store/schema.ts";
import { CrewStore } from "../../../actors/crew/store/store.ts";
import { DatabaseError } from "../../../actors/storage/database_error.ts";
import { HISTORY_SCHEMA } from "../../../actors/history/schema.ts";
import { query, RawDatabase } from "../../actors/storage/raw_database.ts";
import { until } from "../../actors/crew/library.ts";
import { NO_RETRIES } from "../../actors/crew/rig.ts";
import { TempFolder } from "../../actors/temp_folder.ts";
import { openDatabase } from "../../../actors/storage/open_database.ts";

const ITEMS = Array.from({ length: 5 }, (_, i) => ({ id: `t${i}` }));

async function work(db: string, sharedFs = false): Promise<string[]> {
  await using crew = new Crew(ITEMS, { db, sharedFs });
  return (await Array.fromAsync(crew)).map(({ id }) => id);
}

async function assertRefused(doing: () => Promise<unknown>, kind: string, message: string): Promise<void> {
  const error = await assertRejects(doing, DatabaseError);
  assertEquals([error.kind, error.message], [kind, message]);
}

Deno.test("a crew in a folder that is read-only or not there says so, and makes nothing", async () => {
  using temp = new TempFolder();
  const none = temp.file("none/crew.sqlite");
  await assertRefused(
    () => work(none),
    "unopenable",
    `Cannot open database '${none}': folder '${temp.file("none")}' does not exist`,
  );
  const folder = temp.readOnly("ro", temp.folder("disk"));
  if (folder === undefined) return;
  await assertRefused(
    () => work(`${folder}/crew.sqlite`),
    "unopenable",
    `Cannot open database '${folder}/crew.sqlite': Read-only file system`,
  );
  assertEquals(temp.names("disk"), []);
  await work(temp.file("disk/crew.sqlite"));
  using monitor = await Monitor.open(`${folder}/crew.sqlite`);
  assertEquals((await monitor.getWorkflow()).counts.completed, 5, "to look at it is possible");
});

// S3.10
Deno.test("a database of a later troupe, of another program or another part of troupe, or none at all", async () => {
  using temp = new TempFolder();
  const path = temp.file("crew.sqlite");
  const steps = [...CREW_SCHEMA.steps, "select 1"];
  (await openDatabase(path, { schema: { ...CREW_SCHEMA, steps }, access: "write" })).close();
  const versions = `version ${steps.length}, this one knows ${CREW_SCHEMA.steps.length}`;
  const newer = `Database '${path}' was made by a newer troupe (${versions})`;
  await assertRefused(() => work(path), "newer", newer);
  await assertRefused(() => Monitor.open(path), "newer", newer);

  const history = temp.file("taskrun.db");
  (await openDatabase(history, { schema: HISTORY_SCHEMA, access: "write" })).close();
  await assertRefused(
    () => work(history),
    "foreign",
    `Database '${history}' is a history of runs, not a crew's database`,
  );

  const text = temp.file("text");
  Deno.writeTextFileSync(text, "no database\n".repeat(500));
  await assertRefused(() => work(text), "damaged", `File '${text}' is not a database`);
});

Deno.test("a database with broken pages is called damaged", async () => {
  using temp = new TempFolder();
  const path = temp.file("crew.sqlite");
  await work(path);
  const bytes = Deno.readFileSync(path);
  bytes.fill(0x5a, 2 * 4096);
  Deno.writeFileSync(path, bytes);
  const error = await assertRejects(() => work(path), DatabaseError);
  assertEquals(error.kind, "damaged");
});

Deno.test("a disk that gets full while a crew works: the loop ends with a sentence, and the next crew goes on", async () => {
  using temp = new TempFolder();
  const folder = temp.small("disk", "1m");
  if (folder === undefined) return;
  const path = `${folder}/crew.sqlite`;
  await work(path);
  const items = Array.from({ length: 20_000 }, (_, i) => ({ id: `more${i}` }));
  {
    await using crew = new Crew(items, { db: path });
    const error = await assertRejects(() => Array.fromAsync(crew), DatabaseError);
    assertEquals([error.kind, error.message], ["full", `Cannot write database '${path}': no space left on the disk`]);
  }
  assertEquals(query(path, "pragma integrity_check"), [{ integrity_check: "ok" }]);
  const larger = temp.file("crew.sqlite");
  for (const end of ["", "-wal"]) {
    if (temp.has(`disk/crew.sqlite${end}`)) Deno.copyFileSync(path + end, larger + end);
  }
  await using crew = new Crew(items.slice(0, 200), { db: larger, identifier: "next" });
  const ids = new Set((await Array.fromAsync(crew)).map(({ id }) => id));
  assertEquals(ids.size, 200);
});

Deno.test("a database that is removed while a crew works ends the loop with a sentence", async () => {
  using temp = new TempFolder();
  const path = temp.file("crew.sqlite");
  const seen: string[] = [];
  await using crew = new Crew(ITEMS, { db: path });
  await assertRefused(
    async () => {
      for await (const { id } of crew) {
        seen.push(id);
        if (id === "t1") Deno.removeSync(path);
      }
    },
    "removed",
    `Database '${path}' was removed or replaced while it was in use`,
  );
  assertEquals(seen, ["t0", "t1"]);
});

// K73
Deno.test("a loop is told by its signal that the database was removed, and one that waits for tasks ends", async () => {
  using temp = new TempFolder();
  const path = temp.file("crew.sqlite");
  const items = [{ id: "a" }, { id: "b", dependencies: ["a"] }];
  const options = { db: path, heartbeatIntervalMs: 50, heartbeatTimeoutMs: 20_000 };
  await using busy = new Crew(items, { ...options, identifier: "busy" });
  await using idle = new Crew(items, { ...options, identifier: "idle" });
  const sentence = `Database '${path}' was removed or replaced while it was in use`;
  let waiting: Promise<void> | undefined;
  await assertRefused(
    async () => {
      for await (const { id } of busy) {
        assertEquals(id, "a");
        waiting = assertRefused(() => Array.fromAsync(idle), "removed", sentence);
        await until(() => query(path, "select 1 from workers where not is_registering").length === 2);
        for (const suffix of ["-wal", "-shm"]) Deno.removeSync(path + suffix);
        const { lost } = busy;
        await new Promise((resolve) => lost!.addEventListener("abort", resolve));
        assertEquals(lost!.reason.message, sentence);
      }
    },
    "removed",
    sentence,
  );
  await waiting;
});

// K73
Deno.test("a heart whose thread starts when the database was removed says so, and makes no other", async () => {
  for (const [suffixes, left] of [[["-wal", "-shm"], ["crew.sqlite"]], [["", "-wal", "-shm"], []]] as const) {
    using temp = new TempFolder();
    const path = temp.file("crew.sqlite");
    using store = await CrewStore.open(path);
    for (const suffix of suffixes) Deno.removeSync(path + suffix);
    const told = Promise.withResolvers<DatabaseError>();
    const heart = startHeart(store, {
      ...{ worker: 1, owner: "", intervalMs: 50, limits: NO_RETRIES, place: "thread", storeOptions: {} },
      onLost: () => {},
      onRemoved: told.resolve,
    });
    assertEquals((await told.promise).message, `Database '${path}' was removed or replaced while it was in use`);
    await heart.stop();
    assertEquals(temp.names(), [...left]);
  }
});

// S3.21
Deno.test("a database that another process holds for a while holds up a crew and costs it nothing", async () => {
  using temp = new TempFolder();
  const path = temp.file("crew.sqlite");
  await using crew = new Crew(ITEMS, { db: path });
  const seen: string[] = [];
  for await (const { id } of crew) {
    seen.push(id);
    if (id !== "t1") continue;
    const holder = new RawDatabase(path);
    holder.exec("begin exclusive");
    setTimeout(() => {
      holder.exec("commit");
      holder.close();
    }, 150);
  }
  assertEquals(seen, ITEMS.map(({ id }) => id));
  assert(crew.waitedMs > 50);
});
