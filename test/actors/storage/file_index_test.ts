import { assert, assertEquals } from "@std/assert";
import type { FileEntry } from "../../../actors/storage/file_entry.ts";
import { FileIndex, type TooMuch } from "../../../actors/storage/file_index.ts";
import { lookAt } from "../../../actors/machine/stamp.ts";
import { sha256 } from "../../../graph/digest.ts";

type Entries = Record<string, FileEntry>;

/** A folder for one test. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "troupe-test-" });

  /** Writes a file that was last modified so many seconds after 1970, or now. */
  write(name: string, text: string, modified?: number): void {
    Deno.writeTextFileSync(`${this.path}/${name}`, text);
    if (modified !== undefined) Deno.utimeSync(`${this.path}/${name}`, modified, modified);
  }

  read(name: string): string {
    return Deno.readTextFileSync(`${this.path}/${name}`);
  }

  /** A link that is gone when it goes out of scope. */
  symlink(name: string, target: string): Disposable {
    const path = `${this.path}/${name}`;
    Deno.symlinkSync(target, path);
    return { [Symbol.dispose]: () => Deno.removeSync(path) };
  }

  index(entries: Entries = {}): FileIndex {
    return new FileIndex(this.path, Object.setPrototypeOf(structuredClone(entries), null));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("FileIndex.digest() is the SHA-256 of the content", () => {
  using folder = new Folder();
  folder.write("a", "text");
  folder.write("empty", "");
  const index = folder.index();
  assertEquals([index.digest("a"), index.digest("empty")], [sha256("text"), sha256("")]);
  assertEquals(index.digest(`${folder.path}/a`), sha256("text"));
  assertEquals([index.size("a"), index.size("never seen")], [4, 0]);
});

/** Some time after everything that a test has done. */
const LATER_MS = Date.now() + 3600_000;

Deno.test("FileIndex knows an unchanged file by its stamp, without reading it", () => {
  using folder = new Folder();
  folder.write("a", "text", 1000);
  const { size, mtimeMs, inode, ctimeMs, mode } = lookAt(`${folder.path}/a`);
  const stamp = [size, mtimeMs, inode, "another digest", ctimeMs, mode] as const;
  assertEquals(folder.index({ a: stamp }).digest("a"), "another digest");
  for (const at of [0, 1, 2, 4, 5]) {
    assertEquals(folder.index({ a: stamp.with(at, 7) as unknown as FileEntry }).digest("a"), sha256("text"));
  }
  const link = [...stamp, "elsewhere"] as const;
  assertEquals(folder.index({ a: link }).digest("a"), sha256("text"));
});

// K10
Deno.test("FileIndex reads a file again that was changed in any way, or what a link to it leads to", () => {
  using folder = new Folder();
  const changes: Record<string, () => void> = {
    size: () => folder.write("a", "longer", 1000),
    time: () => folder.write("a", "new", 1001),
    inode: () => {
      folder.write("b", "new", 1000);
      Deno.renameSync(`${folder.path}/b`, `${folder.path}/a`);
    },
    "nothing but content": () => folder.write("a", "new", 1000),
  };
  for (const [what, change] of Object.entries(changes)) {
    using _ = folder.symlink("link", "a");
    folder.write("a", "old", 1000);
    const first = folder.index();
    for (const path of ["a", "link"]) assertEquals(first.digest(path), sha256("old"));
    const entries = { ...first.lasting() };
    change();
    const next = folder.index(entries);
    for (const path of ["a", "link"]) assertEquals(next.digest(path), sha256(folder.read("a")), what);
  }
});

// K10
Deno.test("FileIndex reads a file again that was changed in the second in which that was written down", () => {
  using folder = new Folder();
  folder.write("a", "text", 1000);
  const index = folder.index();
  index.digest("a");
  const { ctimeMs } = lookAt(`${folder.path}/a`);
  for (const [second, isKnown] of [[0, false], [0.999, false], [1.5, true], [3600, true]] as const) {
    const entry = index.lasting(ctimeMs + second * 1000).a;
    assertEquals([entry[3], entry[4] === ctimeMs], [sha256("text"), isKnown]);
  }
});

// K9, K10
Deno.test("FileIndex.holds() compares content, mode and kind", () => {
  using folder = new Folder();
  folder.write("a", "text");
  Deno.chmodSync(`${folder.path}/a`, 0o640);
  using _ = folder.symlink("link", "a");
  const index = folder.index();
  const facts = { sha256: sha256("text"), mode: 0o640 };
  assertEquals([index.holds("a", facts), index.holds("link", { ...facts, link: "a" })], [true, true]);
  for (const other of [{ sha256: "d" }, { mode: 0o600 }, { link: "a" }]) {
    assertEquals(index.holds("a", { ...facts, ...other }), false);
  }
  assertEquals([index.holds("link", facts), index.holds("none", facts)], [false, false]);
  assertEquals([index.facts("a"), index.facts("link")], [{ mode: 0o640 }, { mode: 0o640, link: "a" }]);
});

// K9, K10
Deno.test("FileIndex.isStill() takes a further name for no change, and a mode for one", () => {
  using folder = new Folder();
  folder.write("a", "text", 1000);
  Deno.chmodSync(`${folder.path}/a`, 0o644);
  const past = { ...lookAt(`${folder.path}/a`), sha256: sha256("text"), ctimeMs: 1 };
  const index = folder.index();
  // As if it had been a second ago that it was looked at
  index.enter("a", past);
  assert(index.isStill("a", sha256("text")));
  index.enter("a", { ...past, sha256: sha256("else") });
  assert(!index.isStill("a", sha256("else")));
  index.enter("a", past);
  Deno.chmodSync(`${folder.path}/a`, 0o755);
  assert(!index.isStill("a", sha256("text")));
  index.digest("a");
  assertEquals(index.marked("a"), `x${sha256("text")}`);
  assert(index.isStill("a", `x${sha256("text")}`) && !index.isStill("a", sha256("text")));
});

Deno.test("FileIndex looks at a file once a run, unless it is told that it may have changed", () => {
  using folder = new Folder();
  folder.write("a", "old", 1000);
  const index = folder.index();
  index.digest("a");
  index.lookAgain("a");
  index.lookAgain("never seen");
  folder.write("a", "newer", 2000);
  assertEquals(index.digest("a"), sha256("old"));
  index.lookAgain("a");
  assertEquals(index.digest("a"), sha256("newer"));
});

Deno.test("FileIndex.isStill() tells each who asks that a file was changed since it saw it, not the first alone", () => {
  using folder = new Folder();
  folder.write("a", "old", 1000);
  const index = folder.index();
  const old = index.digest("a") as string;
  assert(index.isStill("a", old) && index.isStill("a", old.slice(0, 16)));
  assert(!index.isStill("a", sha256("newer")));
  folder.write("a", "newer", 2000);
  assert(!index.isStill("a", old) && !index.isStill("a", old));
  assertEquals(index.digest("a"), sha256("newer"));
  assert(!index.isStill("a", old) && index.isStill("a", sha256("newer")));
});

Deno.test("FileIndex does not remember beyond the run a file modified as it was read: a later edit may look the same", () => {
  using folder = new Folder();
  const inAnHour = Date.now() / 1000 + 3600;
  folder.write("racy", "text", inAnHour);
  folder.write("settled", "text", 1000);
  const index = folder.index();
  for (const path of ["racy", "settled"]) assertEquals(index.digest(path), sha256("text"));
  assertEquals(Object.keys(index.lasting(LATER_MS)), ["settled"]);
  assertEquals(index.remembered("racy"), sha256("text"));
  // It is remembered once it was read at another time than it was written.
  folder.write("racy", "text", 1000);
  index.lookAgain("racy");
  index.digest("racy");
  assertEquals(Object.keys(index.lasting(LATER_MS)).sort(), ["racy", "settled"]);
});

Deno.test("FileIndex.enter() takes a digest on trust, and keeps it", () => {
  using folder = new Folder();
  folder.write("made", "artifact");
  const index = folder.index();
  index.enter("made", { sha256: "d", ...lookAt(`${folder.path}/made`) });
  assertEquals(index.digest("made"), "d");
  assertEquals(folder.index({ ...index.lasting(LATER_MS) }).digest("made"), "d");
});

Deno.test("FileIndex says why a file cannot be read", async () => {
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/folder`);
  const index = folder.index();
  assertEquals(index.digest("none"), { detail: "No such file or directory", missing: true });
  assertEquals(index.digest("folder"), { detail: "not a regular file", missing: false });
  await index.readSlowly("none");
  assertEquals(index.digest("none"), { detail: "No such file or directory", missing: true });
  assertEquals([index.exists("none"), index.exists("folder")], [false, true]);
  assertEquals(Object.keys(index.lasting(LATER_MS)), []);
});

Deno.test("FileIndex leaves a large file, and what comes on top of others, to be read slowly", async () => {
  using folder = new Folder();
  const large = "x".repeat(5 * 1024 * 1024), middling = "y".repeat(3 * 1024 * 1024);
  folder.write("large", large, 1000);
  folder.write("a", middling, 1000);
  folder.write("b", middling, 1000);
  using index = folder.index();
  index.begin();
  assertEquals(index.digest("large"), { tooMuch: "large" });
  assertEquals(index.digest("a"), sha256(middling));
  assertEquals(index.digest("b"), { tooMuch: "b" });
  await index.readSlowly("large");
  assertEquals(index.digest("large"), sha256(large));
  index.begin();
  assertEquals(index.digest("b"), sha256(middling));
});

// K21
Deno.test("FileIndex reads large files in threads, several at once, and has no answer once it is closed", async () => {
  using folder = new Folder();
  const content = "x".repeat(5 * 1024 * 1024);
  const names = ["a", "b", "c", "d", "e", "f"];
  for (const name of names) folder.write(name, content, 1000);
  Deno.createSync(`${folder.path}/endless`).close();
  Deno.truncateSync(`${folder.path}/endless`, 2 ** 40);
  using index = folder.index();
  let isDone = false;
  const endless = index.readSlowly("endless").then(() => isDone = true);
  await Promise.all([...names, "none"].map((name) => index.readSlowly(name)));
  index.begin();
  assertEquals(names.map((name) => index.digest(name)), names.map(() => sha256(content)));
  assertEquals(index.digest("none"), { detail: "No such file or directory", missing: true });
  assertEquals(isDone, false);
  index[Symbol.dispose]();
  await endless;
  index.begin();
  assertEquals(index.digest("endless"), { tooMuch: "endless" });
  await index.readSlowly("endless"); // nobody reads any more
});

// K21
Deno.test("FileIndex gives way to others after so many looks and so many bytes, and gets to the end", async () => {
  using folder = new Folder();
  folder.write("whole", "x".repeat(4 * 1024 * 1024), 1000); // just what may be read in one go
  folder.write("a", "", 1000);
  const first = folder.index();
  first.digest("a");
  const { a: entry } = first.lasting(LATER_MS);
  // One file by 21 000 names, as each costs a look.
  const many = Array.from({ length: 21_000 }, (_, at) => `.${"/".repeat(at % 150 + 1)}.${"/".repeat(at / 150 + 1)}a`);
  const index = folder.index(Object.fromEntries(many.map((path) => [path, entry])));
  let rounds = 0;
  for (let open: string | undefined = ""; open !== undefined;) {
    index.begin();
    const answer = [...many, "whole"].map((path) => index.digest(path)).find((found) => typeof found === "object");
    open = answer && (answer as TooMuch).tooMuch;
    if (open !== undefined) await index.readSlowly(open);
    assert(++rounds < 5);
  }
  assertEquals(rounds, 3);
});

Deno.test("FileIndex takes an entry that is not one for none", () => {
  using folder = new Folder();
  folder.write("a", "text", 1000);
  const odd = { a: [4, 1000_000] } as unknown as Entries;
  assertEquals(folder.index(odd).digest("a"), sha256("text"));
});

Deno.test("FileIndex.forgetGone() forgets files that are gone and not asked for", () => {
  using folder = new Folder();
  for (const name of ["here", "gone", "elsewhere"]) folder.write(name, name, 1000);
  const first = folder.index();
  for (const name of ["here", "gone", "elsewhere"]) first.digest(name);
  const next = folder.index({ ...first.lasting() });
  Deno.removeSync(`${folder.path}/gone`);
  next.digest("here");
  next.forgetGone();
  assertEquals(Object.keys(next.lasting(LATER_MS)).sort(), ["elsewhere", "here"]);
  assert(next.news > 0);
});

// S6.14
Deno.test("FileIndex that is kept looks again at what has changed, what may change untold, and nothing else", () => {
  using folder = new Folder();
  for (const name of ["told", "changed", "lost", "untold", "named twice", "made"]) folder.write(name, "old", 1000);
  using _link = folder.symlink("link", "told");
  Deno.linkSync(`${folder.path}/named twice`, `${folder.path}/second`);
  const index = folder.index();
  index.keep((path) => path !== "untold");
  const names = ["told", "changed", "lost", "untold", "named twice", "link"];
  const look = () => names.filter((name) => index.digest(name) === sha256("new"));
  index.enter("made", { ...lookAt(`${folder.path}/made`), sha256: sha256("old") });
  assertEquals(look(), []);
  assertEquals(names.filter((name) => index.isSure(name)), ["told", "changed", "lost"]);
  for (const name of [...names, "made"]) if (name !== "link") folder.write(name, "new", 1001);
  // within a run each is looked at once
  assertEquals(look(), []);
  index.rest(LATER_MS);
  index.renew(["changed"], (path) => path === "lost");
  assertEquals(look(), ["changed", "lost", "untold", "named twice", "link"]);
  assertEquals([index.digest("told"), index.digest("made")], [sha256("old"), sha256("new")]);
});

// S6.14, K10
Deno.test("FileIndex that is kept reads a changed file again, whatever its stamp says, unless this run has used it", () => {
  using folder = new Folder();
  folder.write("a", "old", 1000);
  const stamp = lookAt(`${folder.path}/a`);
  const index = folder.index({
    a: [stamp.size, stamp.mtimeMs, stamp.inode, "another digest", stamp.ctimeMs, stamp.mode],
  });
  index.keep(() => true);
  assertEquals(index.digest("a"), "another digest");
  index.renew(["a"]);
  assertEquals(index.digest("a"), "another digest");
  index.rest();
  assertEquals(index.exists("a"), true);
  index.renew(["a"]);
  assertEquals(index.digest("a"), sha256("old"));
});

// S6.14
Deno.test("FileIndex.hasChanged() is about what runs before have seen, too", () => {
  using folder = new Folder();
  folder.write("a", "old", 1000);
  const index = folder.index();
  index.keep(() => true);
  index.digest("a");
  index.rest();
  folder.write("a", "new", 1000);
  assertEquals([index.hasChanged("a"), index.digest("a")], [true, sha256("new")]);
});

// S6.14
Deno.test("FileIndex.hasChanged() says so, once, of a file that was found changed and read again meanwhile", () => {
  using folder = new Folder();
  folder.write("a", "old", 1000);
  const index = folder.index();
  const old = index.digest("a") as string;
  folder.write("a", "new", 2000);
  assertEquals(
    [index.isStill("a", old), index.digest("a")],
    [false, sha256("new")],
    "another task goes by the new one",
  );
  assertEquals([index.hasChanged("a"), index.hasChanged("a")], [true, false]);
  Deno.renameSync(`${folder.path}/a`, `${folder.path}/away`);
  index.rest();
  index.renew(["a"]);
  assertEquals(typeof index.digest("a"), "object");
  Deno.renameSync(`${folder.path}/away`, `${folder.path}/a`);
  assertEquals([index.hasChanged("a"), index.hasChanged("a")], [true, false], "a task has found it gone");
});
