// All changes or none: what is put back, and from what state.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Transaction } from "../../../../actors/build/transaction/transaction.ts";
import { TransactionError } from "../../../../actors/build/transaction/error.ts";
import { TRANSACTION_FOLDER } from "../../../../actors/build/transaction/folder.ts";
import { recoverTransaction } from "../../../../actors/build/transaction/recovery.ts";

/** A folder in which things are made and looked at. */
class Place implements Disposable {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "transaction-" }));

  write(path: string, content: string, mode = 0o644): void {
    Deno.mkdirSync(this.path(path).replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(this.path(path), content);
    Deno.chmodSync(this.path(path), mode);
  }

  /** As an artifact is replaced. */
  replace(path: string, content: string): void {
    this.write(`${path}.new`, content);
    Deno.renameSync(this.path(`${path}.new`), this.path(path));
  }

  path(path: string): string {
    return `${this.folder}/${path}`;
  }

  /** Every path with what it holds; the transaction's own left out. */
  tree(inner = ""): string[] {
    return [...Deno.readDirSync(this.path(inner))].flatMap(({ name, isDirectory, isSymlink }) => {
      const path = `${inner}${name}`;
      if (path === TRANSACTION_FOLDER) return [];
      if (isSymlink) return [`${path} -> ${Deno.readLinkSync(this.path(path))}`];
      if (isDirectory) return [`${path}/`, ...this.tree(`${path}/`)];
      const { mode, mtime } = Deno.statSync(this.path(path));
      return [`${path} ${(mode! & 0o777).toString(8)} ${mtime!.getTime()} ${Deno.readTextFileSync(this.path(path))}`];
    }).sort();
  }

  has(path: string): boolean {
    try {
      Deno.lstatSync(this.path(path));
      return true;
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** A line of a journal. */
function line(entry: object): string {
  return JSON.stringify(entry) + "\n";
}

const REWRITTEN = { isRewritten: true }, REPLACED = { isRewritten: false };

/** A place with an artifact of each kind, all saved and then changed. */
function changed(): { place: Place; before: string[]; transaction: Transaction } & Disposable {
  const place = new Place();
  place.write("out/replaced", "old 1", 0o755);
  place.write("out/rewritten", "old 2", 0o600);
  place.write("elsewhere", "not an artifact");
  Deno.symlinkSync("../elsewhere", place.path("out/link"));
  place.write("out/removed/deep", "old 3");
  const before = place.tree();
  const transaction = new Transaction(place.folder);
  transaction.save("out/replaced", REPLACED);
  transaction.save("out/rewritten", REWRITTEN);
  transaction.save("out/link", REWRITTEN);
  transaction.save("out/removed/deep", REWRITTEN);
  transaction.save("out/fresh/one", REPLACED);
  transaction.save("out/fresh/inner/two", REWRITTEN);
  place.replace("out/replaced", "new 1");
  place.write("out/rewritten", "new 2", 0o777);
  place.write("out/link", "new link");
  Deno.removeSync(place.path("out/removed"), { recursive: true });
  place.write("out/fresh/one", "new");
  place.write("out/fresh/inner/two", "new");
  const end = () => {
    transaction[Symbol.dispose]();
    place[Symbol.dispose]();
  };
  return { place, before, transaction, [Symbol.dispose]: end };
}

// S1.22
Deno.test("Transaction.rollBack() puts back content, modes, times, links and what was not there", () => {
  using all = changed();
  const { place, before, transaction } = all;
  assertEquals(transaction.rollBack(), { count: 6, failures: [] });
  assertEquals(place.tree(), before);
  assert(!place.has(TRANSACTION_FOLDER));
});

Deno.test("Transaction.commit() lets the changes stand and leaves nothing", () => {
  using all = changed();
  const { place, transaction } = all;
  const after = place.tree();
  transaction.commit();
  assertEquals(place.tree(), after);
  assert(!place.has(TRANSACTION_FOLDER));
  assertEquals(recoverTransaction(place.folder), undefined);
});

Deno.test("recoverTransaction() undoes what another process began, also from any point of its own work", () => {
  for (let done = 0; done <= 6; done++) {
    using all = changed();
    const { place, before } = all;
    recoverPartly(place, done);
    assertEquals(recoverTransaction(place.folder), { count: 6, failures: [] });
    assertEquals(place.tree(), before, `after ${done} entries`);
  }
});

/** Puts back what the first entries tell of, and leaves all else as someone does who is killed then. */
function recoverPartly(place: Place, entries: number): void {
  const own = place.path(TRANSACTION_FOLDER), aside = place.path("aside");
  const text = Deno.readTextFileSync(`${own}/journal`);
  Deno.mkdirSync(aside);
  for (const { name } of Deno.readDirSync(own)) Deno.linkSync(`${own}/${name}`, `${aside}/${name}`);
  Deno.removeSync(`${own}/journal`);
  Deno.writeTextFileSync(`${own}/journal`, text.split("\n").slice(0, 1 + entries).join("\n") + "\n");
  recoverTransaction(place.folder);
  Deno.renameSync(aside, own);
}

Deno.test("recoverTransaction() passes over a torn last line, which tells of nothing that was changed", () => {
  using all = changed();
  const { place, before } = all;
  const journal = place.path(`${TRANSACTION_FOLDER}/journal`);
  Deno.writeTextFileSync(journal, '{"path":"out/never","was":"abs', { append: true });
  assertEquals(recoverTransaction(place.folder), { count: 6, failures: [] });
  assertEquals(place.tree(), before);
});

Deno.test("recoverTransaction() touches nothing where the journal is damaged, leads out or is of another version", () => {
  const lines = [
    "{",
    '{"path":"../x","was":"absent","made":null}',
    '{"path":"x","was":"file","saved":"../../x","isCopy":true}',
  ];
  for (
    const [line, message] of [
      ...lines.map((line) => [line, "is damaged in line 8: "]),
      ['{"version":3}', "was begun by another version of troupe (its form is 3, this one knows 2)"],
    ]
  ) {
    using all = changed();
    const { place } = all;
    const journal = place.path(`${TRANSACTION_FOLDER}/journal`), text = Deno.readTextFileSync(journal);
    Deno.writeTextFileSync(journal, line.includes("version") ? text.replace(/^.*/, line) : `${text}${line}\n`);
    const before = place.tree();
    assertThrows(() => recoverTransaction(place.folder), TransactionError, message);
    assertEquals(place.tree(), before);
    assert(place.has(`${TRANSACTION_FOLDER}/journal`));
  }
});

Deno.test("Transaction.save() refuses what is no file, and then everything", () => {
  using place = new Place();
  place.write("out/folder/inner", "x");
  place.write("out/file", "y");
  const transaction = new Transaction(place.folder);
  assertThrows(() => transaction.save("out/folder", REWRITTEN), Error, "it is no file");
  assertThrows(() => transaction.save("out/file", REPLACED), Error, "it is no file");
  assertEquals(transaction.rollBack(), { count: 0, failures: [] });
});

Deno.test("Transaction.save() guards what was saved for a copy when the task is done by a command after all", () => {
  using place = new Place();
  place.write("a", "old");
  const transaction = new Transaction(place.folder);
  transaction.save("a", REPLACED);
  transaction.save("a", REWRITTEN);
  place.write("a", "new");
  assertEquals(transaction.rollBack(), { count: 1, failures: [] });
  assertEquals(Deno.readTextFileSync(place.path("a")), "old");
});

Deno.test("Transaction.rollBack() removes folders that were made for the first of several artifacts in them", () => {
  using place = new Place();
  const transaction = new Transaction(place.folder);
  for (const path of ["out/a", "out/inner/b", "out/inner/c", "out/d"]) {
    transaction.save(path, REPLACED);
    place.write(path, "new");
  }
  assertEquals(transaction.rollBack(), { count: 4, failures: [] });
  assertEquals(place.tree(), []);
});

Deno.test("Transaction.save() has others take their turn while it copies what is large", async () => {
  using place = new Place();
  const old = "old content ".repeat(500_000);
  place.write("large", old, 0o640);
  const before = place.tree();
  using transaction = new Transaction(place.folder);
  const copied = transaction.save("large", REWRITTEN);
  assert(copied !== undefined);
  await copied;
  assertEquals(place.tree(), before);
  assertEquals(transaction.save("large", REWRITTEN), undefined);
  place.write("large", "new");
  transaction.rollBack();
  assertEquals(place.tree(), before);
});

Deno.test("a transaction that is rolled back while it copies is over, and leaves nothing", async () => {
  using place = new Place();
  place.write("large", "old content ".repeat(500_000));
  const before = place.tree();
  using transaction = new Transaction(place.folder);
  const copied = transaction.save("large", REWRITTEN);
  transaction.rollBack();
  await copied;
  assertEquals(place.tree(), before);
});

Deno.test("a transaction that saves nothing writes nothing", () => {
  using place = new Place();
  new Transaction(place.folder).commit();
  assertEquals(new Transaction(place.folder).rollBack(), { count: 0, failures: [] });
  assertEquals(place.tree(), []);
});

// K112
Deno.test("recoverTransaction() puts back all that it can, names the rest, keeps what was there, and is done", () => {
  using made = changed();
  const { place, before, transaction } = made;
  // Somebody made a file of the folder that held one of them, and an output has a name that nothing can have.
  transaction.save("made/later", REPLACED);
  const long = `out/${"y".repeat(300)}`;
  Deno.writeTextFileSync(place.path(`${TRANSACTION_FOLDER}/journal`), line({ path: long, was: "absent", made: null }), {
    append: true,
  });
  place.write("out/removed", "a file where a folder was");
  const kept = `${TRANSACTION_FOLDER}/kept/0`;
  for (const round of [0, 1]) {
    const end = round === 0 ? transaction.rollBack() : recoverTransaction(place.folder);
    assertEquals(
      end,
      round === 1 ? undefined : {
        count: 7,
        failures: [`Cannot put back 'out/removed/deep': File exists; what was there is kept as '${kept}'`],
      },
    );
    assertEquals(Deno.readTextFileSync(place.path(kept)), "old 3");
  }
  const rest = (tree: string[]) => tree.filter((path) => !path.startsWith("out/removed"));
  assertEquals(rest(place.tree()), rest(before));
  // The next one spares what is kept, and keeps more beside it.
  const next = new Transaction(place.folder);
  next.save("out/replaced", REPLACED);
  place.replace("out/replaced", "newer");
  next.commit();
  assertEquals(Deno.readTextFileSync(place.path(kept)), "old 3");
});

// K112
Deno.test("Transaction.rollBack() puts back what it can when others have removed what it keeps, and names the rest", () => {
  for (const isAll of [true, false]) {
    using made = changed();
    const { place, transaction } = made;
    const own = place.path(TRANSACTION_FOLDER);
    if (isAll) Deno.removeSync(own, { recursive: true });
    else for (const { name } of [...Deno.readDirSync(own)]) if (/^\d+$/.test(name)) Deno.removeSync(`${own}/${name}`);
    const { count, failures } = transaction.rollBack();
    assertEquals([count + failures.length, count > 0, failures.length > 0], [6, true, true]);
    for (const failure of failures) {
      assertMatch(failure, /^Cannot put back '[^']+': it was removed from '\.troupe-transaction' meanwhile$/);
    }
    assertEquals([place.tree().includes("out/link -> ../elsewhere"), place.has("out/fresh")], [true, false]);
    assertEquals(recoverTransaction(place.folder), undefined);
  }
  using made = changed();
  Deno.removeSync(made.place.path(TRANSACTION_FOLDER), { recursive: true });
  made.transaction.commit();
});

// K112, K117
Deno.test("recoverTransaction() takes no link for a transaction", () => {
  using made = changed();
  const { place } = made;
  using other = new Place();
  Deno.symlinkSync(place.path(TRANSACTION_FOLDER), other.path(TRANSACTION_FOLDER));
  assertEquals(recoverTransaction(other.folder), undefined);
  const next = new Transaction(other.folder);
  next.save("a", REPLACED);
  assertEquals(next.rollBack(), { count: 1, failures: [] });
  assertEquals(recoverTransaction(place.folder)?.count, 6);
});
