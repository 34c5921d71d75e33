import { assert, assertEquals } from "@std/assert";
import { BuildCache, CACHE_FILE } from "../../actors/build_cache.ts";
import type { Published } from "../../actors/messages.ts";
import type { Trace } from "../../graph/fingerprint.ts";

/** A folder with a cache. */
class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "troupe-test-" });

  load(): BuildCache {
    const { cache, warning } = BuildCache.load(this.path);
    assertEquals(warning, undefined);
    return cache;
  }

  /** The cache file as it lies there. */
  read(): { version: number; entries: Record<string, unknown>; files: object; traces: object } {
    return JSON.parse(Deno.readTextFileSync(`${this.path}/${CACHE_FILE}`));
  }

  write(text: string): void {
    Deno.writeTextFileSync(`${this.path}/${CACHE_FILE}`, text);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function traceOf(fingerprint: string): Trace {
  return [fingerprint, ["content", "x"], [], ["a"], ["d"], [], []];
}

/** Makes an artifact and enters it, as the scheduler does. */
function make(folder: Folder, cache: BuildCache, { path, fingerprint, sha256 }: {
  path: string;
  fingerprint: string;
  sha256: string;
}): void {
  Deno.writeTextFileSync(`${folder.path}/${path}`, sha256);
  const { size, mtime, ino } = Deno.statSync(`${folder.path}/${path}`);
  const published: Published = { sha256, size, mtimeMs: mtime!.getTime(), inode: ino! };
  cache.files.enter(path, published);
  cache.insert(fingerprint, { artifact_path: path, sha256, size });
}

// S0.41, S0.43, S0.44, S0.48
Deno.test("BuildCache hands on what it was told to the next run, by a file that is replaced as a whole", () => {
  using folder = new Folder();
  const cache = folder.load();
  assertEquals([cache.isDirty, cache.get("f1"), cache.trace("task")], [false, undefined, undefined]);
  make(folder, cache, { path: "a", fingerprint: "f1", sha256: "d1" });
  cache.remember("task", traceOf("f1"));
  assert(cache.isDirty);
  cache.save();
  assert(!cache.isDirty);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [CACHE_FILE, "a"]);
  assertEquals(folder.read().entries, { f1: { artifact_path: "a", sha256: "d1", size: 2 } });

  const next = folder.load();
  assertEquals(next.get("f1"), { artifact_path: "a", sha256: "d1", size: 2 });
  assertEquals(next.trace("task"), traceOf("f1"));
  assertEquals(next.files.digest("a"), "d1"); // known by its stat: the content is not what it says
  assertEquals([...next.artifactPaths()], ["a"]);
});

// S0.48
Deno.test("BuildCache.save() writes only when there is something new", () => {
  using folder = new Folder();
  folder.load().save();
  assertEquals([...Deno.readDirSync(folder.path)], []);
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "f1", sha256: "d1" });
  cache.save();
  const { ino } = Deno.statSync(`${folder.path}/${CACHE_FILE}`);
  const next = folder.load();
  next.files.digest("a");
  next.save();
  assertEquals(Deno.statSync(`${folder.path}/${CACHE_FILE}`).ino, ino);
});

Deno.test("BuildCache starts over from a file that is no cache, with one sentence", () => {
  using folder = new Folder();
  for (const text of ["", "[]", "null", '{"version": 1', '{"version":1,"entries":[],"files":{},"traces":{}}']) {
    folder.write(text);
    const { cache, warning } = BuildCache.load(folder.path);
    assert(/^Build cache '\.build_cache\.json' (is damaged|has version none, not \d+); starting over$/.test(warning!));
    assertEquals([...cache.artifactPaths()], []);
    assert(cache.isDirty); // so that the damaged file is replaced even when nothing else is new
  }
  folder.write('{"version": "x"}');
  assert(BuildCache.load(folder.path).warning!.includes('has version "x", not '));
});

Deno.test("BuildCache takes an entry that is not one for none", () => {
  using folder = new Folder();
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "good", sha256: "d" });
  cache.save();
  const content = folder.read();
  content.entries.odd = { artifact_path: 7 };
  folder.write(JSON.stringify({ ...content, traces: { odd: ["x"] } }));
  const next = folder.load();
  assertEquals([next.get("odd"), next.trace("odd"), next.get("good")?.sha256], [undefined, undefined, "d"]);
  assertEquals([...next.artifactPaths()], ["a"]);
});

Deno.test("BuildCache treats the names of all objects' properties like any others", () => {
  using folder = new Folder();
  const cache = folder.load();
  for (const name of ["__proto__", "constructor", "toString"]) {
    assertEquals([cache.get(name), cache.trace(name)], [undefined, undefined]);
    make(folder, cache, { path: name, fingerprint: name, sha256: name });
    cache.remember(name, traceOf(name));
  }
  cache.save();
  const next = folder.load();
  for (const name of ["__proto__", "constructor", "toString"]) {
    assertEquals([next.get(name)?.sha256, next.trace(name)?.[0], next.files.digest(name)], [name, name, name]);
  }
});

Deno.test("BuildCache.save() drops an entry whose path holds another artifact, and keeps the newest eight of a path", () => {
  using folder = new Folder();
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "replaced", sha256: "old" });
  for (let i = 0; i < 10; i++) make(folder, cache, { path: "a", fingerprint: `f${i}`, sha256: "new" });
  make(folder, cache, { path: "b", fingerprint: "other", sha256: "old" });
  cache.save();
  assertEquals(Object.keys(folder.read().entries), ["f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "other"]);
});

Deno.test("BuildCache.insert() and drop() have the last word on a fingerprint", () => {
  using folder = new Folder();
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "f", sha256: "1" });
  make(folder, cache, { path: "b", fingerprint: "f", sha256: "2" });
  assertEquals(cache.get("f")?.artifact_path, "b");
  cache.drop("f");
  assertEquals(cache.get("f"), undefined);
  cache.save();
  assertEquals(folder.read().entries, {});
});

Deno.test("BuildCache.prune() drops what is gone: files, entries without an artifact, traces without an entry", () => {
  using folder = new Folder();
  const cache = folder.load();
  for (const name of ["kept", "gone"]) {
    make(folder, cache, { path: name, fingerprint: `f-${name}`, sha256: name });
    cache.remember(`task ${name}`, traceOf(`f-${name}`));
  }
  cache.remember("never entered", traceOf("f-none"));
  cache.save();
  Deno.removeSync(`${folder.path}/gone`);
  const next = folder.load();
  next.prune();
  assertEquals([next.get("f-kept")?.sha256, next.get("f-gone")], ["kept", undefined]);
  assertEquals(
    ["task kept", "task gone", "never entered"].map((name) => next.trace(name)?.[0]),
    ["f-kept", undefined, undefined],
  );
  next.save();
  assertEquals(Object.keys(folder.read().files), ["kept"]);
});
