import { assert, assertEquals } from "@std/assert";
import { type FileEntry, FileIndex } from "../../actors/file_index.ts";
import { sha256 } from "../../graph/digest.ts";

type Entries = Record<string, FileEntry>;

/** A folder for one test. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "troupe-test-" });

  /** Writes a file that was last modified so many seconds after 1970, or now. */
  write(name: string, text: string, modified?: number): void {
    Deno.writeTextFileSync(`${this.path}/${name}`, text);
    if (modified !== undefined) Deno.utimeSync(`${this.path}/${name}`, modified, modified);
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

Deno.test("FileIndex knows an unchanged file by its stat, without reading it", () => {
  using folder = new Folder();
  folder.write("a", "old", 1000);
  const first = folder.index();
  first.digest("a");
  folder.write("a", "new", 1000); // same size, time and inode: only reading could tell
  assertEquals(folder.index({ ...first.lasting() }).digest("a"), sha256("old"));
  assertEquals(folder.index().digest("a"), sha256("new"));
});

Deno.test("FileIndex reads a file again whose size, time or inode differs", () => {
  using folder = new Folder();
  const changes = [
    () => folder.write("a", "longer", 1000),
    () => folder.write("a", "new", 1001),
    () => {
      folder.write("b", "new", 1000);
      Deno.renameSync(`${folder.path}/b`, `${folder.path}/a`);
    },
  ];
  for (const change of changes) {
    folder.write("a", "old", 1000);
    const first = folder.index();
    assertEquals(first.digest("a"), sha256("old"));
    change();
    assertEquals(folder.index({ ...first.lasting() }).digest("a"), sha256(Deno.readTextFileSync(`${folder.path}/a`)));
  }
});

Deno.test("FileIndex looks at a file once a run, unless it is told that it may have changed", () => {
  using folder = new Folder();
  folder.write("a", "old", 1000);
  const index = folder.index();
  index.digest("a");
  assert(index.isStill("a"));
  folder.write("a", "newer", 2000);
  assertEquals(index.digest("a"), sha256("old"));
  assert(!index.isStill("a"));
  assertEquals(index.digest("a"), sha256("newer"));
  assert(index.isStill("a") && index.isStill("never seen"));
});

Deno.test("FileIndex does not remember beyond the run a file modified as it was read: a later edit may look the same", () => {
  using folder = new Folder();
  const inAnHour = Date.now() / 1000 + 3600;
  folder.write("racy", "text", inAnHour);
  folder.write("settled", "text", 1000);
  const index = folder.index();
  for (const path of ["racy", "settled"]) assertEquals(index.digest(path), sha256("text"));
  assertEquals(Object.keys(index.lasting()), ["settled"]);
  assertEquals(index.remembered("racy"), sha256("text"));
  // It is remembered once it was read at another time than it was written.
  folder.write("racy", "text", 1000);
  assert(!index.isStill("racy"));
  index.digest("racy");
  assertEquals(Object.keys(index.lasting()).sort(), ["racy", "settled"]);
});

Deno.test("FileIndex.enter() takes a digest on trust, and keeps it", () => {
  using folder = new Folder();
  folder.write("made", "artifact");
  const { mtime, ino, size } = Deno.statSync(`${folder.path}/made`);
  const index = folder.index();
  index.enter("made", { sha256: "d", size, mtimeMs: mtime!.getTime(), inode: ino! });
  assertEquals(index.digest("made"), "d");
  assertEquals(folder.index({ ...index.lasting() }).digest("made"), "d");
});

Deno.test("FileIndex says why a file cannot be read", async () => {
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/folder`);
  const index = folder.index();
  assertEquals(index.digest("none"), { detail: "No such file or directory", missing: true });
  assertEquals(index.digest("folder"), { detail: "Is a directory", missing: false });
  await index.readSlowly("none");
  assertEquals(index.digest("none"), { detail: "No such file or directory", missing: true });
  assertEquals([index.exists("none"), index.exists("folder")], [false, true]);
  assertEquals(Object.keys(index.lasting()), []);
});

Deno.test("FileIndex leaves a large file, and what comes on top of others, to be read slowly", async () => {
  using folder = new Folder();
  const large = "x".repeat(5 * 1024 * 1024), middling = "y".repeat(3 * 1024 * 1024);
  folder.write("large", large, 1000);
  folder.write("a", middling, 1000);
  folder.write("b", middling, 1000);
  const index = folder.index();
  index.begin();
  assertEquals(index.digest("large"), { tooMuch: "large" });
  assertEquals(index.digest("a"), sha256(middling));
  assertEquals(index.digest("b"), { tooMuch: "b" });
  await index.readSlowly("large");
  assertEquals(index.digest("large"), sha256(large));
  index.begin();
  assertEquals(index.digest("b"), sha256(middling));
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
  assertEquals(Object.keys(next.lasting()).sort(), ["elsewhere", "here"]);
  assert(next.isDirty);
});
