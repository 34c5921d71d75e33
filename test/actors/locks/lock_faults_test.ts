import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { FileLockError } from "../../../actors/locks/error.ts";
import { keyOf } from "../../../actors/locks/records.ts";
import { FileLockManager } from "../../../actors/locks/locks.ts";
import { thisProcess } from "../../../actors/machine/process_identity.ts";
import { CAN_UNSHARE, OWN_NAMESPACE } from "../../containers.ts";
import { lockTest, Other, plant, recordsIn, turn } from "./lock_place.ts";
import { TempFolder } from "../temp_folder.ts";

lockTest("one that waited with precedence and was killed is waited for by nobody", async (folder) => {
  const locks = new FileLockManager(folder);
  using _held = await locks.acquire("a", "shared");
  await using waiter = await Other.that("wait", "waiting", [folder, "a", "exclusive"]);
  assertEquals(await locks.tryAcquire("a", "shared"), undefined);
  const error = await assertRejects(() => locks.acquire("a", "shared", { timeoutMs: 0 }), FileLockError);
  assertStringIncludes(error.message, "task 'waiter'");
  assertStringIncludes(error.message, "has waited longer for it for writing");
  await waiter.kill();
  (await locks.acquire("a", "shared", { timeoutMs: 0 })).release();
  assertEquals(recordsIn(folder).length, 1);
});

lockTest("S1.23 another process with the dead one's id does not keep its lock", (folder) => {
  plant(folder, "a", { birth: thisProcess().birth && `${thisProcess().birth}0` });
  const locks = new FileLockManager(folder);
  assertEquals(locks.status(["a"])[0].state, Deno.build.os === "linux" ? "stale" : "exclusive");
});

// K70
lockTest("a holder before the last boot, or in another container, is told dead by the kernel only", async (folder) => {
  const said: string[] = [];
  const locks = new FileLockManager(folder, { warn: (sentence) => said.push(sentence) });
  for (const birth of ["another boot/1/1", `${thisProcess().birth?.split("/")[0]}/1/1`]) {
    const record = plant(folder, "a", { birth, pid: 999_999_999 });
    assertEquals(locks.status(["a"])[0].holders.map(({ liveness, stale }) => [liveness, stale]), [["unknown", null]]);
    const error = await assertRejects(() => locks.acquire("a", "shared", { timeoutMs: 0 }), FileLockError);
    assertStringIncludes(error.message, "cannot be told whether it still runs");
    assert(error.message.endsWith(record), error.message);
    if (!("tryLockSync" in Deno.FsFile.prototype)) continue;
    const sign = `${locks.lockFolder}/planted.alive`;
    {
      using file = Deno.openSync(sign, { write: true, create: true });
      file.lockSync(true);
      assertEquals(await locks.tryAcquire("a", "shared"), undefined);
    }
    (await locks.acquire("a", "exclusive", { timeoutMs: 0 })).release();
    assertMatch(said.pop()!, /^Took over the lock on 'a': .* ended without releasing it$/);
    await locks.clean();
    assertEquals([...Deno.readDirSync(locks.lockFolder)].map(({ name }) => name), ["guard"]);
  }
});

// K70
Deno.test({
  name: "two containers never have one file both, and one that is killed keeps it from nobody",
  ignore: !CAN_UNSHARE,
  async fn() {
    using place = new TempFolder();
    const locks = new FileLockManager(place.path);
    await using other = await Other.that("hold", "held", [place.path, "a", "exclusive"], OWN_NAMESPACE);
    const holders = () => locks.status(["a"])[0].holders.map(({ liveness, stale }) => [liveness, stale]);
    assertEquals(holders(), [["unknown", null]]);
    assertEquals(await locks.tryAcquire("a", "shared"), undefined);
    await other.kill();
    const late = performance.now() + 10_000; // the kernel ends the rest of a namespace with its first process
    while (holders()[0][1] !== "ended") {
      assert(performance.now() < late, "nobody noticed");
      await turn();
    }
    (await locks.acquire("a", "exclusive", { timeoutMs: 0 })).release();
  },
});

lockTest("a process killed while it grants a lock is in nobody's way", async (folder) => {
  const locks = new FileLockManager(folder);
  (await locks.acquire("a", "exclusive")).release();
  await using guarding = await Other.that("guard", "guarding", [folder]);
  if ("tryLockSync" in Deno.FsFile.prototype) { // Deno 2.4 can only wait
    const error = await assertRejects(() => locks.acquire("a", "exclusive", { timeoutMs: 0 }), FileLockError);
    assertStringIncludes(error.message, "another process is changing");
  }
  const waiting = locks.acquire("a", "exclusive");
  await guarding.kill();
  (await waiting).release();
  Deno.writeTextFileSync(`${locks.lockFolder}/${keyOf("x")}-1.held.tmp`, "half");
  assertEquals(locks.list(), []);
  assertEquals(await locks.clean(), 0);
  assertEquals(recordsIn(folder), []);
});

