import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type Access, type Database, openDatabase, type Schema } from "../../actors/database.ts";
import { DatabaseError } from "../../actors/database_error.ts";
import { query, RawDatabase } from "./raw_database.ts";
import { TempFolder } from "./temp_folder.ts";

const SCHEMA: Schema = {
  applicationId: 7,
  steps: [
    "create table things (id integer primary key, name text); create table parts (thing integer references things (id))",
    "alter table things add column size integer; update things set size = length(name)",
    "create index things_by_size on things (size)",
  ],
};

function open(path: string, access: Access = "write", schema = SCHEMA): Promise<Database> {
  return openDatabase(path, { schema, access, patienceMs: 100 });
}

async function assertRefused(opening: Promise<Database>, kind: string, message: string): Promise<void> {
  const error = await assertRejects(() => opening, DatabaseError);
  assertEquals([error.kind, error.message], [kind, message]);
}

function pragma(database: Database, name: string): unknown {
  return Object.values(database.get<Record<string, unknown>>(`pragma ${name}`)!)[0];
}

Deno.test("openDatabase() makes a database with the settings it promises", async () => {
  using temp = new TempFolder();
  {
    using database = await open(temp.file("a.db"));
    const names = ["journal_mode", "synchronous", "foreign_keys", "busy_timeout", "user_version", "application_id"];
    assertEquals(names.map((name) => pragma(database, name)), ["wal", 1, 1, 5000, 3, 7]);
    assertEquals(pragma(database, "auto_vacuum"), 2);
    assertThrows(() => database.run("insert into parts values (99)"), DatabaseError, "FOREIGN KEY");
  }
  assertEquals(temp.names(), ["a.db"]);
});

// S3.24
Deno.test("openDatabase() with a rollback journal, also of a database that was in WAL mode", async () => {
  using temp = new TempFolder();
  const path = temp.file("a.db");
  const open = () => openDatabase(path, { schema: SCHEMA, access: "write", journal: "rollback", patienceMs: 100 });
  for (let times = 0; times < 2; times++) {
    using database = await open();
    assertEquals([pragma(database, "journal_mode"), pragma(database, "synchronous")], ["delete", 2]);
    database.run("insert into things (name) values ('x')");
  }
  {
    using database = await openDatabase(path, { schema: SCHEMA, access: "write" });
    assertEquals(pragma(database, "journal_mode"), "wal");
    await assertRefused(open(), "locked", `Database '${path}' is locked by another process`);
  }
  using database = await open();
  assertEquals(database.all("select * from things").length, 2);
});

Deno.test("Database.dataVersion() tells of another connection's writing, and Database.snapshot() looks past it", async () => {
  using temp = new TempFolder();
  const path = temp.file("a.db");
  using database = await open(path);
  using other = await open(path);
  const insert = "insert into things (name) values ('x')";
  const version = database.dataVersion();
  database.run(insert);
  assertEquals(database.dataVersion(), version);
  const counts = database.snapshot(() =>
    [0, 1].map(() => {
      const { count } = database.get<{ count: number }>("select count(*) count from things")!;
      other.run(insert);
      return count;
    })
  );
  assertEquals(counts, [1, 1]);
  assertEquals(database.dataVersion() === version, false);
  assertThrows(() => database.snapshot(() => database.all("select * from nowhere")), DatabaseError, "nowhere");
  assertEquals(database.snapshot(() => database.all("select * from things").length), 3);
});

Deno.test("openDatabase() takes a zero-length file and strange names", async () => {
  using temp = new TempFolder();
  for (const name of ["a.db", "file:b?mode=memory", "c d%20#é.db"]) {
    Deno.writeTextFileSync(temp.file(name), "");
    {
      using database = await open(temp.file(name));
      database.run("insert into things (name) values ('x')");
    }
    using database = await open(temp.file(name), "look");
    assertEquals(database.all("select name from things").length, 1);
  }
});

