// The exact lines of a build.
import { assert, assertEquals } from "@std/assert";
import { rigTest } from "../rig.ts";
import { anyOrder, lines } from "./said.ts";

// S0.19, S0.60, S0.61, S0.64
rigTest("build shows each start with its dependencies, each end with its artifact, and a summary", async (rig) => {
  rig.write("build.json", {
    num_workers: 1,
    tasks: [
      { name: "a", output_artifact: "out/a.txt", content: "a\n" },
      { name: "b", output_artifact: "./out//b.txt", content: "b\n" },
      { name: "both", output_artifact: "out/both.txt", dependencies: ["b", "a"], command: 'cat $DEPS > "$OUT"' },
    ],
  });
  const { code, stdout, stderr } = await rig.build();
  assertEquals(lines(stdout), [
    "Worker 1: Started task 'a' (dependencies: none)",
    "Worker 1: Completed task 'a' in #s (artifact: out/a.txt)",
    "Worker 1: Started task 'b' (dependencies: none)",
    "Worker 1: Completed task 'b' in #s (artifact: out/b.txt)",
    "Worker 1: Started task 'both' (dependencies: b, a)",
    "Worker 1: Completed task 'both' in #s (artifact: out/both.txt)",
    "Build completed in #s: 3 succeeded, 0 failed, 0 skipped",
  ]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(rig.read("out/both.txt"), "b\na\n");
});

// S0.46
rigTest("build says of each task that is up to date that the cache answered", async (rig) => {
  rig.write("build.json", {
    tasks: [
      { name: "a", output_artifact: "out/a.txt", content: "a\n" },
      { name: "b", output_artifact: "out/b.txt", dependencies: ["a"] },
    ],
  });
  await rig.build();
  const { code, stdout } = await rig.build();
  assertEquals(lines(stdout), [
    "Task 'a' skipped: cache hit (artifact: out/a.txt)",
    "Task 'b' skipped: cache hit (artifact: out/b.txt)",
    "Build completed in #s: 2 succeeded, 0 failed, 0 skipped",
  ]);
  assertEquals(code, 0);
});

// S0.32, S0.62
rigTest("build shows a failure with its error, skips what needs it and goes on with the rest", async (rig) => {
  rig.write("build.json", {
    tasks: [
      { name: "bad", output_artifact: "bad.txt", command: "exit 3" },
      { name: "killed", output_artifact: "killed.txt", command: "kill -9 $$" },
      { name: "needs", output_artifact: "needs.txt", dependencies: ["bad"], content: "" },
      { name: "needs_more", output_artifact: "needs_more.txt", dependencies: ["needs"], content: "" },
      { name: "good", output_artifact: "good.txt", content: "good" },
    ],
  });
  const { code, stdout } = await rig.build();
  assertEquals(anyOrder(stdout), [
    "Build completed in #s: 1 succeeded, 2 failed, 2 skipped",
    "Worker N: Completed task 'good' in #s (artifact: good.txt)",
    "Worker N: Failed task 'bad' after #s (error: Command failed with exit code 3)",
    "Worker N: Failed task 'killed' after #s (error: Command was ended by signal SIGKILL)",
    "Worker N: Started task 'bad' (dependencies: none)",
    "Worker N: Started task 'good' (dependencies: none)",
    "Worker N: Started task 'killed' (dependencies: none)",
  ]);
  assertEquals(code, 1);
  assertEquals(rig.files(), [".build_cache.json", "build.json", "good.txt", "taskrun.db"]);
});

rigTest("build shows what a failed command printed under its line, and nothing of one that succeeds", async (rig) => {
  rig.write("build.json", {
    num_workers: 1,
    tasks: [
      { name: "chatty", output_artifact: "chatty.txt", command: 'echo hello; echo there >&2; : > "$OUT"' },
      {
        name: "bad",
        output_artifact: "bad.txt",
        dependencies: ["chatty"],
        command: "printf 'one\\ntwo'; echo wrong >&2; exit 1",
      },
    ],
  });
  assertEquals(lines((await rig.build()).stdout), [
    "Worker 1: Started task 'chatty' (dependencies: none)",
    "Worker 1: Completed task 'chatty' in #s (artifact: chatty.txt)",
    "Worker 1: Started task 'bad' (dependencies: chatty)",
    "Worker 1: Failed task 'bad' after #s (error: Command failed with exit code 1)",
    "one",
    "two",
    "wrong",
    "Build completed in #s: 1 succeeded, 1 failed, 0 skipped",
  ]);
});

rigTest("build keeps the first MiB of what a command prints and says how much it dropped", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a", output_artifact: "a", command: "yes | head -c 3000000; exit 1" }],
  });
  const { stdout } = await rig.build();
  const [printed] = /^(y\n)+/m.exec(stdout)!;
  assertEquals(printed.length, 2 ** 20);
  assert(stdout.includes(`\n[${3_000_000 - 2 ** 20} bytes dropped]\n`));
});

rigTest("build --verbose also shows why each task runs and what it printed", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a", output_artifact: "a", command: 'echo hello; echo there >&2; : > "$OUT"' }],
  });
  assertEquals(lines((await rig.build(["--verbose"])).stdout), [
    "Task 'a' must run: new",
    "Worker 1: Started task 'a' (dependencies: none)",
    "Worker 1: Completed task 'a' in #s (artifact: a)",
    "hello",
    "there",
    "Build completed in #s: 1 succeeded, 0 failed, 0 skipped",
  ]);
});

rigTest("build --quiet shows only what goes wrong", async (rig) => {
  rig.write("build.json", {
    tasks: [
      { name: "good", output_artifact: "good", content: "" },
      { name: "bad", output_artifact: "bad", dependencies: ["good"], command: "echo oh >&2; exit 1" },
    ],
  });
  const { code, stdout, stderr } = await rig.build(["--quiet"]);
  assertEquals(lines(stdout).map((line) => line.replace(/\d/, "N")), [
    "Worker N: Failed task 'bad' after #s (error: Command failed with exit code 1)",
    "oh",
  ]);
  assertEquals({ code, stderr }, { code: 1, stderr: "" });
  rig.write("build.json", { tasks: [{ name: "good", output_artifact: "good", content: "" }] });
  assertEquals(await rig.build(["-q"]), { code: 0, stdout: "", stderr: "" });
});

// S0.59: the line itself; it comes every five seconds
rigTest("build shows its progress while it lasts", async (rig) => {
  const long = rig.hold("long");
  rig.write("build.json", {
    tasks: [
      { name: "first", output_artifact: "first", content: "" },
      { name: "long", output_artifact: "long", dependencies: ["first"], command: long.command },
      { name: "last", output_artifact: "last", dependencies: ["long"] },
    ],
  });
  const running = rig.start();
  await running.says(/^Progress: 1\/3 tasks completed, 1 running, 1 pending$/m);
  long.release();
  assertEquals((await running.ended).code, 0);
});
