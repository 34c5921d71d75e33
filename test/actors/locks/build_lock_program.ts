/** A process for build_lock_test.ts: takes the lock of a folder, says so, and has it until its input ends. */
import { takeBuildLock } from "../../../actors/locks/build_lock.ts";

const lock = await takeBuildLock(Deno.args[0], () => {});
console.log("held");
for await (const _ of Deno.stdin.readable);
lock.release();
