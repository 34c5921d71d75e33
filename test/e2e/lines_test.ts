// The exact lines of a build.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { loadBuild } from "../../actors/input/load.ts";
import { Reporter } from "../../actors/terminal/reporter.ts";
import { runBuild } from "../../actors/build/build_run.ts";
import { rigTest } from "../rig.ts";
import { anyOrder, lines } from "./said.ts";

const MAIN = fromFileUrl(import.meta.resolve("../../main.ts"));

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
  // S6.6
  assertEquals(lines(stdout).slice(-5), [
    "Build completed in #s: 1 succeeded, 2 failed, 2 skipped",
    "  bad      exit 3",
    "  killed   SIGKILL",
    "  not run  needs, needs_more (need bad)",
    "  troupe show last --task bad · troupe retry last",
  ]);
  assertEquals(anyOrder(stdout).filter((line) => !line.startsWith(" ")), [
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

rigTest(
  "build shows what a failed command printed under its line, and of one that succeeds only stderr",
  async (rig) => {
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
      "there",
      "Worker 1: Started task 'bad' (dependencies: chatty)",
      "Worker 1: Failed task 'bad' after #s (error: Command failed with exit code 1)",
      "one",
      "two",
      "wrong",
      "Build completed in #s: 1 succeeded, 1 failed, 0 skipped",
      "  bad      exit 1  two",
      "  troupe show last --task bad · troupe retry last",
    ]);
  },
);

// K27
rigTest("build keeps both ends of what a command prints, and shows the last lines of one that failed", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a task", output_artifact: "a", command: "echo first; seq 1 300000; echo FATAL; exit 1" }],
  });
  const { stdout } = await rig.build();
  const shown = stdout.split("\n");
  const at = shown.indexOf("[the last 40 lines; more: troupe show 1 --task 'a task']");
  assertEquals(shown.slice(at + 1, at + 41), [...Array.from({ length: 39 }, (_, i) => `${299_962 + i}`), "FATAL"]);
  assert(shown[at + 41].startsWith("Build completed"), stdout);
  const kept = await rig.build(["show", "1", "--task", "a task"], { deno: ["run", "-A", MAIN] });
  assert(/^first\n1\n2\n[^]*\n\[\d+ bytes dropped\]\n[^]*\n300000\nFATAL$/m.test(kept.stdout), kept.stdout.slice(-500));
  const verbose = await rig.build(["-v"]);
  assert(/^first\n1\n[^]*\n\[\d+ bytes dropped\]\n[^]*\n300000\nFATAL\n/m.test(verbose.stdout));
});

// K28
rigTest("build shows what a command that succeeded wrote to stderr, unless it is to be quiet", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a", output_artifact: "a", command: 'echo unseen; echo "warning: x" >&2; : > "$OUT"' }],
  });
  const { stdout } = await rig.build();
  assert(/Completed task 'a' .*\nwarning: x\nBuild completed/.test(stdout), stdout);
  assertEquals((await rig.build(["-f", "-q"])).stdout, "");
});

// K28
rigTest(
  "build shows what was written to stderr again where the artifact is copied, as far as it is kept",
  async (rig) => {
    const task = (name: string, command: string) => ({ name, output_artifact: name, command });
    const a = 'echo "warning: x" >&2; : > "$OUT"', long = 'seq 1 9999 >&2; : > "$OUT"';
    const write = (...tasks: object[]) => rig.write("build.json", { num_workers: 1, tasks });
    const shown = /Task 'b' skipped: cache hit \(artifact: b\)\nwarning: x\n/;
    write(task("a", a), task("b", a)); // of one build
    assert(shown.test((await rig.build()).stdout));
    rig.remove("b"); // of an earlier one
    assert(shown.test((await rig.build()).stdout));
    assert(!(await rig.build()).stdout.includes("warning"), "it is up to date");
    rig.remove("b");
    assertEquals((await rig.build(["-q"])).stdout, "");
    write(task("a", long));
    await rig.build();
    write(task("a", long), task("c", long));
    const copied = (await rig.build(["-v"])).stdout;
    assert(/skipped: cache hit \(artifact: c\)\n1\n2\n[^]*\n\[\d+ bytes dropped\]\n[^]*\n9999\n/.test(copied), copied);
    assert(copied.length < 10_000 && rig.read(".build_cache.json").length < 12_000);
    write(task("a", a), task("d", a));
    rig.remove("a");
    const joined = await rig.build(["join", "build.json"], { deno: ["run", "-A", MAIN] }); // of a crew
    assertEquals(joined.stdout.match(/warning: x/g)?.length, 2, joined.stdout);
  },
);

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

/** What waits for so many milliseconds; the test has them pass when it likes. */
class Waits implements Disposable {
  readonly #timeout = AbortSignal.timeout;
  readonly #controllers: AbortController[] = [];

  constructor(waited: number) {
    AbortSignal.timeout = (milliseconds) => {
      if (milliseconds !== waited) return this.#timeout.call(AbortSignal, milliseconds);
      const controller = new AbortController();
      this.#controllers.push(controller);
      return controller.signal;
    };
  }

  pass(): void {
    for (const controller of this.#controllers.splice(0)) controller.abort();
  }

  [Symbol.dispose](): void {
    AbortSignal.timeout = this.#timeout;
  }
}

// S0.59, S6.7
rigTest("build shows its progress every five seconds while it lasts", async (rig) => {
  const long = rig.hold("long");
  rig.write("build.json", {
    num_workers: 1,
    tasks: [
      { name: "first", output_artifact: "first", content: "" },
      { name: "long", output_artifact: "long", dependencies: ["first"], command: long.command },
      { name: "last", output_artifact: "last", dependencies: ["long"] },
    ],
  });
  using waits = new Waits(5000);
  const said: string[] = [];
  const reporter = new Reporter({ lines: "none" });
  reporter.line = (line) => void said.push(line);
  const choices = { failFast: false, force: false, level: "normal", begunMs: performance.now() } as const;
  const running = runBuild(await loadBuild(rig.path("build.json")), choices, reporter);
  await long.started();
  const progress = () => said.filter((line) => line.startsWith("Progress: "));
  for (const times of [1, 2]) {
    waits.pass();
    assertEquals(progress().length, times);
  }
  for (const line of progress()) {
    assertMatch(line, /^Progress: 1\/3 tasks completed, 1 running, 1 pending \(long \d+s\)$/);
  }
  long.release();
  assertEquals((await running).report.completed, 3);
});

// S0.64, K35
rigTest("the last line of a build that was stopped has the colour of one that did not go well", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", { tasks: [{ name: "held", output: "o", command: held.command }] });
  const env = { FORCE_COLOR: "1" };
  const stopped = rig.start([], { env });
  await held.started();
  stopped.kill("SIGINT");
  const last = ({ stdout }: { readonly stdout: string }) =>
    stdout.split("\n").find((line) => line.includes("Build completed"))!;
  assertMatch(
    last(await stopped.ended).replace("\x1b[31m", "RED "),
    /^RED Build completed in \S+: 0 succeeded, 0 failed, 1 skipped/,
  );
  held.release();
  assertMatch(
    last(await rig.start([], { env }).ended).replace("\x1b[32m", "GREEN "),
    /^GREEN Build completed in \S+: 1 succeeded/,
  );
});
