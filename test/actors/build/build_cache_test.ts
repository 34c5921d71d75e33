import { assert, assertEquals } from "@std/assert";
import { BuildCache, CACHE_FILE } from "../../../actors/build/build_cache.ts";
import { lookAt } from "../../../actors/machine/stamp.ts";
import type { Trace } from "../../../graph/fingerprint.ts";

/** Some time after everything that a test has done. */
const LATER_MS = Date.now() + 3600_000;

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
  Deno.chmodSync(`${folder.path}/${path}`, 0o644);
  const stamp = lookAt(`${folder.path}/${path}`);
  cache.files.enter(path, { sha256, ...stamp });
  cache.insert(fingerprint, { artifact_path: path, sha256, size: stamp.size, mode: stamp.mode });
}

// S0.41, S0.43, S0.44, S0.48
Deno.test("BuildCache hands on what it was told to the next run, by a file that is replaced as a whole", () => {
  using folder = new Folder();
  const cache = folder.load();
  assertEquals([cache.isDirty, cache.get("f1", "a"), cache.trace("task")], [false, undefined, undefined]);
  make(folder, cache, { path: "a", fingerprint: "f1", sha256: "d1" });
  cache.remember("task", traceOf("f1"));
  assert(cache.isDirty);
  cache.save(LATER_MS);
  assert(!cache.isDirty);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [CACHE_FILE, "a"]);
  assertEquals(folder.read().entries, { f1: { artifact_path: "a", sha256: "d1", size: 2, mode: 0o644 } });

  const next = folder.load();
  assertEquals(next.get("f1", "a"), { artifact_path: "a", sha256: "d1", size: 2, mode: 0o644 });
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
  cache.save(LATER_MS);
  const { ino } = Deno.statSync(`${folder.path}/${CACHE_FILE}`);
  const next = folder.load();
  next.files.digest("a");
  next.save();
  assertEquals(Deno.statSync(`${folder.path}/${CACHE_FILE}`).ino, ino);
});

Deno.test("BuildCache starts over from a file that is no cache, with one sentence", () => {
  using folder = new Folder();
  for (const text of ["", "[]", "null", '{"version": 1', '{"version":2,"entries":[],"files":{},"traces":{}}']) {
    folder.write(text);
    const { cache, warning } = BuildCache.load(folder.path);
    assert(/^Build cache '\.build_cache\.json' (is damaged|has version none, not \d+); starting over$/.test(warning!));
    assertEquals([...cache.artifactPaths()], []);
    assert(cache.isDirty); // so that the damaged file is replaced even when nothing else is new
  }
  folder.write('{"version": "x"}');
  assert(BuildCache.load(folder.path).warning!.includes('has version "x", not '));
  // K120
  folder.write(`{"version": ${"[".repeat(9000)}${"]".repeat(9000)}}`);
  assert(BuildCache.load(folder.path).warning!.includes(`has version ${"[".repeat(59)}…, not `));
});

Deno.test("BuildCache takes an entry that is not one for none", () => {
  using folder = new Folder();
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "good", sha256: "d" });
  cache.save(LATER_MS);
  const content = folder.read();
  content.entries.odd = { artifact_path: 7 };
  folder.write(JSON.stringify({ ...content, traces: { odd: ["x"] } }));
  const next = folder.load();
  assertEquals([next.get("odd", "a"), next.trace("odd"), next.get("good", "a")?.sha256], [undefined, undefined, "d"]);
  assertEquals([...next.artifactPaths()], ["a"]);
});

Deno.test("BuildCache treats the names of all objects' properties like any others", () => {
  using folder = new Folder();
  const cache = folder.load();
  for (const name of ["__proto__", "constructor", "toString"]) {
    assertEquals([cache.get(name, name), cache.trace(name)], [undefined, undefined]);
    make(folder, cache, { path: name, fingerprint: name, sha256: name });
    cache.remember(name, traceOf(name));
  }
  cache.save(LATER_MS);
  const next = folder.load();
  for (const name of ["__proto__", "constructor", "toString"]) {
    assertEquals([next.get(name, name)?.sha256, next.trace(name)?.[0], next.files.digest(name)], [name, name, name]);
  }
});

Deno.test("BuildCache.save() drops an entry whose path holds another artifact, and keeps the newest eight of a path", () => {
  using folder = new Folder();
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "replaced", sha256: "old" });
  for (let i = 0; i < 10; i++) make(folder, cache, { path: "a", fingerprint: `f${i}`, sha256: "new" });
  make(folder, cache, { path: "b", fingerprint: "other", sha256: "old" });
  cache.save(LATER_MS);
  assertEquals(Object.keys(folder.read().entries), ["f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "other"]);
});

Deno.test("BuildCache.insert() and drop() have the last word on a fingerprint", () => {
  using folder = new Folder();
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "f", sha256: "1" });
  make(folder, cache, { path: "b", fingerprint: "f", sha256: "2" });
  assertEquals(cache.get("f", "a")?.artifact_path, "b");
  cache.drop("f");
  assertEquals(cache.get("f", "a"), undefined);
  cache.save(LATER_MS);
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
  cache.save(LATER_MS);
  Deno.removeSync(`${folder.path}/gone`);
  const next = folder.load();
  next.prune();
  assertEquals([next.get("f-kept", "kept")?.sha256, next.get("f-gone", "gone")], ["kept", undefined]);
  assertEquals(
    ["task kept", "task gone", "never entered"].map((name) => next.trace(name)?.[0]),
    ["f-kept", undefined, undefined],
  );
  next.save();
  assertEquals(Object.keys(folder.read().files), ["kept"]);
});

