import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "@std/fs";
import { fromFileUrl } from "@std/path";
import { type BuildLock, LOCK_FILE, takeBuildLock } from "../../../actors/locks/build_lock.ts";

const PROGRAM = fromFileUrl(new URL("./build_lock_program.ts", import.meta.url));

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function mustNotWait(holder: string): never {
  throw new Error(`waits for ${holder}`);
}

/** Another process that has taken the lock. */
async function startHolder(folder: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", PROGRAM, folder],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "held\n");
  await reader.cancel();
  return child;
}

Deno.test("takeBuildLock() takes a free lock at once, writes who has it, and leaves nothing behind", () =>
  inFolder(async (folder) => {
    for (let round = 0; round < 3; round++) {
      const lock = await takeBuildLock(folder, mustNotWait);
      assertEquals([lock.waited, lock.leftBehind], [false, false]);
      assertEquals(Deno.readTextFileSync(`${folder}/${LOCK_FILE}`), `${Deno.pid}\n`);
      lock.release();
      assert(!existsSync(`${folder}/${LOCK_FILE}`));
    }
  }));

Deno.test("takeBuildLock() waits for another process, says for which, and then has the lock", () =>
  inFolder(async (folder) => {
    const holder = await startHolder(folder);
    const heard = Promise.withResolvers<string>();
    const taking = takeBuildLock(folder, heard.resolve);
    assertEquals(await heard.promise, `${holder.pid}`);
    await holder.stdin.close();
    const lock = await taking;
    assertEquals([lock.waited, lock.leftBehind], [true, false]);
    lock.release();
    await holder.status;
    assert(!existsSync(`${folder}/${LOCK_FILE}`));
  }));

Deno.test("takeBuildLock() takes the lock of a process that was killed, and tells that things may lie about", () =>
  inFolder(async (folder) => {
    const holder = await startHolder(folder);
    const heard = Promise.withResolvers<string>();
    const taking = takeBuildLock(folder, heard.resolve);
    await heard.promise;
    holder.kill("SIGKILL");
    await holder.status;
    const lock = await taking;
    assertEquals([lock.waited, lock.leftBehind], [true, true]);
    lock.release("unclean");
    const next = await takeBuildLock(folder, mustNotWait);
    assertEquals([next.waited, next.leftBehind], [false, true]);
    next.release();
    const last = await takeBuildLock(folder, mustNotWait);
    assertEquals(last.leftBehind, false);
    last.release();
    await holder.stdin.abort().catch(() => {});
  }));

Deno.test("takeBuildLock() lets one of many in at a time", () =>
  inFolder(async (folder) => {
    let inside = 0, turns = 0;
    await Promise.all(Array.from({ length: 12 }, async () => {
      const lock = await takeBuildLock(folder, () => {});
      assertEquals(++inside, 1);
      for (let i = 0; i < 5; i++) await Promise.resolve();
      turns++;
      inside--;
      lock.release();
    }));
    assertEquals(turns, 12);
    assert(!existsSync(`${folder}/${LOCK_FILE}`));
  }));

Deno.test("takeBuildLock() tells when there can be no lock file", () =>
  inFolder(async (folder) => {
    await assertRejects(() => takeBuildLock(`${folder}/none`, mustNotWait), Deno.errors.NotFound);
  }));

/** Deno before 2.5 cannot ask for a lock without waiting: there no member is alone, and the next build tidies up. */
function sharedTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !("tryLockSync" in Deno.FsFile.prototype), fn });
}

function isLockThere(folder: string): boolean {
  return existsSync(`${folder}/${LOCK_FILE}`);
}

/** Members that are in together, the first of whom has let the others in. */
async function takeTogether(folder: string, count: number): Promise<BuildLock[]> {
  const first = await takeBuildLock(folder, mustNotWait, "shared");
  assertEquals([first.waited, first.leftBehind, await first.share!()], [false, false, true]);
  const others = Array.from({ length: count - 1 }, () => takeBuildLock(folder, mustNotWait, "shared"));
  return [first, ...await Promise.all(others)];
}

