/** A program of locks_test.ts: asks for locks in every way, and counts its descriptors before and after. */
import { FileLockManager } from "../../../actors/locks/locks.ts";
import { openDescriptors } from "../process/own_process.ts";

const [folder] = Deno.args;
const locks = new FileLockManager(folder);
const missing = new FileLockManager(folder, { lockFolder: "missing/locks" });
using _held = await locks.acquire("held", "exclusive");
const before = openDescriptors();
let refused = 0;
for (let round = 0; round < 50; round++) {
  const lock = await locks.acquire(`a${round}`, "shared");
  await locks.acquire("held", "shared", { timeoutMs: 1, retryDelaysMs: [0] }).catch(() => refused++);
  await missing.acquire("a", "shared").catch(() => refused++);
  await locks.tryAcquire("held", "shared");
  if (round % 2 === 0) lock.release();
}
console.log(JSON.stringify({ before, after: openDescriptors(), refused }));
