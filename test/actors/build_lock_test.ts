import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { LOCK_FILE, takeBuildLock } from "../../actors/build_lock.ts";

const PROGRAM = fromFileUrl(new URL("./build_lock_program.ts", import.meta.url));

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
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
      assert(!exists(`${folder}/${LOCK_FILE}`));
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
    assert(!exists(`${folder}/${LOCK_FILE}`));
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
    lock.release("untidy");
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
    assert(!exists(`${folder}/${LOCK_FILE}`));
  }));

Deno.test("takeBuildLock() tells when there can be no lock file", () =>
  inFolder(async (folder) => {
    await assertRejects(() => takeBuildLock(`${folder}/none`, mustNotWait), Deno.errors.NotFound);
  }));