sharedTest(
  "takeBuildLock() shared lets members in together, keeps a build out, and the last one out removes the file",
  () =>
    inFolder(async (folder) => {
      const members = await takeTogether(folder, 3);
      assertEquals(members.map(({ leftBehind }) => leftBehind), [false, false, false]);
      const heard = Promise.withResolvers<string>();
      const building = takeBuildLock(folder, heard.resolve);
      assertEquals(await heard.promise, `${Deno.pid}`);
      for (const member of members) {
        assert(isLockThere(folder));
        member.release();
      }
      const build = await building;
      assertEquals([build.waited, build.leftBehind], [true, false]);
      build.release();
      assert(!isLockThere(folder));
    }),
);

sharedTest(
  "takeBuildLock() shared has the first member alone until it lets the others in",
  () =>
    inFolder(async (folder) => {
      const first = await takeBuildLock(folder, mustNotWait, "shared");
      let isIn = false;
      const heard = Promise.withResolvers<string>();
      const second = takeBuildLock(folder, heard.resolve, "shared").then((lock) => {
        isIn = true;
        return lock;
      });
      assertEquals([await heard.promise, isIn], [`${Deno.pid}`, false]);
      assert(await first.share!());
      (await second).release();
      first.release();
      assert(!isLockThere(folder));
    }),
);

sharedTest(
  "takeBuildLock() shared waits for a build, says for which, and tells what one left that was killed",
  () =>
    inFolder(async (folder) => {
      for (const isKilled of [false, true]) {
        const holder = await startHolder(folder);
        const heard = Promise.withResolvers<string>();
        const taking = takeBuildLock(folder, heard.resolve, "shared");
        assertEquals(await heard.promise, `${holder.pid}`);
        if (isKilled) holder.kill("SIGKILL");
        else await holder.stdin.close();
        const lock = await taking;
        assertEquals([lock.waited, lock.leftBehind, lock.leftBy], [true, isKilled, isKilled ? holder.pid : undefined]);
        assert(await lock.share!());
        lock.release();
        assert(!isLockThere(folder));
        await holder.status;
        if (isKilled) await holder.stdin.abort().catch(() => {});
      }
    }),
);

sharedTest(
  "takeBuildLock() shared remembers that a member has died, whoever is the last one out",
  () =>
    inFolder(async (folder) => {
      const [first, second] = await takeTogether(folder, 2);
      const third = await takeBuildLock(folder, mustNotWait, "shared");
      second.release("unclean");
      const late = await takeBuildLock(folder, mustNotWait, "shared");
      for (const member of [third, first, late]) member.release();
      assert(isLockThere(folder));
      const next = await takeBuildLock(folder, mustNotWait);
      assertEquals([next.leftBehind, next.leftBy], [true, Deno.pid]);
      next.release();
      assert(!isLockThere(folder));
    }),
);

// K121
sharedTest(
  "takeBuildLock() shared has the last one out clean up after a member that has died, and only the last",
  () =>
    inFolder(async (folder) => {
      const members = await takeTogether(folder, 3);
      const cleaned: number[] = [];
      for (const [i, member] of members.entries()) {
        assert(isLockThere(folder));
        member.release(i === 0 ? "unclean" : undefined, () => cleaned.push(i));
      }
      assertEquals([cleaned, isLockThere(folder)], [[2], false]);
      const [one] = await takeTogether(folder, 1);
      one.release(undefined, () => cleaned.push(3));
      assertEquals([cleaned, isLockThere(folder)], [[2], false]);
    }),
);

sharedTest(
  "takeBuildLock() shared, given back before the others were let in, leaves nothing behind",
  () =>
    inFolder(async (folder) => {
      (await takeBuildLock(folder, mustNotWait, "shared")).release();
      assert(!isLockThere(folder));
      (await takeBuildLock(folder, mustNotWait, "shared")).release("unclean");
      const next = await takeBuildLock(folder, mustNotWait, "shared");
      assertEquals(next.leftBehind, true);
      next.release();
      assert(!isLockThere(folder));
    }),
);

sharedTest(
  "share() is false when the lock is another's by then, and giving it back leaves that one's alone",
  () =>
    inFolder(async (folder) => {
      const member = await takeBuildLock(folder, mustNotWait, "shared");
      Deno.removeSync(`${folder}/${LOCK_FILE}`);
      const build = await takeBuildLock(folder, mustNotWait);
      assertEquals(await member.share!(), false);
      member.release();
      assertEquals(Deno.readTextFileSync(`${folder}/${LOCK_FILE}`), `${Deno.pid}\n`);
      build.release();
      assert(!isLockThere(folder));
    }),
);
