// The command `run`: its lines, its flags, its exit codes, and where what goes.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { RunReport, TaskRecord } from "../../../graph/report/run_records.ts";
import { type Rig, rigTest } from "../../rig.ts";
import { anyOrder, holding, masked, outcomes, rows, startTroupe, statuses, troupe } from "./said.ts";

const FIXTURES = fromFileUrl(new URL("../../../fixtures/tasks", import.meta.url));

function copyFixture(rig: Rig, name: string): void {
  rig.write(name, Deno.readTextFileSync(`${FIXTURES}/${name}`));
}

/** A task without what may differ by the second in which it is noted, but for whether it is there. */
function durable({ started_at, finished_at, ...task }: TaskRecord): unknown {
  return { ...task, hasBegun: started_at !== null, hasEnded: finished_at !== null };
}

// S2.1, S2.4, S2.5, S2.19, S2.20, K41
rigTest("run shows a line for each task and where the run is saved", async (rig) => {
  copyFixture(rig, "pipeline.txt");
  const { code, stdout, stderr } = await troupe(rig, "run", "pipeline.txt", "--jobs", "1");
  // K28: what a task that passed wrote to stderr
  assertEquals([code, stderr], [0, "url: http://localhost:8080/#top\n"]);
  assertEquals(
    masked(stdout),
    `Running with max 1 concurrent task...
[1/6] fetch: printf '%s\\n' 'fetched .... PASSED (#s)
[2/6] lint: printf 'a = 1\\nb = 2\\n' .... PASSED (#s)
[3/6] typecheck: [ "$(printf 'numbe .... PASSED (#s)
[4/6] unit_tests: for n in 1 2 3; d .... PASSED (#s)
[5/6] build: echo "built: $(printf  .... PASSED (#s)
[6/6] integration: echo 'url: http: .... PASSED (#s)

Run completed: 6 passed, 0 failed, 0 skipped
Results saved to: taskrun.db (run #1)
`,
  );
  assertEquals(rig.files().sort(), ["pipeline.txt", "taskrun.db"]);
});

// S2.12, S2.19, S2.20
rigTest(
  "run goes on after a failure with what does not need it, and shows what the failed task printed",
  async (rig) => {
    copyFixture(rig, "failing.txt");
    const { code, stdout, stderr } = await troupe(rig, "run", "failing.txt");
    assertEquals([code, stderr], [1, "ok 1\nnot ok 2: expected 4, got 5\n"]);
    // S6.6
    assertEquals(anyOrder(stdout).filter((line) => line.startsWith(" ")), [
      "  not run     integration, publish (need unit_tests)",
      "  troupe show last --task unit_tests · troupe retry last",
      "  unit_tests  exit 1  not ok 2: expected 4, got 5",
    ]);
    assertEquals(anyOrder(stdout).filter((line) => !line.startsWith(" ")), [
      "",
      "Results saved to: taskrun.db (run #1)",
      "Run completed: 3 passed, 1 failed, 2 skipped",
      "[_/6] build: echo 'built' .............. PASSED (#s)",
      "[_/6] fetch: echo 'fetched' ............ PASSED (#s)",
      "[_/6] integration: echo 'never prin .... SKIPPED (dependency failed)",
      "[_/6] lint: echo 'lint: ok' ............ PASSED (#s)",
      "[_/6] publish: echo 'never printed' .... SKIPPED (dependency failed)",
      "[_/6] unit_tests: echo 'ok 1'; echo .... FAILED (#s)",
    ]);
    const counters = [...stdout.matchAll(/^\[(\d)\/6\]/gm)].map(([, finished]) => Number(finished));
    assertEquals(counters, [1, 2, 3, 4, 5, 6]);
  },
);

// S2.7, S2.20
rigTest("run ends a task that runs out of time and counts it apart", async (rig) => {
  copyFixture(rig, "slow.txt");
  const { code, stdout, stderr } = await troupe(rig, "run", "slow.txt", "-j1");
  assertEquals([code, stderr], [1, "waiting\n"]);
  assertEquals(
    masked(stdout),
    `Running with max 1 concurrent task...
[1/3] quick: echo 'done' ............... PASSED (#s)
[2/3] slow: echo 'waiting'; sleep 6 .... TIMEOUT (#s)
[3/3] report: echo 'never printed' ..... SKIPPED (dependency failed)

Run completed: 1 passed, 1 timeout, 1 skipped
Results saved to: taskrun.db (run #1)
  slow     timeout #s  waiting
  not run  report (needs slow)
  troupe show last --task slow · troupe retry last
`,
  );
});

