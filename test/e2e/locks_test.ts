// File locks of what tasks declare, held while they run: K53.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { FileLockManager } from "../../actors/locks/locks.ts";
import { type Rig, rigTest, type RunChoices, type Running } from "../rig.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

function start(rig: Rig, args: string[], env: RunChoices["env"] = {}): Running {
  return rig.start([...args, "--db", "h.db"], { deno: ["run", "-A", MAIN], env });
}

/** Names of the records that are there. */
function records(rig: Rig): string[] {
  return rig.files(".troupe/locks").filter((path) => /\.(held|waiting)$/.test(path));
}

const HOLDS = (task: string, path: string) =>
  new RegExp(
    `^Task '${task}' waits for a lock: task 'other' \\(process ${Deno.pid} on '.+'\\) holds '${path}' for writing$`,
    "m",
  );

// K53
rigTest("tasks that wait for a lock leave the one worker to others, and say who holds it", async (rig) => {
  rig.write(
    "tasks.txt",
    "w: echo w [writes:log]\nr: echo r [reads:log]\nx: echo x [reads:l*]\nf: true\ng: true [after:f]\n",
  );
  const task = (name: string, more: object = {}) => ({ name, output: `out/${name}`, content: name, ...more });
  rig.write("build.json", {
    num_workers: 1,
    tasks: [
      task("w", { writes: ["log"] }),
      task("r", { reads: ["log"] }),
      task("f"),
      task("g", { dependencies: ["f"] }),
    ],
  });
  for (
    const [args, done] of [
      [["run", "tasks.txt", "--locks", "-j", "1"], /^\[2\/5\] g: true/m],
      [["build", "--validate"], /Completed task 'g'/],
    ] as const
  ) {
    using lock = await new FileLockManager(rig.folder).acquire("log", "exclusive", { task: "other" });
    const running = start(rig, [...args]);
    for (const name of ["w", "r"]) await running.says(HOLDS(name, "log"), "stderr");
    await running.says(done);
    lock.release();
    const { code, stdout } = await running.ended;
    assertEquals([code, records(rig)], [0, []]);
    assertMatch(stdout, /5 passed, 0 failed|4 succeeded, 0 failed/);
  }
});

// K53
rigTest("many tasks that wait for one holder say so a few times, and all have their turn", async (rig) => {
  const names = Array.from({ length: 60 }, (_, i) => `t${i}`);
  rig.write("tasks.txt", names.map((name) => `${name}: echo >> log [writes:log]\n`).join("") + "free: true\n");
  using lock = await new FileLockManager(rig.folder).acquire("log", "exclusive", { task: "other" });
  const running = start(rig, ["run", "tasks.txt", "--locks", "-j", "2"]);
  await running.says(/^More tasks wait for a lock: task 'other' /m, "stderr");
  await running.says(/^\[1\/61\] free/m);
  lock.release();
  const { code, stderr } = await running.ended;
  assertEquals([code, rig.read("log").length, records(rig)], [0, 60, []]);
  assertEquals(stderr.match(/waits for a lock: task 'other'/g)?.length, 10);
});

// K53
rigTest("a task's locks are held while it runs, and given back however it ends", async (rig) => {
  const held = rig.hold("held");
  rig.write(
    "tasks.txt",
    `a: OUT=/dev/null; ${held.command} [writes:log] [reads:src/*.c]\nb: exit 1 [writes:b]\nc: sleep 60 [writes:c] [timeout:0.1]\n`,
  );
  const locks = new FileLockManager(rig.folder);
  const states = () => locks.status(["log", "src/x.c", "src/x.h"]).map(({ state }) => state);
  for (const code of [0, 1]) {
    const running = start(rig, ["run", "tasks.txt", "--validate", "-j", "2"]);
    await held.started();
    assertEquals(states(), ["exclusive", "shared", "free"]);
    assert(locks.list().some(({ task, pid }) => task === "a" && pid === running.pid));
    held.release({ code });
    assertEquals([(await running.ended).code, records(rig)], [1, []]);
  }
  const stopped = start(rig, ["run", "tasks.txt", "--locks"]);
  await held.started();
  stopped.kill("SIGINT");
  assertEquals([(await stopped.ended).code, records(rig)], [130, []]);
  const plain = start(rig, ["run", "tasks.txt"]);
  await held.started();
  assertEquals(states(), ["free", "free", "free"]);
  held.release();
  await plain.ended;
});

