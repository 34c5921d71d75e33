// What goes into a store comes out of it as it was, or not at all.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Guard } from "../../../actors/store/guard.ts";
import { blobsFolder, bucketOf, bucketPath, type StorePlace, usePath } from "../../../actors/store/place.ts";
import { Store } from "../../../actors/store/store.ts";
import { clear, collect, contentOf, verify } from "../../../actors/store/tidy.ts";
import { blobPath, putBlob, putBytes } from "../../../actors/storage/blobs.ts";
import { sha256 } from "../../../graph/digest.ts";
import { storeKey } from "../../../graph/discovered.ts";
import { blobsOf, parseLine, storeLine, type StoreRecord } from "../../../graph/store_record.ts";
import { evictions } from "../../../graph/store_eviction.ts";
import { parseBytes, shownBytes } from "../../../graph/bytes.ts";
import { TempFolder } from "../temp_folder.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

function placeIn(folder: TempFolder, more: Partial<StorePlace> = {}): StorePlace {
  return { root: folder.file("store"), isOwn: false, limit: 1e9, days: 30, ...more };
}

/** A clock that is two seconds further with each look. */
let clock = Date.now();

async function opened(place: StorePlace): Promise<Store> {
  const store = await Store.open(place, { now: () => clock += 2000 });
  assert(typeof store !== "string", String(store));
  return store;
}

/** Puts some content and a record of it; answers with its key. */
function put(store: Store, content: string): string {
  const bytes = new TextEncoder().encode(content), digest = sha256(bytes), key = store.key(`work of ${content}`);
  assertEquals(putBytes(store.blobs.folder, digest, bytes), undefined);
  store.enter(key, recordOf(content));
  return key;
}

function recordOf(content: string): StoreRecord {
  const size = new TextEncoder().encode(content).length;
  return { outputs: [{ path: "out", kind: "file", sha256: sha256(content), size, mode: 0o644 }], durationMs: 3 };
}

// S5.20
Deno.test("store gives back what was entered, in another process's hands too", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), first = await opened(place), key = put(first, "one");
  assertEquals(first.find(key), undefined, "it is not on the disk yet");
  first.flush();
  assertEquals(first.find(key), recordOf("one"));
  const second = await opened(place);
  assertEquals(second.find(key), recordOf("one"));
  const later = put(second, "two");
  second.close();
  assertEquals(first.find(later)?.outputs[0].sha256, sha256("two"), "what others enter meanwhile is found");
  first.distrust(key, recordOf("one"));
  assertEquals([first.find(key), first.find(later)?.durationMs], [undefined, 3]);
  first.close();
});

// S5.24: the others' lines are read as they come, and only once
Deno.test("stores of several builds at once know what each other enters", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), stores = [await opened(place), await opened(place), await opened(place)];
  const keys: string[] = [];
  for (let i = 0; i < 60; i++) {
    keys.push(put(stores[i % 3], `content ${i}`));
    stores[i % 3].flush();
    for (const store of stores) {
      assertEquals(store.find(keys[i])?.outputs[0].sha256, sha256(`content ${i}`));
      assertEquals(store.find(keys[Math.floor(i / 2)])?.durationMs, 3);
    }
  }
  for (const store of stores) store.close();
});

// S5.23
Deno.test("collect() writes an index anew of which most does not count any more", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), store = await opened(place), key = put(store, "one");
  store.flush();
  for (let times = 0; times < 300; times++) store.find(key);
  store.close();
  const path = bucketPath(place.root, bucketOf(key)), before = Deno.statSync(path).size;
  assertEquals(collect(place), { records: 0, blobs: 0, bytes: 0 });
  assert(Deno.statSync(path).size < before / 10);
  const again = await opened(place);
  assertEquals(again.find(key), recordOf("one"));
  again.close();
});

// S5.31
Deno.test("store finds what was just entered, be it the first of its part of the index", async () => {
  using folder = new TempFolder();
  const store = await Store.open(placeIn(folder));
  assert(typeof store !== "string");
  for (let i = 0; i < 50; i++) {
    const key = store.key(String(i));
    assertEquals(store.find(key), undefined);
    store.enter(key, recordOf(String(i)));
    store.flush();
    assertEquals(store.find(key), recordOf(String(i)));
  }
  store.close();
});