Deno.test("openDatabase() to look makes nothing and writes nothing", async () => {
  using temp = new TempFolder();
  const path = temp.file("a.db");
  await assertRefused(open(path, "look"), "missing", `Database '${path}' does not exist`);
  assertEquals(temp.names(), []);
  Deno.writeTextFileSync(path, "");
  await assertRefused(open(path, "look"), "missing", `Database '${path}' is empty`);
  assertEquals(Deno.statSync(path).size, 0);
  (await open(path)).close();
  {
    using database = await open(path, "look");
    assertThrows(() => database.run("insert into things (name) values ('x')"), DatabaseError);
  }
  assertEquals(temp.names(), ["a.db"]);
});

Deno.test("openDatabase() upgrades an older database step by step", async () => {
  using temp = new TempFolder();
  for (const access of ["write", "look"] as const) {
    const path = temp.file(`${access}.db`);
    {
      using old = await open(path, "write", { ...SCHEMA, steps: SCHEMA.steps.slice(0, 1) });
      old.run("insert into things (name) values ('four')");
    }
    using database = await open(path, access);
    assertEquals([database.get<{ size: number }>("select size from things")!.size, pragma(database, "user_version")], [
      4,
      3,
    ]);
  }
});

Deno.test("openDatabase() keeps the version whose upgrade fails", async () => {
  using temp = new TempFolder();
  const path = temp.file("a.db");
  const steps = [SCHEMA.steps[0], "create table more (a); insert into nowhere values (1)"];
  const error = await assertRejects(() => open(path, "write", { ...SCHEMA, steps }), DatabaseError);
  assertStringIncludes(error.message, "nowhere");
  using database = await open(path, "write", { ...SCHEMA, steps: steps.slice(0, 1) });
  assertEquals(pragma(database, "user_version"), 1);
  assertEquals(database.get("select 1 from sqlite_schema where name = 'more'"), undefined);
});

// S2.16
Deno.test("openDatabase() refuses what it cannot use, in one sentence", async () => {
  using temp = new TempFolder();
  const path = (name: string) => temp.file(name);
  for (const access of ["write", "look"] as const) {
    Deno.writeTextFileSync(path("text"), "no database\n".repeat(500));
    await assertRefused(open(path("text"), access), "damaged", `File '${path("text")}' is not a database`);
    assertEquals(Deno.readTextFileSync(path("text")), "no database\n".repeat(500));

    (await open(path("new"), "write", { ...SCHEMA, steps: [...SCHEMA.steps, "select 1"] })).close();
    const versions = "version 4, this one knows 3";
    const newer = `Database '${path("new")}' was made by a newer troupe (${versions})`;
    await assertRefused(open(path("new"), access), "newer", newer);

    query(path("other"), "create table if not exists theirs (a)");
    const foreign = `Database '${path("other")}' belongs to another program`;
    await assertRefused(open(path("other"), access), "foreign", foreign);
    (await open(path("crew"), "write", { ...SCHEMA, applicationId: 8 })).close();
    await assertRefused(open(path("crew"), access), "foreign", `Database '${path("crew")}' belongs to another program`);
  }
  const nowhere = temp.file("none/a.db");
  const missing = `Cannot open database '${nowhere}': folder '${temp.file("none")}' does not exist`;
  await assertRefused(open(nowhere), "unopenable", missing);
  await assertRefused(open(temp.path), "unopenable", `Cannot open database '${temp.path}': it is a folder`);
});

// S2.16
Deno.test("a database with broken pages is called damaged", async () => {
  using temp = new TempFolder();
  const path = temp.file("a.db");
  {
    using database = await open(path);
    const insert = "insert into things (name) values (?)";
    database.transaction(() => {
      for (let i = 0; i < 1000; i++) database.run(insert, "x".repeat(100));
    });
  }
  const bytes = Deno.readFileSync(path);
  bytes.fill(0x5a, 3 * 4096);
  Deno.writeFileSync(path, bytes);
  using database = await open(path);
  const error = assertThrows(() => database.all("select * from things"), DatabaseError) as DatabaseError;
  assertEquals(error.kind, "damaged");
  assertEquals(error.message, `Database '${path}' is damaged: database disk image is malformed`);
});

