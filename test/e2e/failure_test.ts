// What happens when a task fails: retries, timeouts, what goes on and what does not, and what is left behind.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { executed, lines, reportOf } from "./said.ts";

/** Whether a process is there and not a zombie. */
function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    return false;
  }
}

/** The error of each failed task of a build. */
async function errors(rig: Rig, args: string[] = []): Promise<Record<string, string | undefined>> {
  const { results } = reportOf(await rig.build(["--json", ...args]));
  const failed = Object.values(results).filter((result) => result.status === "failed");
  return Object.fromEntries(failed.map((result) => [result.task_name, result.error_message]));
}

rigTest("build tries a failed task again as often as its retries say, and shows each try", async (rig) => {
  const flaky = rig.hold("flaky");
  rig.write("build.json", {
    tasks: [
      { name: "flaky", output_artifact: "flaky", command: flaky.command, retries: 2 },
      { name: "after", output_artifact: "after", dependencies: ["flaky"] },
    ],
  });
  const running = rig.start();
  for (const code of [1, 7, 0]) {
    await flaky.started();
    flaky.release({ code });
  }
  const { code, stdout } = await running.ended;
  assertEquals(code, 0);
  assertEquals(lines(stdout).map((line) => line.replace(/^Worker \d/, "Worker N")), [
    "Worker N: Started task 'flaky' (dependencies: none)",
    "Worker N: Failed task 'flaky' after #s (error: Command failed with exit code 1; retry 1 of 2)",
    "Worker N: Started task 'flaky' (dependencies: none)",
    "Worker N: Failed task 'flaky' after #s (error: Command failed with exit code 7; retry 2 of 2)",
    "Worker N: Started task 'flaky' (dependencies: none)",
    "Worker N: Completed task 'flaky' in #s (artifact: flaky)",
    "Worker N: Started task 'after' (dependencies: flaky)",
    "Worker N: Completed task 'after' in #s (artifact: after)",
    "Build completed in #s: 2 succeeded, 0 failed, 0 skipped",
    "  flaky  flaky passed at attempt 3 (flaky: failed 2 of the last 3 times, 67 %)",
  ]);
  assertEquals(rig.read("after"), "flaky\n");
});

rigTest("build gives up after the last retry", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "bad", output_artifact: "bad", command: "echo x >> tries; exit 1", retries: 2 }],
  });
  assertEquals(await errors(rig), { bad: "Command failed with exit code 1" });
  assertEquals(rig.read("tries"), "x\nx\nx\n");
});

// S0.39
rigTest("build ends a command that takes longer than its timeout, with all its children", async (rig) => {
  const pids = "sleep 1000 & echo $! >> pids; sh -c 'echo $$ >> pids; sleep 1000' & echo $$ >> pids;";
  rig.write("build.json", {
    tasks: [
      { name: "slow", output_artifact: "slow", timeout: 1, command: `echo half > "$OUT"; ${pids} wait` },
      {
        name: "stubborn",
        output_artifact: "stubborn",
        timeout: 1,
        grace: 0.1,
        command: `trap '' TERM; ${pids} wait; wait`,
      },
      { name: "needs", output_artifact: "needs", dependencies: ["slow"] },
    ],
  });
  assertEquals(await errors(rig), { slow: "Timed out after 1s", stubborn: "Timed out after 1s" });
  const started = rig.read("pids").trim().split("\n").map(Number);
  assertEquals(started.length, 6);
  assertEquals(started.filter(isAlive), []);
  // A cache is saved now and then, also one in which nothing stands.
  assertEquals(rig.files().filter((file) => file !== ".build_cache.json"), ["build.json", "pids", "taskrun.db"]);
});

rigTest("build applies a timeout to each attempt", async (rig) => {
  rig.write("build.json", {
    tasks: [{
      name: "slow_once",
      output_artifact: "out",
      timeout: 1.5,
      retries: 1,
      command: 'if [ -e tried ]; then echo ok > "$OUT"; else : > tried; sleep 1000; fi',
    }],
  });
  const { code, stdout } = await rig.build();
  assertStringIncludes(stdout, "(error: Timed out after 1.5s; retry 1 of 1)");
  assertEquals([code, rig.read("out")], [0, "ok\n"]);
});

