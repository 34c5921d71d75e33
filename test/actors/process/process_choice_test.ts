import { assertEquals, assertMatch } from "@std/assert";
import { startPortable } from "../../../actors/process/process_portable.ts";
import { openPosix } from "../../../actors/process/process_posix.ts";
import { groupIsGone } from "./living.ts";

// opened here because a library opened within a test counts as leaked by it
const posix = openPosix()?.start;

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test({
  name: "both back ends tell the same of every signal",
  ignore: posix === undefined,
  fn: async () => {
    const status = Deno.build.os === "linux" ? Deno.readTextFileSync("/proc/self/status") : "SigIgn: 0";
    const ignored = BigInt(`0x${/^SigIgn:\s*(\w+)/m.exec(status)![1]}`);
    for (let number = 1; number <= 31; number++) {
      // What the tests were started to ignore, as a shell's job in the background is, no shell below can take back.
      if ((ignored >> BigInt(number - 1) & 1n) === 1n) continue;
      if ([17, 18, 19, 20, 21, 22, 23, 28].includes(number)) continue; // those that end nothing
      const invocation = { argv: ["/bin/sh", "-c", `ulimit -c 0; kill -${number} $$; exit 9`], cwd: "/", env: {} };
      const [a, b] = await Promise.all([startPortable(invocation).ended, posix!(invocation).ended]);
      assertEquals([number, b.code, b.signal], [number, a.code, a.signal]);
    }
  },
});

/** Runs a program that starts one command by the chosen back end and prints whether it was told what the command took. */
async function usageOfCommand(flags: string[], env: Record<string, string>): Promise<{ told: boolean; err: string }> {
  const program = `
    const { startProcess } = await import(${JSON.stringify(import.meta.resolve("../../../actors/process/process.ts"))});
    const { usage } = await startProcess({ argv: ["/bin/true"], cwd: "/", env: {} }).ended;
    console.log(usage !== undefined);`;
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  try {
    Deno.writeTextFileSync(`${folder}/main.js`, program);
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const args = ["run", "--config", config, ...flags, `${folder}/main.js`];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env }).output();
    return { told: decode(stdout).trim() === "true", err: decode(stderr) };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

// only the portable back end is not told what a command took
Deno.test({
  name: "startProcess() is portable when told so or when FFI is not allowed, and says nothing about it",
  ignore: posix === undefined,
  fn: async () => {
    const all = ["-A", "--no-check", "--quiet"];
    assertEquals(await usageOfCommand(all, { TROUPE_SPAWN: "" }), { told: true, err: "" });
    assertEquals(await usageOfCommand(all, { TROUPE_SPAWN: "portable" }), { told: false, err: "" });
    const some = ["--allow-read", "--allow-run", "--allow-env", "--no-check", "--quiet"];
    assertEquals(await usageOfCommand(some, { TROUPE_SPAWN: "" }), { told: false, err: "" });
  },
});

Deno.test("startProcess() works in a Web Worker, which can be terminated while its command runs", async () => {
  const worker = new Worker(import.meta.resolve("./process_worker.ts"), { type: "module" });
  const next = () =>
    new Promise<MessageEvent["data"]>((resolve) =>
      worker.addEventListener("message", ({ data }) => resolve(data), { once: true })
    );
  try {
    let message = next();
    worker.postMessage("echo hello; exit 3");
    const { groupId: first } = await message;
    assertMatch(String(first), /^\d+$/);
    const { ended } = await next();
    assertEquals([ended.code, decode(ended.output.stdout.bytes)], [3, "hello\n"]);

    message = next();
    worker.postMessage("sleep 1000");
    const { groupId } = await message;
    Deno.kill(-groupId, "SIGKILL");
    worker.terminate();
    await groupIsGone(groupId);
  } finally {
    worker.terminate();
  }
});