// S2.16
Deno.test("a database that another process holds is called locked after a while, and used once it is free", async () => {
  using temp = new TempFolder();
  const path = temp.file("a.db");
  (await open(path)).close();
  using holder = new RawDatabase(path);
  holder.exec("begin exclusive");
  await assertRefused(open(path), "locked", `Database '${path}' is locked by another process`);
  (await open(path, "look")).close(); // WAL: who only looks need not wait
  const opening = openDatabase(path, { schema: SCHEMA, access: "write" });
  holder.exec("commit");
  using database = await opening;
  holder.exec("begin immediate");
  assertThrows(() => database.tryWrite(() => {}), DatabaseError, "is locked by another process");
  const writing = database.write(() => database.run("insert into things (name) values ('x')").changes);
  holder.exec("rollback");
  assertEquals(await writing, 1);
});

// S2.16
Deno.test("what is read-only can be looked at and not written", async () => {
  using temp = new TempFolder();
  {
    using database = await open(`${temp.folder("disk")}/a.db`);
    database.run("insert into things (name) values ('x')");
  }
  const folder = temp.readOnly("ro", temp.file("disk"));
  if (folder === undefined) return;
  const path = `${folder}/a.db`;
  for (const name of ["a.db", "b.db"]) {
    const message = `Cannot open database '${folder}/${name}': Read-only file system`;
    await assertRefused(open(`${folder}/${name}`), "unopenable", message);
  }
  {
    using database = await open(path, "look");
    assertEquals(database.all("select name from things").length, 1);
  }
  assertEquals(temp.names("disk"), ["a.db"]);
});

// S2.16
Deno.test("a full disk is called full and loses nothing that was there", async () => {
  using temp = new TempFolder();
  const folder = temp.small("disk", "512k");
  if (folder === undefined) return;
  const path = `${folder}/a.db`;
  const database = await open(path);
  const insert = "insert into things (name) values (?)";
  database.run(insert, "first");
  const error = assertThrows(() => {
    for (;;) database.transaction(() => database.run(insert, "x".repeat(50_000)));
  }, DatabaseError) as DatabaseError;
  assertEquals(error.kind, "full");
  assertEquals(error.message, `Cannot write database '${path}': no space left on the disk`);
  assertEquals(database.all("select 1 from things where name = 'first'").length, 1);
  database.close();
  Deno.writeTextFileSync(`${folder}/rest`, "");
  try {
    for (;;) Deno.writeTextFileSync(`${folder}/rest`, "x".repeat(1000), { append: true });
  } catch {
    // full
  }
  const refused = await assertRejects(() => open(`${folder}/b.db`), DatabaseError);
  assertEquals([refused.kind, refused.message], [
    "full",
    `Cannot write database '${folder}/b.db': no space left on the disk`,
  ]);
});

Deno.test("Database.transaction() does all or nothing, and leaves what is not SQLite's as it is", async () => {
  using temp = new TempFolder();
  using database = await open(temp.file("a.db"));
  const insert = "insert into things (name) values (?)";
  assertThrows(
    () =>
      database.transaction(() => {
        database.run(insert, "x");
        throw new RangeError("mine");
      }),
    RangeError,
    "mine",
  );
  assertEquals(database.all("select * from things").length, 0);
  assertEquals(database.transaction(() => database.run(insert, "x").lastId), 1);
});

Deno.test("Database.transaction() notices that its file was removed or replaced", async () => {
  using temp = new TempFolder();
  const path = temp.file("a.db");
  using database = await open(path);
  const message = `Database '${path}' was removed or replaced while it was in use`;
  Deno.removeSync(path);
  assertThrows(() => database.transaction(() => {}), DatabaseError, message);
  Deno.writeTextFileSync(path, "");
  assertThrows(() => database.transaction(() => {}), DatabaseError, message);
});