// K53
rigTest("the locks of a run that was killed are taken over", async (rig) => {
  const held = rig.hold("held");
  rig.write("tasks.txt", `a: OUT=/dev/null; ${held.command} [writes:log]\n`);
  const killed = start(rig, ["run", "tasks.txt", "--locks"]);
  await held.started();
  killed.kill("SIGKILL");
  await killed.ended;
  assertEquals(new FileLockManager(rig.folder).status(["log"])[0].state, "stale");
  const next = start(rig, ["run", "tasks.txt", "--locks"]);
  await held.started();
  held.release();
  const { code, stderr } = await next.ended;
  assertEquals([code, records(rig)], [0, []]);
  assertMatch(stderr, /^Took over the lock on 'log': task 'a' \(process \d+ on '.+'\) ended without releasing it\n$/);
});

// K53
rigTest("a run that waits for a lock hears Ctrl-C, and gives up a task when its time is up", async (rig) => {
  rig.write("tasks.txt", "w: echo w [writes:log]\nn: echo n [after:w]\n");
  using _lock = await new FileLockManager(rig.folder).acquire("log", "exclusive", { task: "other" });
  const stopped = start(rig, ["run", "tasks.txt", "--locks"]);
  await stopped.says(HOLDS("w", "log"), "stderr");
  stopped.kill("SIGINT");
  const { code, stdout } = await stopped.ended;
  assertEquals(code, 130);
  assertStringIncludes(stdout, "0 passed, 0 failed, 2 skipped");
  const late = await start(rig, ["run", "tasks.txt", "--locks"], { LOCK_TIMEOUT: "0.05" }).ended;
  assertEquals(late.code, 1);
  assertMatch(
    late.stderr,
    /^w: Cannot lock 'log' for writing within 0\.05s: task 'other' \(.+\) holds it for writing, since /m,
  );
  assertStringIncludes(late.stdout, "0 passed, 1 failed, 1 skipped");
  const again = await start(rig, ["retry", "last", "--locks"], { LOCK_TIMEOUT: "0.05" }).ended;
  assertMatch(again.stderr, /^w: Cannot lock 'log' for writing/m);
  const task = { name: "w", output: "w", content: "w", writes: ["log"] };
  rig.write("build.json", { tasks: [task] });
  const built = await start(rig, ["build", "--locks", "--json"], { LOCK_TIMEOUT: "0.05" }).ended;
  assertEquals(built.code, 1);
  assertMatch(
    JSON.parse(built.stdout).results.w.error_message,
    /^Cannot lock 'log' for writing within 0\.05s: task 'other'/,
  );
  assert(!rig.has("w"));
  assertEquals(records(rig).length, 1);
});

// K53: a task that is up to date, or copied, writes nothing
rigTest("what need not run needs no lock", async (rig) => {
  const task = (name: string, writes: string[]) => ({ name, output: name, command: 'echo same > "$OUT"', writes });
  rig.write("build.json", { tasks: [task("a", ["log"])] });
  assertEquals((await start(rig, ["build", "--locks"]).ended).code, 0);
  rig.write("build.json", { tasks: [task("a", ["log"]), task("b", ["log"])] });
  using _lock = await new FileLockManager(rig.folder).acquire("log", "exclusive", { task: "other" });
  const { code, stderr } = await start(rig, ["build", "--locks"]).ended;
  assertEquals([code, stderr, rig.read("b")], [0, "", "same\n"]);
});

// K53: claims are the database's, so what others have locked must keep nobody from the rest
rigTest(
  "members of a crew keep apart what their tasks declare, and a task that waits leaves its worker to others",
  async (rig) => {
    const held = rig.hold("held");
    rig.write(
      "tasks.txt",
      `a: OUT=/dev/null; ${held.command} [writes:log]\nb: echo b [writes:log]\nc: echo c\nd: exit 1 [reads:log]\ne: echo e [after:c]\n`,
    );
    const join = (id: string, args: string[] = []) =>
      rig.start(["join", "tasks.txt", "--locks", "-j", "1", "--id", id, ...args], { deno: ["run", "-A", MAIN] });
    const first = join("first");
    await held.started();
    const second = join("second");
    const waits = (task: string) =>
      new RegExp(
        `^Task '${task}' waits for a lock: task 'a' \\(process ${first.pid} on '.+'\\) holds 'log' for writing$`,
        "m",
      );
    await second.says(waits("b"), "stderr");
    await second.says(/e: echo e/);
    held.release();
    const [one, two] = await Promise.all([first.ended, second.ended]);
    assertEquals([one.code, two.code, records(rig)], [1, 1, []], one.stderr + two.stderr);
    assertEquals((one.stdout + two.stdout).match(/PASSED/g)?.length, 4);
    // one that is told to stop gives back what waits
    const again = join("again", ["--db", "again.sqlite"]);
    await held.started();
    const stopped = join("stopped", ["--db", "again.sqlite"]);
    await stopped.says(/waits for a lock/, "stderr");
    stopped.kill("SIGINT");
    assertEquals((await stopped.ended).code, 130);
    held.release();
    assertEquals([(await again.ended).code, records(rig)], [1, []]);
  },
);