lockTest("a holder on another host is never judged dead, unless by the age that was allowed", async (folder) => {
  const record = plant(folder, "a", { host: "elsewhere", pid: Deno.pid, sinceMs: Date.now() - 60_000 });
  plant(folder, "b", { host: "elsewhere", pid: 999_999_999, mode: "shared" });
  const locks = new FileLockManager(folder);
  assertEquals(locks.status(["a", "b"]).map(({ state }) => state), ["exclusive", "shared"]);
  (await locks.acquire("b", "shared", { timeoutMs: 0 })).release();
  const error = await assertRejects(() => locks.acquire("a", "shared", { timeoutMs: 0 }), FileLockError);
  assertStringIncludes(error.message, `task 'far' (process ${Deno.pid} on 'elsewhere') holds it for writing`);
  assertStringIncludes(error.message, `cannot be told whether it still runs on 'elsewhere'`);
  assert(error.message.endsWith(record));
  assertEquals(await locks.clean(), 0);
  const patient = new FileLockManager(folder, { foreignMaxAgeMs: 3_600_000 });
  assertEquals(await patient.tryAcquire("a", "shared"), undefined);
  const said: string[] = [];
  const impatient = new FileLockManager(folder, { foreignMaxAgeMs: 30_000, warn: (sentence) => said.push(sentence) });
  assertEquals(impatient.status(["a"])[0].holders[0].stale, "expired");
  (await impatient.acquire("a", "exclusive", { timeoutMs: 0 })).release();
  assertMatch(said[0], /has had it for too long$/);
});

lockTest("a waiter of another host has precedence only until it should have given up", async (folder) => {
  const locks = new FileLockManager(folder);
  const past = Date.now() - 1000;
  plant(folder, "a", { host: "elsewhere", sinceMs: past, untilMs: Date.now() + 60_000 }, "waiting");
  assertEquals(await locks.tryAcquire("a", "exclusive"), undefined);
  plant(folder, "a", { host: "elsewhere", sinceMs: past, untilMs: past }, "waiting");
  // A record is never changed, so who knows it does not read it again
  (await new FileLockManager(folder).acquire("a", "exclusive", { timeoutMs: 0 })).release();
});

lockTest("a damaged record is stale, with a note", async (folder) => {
  const said: string[] = [];
  const locks = new FileLockManager(folder, { warn: (sentence) => said.push(sentence) });
  const texts = ["", "{", "null", "7", "{}", '{"path":"/elsewhere","mode":"exclusive"}'];
  for (
    const text of [
      ...texts,
      JSON.stringify({ ...thisProcess(), path: "/other", mode: "shared", task: null, sinceMs: 1 }),
    ]
  ) {
    const record = plant(folder, "a", text);
    assertEquals(locks.status(["a"])[0].state, "stale");
    assertEquals(locks.list().map(({ path, stale }) => [path, stale]), [[null, "damaged"]]);
    (await locks.acquire("a", "shared", { timeoutMs: 0 })).release();
    assertEquals(said.splice(0), [`Removed damaged lock record '${record}'`]);
  }
  plant(folder, "a", "{");
  assertEquals(await locks.clean(), 1);
  assertEquals(recordsIn(folder), []);
});

lockTest("a lock folder that cannot be is one clear error", async (folder, place) => {
  const fails = async (locks: FileLockManager, why: RegExp) => {
    for (const attempt of [() => locks.acquire("a", "shared"), () => locks.tryAcquire("a", "exclusive")]) {
      const error = await assertRejects(attempt, FileLockError);
      assertEquals(error.kind, "folder");
      assertEquals(error.message.split("\n").length, 1);
      assertMatch(error.message, why);
    }
  };
  const none = new FileLockManager(`${folder}/none`);
  assertEquals(none.status(["a"])[0].state, "free");
  await fails(none, /^Cannot keep locks in '.+\/none\/\.troupe\/locks': folder '.+\/none' does not exist$/);
  await fails(new FileLockManager(folder, { lockFolder: "x/y" }), /: folder '.+\/x' does not exist$/);
  Deno.writeTextFileSync(`${folder}/.troupe`, "");
  await fails(new FileLockManager(folder), /^Cannot keep locks in '.+': .*(?:[Nn]ot a (?:folder|directory)|exists)/);
  Deno.writeTextFileSync(`${folder}/file`, "");
  const inPlace = new FileLockManager(folder, { lockFolder: "file" });
  await fails(inPlace, /^Cannot keep locks in '.+\/file': Not a directory$/);
  const below = place.folder("below");
  using _held = await new FileLockManager(below).acquire("a", "exclusive");
  const readOnly = place.readOnly("read_only", below);
  if (readOnly === undefined) return;
  const locks = new FileLockManager(readOnly);
  await fails(locks, /^Cannot keep locks in '.+': Read-only file system$/);
  assertEquals(locks.list().map(({ path }) => path), [`${below}/a`]);
});
