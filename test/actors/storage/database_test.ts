import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { type Database } from "../../../actors/storage/database.ts";
import { DatabaseError } from "../../../actors/storage/database_error.ts";
import { Patience } from "../../../actors/machine/patience.ts";
import { query, RawDatabase } from "./raw_database.ts";
import { TempFolder } from "../temp_folder.ts";
import { type Access, openDatabase, type Schema } from "../../../actors/storage/open_database.ts";

const SCHEMA: Schema = {
  applicationId: 7,
  steps: [
    "create table things (id integer primary key, name text); create table parts (thing integer references things (id))",
    "alter table things add column size integer; update things set size = length(name)",
    "create index things_by_size on things (size)",
  ],
};

function open(path: string, access: Access = "write", schema = SCHEMA): Promise<Database> {
  return openDatabase(path, { schema, access, patience: new Patience(100) });
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
  const open = () =>
    openDatabase(path, { schema: SCHEMA, access: "write", journal: "rollback", patience: new Patience(100) });
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
});

// K3
Deno.test("openDatabase() opens nothing but a regular file, and says what else there is", async () => {
  using temp = new TempFolder();
  new Deno.Command("mkfifo", { args: [temp.file("fifo")] }).outputSync();
  Deno.symlinkSync(temp.file("fifo"), temp.file("link"));
  for (const access of ["write", "look"] as const) {
    const refused = async (path: string, what: string) =>
      await assertRefused(open(path, access), "unopenable", `Cannot open database '${path}': ${what}`);
    await refused(temp.path, "it is a folder");
    await refused(temp.file("fifo"), "it is a FIFO, not a regular file");
    await refused(temp.file("link"), "it is a FIFO, not a regular file");
    await refused("/dev/null", "it is a device, not a regular file");
  }
});

// K119
Deno.test("openDatabase() keeps others out of a database that is its user's, and only those it was not given to", async () => {
  using temp = new TempFolder();
  const mode = (path: string) => (Deno.statSync(path).mode! & 0o777).toString(8);
  for (const access of ["write", "look"] as const) {
    for (
      const [given, kept] of [[0o644, "600"], [0o640, "600"], [0o664, "660"], [0o600, "600"], [0o660, "660"]] as const
    ) {
      const path = temp.file(`${access}-${given}.db`);
      // Open elsewhere, so that SQLite's own files are there as well
      using other = await open(path);
      other.run("insert into things (name) values ('a')");
      for (const suffix of ["", "-wal", "-shm"]) Deno.chmodSync(path + suffix, given);
      using _database = await open(path, access);
      for (const suffix of ["", "-wal", "-shm"]) {
        assertEquals(mode(path + suffix), kept, `${given.toString(8)}${suffix}`);
      }
    }
  }
  query(temp.file("theirs"), "create table if not exists theirs (a)");
  Deno.chmodSync(temp.file("theirs"), 0o644);
  await assertRejects(() => open(temp.file("theirs")), DatabaseError);
  assertEquals(mode(temp.file("theirs")), "644");
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

// K73
Deno.test("a database that was removed or replaced is noticed, also of what SQLite keeps beside it", async () => {
  using temp = new TempFolder();
  const removed = (...paths: string[]) => () => paths.forEach((path) => Deno.removeSync(temp.file(path)));
  const replaced = (path: string) => () => {
    Deno.removeSync(temp.file(path));
    Deno.writeTextFileSync(temp.file(path), "");
  };
  const ways: [name: string, change: () => void][] = [
    ["a", removed("a")],
    ["b", replaced("b")],
    ["c", removed("c-wal", "c-shm")],
    ["d", removed("d-shm")],
    ["e", replaced("e-wal")],
    ["link", removed("f-wal")],
  ];
  Deno.symlinkSync("f", temp.file("link"));
  Deno.writeTextFileSync(temp.file("f"), "");
  for (const [name, change] of ways) {
    const path = temp.file(name);
    using database = await open(path);
    change();
    for (
      const use of [
        () => database.transaction(() => {}),
        () => database.snapshot(() => {}),
        () => database.dataVersion(),
      ]
    ) {
      const error = assertThrows(use, DatabaseError);
      const message = `Database '${path}' was removed or replaced while it was in use`;
      assertEquals([error.kind, error.message], ["removed", message]);
    }
  }
});

// K73
Deno.test("a database without such files is not missed them", async () => {
  using temp = new TempFolder();
  const path = temp.file("a.db");
  using database = await openDatabase(path, { schema: SCHEMA, access: "write", journal: "rollback" });
  using look = await openDatabase(path, { schema: SCHEMA, access: "look" });
  for (let i = 0; i < 3; i++) database.transaction(() => database.run("insert into things (name) values ('x')"));
  assertEquals(look.snapshot(() => look.all("select 1 from things").length), 3);
});

const THEIRS = `import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync(Deno.args[0]);
database.exec("create table if not exists theirs (a); insert into theirs values (1)");
Deno.exit();`;

// K73
for (const [what, isReplaced] of [["that nobody has made anew", false], ["of others", true]] as const) {
  Deno.test(`a database without its journal, and in the place ${what}, is not harmed by who closes it`, async () => {
    using temp = new TempFolder();
    const path = temp.file("a.db");
    {
      using database = await open(path);
      using _look = await open(path, "look");
      database.transaction(() => database.run("insert into things (name) values ('ours')"));
      for (const suffix of ["-wal", "-shm"]) Deno.removeSync(path + suffix);
      if (isReplaced) {
        Deno.writeTextFileSync(temp.file("theirs.ts"), THEIRS);
        const args = ["run", "-A", "--no-check", temp.file("theirs.ts"), path];
        assert((await new Deno.Command(Deno.execPath(), { args }).output()).success);
      }
    }
    const message = `Database '${path}' was removed or replaced while it was in use`;
    if (isReplaced) await assertRefused(open(path, "look"), "removed", message);
    assertEquals(temp.has("a.db-wal"), isReplaced);
    const copy = temp.file("copy.db"); // as a process sees it that has not had it open
    for (const suffix of ["", "-wal"]) if (temp.has(`a.db${suffix}`)) Deno.copyFileSync(path + suffix, copy + suffix);
    const found = query<{ name: string }>(copy, isReplaced ? "select a name from theirs" : "select name from things");
    assertEquals(found.map(({ name }) => name), isReplaced ? [1] : ["ours"]);
    assertEquals(query(copy, "pragma integrity_check"), [{ integrity_check: "ok" }]);
  });
}

// K88
Deno.test("a database that was closed is told of in a sentence, and may be closed again", async () => {
  using temp = new TempFolder();
  const path = temp.file("db");
  const database = await open(path);
  database.close();
  database.close();
  const sentence = `Database '${path}' is used after it was closed`;
  for (
    const use of [
      () => database.get("select 1"),
      () => database.transaction(() => {}),
      () => database.snapshot(() => {}),
      () => database.dataVersion(),
    ]
  ) {
    const error = assertThrows(use, DatabaseError);
    assertEquals([error.kind, error.message], ["unusable", sentence]);
  }
});
