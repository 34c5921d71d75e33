// The report for scripts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { rigTest } from "../rig.ts";
import { lines, reportOf } from "./said.ts";

const TASKS = [
  { name: "good", output_artifact: "out/good", content: "good\n" },
  { name: "copy", output_artifact: "out/copy", dependencies: ["good"], command: 'cat $DEPS > "$OUT"' },
  { name: "bad", output_artifact: "out/bad", command: "echo oh; exit 2" },
  { name: "needs", output_artifact: "out/needs", dependencies: ["bad", "good"] },
];

// S0.56, S0.57
rigTest("build --json writes the report alone to stdout, and the lines to stderr", async (rig) => {
  rig.write("build.json", { num_workers: 3, tasks: TASKS });
  const ended = await rig.build(["--json"]);
  const report = reportOf(ended);
  assertEquals(Object.keys(report), [
    "total_tasks",
    "completed",
    "failed",
    "skipped",
    "total_duration",
    "worker_utilization",
    "results",
  ]);
  assertEquals([report.total_tasks, report.completed, report.failed, report.skipped, ended.code], [4, 2, 1, 1, 1]);
  assert(report.total_duration > 0);
  assertEquals(Object.keys(report.worker_utilization), ["1", "2", "3", "overall"]);
  const { overall, ...workers } = report.worker_utilization;
  const shares = Object.values(workers);
  assert(shares.every((share) => share >= 0 && share <= 1));
  assert(Math.abs(overall - shares.reduce((sum, share) => sum + share) / 3) < 0.001);

  assertEquals(Object.keys(report.results), ["good", "copy", "bad", "needs"]);
  const { good, copy, bad, needs } = report.results;
  assert(good.worker_id! >= 1 && good.worker_id! <= 3 && good.duration > 0);
  assertEquals({ ...good, worker_id: 0, duration: 0 }, {
    task_name: "good",
    status: "completed",
    duration: 0,
    worker_id: 0,
    artifact_path: "out/good",
    sha256: "106675dc1490d5cdd6d1f0410731316ce93fc964c6cf6726e2b0d53e19688feb",
    cache_hit: false,
    how: "executed",
    reason: "new",
  });
  assertEquals(copy.sha256, good.sha256);
  assertEquals({ ...bad, worker_id: 0, duration: 0 }, {
    task_name: "bad",
    status: "failed",
    duration: 0,
    worker_id: 0,
    artifact_path: null,
    reason: "new",
    error_message: "Command failed with exit code 2",
  });
  assertEquals(needs, { task_name: "needs", status: "skipped", duration: 0, worker_id: null, artifact_path: null });
  const said = lines(ended.stderr);
  assert(said.includes("Build completed in #s: 2 succeeded, 1 failed, 1 skipped"));
  assert(said.includes("oh"));
});

rigTest("build --json keeps stdout to itself even with --verbose, --quiet and warnings", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "a", source_files: ["*.none"], output_artifact: "a", command: 'echo said; : > "$OUT"' }],
  });
  const verbose = await rig.build(["--json", "--verbose"]);
  assertEquals(reportOf(verbose).completed, 1);
  assertMatch(verbose.stderr, /^Warning: [^]*^said$/m);
  const quiet = await rig.build(["--json", "--quiet"]);
  assertEquals(reportOf(quiet).completed, 1);
  assertEquals(lines(quiet.stderr).length, 1);
});

rigTest("build --report writes the report to a file, and the lines as ever", async (rig) => {
  rig.write("build.json", { tasks: TASKS });
  const both = await rig.build(["--report", "reports/one.json", "--json"]);
  assertEquals(JSON.parse(rig.read("reports/one.json")), reportOf(both));
  const { code, stdout } = await rig.build(["--report=reports/one.json"]);
  assertEquals(code, 1);
  assertMatch(stdout, /^Task 'good' skipped: cache hit/);
  assertEquals(JSON.parse(rig.read("reports/one.json")).results.good.cache_hit, true);
  assertEquals(rig.files("reports"), ["reports/one.json"]);
});

rigTest("build that cannot write its report says so and ends with 1", async (rig) => {
  rig.write("build.json", { tasks: [TASKS[0]] });
  rig.write("taken", "");
  const { code, stderr } = await rig.build(["--report", "taken/report"]);
  assertEquals([code, stderr], [1, "Cannot write report 'taken/report': Not a directory\n"]);
  assertEquals(rig.read("taken"), "");
});

// S0.55: eight at once, eight results
rigTest("build has a result of each of eight tasks that end at once", async (rig) => {
  const all = rig.hold("all");
  const tasks = Array.from({ length: 8 }, (_, i) => ({
    name: `t${i}`,
    output_artifact: `out/${i}`,
    command: `: ${i}; ${all.command}`,
  }));
  rig.write("build.json", { tasks });
  const running = rig.start(["--json"]);
  for (let i = 0; i < 8; i++) await all.started();
  for (let i = 0; i < 8; i++) all.release();
  const { results } = reportOf(await running.ended);
  assertEquals(Object.values(results).map(({ task_name, status }) => `${task_name} ${status}`), [
    ...tasks.map(({ name }) => `${name} completed`),
  ]);
  assertEquals(Object.values(results).map((result) => result.worker_id).sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
});

// K3: a device or a FIFO in the place of the report would be lost, and nothing may have been built by then
rigTest("a report is written in the place of nothing but a regular file", async (rig) => {
  rig.write("build.json", { tasks: [TASKS[0]] });
  rig.write("kept", "kept");
  Deno.symlinkSync("kept", rig.path("link"));
  Deno.mkdirSync(rig.path("folder"));
  await rig.spawn("mkfifo", ["fifo"]).ended;
  for (const path of ["link", "folder", "fifo"]) {
    const { code, stdout, stderr } = await rig.build(["--report", path]);
    assertEquals([code, stdout, stderr], [2, "", `Cannot write report '${path}': not a regular file\n`]);
  }
  assert(Deno.lstatSync(rig.path("link")).isSymlink && !Deno.lstatSync(rig.path("fifo")).isFile);
  assertEquals([rig.read("kept"), rig.has("out")], ["kept", false]);
  assertEquals((await rig.build(["--report", "kept"])).code, 0);
  assertEquals(JSON.parse(rig.read("kept")).completed, 1);
});