// S2.7, S2.18
rigTest("run --timeout is for tasks that have none of their own", async (rig) => {
  rig.write("tasks.txt", "own: sleep 0.5 [timeout:60]\nother: sleep 60\n");
  const { code, stdout } = await troupe(rig, "run", "tasks.txt", "--timeout", "0.2", "--jobs", "2");
  assertEquals(code, 1);
  assertEquals(outcomes(stdout), { own: "PASSED", other: "TIMEOUT" });
  assertEquals(rows(rig, "select name, timeout_ms from definitions order by position"), [
    { name: "own", timeout_ms: 60_000 },
    { name: "other", timeout_ms: null },
  ]);
  assertEquals(rows(rig, "select timeout_ms from runs"), [{ timeout_ms: 200 }]);
});

// S2.7
rigTest("run gives a task a minute unless told", async (rig) => {
  rig.write("tasks.txt", "a: true\n");
  await troupe(rig, "run", "tasks.txt");
  assertEquals(rows(rig, "select timeout_ms from runs"), [{ timeout_ms: 60_000 }]);
});

// S2.18
rigTest("run --task runs the tasks named and what they need, and nothing else", async (rig) => {
  copyFixture(rig, "pipeline.txt");
  const { stdout } = await troupe(rig, "run", "pipeline.txt", "--task", "build");
  assertEquals(Object.keys(outcomes(stdout)).sort(), ["build", "fetch", "lint", "typecheck"]);
  assertStringIncludes(stdout, "Run completed: 4 passed, 0 failed, 0 skipped\n");
  const two = await troupe(rig, "run", "pipeline.txt", "-t", "lint", "--task=typecheck");
  assertEquals(Object.keys(outcomes(two.stdout)).sort(), ["fetch", "lint", "typecheck"]);
  assertEquals(Object.keys(statuses(rig, 2)), ["fetch", "lint", "typecheck"]);
  assertEquals(rows(rig, "select total_tasks from runs"), [{ total_tasks: 4 }, { total_tasks: 3 }]);
});

// S2.16
rigTest("run --db records elsewhere, relative to where troupe was started", async (rig) => {
  rig.write("sub/tasks.txt", "where: pwd\n");
  const { stdout } = await troupe(rig, "run", "sub/tasks.txt", "--db", "my history.db");
  assert(stdout.endsWith("\nResults saved to: my history.db (run #1)\n"));
  assertEquals(rig.files(), ["my history.db", "sub/tasks.txt"]);
  // commands run in the folder of their file
  assertEquals(rows(rig, "select stdout from tasks", "my history.db"), [{ stdout: `${rig.path("sub")}\n` }]);
});

rigTest("run --json writes the run to stdout and all lines to stderr", async (rig) => {
  copyFixture(rig, "failing.txt");
  const { code, stdout, stderr } = await troupe(rig, "run", "failing.txt", "--json", "--jobs", "2");
  const report: RunReport = JSON.parse(stdout);
  const { started_at, finished_at, duration_ms, tasks, ...counts } = report;
  assertEquals(code, 1);
  assertEquals(counts, {
    id: 1,
    total_tasks: 6,
    passed: 3,
    failed: 1,
    timeout: 0,
    skipped: 2,
    interrupted: false,
  });
  assert(Number.isInteger(started_at) && finished_at! >= started_at && duration_ms! > 0);
  assertEquals(tasks.map(({ name, status, exit_code }) => [name, status, exit_code]), [
    ["fetch", "passed", 0],
    ["lint", "passed", 0],
    ["unit_tests", "failed", 1],
    ["build", "passed", 0],
    ["integration", "skipped", null],
    ["publish", "skipped", null],
  ]);
  assertMatch(stderr, /^Running with max 2 concurrent tasks\.\.\.\n/);
  assertStringIncludes(stderr, "Run completed: 3 passed, 1 failed, 2 skipped\nResults saved to: taskrun.db (run #1)\n");
  // what is shown later is what was shown then
  const later: RunReport = JSON.parse((await troupe(rig, "show", "1", "--json")).stdout);
  assertEquals(later.tasks.map(durable), tasks.map(durable));
  assertEquals({ ...later, tasks, started_at, finished_at, duration_ms }, report);
});

