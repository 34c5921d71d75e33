// What of a build cache is on the disk before it is written as a whole.
import { assert, assertEquals } from "@std/assert";
import { BuildCache, CACHE_FILE } from "../../../actors/build/build_cache.ts";
import { CACHE_JOURNAL } from "../../../actors/build/cache_journal.ts";
import { lookAt } from "../../../actors/machine/stamp.ts";
import { sha256 } from "../../../graph/digest.ts";
import type { Trace } from "../../../graph/fingerprint.ts";

/** A folder for a cache. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  readonly journal = `${this.path}/${CACHE_JOURNAL}`;

  load(): BuildCache {
    const { cache } = BuildCache.load(this.path);
    cache.keepJournal();
    return cache;
  }

  names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

const TRACE: Trace = ["f1", ["content", "x"], [], ["a"], ["d"], [], []];

function insert(cache: BuildCache, name: string): void {
  cache.insert(name, { artifact_path: `out/${name}`, sha256: `sha of ${name}`, size: 1, mode: 0o644 });
}

function known(cache: BuildCache): string[] {
  return ["f1", "f2", "f3"].filter((name) => cache.get(name, `out/${name}`)?.sha256 === `sha of ${name}`);
}

// S1.26: checkpoint_frequency
Deno.test("BuildCache.checkpoint() has all that was entered on the disk, for one who is killed then", () => {
  using folder = new Folder();
  const cache = folder.load();
  insert(cache, "f1");
  cache.remember("task", TRACE);
  cache.checkpoint();
  assertEquals(Deno.statSync(folder.journal).mode! & 0o777, 0o600); // K119
  insert(cache, "f2");
  cache.checkpoint();
  insert(cache, "f3"); // not on the disk
  assertEquals(folder.names(), [CACHE_JOURNAL]);
  const next = folder.load();
  assertEquals([known(next), next.trace("task"), next.isDirty], [["f1", "f2"], TRACE, true]);
  // and nothing of it is lost when that one is killed as well
  insert(next, "f3");
  next.checkpoint();
  assertEquals(known(folder.load()), ["f1", "f2", "f3"]);
});

Deno.test("BuildCache.save() writes all as a whole, and the journal goes", () => {
  using folder = new Folder();
  const cache = folder.load();
  insert(cache, "f1");
  cache.checkpoint();
  const lines = Deno.readTextFileSync(folder.journal);
  cache.save();
  assertEquals(folder.names(), [CACHE_FILE]);
  insert(cache, "f2");
  cache.checkpoint();
  assertEquals(known(folder.load()), ["f1", "f2"]);
  // killed between the two: what is in both counts once
  Deno.writeTextFileSync(folder.journal, lines);
  assertEquals(known(folder.load()), ["f1"]);
});

Deno.test("BuildCache without a journal to keep writes none, but reads one", () => {
  using folder = new Folder();
  const cache = folder.load();
  insert(cache, "f1");
  cache.checkpoint();
  const { cache: other } = BuildCache.load(folder.path);
  assertEquals(known(other), ["f1"]);
  insert(other, "f2");
  const before = Deno.readTextFileSync(folder.journal);
  other.checkpoint();
  assertEquals(Deno.readTextFileSync(folder.journal), before);
});

Deno.test("BuildCache reads a journal up to where it is torn or damaged, and none of another version", () => {
  using folder = new Folder();
  const cache = folder.load();
  for (const name of ["f1", "f2", "f3"]) {
    insert(cache, name);
    cache.checkpoint();
  }
  const text = Deno.readTextFileSync(folder.journal);
  const lines = text.split("\n");
  for (
    const [content, expected] of [
      [text.slice(0, -5), ["f1", "f2"]],
      [[lines[0], lines[1], "nonsense", ...lines.slice(2)].join("\n"), ["f1"]],
      [[lines[0], '["entry","f1",{"artifact_path":7}]', ...lines.slice(2)].join("\n"), ["f2", "f3"]],
      [text.replace(/"version":\d+/, '"version":1'), []],
      ["", []],
    ] as const
  ) {
    Deno.writeTextFileSync(folder.journal, content);
    assertEquals(known(folder.load()), [...expected]);
  }
  assert(!folder.names().includes(CACHE_FILE));
});

// S6.14, S6.16
Deno.test("BuildCache.checkpoint() has what is known of an artifact on the disk, and it is read again all the same", () => {
  using folder = new Folder();
  const cache = folder.load();
  Deno.writeTextFileSync(`${folder.path}/made`, "text");
  cache.files.enter("made", { ...lookAt(`${folder.path}/made`), sha256: "as it was made" });
  cache.files.own("made", "build.json");
  cache.noteFile("made");
  cache.checkpoint();
  const { files } = folder.load();
  assertEquals([files.madeFor("made"), files.remembered("made")], [["build.json"], "as it was made"]);
  assertEquals(files.digest("made"), sha256("text"));
});
