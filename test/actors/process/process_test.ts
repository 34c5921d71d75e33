import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { CAPTURE_LIMIT } from "../../../actors/process/capture.ts";
import { type Spawner, SpawnError, type SpawnOptions } from "../../../actors/process/spawn.ts";
import { OutputWindow } from "../../../actors/worker/output_window.ts";
import { startPortable } from "../../../actors/process/process_portable.ts";
import { openPosix } from "../../../actors/process/process_posix.ts";
import { groupIsGone, isThere } from "./living.ts";
import { inOwnProcess } from "./own_process.ts";

// one suite over both back ends; opened here because a library opened within a test counts as leaked by it
const BACK_ENDS: Record<string, Spawner> = { portable: startPortable };
const openedPosix = openPosix();
const posix = openedPosix?.start;
if (posix !== undefined) {
  BACK_ENDS.posix = posix;
  BACK_ENDS["posix, the thread blocked at first"] = (options) => posix({ ...options, blocks: true });
}

const PATH = "/usr/local/bin:/usr/bin:/bin";
const isLinux = Deno.build.os === "linux";

function sh(text: string, more: Partial<SpawnOptions> = {}): SpawnOptions {
  return { argv: ["/bin/sh", "-c", text], cwd: "/", env: { PATH }, ...more };
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function run(start: Spawner, options: SpawnOptions) {
  const { code, signal, output } = await start(options).ended;
  return { code, signal, stdout: decode(output.stdout.bytes), stderr: decode(output.stderr.bytes), output };
}

/** A temporary folder with a fifo `gate`; a command that reads the gate is held until the test writes to it. */
async function withGate(body: (gate: string, folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  try {
    await new Deno.Command("mkfifo", { args: [`${folder}/gate`] }).output();
    await body(`${folder}/gate`, folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test({
  name: "posix: isThere() sees files, folders and links that lead nowhere, by any name, and nothing else",
  ignore: posix === undefined,
  fn: async () => {
    await withGate((_gate, folder) => {
      Deno.mkdirSync(`${folder}/ö 漢`);
      Deno.symlinkSync("nowhere", `${folder}/link`);
      const asked = ["gate", "ö 漢", "link", "nowhere", "gate/below", "gat", "no/folder"];
      const sees = openedPosix!.isThere!;
      assertEquals(asked.filter((name) => sees(`${folder}/${name}`)), ["gate", "ö 漢", "link"]);
      return Promise.resolve();
    });
  },
});

for (const [name, start] of Object.entries(BACK_ENDS)) {
  // S2.5, S2.6
  Deno.test(`${name}: exit code, stdout and stderr apart`, async () => {
    const ended = await run(start, sh("echo out | tr o O; echo err >&2; exit 3"));
    assertEquals([ended.code, ended.signal, ended.stdout, ended.stderr], [3, null, "Out\n", "err\n"]);
  });

  Deno.test(`${name}: a command ended by a signal has no exit code`, async () => {
    for (const signal of ["KILL", "TERM", "INT", "HUP", "PIPE", "USR1", "SEGV"]) {
      const ended = await run(start, sh(`ulimit -c 0; kill -${signal} $$`));
      assertEquals([ended.code, ended.signal], [null, `SIG${signal}`]);
    }
  });

  Deno.test({
    name: `${name}: a command leads its own session and process group`,
    ignore: !isLinux,
    fn: async () => {
      const running = start({ ...sh(""), argv: ["cat", "/proc/self/stat"] });
      const { output } = await running.ended;
      const [pid, , , , group, session] = decode(output.stdout.bytes).split(" ").map(Number);
      assertEquals({ pid, group, session }, { pid: running.groupId, group: running.groupId, session: running.groupId });
    },
  });

  Deno.test(`${name}: stdin is empty`, async () => {
    assertEquals((await run(start, sh("cat; echo done"))).stdout, "done\n");
  });

  Deno.test(`${name}: the environment is exactly the one given`, async () => {
    const env = { A: "1", EMPTY: "", TEXT: "ü=\n x" };
    const ended = await run(start, { argv: ["/usr/bin/env", "-0"], cwd: "/", env });
    assertEquals(ended.stdout.split("\0").sort(), ["", "A=1", "EMPTY=", "TEXT=ü=\n x"]);
    assertEquals((await run(start, { argv: ["/usr/bin/env"], cwd: "/", env: {} })).stdout, "");
  });

  Deno.test(`${name}: runs in its folder, finds programs there and in PATH`, async () => {
    await withGate(async (_gate, folder) => {
      Deno.writeTextFileSync(`${folder}/tool`, `#!/bin/sh\necho tool "$1" in "$(pwd -P)"\n`, { mode: 0o755 });
      const expected = `tool "x in ${Deno.realPathSync(folder)}\n`;
      for (
        const [program, path] of [[`${folder}/tool`, PATH], ["./tool", PATH], ["tool", `${folder}:${PATH}`], [
          "tool",
          `:${PATH}`,
        ]]
      ) {
        const ended = await run(start, { argv: [program, `"x`], cwd: folder, env: { PATH: path } });
        assertEquals([ended.code, ended.stdout], [0, expected]);
      }
    });
  });

  Deno.test(`${name}: a script without a first line for its interpreter is the shell's`, async () => {
    await withGate(async (_gate, folder) => {
      Deno.writeTextFileSync(`${folder}/tool`, `echo "$1"; exit 4\n`, { mode: 0o755 });
      const ended = await run(start, { argv: ["./tool", "x"], cwd: folder, env: { PATH } });
      assertEquals([ended.code, ended.stdout], [4, "x\n"]);
    });
  });

  // S2.9
  Deno.test(`${name}: 300 MB neither block nor grow memory, and are counted exactly`, async () => {
    const before = Deno.memoryUsage().rss;
    const ended = await run(start, sh("head -c 300000000 /dev/zero; head -c 2000000 /dev/zero >&2"));
    assertEquals(ended.code, 0);
    assertEquals(ended.output.stdout.bytes.length, CAPTURE_LIMIT);
    assertEquals(ended.output.stdout.dropped, 300_000_000 - CAPTURE_LIMIT);
    assertEquals(ended.output.stderr.bytes.length, CAPTURE_LIMIT);
    assertEquals(ended.output.stderr.dropped, 2_000_000 - CAPTURE_LIMIT);
    assertLess(Deno.memoryUsage().rss - before, 150_000_000);
  });

  Deno.test(`${name}: nothing of the last words is lost`, async () => {
    for (let i = 0; i < 20; i++) {
      const ended = await run(start, sh("head -c 65536 /dev/zero; head -c 65536 /dev/zero >&2"));
      assertEquals([ended.stdout.length, ended.stderr.length], [65536, 65536]);
    }
  });

  Deno.test(`${name}: bytes stay bytes`, async () => {
    const ended = await run(start, sh(String.raw`printf '\377\000\200abc'`));
    assertEquals(ended.output.stdout, { bytes: new Uint8Array([255, 0, 128, 97, 98, 99]), dropped: 0 });
  });

  // S2.9
  Deno.test(`${name}: output is heard while the command runs`, async () => {
    await withGate(async (gate) => {
      let heard = "";
      const { promise: hears, resolve } = Promise.withResolvers<void>();
      const onOutput = (stream: string, bytes: Uint8Array) => {
        heard += `${stream}: ${decode(bytes)}`;
        if (stream === "stdout") resolve();
      };
      const running = start(sh(`echo hello; read word < ${gate}; echo "$word" >&2`, { onOutput }));
      await hears;
      await Deno.writeTextFile(gate, "go\n");
      assertEquals((await running.ended).code, 0);
      assertEquals(heard, "stdout: hello\nstderr: go\n");
    });
  });

  // K20, K21
  Deno.test(`${name}: a command that nobody reads on is ended and awaited all the same, both its streams`, async () => {
    const { promise: isFull, resolve } = Promise.withResolvers<void>();
    const seen = new Set<string>();
    const running = start(sh("trap 'exit 7' TERM; (yes a & yes b >&2) & wait", {
      onOutput: (stream) => void seen.add(stream),
      mayRead: () => {
        if (seen.size < 2) return undefined;
        resolve();
        return new Promise(() => {});
      },
    }));
    await isFull;
    running.signal("SIGTERM");
    assertEquals((await running.ended).code, 7);
    await groupIsGone(running.groupId);
  });

  // K20
  Deno.test(`${name}: two streams that both wait for their reader both go on`, async () => {
    const window = new OutputWindow(1000);
    const total = { stdout: 0, stderr: 0 };
    const running = start(sh("yes a | head -c 1000000 & yes b | head -c 1000000 >&2; wait", {
      onOutput(stream, bytes) {
        total[stream] += bytes.length;
        window.add(bytes.length);
        setTimeout(() => window.remove(bytes.length), 0);
      },
      mayRead: () => window.room(),
    }));
    assertEquals((await running.ended).code, 0);
    assertEquals(total, { stdout: 1_000_000, stderr: 1_000_000 });
  });

  Deno.test(`${name}: a command that closes its streams early is awaited all the same`, async () => {
    await withGate(async (gate) => {
      const running = start(sh(`exec >&- 2>&-; read word < ${gate}; exit 5`));
      await Deno.writeTextFile(gate, "go\n");
      assertEquals((await running.ended).code, 5);
    });
  });

  Deno.test(`${name}: a closed pipe ends a writer silently`, async () => {
    const ended = await run(start, sh("yes | head -1"));
    assertEquals([ended.code, ended.stdout, ended.stderr], [0, "y\n", ""]);
  });

  Deno.test(`${name}: what a command leaves in the background ends with it`, async () => {
    const running = start(sh("sleep 1000 & echo started"));
    const { code, output } = await running.ended;
    assertEquals([code, decode(output.stdout.bytes)], [0, "started\n"]);
    await groupIsGone(running.groupId);
  });

  Deno.test(`${name}: what ignores SIGTERM is killed after a grace`, async () => {
    await withGate(async (gate) => {
      const stubborn = `trap "" TERM; echo up > ${gate}; while :; do sleep 1000; done`;
      const began = performance.now();
      const running = start(sh(`sh -c '${stubborn}' & read word < ${gate}; exit 6`, { graceMs: 100 }));
      assertEquals((await running.ended).code, 6);
      assertLess(performance.now() - began, 5000);
      await groupIsGone(running.groupId);
    });
  });

  Deno.test({
    name: `${name}: a process that left the group and holds the pipes hangs nothing`,
    ignore: !isLinux,
    fn: async () => {
      await withGate(async (gate) => {
        const escaped = `echo $$ > ${gate}; exec sleep 1000`;
        const ended = await run(start, sh(`setsid sh -c '${escaped}' & read pid < ${gate}; echo "$pid"`));
        assertEquals(ended.code, 0);
        const pid = Number(ended.stdout);
        assert(isThere(pid));
        Deno.kill(pid, "SIGKILL");
      });
    },
  });

  // S2.7, S2.8
  Deno.test(`${name}: a signal reaches the whole group`, async () => {
    const { promise: isUp, resolve } = Promise.withResolvers<void>();
    const running = start(sh("trap 'exit 7' TERM; sh -c 'echo up; sleep 1000' & wait", { onOutput: () => resolve() }));
    await isUp;
    running.signal("SIGTERM");
    assertEquals((await running.ended).code, 7);
    await groupIsGone(running.groupId);
    running.signal("SIGKILL");
  });

  Deno.test(`${name}: SIGKILL ends a command that ignores SIGTERM`, async () => {
    const { promise: isUp, resolve } = Promise.withResolvers<void>();
    const running = start(
      sh("trap '' TERM; echo up; while :; do sleep 1000; done", { onOutput: () => resolve() }),
    );
    await isUp;
    running.signal("SIGTERM");
    running.signal("SIGKILL");
    const { code, signal } = await running.ended;
    assertEquals([code, signal], [null, "SIGKILL"]);
  });

  // S2.10
  Deno.test(`${name}: what cannot be started says why`, async () => {
    await withGate((_gate, folder) => {
      Deno.writeTextFileSync(`${folder}/plain`, "text");
      Deno.writeTextFileSync(`${folder}/odd`, "#!/no/such/interpreter\n", { mode: 0o755 });
      const cases: [Partial<SpawnOptions>, string][] = [
        [{ cwd: `${folder}/none` }, `folder '${folder}/none' does not exist`],
        [{ cwd: `${folder}/plain` }, `'${folder}/plain' is not a folder`],
        [{ argv: ["/no/such/program"] }, "no such program '/no/such/program'"],
        [{ argv: ["no-such-program"] }, "no such program 'no-such-program'"],
        [{ argv: [`${folder}/plain/x`] }, `no such program '${folder}/plain/x'`],
        [{ argv: [`${folder}/odd`] }, `no interpreter for '${folder}/odd'`],
        [{ argv: ["./odd"], cwd: folder }, "no interpreter for './odd'"],
        [{ argv: [`${folder}/plain`] }, `no permission to run '${folder}/plain' in '/'`],
        [{ argv: ["/bin/echo", "x".repeat(4_000_000)] }, "argument list too long"],
        [{ argv: ["/bin/echo", "a\0b"] }, "a NUL character in the command, its folder or its environment"],
        [{ cwd: "/\0" }, "a NUL character in the command, its folder or its environment"],
        [{ env: { PATH, A: "\0" } }, "a NUL character in the command, its folder or its environment"],
      ];
      for (const [more, expected] of cases) {
        const error = assertThrows(() => start(sh("true", more)), SpawnError);
        assertEquals((error as SpawnError).message, expected);
      }
      return Promise.resolve();
    });
  });

  Deno.test(`${name}: several at once do not mix`, async () => {
    const numbers = Array.from({ length: 24 }, (_, i) => i);
    const all = await Promise.all(numbers.map((i) => run(start, sh(`echo o${i}; echo e${i} >&2; exit ${i}`))));
    assertEquals(
      all.map(({ code, stdout, stderr }) => [code, stdout, stderr]),
      numbers.map((i) => [i, `o${i}\n`, `e${i}\n`]),
    );
  });

  Deno.test({
    name: `${name}: no descriptor stays open`,
    ignore: !isLinux,
    fn: async () => {
      const { before, after, refused } = await inOwnProcess(import.meta.resolve("./process_descriptors.ts"), name);
      assertEquals(refused, 100);
      assertLess(after, before + 20); // of 550 uses; Deno opens some of its own when it likes
    },
  });

  Deno.test({
    name: `${name}: a command inherits no descriptor of another`,
    ignore: !isLinux,
    fn: async () => {
      const list = async () => (await run(start, sh("ls /proc/self/fd"))).stdout;
      const alone = await list();
      const held = Array.from({ length: 8 }, () => start(sh("sleep 1000")));
      assertEquals(await list(), alone);
      held.forEach((running) => running.signal("SIGKILL"));
      await Promise.all(held.map(({ ended }) => ended));
    },
  });
}