// S5.20, S5.11: what was made on one system is of no use on another
Deno.test("store keeps systems apart", () => {
  const here = storeKey("f", { os: "linux", arch: "x86_64" });
  assert(
    here !== storeKey("f", { os: "linux", arch: "aarch64" }) &&
      here !== storeKey("f", { os: "darwin", arch: "x86_64" }),
  );
});

// S5.20
Deno.test("store links what was put in place by a rename, and copies what a command wrote there", async () => {
  using folder = new TempFolder();
  const store = await opened(placeIn(folder));
  Deno.writeTextFileSync(folder.file("placed"), "placed");
  Deno.writeTextFileSync(folder.file("written"), "written");
  for (const name of ["placed", "written"] as const) {
    assertEquals(putBlob(store.blobs, folder.file(name), { sha256: sha256(name), origin: name }), undefined);
    assertEquals(Deno.readTextFileSync(store.blob(sha256(name))), name);
  }
  const names = (path: string) => Deno.statSync(path).nlink;
  if (!store.blobs.clones) assertEquals([names(folder.file("placed")), names(folder.file("written"))], [2, 1]);
  assertEquals(putBlob(store.blobs, folder.file("placed"), { sha256: sha256("placed"), origin: "placed" }), undefined);
  store.close();
});

// S5.20: across file systems a blob is a copy
Deno.test("store copies from another file system", async () => {
  using folder = new TempFolder();
  const other = folder.small("other", "1m");
  if (other === undefined) return;
  const store = await opened(placeIn(folder));
  Deno.writeTextFileSync(`${other}/x`, "x");
  assertEquals(putBlob(store.blobs, `${other}/x`, { sha256: sha256("x"), origin: "placed" }), undefined);
  assertEquals(Deno.readTextFileSync(store.blob(sha256("x"))), "x");
  store.close();
});

// S5.20
Deno.test("store says why it cannot put something, and leaves nothing half done", async () => {
  using folder = new TempFolder();
  const small = folder.small("small", "64k");
  if (small === undefined) return;
  const store = await opened({ ...placeIn(folder), root: `${small}/store` });
  Deno.writeFileSync(folder.file("large"), new Uint8Array(100_000));
  const digest = sha256(new Uint8Array(100_000));
  assertMatch(
    String(putBlob(store.blobs, folder.file("large"), { sha256: digest, origin: "placed" })),
    /^No space left on device/,
  );
  assertEquals([...Deno.readDirSync(store.blobs.folder)].filter(({ isFile }) => isFile), []);
  store.fail("No space left on device");
  assertEquals(store.takes, false);
  assertMatch(
    String(store.takeTrouble()),
    /^Cannot put artifacts into store '.+': No space left on device; the build /,
  );
  assertEquals(store.takeTrouble(), undefined, "it is told once");
  store.close();
});

// S5.20, S5.22: byte for byte, with what was dropped between
Deno.test("store keeps what a task printed, be it little or much", async () => {
  using folder = new TempFolder();
  const store = await opened(placeIn(folder)), key = store.key("printed");
  const little = Uint8Array.from([0, 255, 10, 13]), much = new Uint8Array(70_000).fill(7);
  const output = { stdout: { bytes: little, dropped: 0 }, stderr: { bytes: much, dropped: 12, gapAt: 35_000 } };
  const kept = store.keep(output);
  assert(kept !== undefined);
  const record = { outputs: [], durationMs: 1, ...kept };
  store.enter(key, record);
  store.flush();
  assertEquals(store.printed(store.find(key)!), output);
  assertEquals([...blobsOf(record, () => undefined).values()], [70_000]);
  Deno.writeTextFileSync(store.blob(sha256(much)), "damaged");
  assertEquals(store.printed(record), undefined, "what is damaged does not come back");
  assertEquals(
    store.keep({ stdout: { bytes: new Uint8Array(), dropped: 0 }, stderr: { bytes: new Uint8Array(), dropped: 0 } }),
    {},
  );
  store.close();
});

