/** A process for locks_test.ts. Its arguments: what to do, the folder, and what that takes. */
import { FileLockManager } from "../../../actors/locks/locks.ts";
import type { LockMode } from "../../../actors/locks/holder.ts";
import { randomFrom } from "../../random.ts";

const [what, folder, ...rest] = Deno.args;
const locks = new FileLockManager(folder);
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();

/** Has a lock from the moment it says so until its input ends. */
async function hold([path, mode, task]: string[]): Promise<void> {
  const lock = await locks.acquire(path, mode as LockMode, { task });
  console.log("held");
  await lines.next();
  lock.release();
}

/** Waits, with precedence from its second attempt on, for a lock that it never gets. */
async function wait([path, mode]: string[]): Promise<void> {
  const waiting = locks.acquire(path, mode as LockMode, { task: "waiter", retryDelaysMs: [1], timeoutMs: 600_000 });
  while (locks.status([path])[0].waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  console.log("waiting");
  await waiting;
}

/** Has the guard, and says so, until it is killed. */
async function guard(): Promise<void> {
  const file = Deno.openSync(`${locks.lockFolder}/guard`, { read: true, write: true, create: true });
  file.lockSync(true);
  console.log("guarding");
  await lines.next();
}

/** Adds one to a number in a file, many times, once it is told to begin. */
async function count([turns]: string[]): Promise<void> {
  console.log("ready");
  await lines.next();
  const path = `${folder}/counter`;
  for (let turn = 0; turn < Number(turns); turn++) {
    using _lock = await locks.acquire("counter", "exclusive", { retryDelaysMs: [1] });
    Deno.writeTextFileSync(path, `${Number(Deno.readTextFileSync(path)) + 1}`);
  }
}

/** Reads and writes in turn, and notes in a log when it enters and leaves. */
async function visit([turns, seed]: string[]): Promise<void> {
  console.log("ready");
  await lines.next();
  const random = randomFrom(Number(seed));
  const note = (text: string) => Deno.writeTextFileSync(`${folder}/log`, `${text}\n`, { append: true });
  for (let turn = 0; turn < Number(turns); turn++) {
    const mode = random.chance(0.3) ? "exclusive" : "shared";
    using _lock = await locks.acquire("visited", mode, { retryDelaysMs: [1, 2] });
    note(`enter ${mode}`);
    await new Promise((resolve) => setTimeout(resolve)); // so that readers meet
    note(`leave ${mode}`);
  }
}

await new Map([["hold", hold], ["wait", wait], ["guard", guard], ["count", count], ["visit", visit]]).get(what)!(rest);
