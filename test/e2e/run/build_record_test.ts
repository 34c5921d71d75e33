// Builds in the history.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { rigTest } from "../../rig.ts";
import { rows, shown, statuses, troupe } from "./said.ts";

const BUILD = {
  tasks: [
    { name: "text", output_artifact: "out/text", content: "text" },
    { name: "copy", output_artifact: "out/copy", dependencies: ["text"] },
    { name: "made", output_artifact: "out/made", dependencies: ["copy"], command: 'echo making; cat $DEPS > "$OUT"' },
  ],
};

rigTest("build is recorded, and says nothing of that", async (rig) => {
  rig.write("build.json", BUILD);
  const { code, stdout, stderr } = await troupe(rig, "build");
  assertEquals([code, stderr, stdout.includes("Results saved")], [0, "", false]);
  assertEquals(
    rows(rig, "select id, kind, source, folder, total_tasks, passed, failed, skipped, finished_at is null n from runs"),
    [{
      id: 1,
      kind: "build",
      source: rig.path("build.json"),
      folder: rig.folder,
      total_tasks: 3,
      passed: 3,
      failed: 0,
      skipped: 0,
      n: 0,
    }],
  );
  assertEquals(statuses(rig, 1), { text: "passed", copy: "passed", made: "passed" });
  assertEquals((await shown(rig, 1, "made")).stdout, "making\n");
  assertEquals(rows(rig, "select command from definitions order by position").map(({ command }) => command), [
    "(content)",
    "(concatenate)",
    'echo making; cat $DEPS > "$OUT"',
  ]);
});

// S2.14
rigTest("a build or run takes as long in the history as in its lines, its report and its events", async (rig) => {
  rig.write("build.json", BUILD);
  rig.write("tasks.txt", "a: true\n");
  for (const [at, words] of [["build"], ["run", "tasks.txt"]].entries()) {
    const { stdout } = await troupe(rig, ...words, "--report", "r.json", "--events", "e.jsonl");
    const report = JSON.parse(rig.read("r.json"));
    const ms = Math.round(report.duration_ms ?? 1000 * report.total_duration);
    const ended = JSON.parse(rig.read("e.jsonl").trimEnd().split("\n").at(-1)!);
    const [row] = rows(rig, `select duration_ms from runs where id = ${1 + at}`);
    // Each is rounded in its own way.
    for (const other of [Number(row.duration_ms), 1000 * ended.duration]) {
      assert(Math.abs(other - ms) < 1.01, `${other}`);
    }
    if (words[0] === "build") assertStringIncludes(stdout, `Build completed in ${report.total_duration.toFixed(2)}s`);
  }
});

rigTest("build that finds nothing to do leaves no row, and no database", async (rig) => {
  rig.write("build.json", BUILD);
  await troupe(rig, "build", "--no-history");
  assert(!rig.has("taskrun.db"));
  await troupe(rig, "build");
  assert(!rig.has("taskrun.db"));
  await troupe(rig, "build", "--force");
  await troupe(rig, "build");
  assertEquals(rows(rig, "select id, passed from runs"), [{ id: 1, passed: 3 }]);
});

rigTest("build records what the cache answered for beside what it did, and a failure with its skips", async (rig) => {
  rig.write("build.json", BUILD);
  await troupe(rig, "build", "--no-history");
  rig.write("build.json", {
    tasks: BUILD.tasks.map((task) => task.name === "copy" ? { ...task, command: "exit 4" } : task),
  });
  assertEquals((await troupe(rig, "build", "--db", "b.db")).code, 1);
  assertEquals(statuses(rig, 1, "b.db"), { text: null, copy: "failed", made: "skipped" });
  assertEquals((await shown(rig, 1, "text", "b.db")).status, "passed", "without a row");
  assertEquals(rows(rig, "select passed, failed, skipped from runs", "b.db"), [{ passed: 1, failed: 1, skipped: 1 }]);
  assertEquals(rows(rig, "select exit_code, error from tasks where name = 'copy'", "b.db"), [
    { exit_code: 4, error: "Command failed with exit code 4" },
  ]);
  assertEquals(rig.has("taskrun.db"), false);
});

rigTest("run of a build config builds it, and says where that is recorded", async (rig) => {
  rig.write("build.json", BUILD);
  const { code, stdout } = await troupe(rig, "run", "build.json", "--jobs", "2");
  assertEquals([code, rig.read("out/made")], [0, "text"]);
  assertMatch(stdout, /Build completed in .*\nResults saved to: taskrun\.db \(run #1\)\n$/);
  const again = await troupe(rig, "run", "build.json");
  assertEquals([again.code, again.stdout.includes("Results saved")], [0, false]);
  assertMatch(
    (await troupe(rig, "history")).stdout,
    /^Recent runs:\n {2}#1 \| .* \| 3 passed, 0 failed, 0 skipped \| .*\n$/,
  );
  // a flag's value is no build config
  rig.write("tasks.txt", "a: true\n");
  const named = await troupe(rig, "run", "tasks.txt", "--db", "history.json");
  assertMatch(named.stdout, /Results saved to: history\.json \(run #1\)\n$/);
});

// S2.24
rigTest("retry of a build builds what failed", async (rig) => {
  const command = 'test -e fixed && echo > "$OUT"';
  rig.write("build.json", {
    tasks: [...BUILD.tasks, { name: "bad", output_artifact: "bad", command, dependencies: ["made"] }],
  });
  assertEquals((await troupe(rig, "build")).code, 1);
  rig.write("fixed", "");
  const { code, stdout } = await troupe(rig, "retry", "last", "--jobs", "1");
  assertEquals(code, 0);
  assertMatch(stdout, /^Retrying 1 failed task from run #1\.\.\.\n/);
  assertMatch(stdout, /Results saved to: taskrun\.db \(run #2\)\n$/);
  assertEquals(rows(rig, "select id, retry_of from runs"), [{ id: 1, retry_of: null }, { id: 2, retry_of: 1 }]);
  const quiet = await troupe(rig, "retry", "last", "--quiet");
  assertEquals([quiet.code, quiet.stdout], [0, "Nothing to retry: all tasks of run #2 passed\n"]);
});
