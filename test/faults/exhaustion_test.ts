import { assert, assertEquals, assertMatch } from "@std/assert";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { canMount, failio, Mount, ownDenoCaches, succeeds, suffer } from "./faults.ts";
import { assertDone, assertSettled, limited, lives, Project, said, type TaskSpec, until } from "./rig.ts";

const library = failio();
const mounts = canMount();

const TASKS: readonly TaskSpec[] = Array.from({ length: 8 }, (_, i) => ({
  name: `t${i}`,
  output: `out/t${i}`,
  dependencies: i < 4 ? [] : [`t${i - 4}`],
  ...(i % 2 === 0 ? { command: `echo ${i} > "$OUT"` } : { content: `${i}\n` }),
}));

const EXPECTED = new Map(TASKS.map(({ output }, i) => [output, `${i}\n`]));

// Deno itself cannot live with the least of these: then it says so, and all that counts is that it ends
Deno.test("with too few descriptors a build ends, with its reason, and the next one is right", async () => {
  using project = new Project(TASKS);
  const env = ownDenoCaches();
  const random = randomFrom(seedFor("descriptors"));
  const limits = [16, 24, 26, 28, 30, 34, 40, 48, 56, 64, 72, 80, 96, 128];
  for (const limit of random.shuffled(limits).slice(0, rounds(limits.length))) {
    project.remove("out");
    const ended = await project.build({ through: limited(`ulimit -n ${limit}`), env });
    assert(ended.code !== 70 && !/bug in troupe/.test(ended.stderr), `limit ${limit}\n${said(ended)}`);
    if (ended.code !== 0) {
      assert(/open files|os error 24|EMFILE|panicked/.test(ended.stdout + ended.stderr), said(ended));
      assertDone(await project.build(), `limit ${limit}`);
    }
    await assertSettled(project, EXPECTED, `limit ${limit}`, { within: 2 });
  }
});

Deno.test({
  name: "without a descriptor for an artifact or the cache: the task or the run says so, the next build is right",
  ignore: library === undefined,
  fn: async () => {
    using project = new Project(TASKS);
    const build = (path: string) =>
      project.build({ env: suffer({ library: library!, path, at: "1+", deed: "EMFILE", calls: "open" }) });
    const ended = await build("out/t1.tmp.");
    assertEquals(ended.code, 1, said(ended));
    assertMatch(ended.stdout, /\(error: Cannot write artifact 'out\/t1': Too many open files\)/);
    assertMatch(ended.stdout, /6 succeeded, 1 failed, 1 skipped/);
    const second = await build("cache.json.tmp.");
    assertDone(second);
    assertMatch(second.stderr, /^Cannot write build cache '.build_cache.json': Too many open files; [^\n]*\n$/);
    await assertSettled(project, EXPECTED, said(second), { within: 2 });
  },
});

Deno.test({
  name: "a full temp folder: one sentence, a right build, exit 0",
  ignore: !mounts,
  fn: async () => {
    for (const options of ["size=4k", "size=64k,nr_inodes=2"]) {
      using project = new Project(TASKS);
      using _ = new Mount(project.temp, "-t", "tmpfs", "-o", options, "tmpfs");
      succeeds("sh", "-c", `cat /dev/zero > ${project.temp}/filling`);
      const ended = await project.build();
      assertDone(ended);
      assertMatch(ended.stderr, /^Cannot watch over commands: No space left on device; [^\n]*\n$/);
      await assertSettled(project, EXPECTED, said(ended));
      assertEquals([...Deno.readDirSync(project.temp)].map(({ name }) => name), ["filling"]);
    }
  },
});

Deno.test({
  name: "a full temp folder: kill -9 ends the commands all the same",
  ignore: !mounts || Deno.build.os !== "linux",
  fn: async () => {
    using project = new Project([
      { name: "held", output: "out/held", command: "sleep 1000 & echo $! >> pids; echo $$ >> pids; read -r _ < hold" },
    ]);
    project.fifo("hold");
    using _ = new Mount(project.temp, "-t", "tmpfs", "-o", "size=64k,nr_inodes=1", "tmpfs");
    const running = project.start();
    const pids = () => project.has("pids") ? project.read("pids").trim().split("\n").map(Number) : [];
    await until(() => pids().length === 2, "the command runs");
    running.kill("SIGKILL");
    await running.ended;
    await until(() => !pids().some(lives), "the command is gone");
  },
});

// a ledger is a help in need, not a condition
Deno.test({
  name: "a ledger that cannot be written or read fails no task",
  ignore: library === undefined,
  fn: async () => {
    for (let at = 1; at <= 12; at++) {
      using project = new Project(TASKS);
      const env = suffer({ library: library!, path: project.temp, at, deed: at % 2 === 0 ? "EIO" : "ENOSPC" });
      const ended = await project.build({ env });
      assertDone(ended, `operation ${at}`);
      assertMatch(ended.stderr, /^(Cannot watch over commands: [^\n]*\n)?$/);
      await assertSettled(project, EXPECTED, `operation ${at}`);
    }
  },
});