rigTest("run --quiet shows only what goes wrong", async (rig) => {
  copyFixture(rig, "pipeline.txt");
  const good = await troupe(rig, "run", "pipeline.txt", "--quiet", "--jobs", "2");
  assertEquals([good.code, good.stdout, good.stderr], [0, "", ""]);
  copyFixture(rig, "failing.txt");
  const bad = await troupe(rig, "run", "failing.txt", "-q");
  assertEquals([bad.code, bad.stderr], [1, "ok 1\nnot ok 2: expected 4, got 5\n"]);
  assertEquals(outcomes(bad.stdout), { unit_tests: "FAILED", integration: "SKIPPED", publish: "SKIPPED" });
  assertEquals(bad.stdout.split("\n").length, 4);
});

// S2.9
rigTest("run --verbose shows lines as they come, whole and with the name of their task", async (rig) => {
  const held = rig.hold("held");
  const numbers = "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); printf '%s' \"$TASK says \"; echo $i; done";
  const lines = ["a", "b", "c"].map((name) => `${name}: ${numbers}`);
  rig.write("tasks.txt", [...lines, `late: echo first; printf half; ${holding(held)}; echo >&2 never`].join("\n"));
  const run = startTroupe(rig, ["run", "tasks.txt", "--verbose", "--jobs", "4"]);
  await run.says(/^late \| first\n/m); // while it still runs
  await held.started();
  held.release();
  const { code, stdout, stderr } = await run.ended;
  assertEquals([code, stderr], [0, ""]);
  for (const name of ["a", "b", "c"]) {
    const said = [...stdout.matchAll(new RegExp(`^${name} \\| (.*)$`, "gm"))].map(([, text]) => text);
    assertEquals(said, Array.from({ length: 2000 }, (_, i) => `${name} says ${i + 1}`));
  }
  const others = stdout.split("\n").filter((line) => !/^[abc] \| /.test(line) && line !== "");
  assertEquals(others.filter((line) => line.startsWith("late")), ["late | first", "late | half"]);
  assertEquals(others.length, 1 + 2 + 4 + 2, others.join("\n"));
  assertEquals(rows(rig, "select stdout from tasks where name = 'late'"), [{ stdout: "first\nhalf" }]);
});

rigTest("run --verbose does not show again what a failed task printed", async (rig) => {
  rig.write("tasks.txt", "a: echo out; echo err >&2; exit 3\n");
  const { code, stdout, stderr } = await troupe(rig, "run", "tasks.txt", "--verbose");
  assertEquals([code, stderr], [1, ""]);
  assertEquals(stdout.split("\n").slice(0, 2).sort(), ["a | err", "a | out"]);
});

// S2.6
rigTest("run tries again what has retries, and records the last attempt", async (rig) => {
  rig.write(
    "tasks.txt",
    "flaky: echo x >> tries; echo try; [ $(wc -l < tries) -ge 3 ] [retries:5]\nnext: true [after:flaky]",
  );
  const { code, stdout } = await troupe(rig, "run", "tasks.txt");
  assertEquals([code, outcomes(stdout)], [0, { flaky: "PASSED", next: "PASSED" }]);
  assertEquals(rig.read("tries"), "x\nx\nx\n");
  assertEquals(rows(rig, "select attempts, stdout, exit_code from tasks where name = 'flaky'"), [
    { attempts: 3, stdout: "try\n", exit_code: 0 },
  ]);
});

// K22
rigTest("run hands tasks the environment and, if they ask, their name, and nothing to read", async (rig) => {
  rig.write("name.sh", 'echo "[$TASK]"');
  rig.write("tasks.txt", "a: echo $TASK $GREETING; cat; pwd\nb: sh name.sh\n");
  await rig.ask(["run", "tasks.txt"], { env: { GREETING: "hello" } });
  assertEquals(rows(rig, "select stdout from tasks order by name"), [
    { stdout: `a hello\n${rig.folder}\n` },
    { stdout: "[]\n" },
  ]);
});