// S5.20: records carry a checksum
Deno.test("store passes over lines that are damaged", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), store = await opened(place), key = put(store, "one");
  store.flush();
  const path = bucketPath(place.root, bucketOf(key)), text = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, text.replace('"mode":420', '"mode":511'));
  assertEquals((await opened(place)).find(key), undefined);
  // As a power cut leaves it: the end of the last line is missing, and what comes next is added to it
  Deno.writeTextFileSync(path, text.slice(0, -20));
  const again = await opened(place);
  assertEquals(again.find(key), undefined);
  put(again, "one");
  again.flush();
  assertEquals(again.find(key), recordOf("one"));
  for (const garbage of ["", "x", "\0".repeat(200), `${"0".repeat(16)} P ${key} 1 {}`]) {
    assertEquals(parseLine(garbage), undefined);
  }
  const line = storeLine({ kind: "put", key, atMs: 5, record: recordOf("one") });
  assertEquals(parseLine(line), { kind: "put", key, atMs: 5, record: recordOf("one") });
  store.close();
});

// S5.23
Deno.test("evictions() takes the least recently used, counts shared blobs once, and leaves what is protected", () => {
  const of = (key: string, usedMs: number, ...blobs: [string, number][]) => ({ key, usedMs, blobs: new Map(blobs) });
  const records = [of("c", 30, ["z", 50]), of("a", 10, ["x", 100]), of("b", 20, ["x", 100], ["y", 10])];
  const rule = (limit: number, more: { maxAgeMs?: number; protectedFromMs?: number } = {}) => {
    const { evicted, bytes } = evictions(records, {
      limit,
      nowMs: 100,
      maxAgeMs: 1000,
      protectedFromMs: Infinity,
      ...more,
    });
    return [[...evicted].sort().join(""), bytes];
  };
  assertEquals(rule(160), ["", 160]);
  assertEquals(rule(159), ["ab", 50]);
  assertEquals(rule(0), ["abc", 0]);
  assertEquals(rule(0, { protectedFromMs: 20 }), ["a", 160]);
  assertEquals(rule(1000, { maxAgeMs: 75 }), ["ab", 50]);
});

// S5.23
Deno.test("collect() removes what is old and what is too much, and blobs that nothing needs", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), store = await opened(place);
  const keys = ["a", "bb", "ccc"].map((content) => put(store, content));
  store.flush();
  putBytes(store.blobs.folder, sha256("orphan"), new TextEncoder().encode("orphan"));
  assert(store.find(keys[0]) !== undefined, "the first one is used again");
  store.close();
  assertEquals(collect({ ...place, limit: 5 }, { isDry: true }), { records: 1, blobs: 2, bytes: 8 });
  assertEquals(contentOf(place), { records: 3, blobs: 4, bytes: 12, hits: 0, misses: 0 });
  assertEquals(collect({ ...place, limit: 5 }), { records: 1, blobs: 2, bytes: 8 });
  const again = await opened(place);
  assertEquals(keys.map((key) => again.find(key)?.outputs[0].size), [1, undefined, 3]);
  again.close();
  assertEquals(collect(place, { nowMs: Date.now() + 31 * DAY_MS }), { records: 2, blobs: 2, bytes: 4 });
  assertEquals(contentOf(place), { records: 0, blobs: 0, bytes: 0, hits: 0, misses: 0 });
});

// S5.23: never what a going build uses
Deno.test("collect() leaves alone what a going build has looked up or put", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), going = await opened(place);
  const used = put(going, "used");
  going.flush();
  putBytes(going.blobs.folder, sha256("put"), new TextEncoder().encode("put")); // its record comes later
  assertEquals(collect({ ...place, limit: 0 }), { records: 0, blobs: 0, bytes: 0 });
  assertEquals(clear(place), undefined);
  assert(going.find(used) !== undefined);
  const later = Date.now() + 2 * 60 * 60 * 1000; // who has looked it up two hours ago has used it
  assertEquals(collect({ ...place, limit: 0 }, { nowMs: later }).records, 1);
  going.close();
  assertEquals(collect({ ...place, limit: 0 }).blobs, 2);
});