rigTest("build --fail-fast starts nothing more after a failure and lets what runs finish", async (rig) => {
  const [bad, good] = [rig.hold("bad"), rig.hold("good")];
  rig.write("build.json", {
    num_workers: 2,
    tasks: [
      { name: "bad", output_artifact: "out/bad", command: bad.command },
      { name: "good", output_artifact: "out/good", command: good.command },
      { name: "waits", output_artifact: "out/waits", content: "" },
      { name: "after_good", output_artifact: "out/after", dependencies: ["good"] },
    ],
  });
  const running = rig.start(["--fail-fast"]);
  await Promise.all([bad.started(), good.started()]);
  bad.release({ code: 1 });
  await running.says(/Failed task 'bad'/);
  good.release();
  const { code, stdout } = await running.ended;
  assertEquals([code, executed({ stdout })], [1, ["bad", "good"]]);
  assertMatch(stdout, / 1 succeeded, 1 failed, 2 skipped\n/);
  assertEquals(executed(await rig.build(["-t", "after_good"])), ["after_good"]);
});

rigTest("build goes on after a failure with all that does not need it", async (rig) => {
  const tasks = Array.from({ length: 40 }, (_, i) => ({
    name: `t${i}`,
    output_artifact: `out/${i}`,
    dependencies: i < 4 ? [] : [`t${i - 4}`],
    command: i === 9 ? "exit 1" : 'echo x > "$OUT"; echo "$TASK" >> "$OUT"',
  }));
  rig.write("build.json", { tasks });
  const { completed, failed, skipped, results } = reportOf(await rig.build(["--json"]));
  assertEquals([completed, failed, skipped], [32, 1, 7]);
  const skippedTasks = Object.values(results).filter((result) => result.status === "skipped");
  assertEquals(skippedTasks.map((result) => result.task_name), ["t13", "t17", "t21", "t25", "t29", "t33", "t37"]);
});

// S0.39
rigTest(
  "build keeps the last good artifact when a task fails, and nothing of what it had begun to write",
  async (rig) => {
    const config = (command: string) =>
      rig.write("build.json", { tasks: [{ name: "a", output_artifact: "out/a", command }] });
    config('echo good > "$OUT"');
    await rig.build();
    config('echo half > "$OUT"; exit 1');
    assertEquals(await errors(rig), { a: "Command failed with exit code 1" });
    assertEquals([rig.files("out"), rig.read("out/a")], [["out/a"], "good\n"]);
    config('echo half > "$OUT"; kill -TERM $$');
    assertEquals(await errors(rig), { a: "Command was ended by signal SIGTERM" });
    assertEquals([rig.files("out"), rig.read("out/a")], [["out/a"], "good\n"]);
    // In place there is no keeping it: what a failed command wrote over it must not pass for an artifact.
    config("echo half > out/a; exit 1");
    assertEquals(await errors(rig), { a: "Command failed with exit code 1" });
    assert(!rig.has("out/a"));
  },
);

// S0.40
rigTest("build publishes nothing whose SHA-256 is not as expected", async (rig) => {
  const good = "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447"; // of "hello world\n"
  const wrong = "0".repeat(64);
  const tasks = (expected_sha256: string) => [
    { name: "content", output_artifact: "out/content", content: "hello world\n", expected_sha256 },
    { name: "command", output_artifact: "out/command", command: 'echo hello world > "$OUT"', expected_sha256 },
    { name: "in_place", output_artifact: "out/in_place", command: "echo hello world > out/in_place", expected_sha256 },
  ];
  rig.write("build.json", { tasks: tasks(wrong) });
  const error = (path: string) => `Artifact '${path}' has SHA-256 ${good}, expected ${wrong}`;
  assertEquals(await errors(rig), {
    content: error("out/content"),
    command: error("out/command"),
    in_place: error("out/in_place"),
  });
  assertEquals(rig.files("out"), []);
  rig.write("build.json", { tasks: tasks(good.toUpperCase()) });
  assertEquals(await errors(rig), {});
  // An expectation that comes later is not met by what the cache knows.
  rig.write("build.json", { tasks: tasks(wrong) });
  assertEquals(Object.keys(await errors(rig)), ["content", "command", "in_place"]);
});

rigTest("build ended by SIGINT ends its commands, keeps what is done and tells so by its exit code", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", {
    tasks: [
      { name: "done", output_artifact: "out/done", content: "done" },
      { name: "held", output_artifact: "out/held", dependencies: ["done"], command: `: > "$OUT"; ${held.command}` },
      { name: "never", output_artifact: "out/never", dependencies: ["held"] },
    ],
  });
  for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const running = rig.start();
    await held.started();
    running.kill(signal);
    const { code, stdout, stderr } = await running.ended;
    assertEquals([code, stderr], [exit, `Stopped by ${signal}\n`]);
    assertMatch(stdout, /Worker \d: Cancelled task 'held' after /);
    assertStringIncludes(stdout, "1 succeeded, 0 failed, 2 skipped (1 cancelled)\n");
    assertEquals(rig.files("out"), ["out/done"]);
    assertEquals([...Deno.readDirSync(rig.tmp)], []);
  }
  const running = rig.start();
  await held.started();
  held.release();
  assertEquals(executed(await running.ended), ["held", "never"]);
});