// K13
Deno.test("BuildCache takes what is remembered of a config, or of an artifact's configs, only if it can be that", () => {
  using folder = new Folder();
  const cache = folder.load();
  const record = { stamp: [1, 2, 3, 4], stale: ["a"] };
  make(folder, cache, { path: "a", fingerprint: "f", sha256: "d" });
  cache.files.own("a", "x.json");
  cache.files.own("a", "y.json");
  cache.rememberConfig("x.json", record);
  cache.save(LATER_MS);
  assertEquals(folder.load().configRecord("x.json"), record);
  assertEquals([...folder.load().files.artifacts()], ["a"]);
  assertEquals(folder.load().files.madeFor("a"), ["x.json", "y.json"]);
  const content = folder.read() as unknown as { configs?: object; files: Record<string, unknown[]> };
  for (const broken of [null, 1, [], { stamp: [1] }, { stamp: [1], stale: [1] }, { stamp: 1, stale: [] }]) {
    folder.write(JSON.stringify({ ...content, configs: { "x.json": broken } }));
    assertEquals(folder.load().configRecord("x.json"), undefined);
  }
  folder.write(JSON.stringify({ ...content, files: { a: content.files.a.with(7, 5) } }));
  assertEquals([folder.load().files.madeFor("a"), [...folder.load().files.artifacts()]], [undefined, []]);
  folder.write(JSON.stringify({ ...content, configs: undefined })); // as earlier versions wrote it
  assertEquals([folder.load().configRecord("x.json"), folder.load().get("f", "a")?.sha256], [undefined, "d"]);
});

// S6.14
Deno.test("BuildCache.isCurrent until somebody else writes the cache or its journal", () => {
  using folder = new Folder();
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "f1", sha256: "sha" });
  assertEquals(cache.isCurrent, true);
  cache.save(LATER_MS);
  cache.keep();
  make(folder, cache, { path: "a", fingerprint: "f2", sha256: "sha" });
  cache.checkpoint();
  assertEquals(cache.isCurrent, true);
  const other = folder.load();
  make(folder, other, { path: "a", fingerprint: "f3", sha256: "sha" });
  assertEquals([cache.isCurrent, other.isCurrent], [true, true]);
  other.save(LATER_MS);
  assertEquals([cache.isCurrent, other.isCurrent], [false, true]);
});

// S6.14
Deno.test("BuildCache that is kept is written as a whole only for what its journal cannot say, or has said long enough", () => {
  using folder = new Folder();
  const cache = folder.load();
  make(folder, cache, { path: "a", fingerprint: "f0", sha256: "sha" });
  cache.keep();
  assertEquals(cache.isCheckpointEnough, false); // nothing of it is on the disk
  cache.save(LATER_MS);
  make(folder, cache, { path: "a", fingerprint: "f1", sha256: "sha" });
  assertEquals(cache.isCheckpointEnough, true);
  cache.drop("f1");
  assertEquals(cache.isCheckpointEnough, false);
  cache.save(LATER_MS);
  assertEquals(cache.isCheckpointEnough, true);
  cache.rememberConfig("build.json", { stamp: [], stale: ["a"] });
  assertEquals(cache.isCheckpointEnough, true);
  cache.checkpoint();
  assertEquals(folder.load().configRecord("build.json"), { stamp: [], stale: ["a"] });
  for (let i = 0; i <= 1000; i++) cache.remember("t", traceOf(`f${i}`));
  assertEquals(cache.isCheckpointEnough, false);
});

// S7.5
Deno.test("BuildCache that is large is written as a whole by who has nothing to add, or more than a few lines", () => {
  using folder = new Folder();
  const first = folder.load();
  for (let i = 0; i < 600; i++) first.remember(`t${i}`, [`f${i}`, ["content", "x".repeat(1000)], [], [], [], [], []]);
  make(folder, first, { path: "a", fingerprint: "f", sha256: "sha" });
  assertEquals(first.isCheckpointEnough, false, "there is no file yet");
  first.save(LATER_MS);
  const whole = folder.read();

  const second = folder.load();
  assertEquals(second.isCheckpointEnough, false, "nothing is new");
  make(folder, second, { path: "b", fingerprint: "g", sha256: "other" });
  second.noteDuration("t1", 1234);
  assertEquals(second.isCheckpointEnough, true);
  second.checkpoint();
  assertEquals(folder.read(), whole);

  const third = folder.load();
  assertEquals([third.get("g", "b")?.sha256, third.durations.all], [
    "other",
    Object.assign(Object.create(null), { t1: 1234 }),
  ]);
  assertEquals(third.isCheckpointEnough, false, "somebody has to fold it in");
  third.drop("f");
  third.remember("t", traceOf("h"));
  assertEquals(third.isCheckpointEnough, false, "the journal cannot say what is gone");
  third.save(LATER_MS);
  assertEquals([third.hasJournal, Object.keys(folder.read().entries)], [false, ["g"]]);
  third.remember("t", traceOf("i"));
  assertEquals(third.isCheckpointEnough, true);
  for (let i = 0; i < 1000; i++) third.remember(`t${i}`, traceOf(`new ${i}`));
  assertEquals(third.isCheckpointEnough, false, "these are many");
});

// S6.9
Deno.test("BuildCache knows what failed until it passes, also by its journal, and nothing of what had passed before", () => {
  using folder = new Folder();
  const first = folder.load();
  first.noteFailure("__proto__");
  first.noteFailure("a");
  first.save(LATER_MS);
  const second = folder.load();
  second.keepJournal();
  assertEquals(["a", "__proto__", "b"].map((name) => second.hasFailed(name)), [true, true, false]);
  second.noteFailure("b");
  second.remember("a", traceOf("f"));
  second.noteFailure("a");
  second.checkpoint();
  const third = folder.load();
  assertEquals(["a", "__proto__", "b"].map((name) => third.hasFailed(name)), [false, true, true]);
});