// S5.23: a record that is used again while the store is looked after stays
Deno.test("collect() and builds take turns at the index", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), store = await opened(place), key = put(store, "one");
  store.close();
  const guard = new Guard(usePath(place.root));
  assert(guard.tryAlone(), "nobody uses it any more");
  const opening = opened(place);
  assert(!await Promise.race([opening.then(() => true), new Promise((resolve) => setTimeout(resolve, 0, false))]));
  guard[Symbol.dispose]();
  const again = await opening;
  assertEquals(again.find(key)?.durationMs, 3);
  again.close();
});

// S5.20, S5.23
Deno.test("verify() finds damaged blobs and records without their blob", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), store = await opened(place);
  const keys = ["good", "bad", "lost"].map((content) => put(store, content));
  store.close();
  Deno.writeTextFileSync(blobPath(blobsFolder(place.root), sha256("bad")), "BAD");
  Deno.removeSync(blobPath(blobsFolder(place.root), sha256("lost")));
  const found = { verified: 2, records: 2, blobs: 1, bytes: 3 };
  assertEquals(verify(place, { isDry: true }), found);
  assertEquals(verify(place), found);
  assertEquals(verify(place), { verified: 1, records: 0, blobs: 0, bytes: 0 });
  const again = await opened(place);
  assertEquals(keys.map((key) => again.find(key) !== undefined), [true, false, false]);
  again.close();
});

// S5.23
Deno.test("store counts hits and misses, and says once a day that it is to be looked after", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder);
  for (const [hits, misses] of [[3, 1], [0, 4]]) {
    const store = await opened(place);
    store.counts.hits = hits;
    store.counts.misses = misses;
    assertEquals(store.close(), false);
  }
  assertEquals(contentOf(place), { records: 0, blobs: 0, bytes: 0, hits: 3, misses: 5 });
  Deno.utimeSync(
    `${place.root}/tidied`,
    new Date(Date.now() - 25 * 60 * 60 * 1000),
    new Date(Date.now() - 25 * 60 * 60 * 1000),
  );
  assertEquals((await opened(place)).close(), true);
  collect(place);
  assertEquals((await opened(place)).close(), false);
  assertEquals(contentOf(place).hits, 3);
  assertEquals(clear(place), { records: 0, blobs: 0, bytes: 0 });
  assertEquals(contentOf(place).hits, 0);
});

Deno.test("store that cannot be made is told of in one sentence", async () => {
  using folder = new TempFolder();
  Deno.writeTextFileSync(folder.file("file"), "");
  assertMatch(
    String(await Store.open({ ...placeIn(folder), root: folder.file("file/store") })),
    /^Cannot use store '.+\/file\/store': Not a directory; building without it$/,
  );
});

Deno.test("store of a config is nothing for Git, one that is shared is anybody's", async () => {
  using folder = new TempFolder();
  (await opened({ ...placeIn(folder), root: folder.file("a/.troupe/store"), isOwn: true })).close();
  assertEquals(Deno.readTextFileSync(folder.file("a/.troupe/.gitignore")), "*\n");
  (await opened({ ...placeIn(folder), root: folder.file("b/store") })).close();
  assertEquals(folder.names("b"), ["store"]);
});

Deno.test("parseBytes() and shownBytes() know sizes in powers of a thousand", () => {
  assertEquals(["5GB", "5 gb", "1.5 MB", "12", "7B", "1TB"].map(parseBytes), [5e9, 5e9, 1.5e6, 12, 7, 1e12]);
  assertEquals(["", "GB", "-1", "5 XB", "1e9", "99999999999TB"].map(parseBytes), Array(6).fill(undefined));
  assertEquals([0, 999, 1000, 1234, 123_456, 999_960, 5e9].map(shownBytes), [
    "0 B",
    "999 B",
    "1 KB",
    "1.2 KB",
    "123 KB",
    "1 MB",
    "5 GB",
  ]);
});

// S5.24: whoever looks after the store and stands still holds nobody up for long
Deno.test("store goes on without a lock that is not to be had", async () => {
  using folder = new TempFolder();
  const place = placeIn(folder), store = await opened(place), key = put(store, "one");
  store.flush();
  using still = new Guard(`${place.root}/lock`);
  using use = new Guard(usePath(`${place.root}`));
  still.alone(() => assertEquals(store.find(key), recordOf("one")));
  store.close();
  assert(use.tryAlone());
  const again = await opened(place);
  assertEquals(again.find(key), recordOf("one"));
  again.close();
});
