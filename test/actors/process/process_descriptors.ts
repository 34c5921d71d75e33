/** A program of process_test.ts: runs many commands on the back end it is told, and counts its descriptors before and after. */
import { type Spawner, SpawnError } from "../../../actors/process/spawn.ts";
import { startPortable } from "../../../actors/process/process_portable.ts";
import { openPosix } from "../../../actors/process/process_posix.ts";
import { openDescriptors } from "./own_process.ts";

const start: Spawner = Deno.args[0] === "portable" ? startPortable : openPosix()!.start;
const sh = (text: string, cwd = "/") => start({ argv: ["/bin/sh", "-c", text], cwd, env: { PATH: "/usr/bin:/bin" } });

let refused = 0;
async function use(): Promise<void> {
  await Promise.all([1, 2, 3, 4, 5].map(() => sh("echo x").ended));
  try {
    sh("true", "/no/such/folder");
  } catch (error) {
    if (error instanceof SpawnError) refused++;
  }
}

// What Deno itself opens, it opens at the first uses.
for (let i = 0; i < 10; i++) await use();
const before = openDescriptors();
for (let i = 0; i < 90; i++) await use();
console.log(JSON.stringify({ before, after: openDescriptors(), refused }));
