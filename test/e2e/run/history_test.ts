// What `history` and `show` say, and what lies in the tables behind them.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Rig, rigTest } from "../../rig.ts";
import { masked, outcomes, rows, shown, statuses, troupe, ZONE } from "./said.ts";
import { historyLines } from "../../../graph/report/history_lines.ts";
import { timeFormat } from "../../../graph/report/time_of_day.ts";

/** One task of each end. */
const MIXED = `
fetch_deps: echo fetched
lint: echo careful >&2; exit 3 [after:fetch_deps]
slow: echo begun; sleep 60 [timeout:0.2]
integration: true [after:lint,slow]
`;

async function runMixed(rig: Rig): Promise<void> {
  rig.write("tasks.txt", MIXED);
  assertEquals((await troupe(rig, "run", "tasks.txt", "--jobs", "3")).code, 1);
}

// S2.14, S2.15, S2.16
rigTest("the tables hold a run as anyone with SQLite would look for it", async (rig) => {
  const before = Math.floor(Date.now() / 1000);
  await runMixed(rig);
  const after = Date.now() / 1000;
  const [{ started_at, finished_at, ...run }] = rows(
    rig,
    "select id, started_at, finished_at, total_tasks, passed, failed, skipped from runs",
  ) as Record<string, number>[];
  assertEquals(run, { id: 1, total_tasks: 4, passed: 1, failed: 2, skipped: 1 }); // a timeout is a failure here
  assert(Number.isInteger(started_at) && Number.isInteger(finished_at));
  assert(before <= started_at && started_at <= finished_at && finished_at <= after);

  const tasks = rows(rig, "select name, command, status, exit_code, stdout, stderr from tasks where run_id = 1");
  assertEquals(Object.fromEntries(tasks.map(({ name, ...task }) => [name, Object.values(task)])), {
    fetch_deps: ["echo fetched", "passed", 0, "fetched\n", ""],
    lint: ["echo careful >&2; exit 3", "failed", 3, "", "careful\n"],
    slow: ["echo begun; sleep 60", "timeout", null, "begun\n", ""],
    integration: ["true", "skipped", null, null, null],
  });
  const times = rows(rig, "select name, started_at s, finished_at f, duration_ms d, typeof(duration_ms) t from tasks");
  for (const { name, s, f, d, t } of times) {
    if (name === "integration") assertEquals([s, f, d], [null, null, null]);
    else assert(Number(s) >= before && Number(f) >= Number(s) && Number(f) <= after && t === "integer", `${name}`);
    if (name === "slow") assert(Number(d) >= 200 && Number(d) < 20_000);
  }
  assertEquals(rows(rig, "pragma foreign_key_check"), []);
  const keys = rows(rig, `select "table", "from", "to" from pragma_foreign_key_list('tasks')`);
  assertEquals(keys, [{ table: "runs", from: "run_id", to: "id" }]);
});

// S2.21
rigTest("history lists runs, newest first, so many as asked", async (rig) => {
  await runMixed(rig);
  rig.write("good.txt", "a: true\nb: true\n");
  await troupe(rig, "run", "good.txt");
  rig.write("bad.txt", "a: false\n");
  await troupe(rig, "run", "bad.txt");
  const { code, stdout, stderr } = await troupe(rig, "history");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(
    masked(stdout),
    `Recent runs:
  #3 | TIME | 0 passed, 1 failed, 0 skipped | #s
  #2 | TIME | 2 passed, 0 failed, 0 skipped | #s
  #1 | TIME | 1 passed, 1 failed, 1 timeout, 1 skipped | #s
`,
  );
  const started = rows(rig, "select started_at from runs order by id desc").map(({ started_at }) => Number(started_at));
  const times = [...stdout.matchAll(/\| (\d{4}-\S+ \S+) \|/g)].map(([, time]) => time);
  assertEquals(times, started.map(timeFormat(ZONE)));

  const limited = await troupe(rig, "history", "--limit", "2");
  assertEquals(limited.stdout, stdout.split("\n").slice(0, 3).join("\n") + "\n");
  assertEquals((await troupe(rig, "history", "-n1")).stdout.split("\n").length, 3);

  const { runs } = JSON.parse((await troupe(rig, "history", "--json", "--limit", "2")).stdout);
  assertEquals(runs.map(({ id }: { id: number }) => id), [3, 2]);
  assertEquals(historyLines(runs, { timeZone: ZONE }).join("\n") + "\n", limited.stdout);
});

// S2.21
rigTest("history --prune deletes all but the newest runs, and numbers are not given again", async (rig) => {
  rig.write("tasks.txt", "a: true\n");
  for (let count = 0; count < 4; count++) await troupe(rig, "run", "tasks.txt");
  const said = async (keep: number) => (await troupe(rig, "history", "--prune", `${keep}`)).stdout;
  assertEquals(await said(10), "Deleted 0 runs, kept the newest 10\n");
  assertEquals(await said(3), "Deleted 1 run, kept the newest 3\n");
  assertEquals(rows(rig, "select id from runs order by id").map(({ id }) => id), [2, 3, 4]);
  assertEquals(await said(0), "Deleted 3 runs, kept the newest 0\n");
  assertEquals(rows(rig, "select count(*) n from tasks"), [{ n: 0 }]);
  assertEquals((await troupe(rig, "history")).stdout, "No runs recorded yet\n");
  const { code, stderr } = await troupe(rig, "show", "last");
  assertEquals([code, stderr], [2, "No runs recorded yet in 'taskrun.db'\n"]);
  const again = await troupe(rig, "run", "tasks.txt");
  assert(again.stdout.endsWith("Results saved to: taskrun.db (run #5)\n"));
});

// S2.22
rigTest("show lists the tasks of a run in the order of their file", async (rig) => {
  await runMixed(rig);
  const { code, stdout, stderr } = await troupe(rig, "show", "1");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(
    masked(stdout),
    `Run #1 (TIME)
Duration: #s

Tasks:
  fetch_deps .... PASSED (#s)
  lint .......... FAILED (#s)
  slow .......... TIMEOUT (#s)
  integration ... SKIPPED (dependency failed)
`,
  );
  assertEquals((await troupe(rig, "show", "last")).stdout, stdout);
  assertEquals((await troupe(rig, "show", "#1")).stdout, stdout);
  const failed = await troupe(rig, "show", "1", "--failed");
  assertEquals(masked(failed.stdout).split("\n").slice(4), ["  lint ... FAILED (#s)", "  slow ... TIMEOUT (#s)", ""]);
  const json = JSON.parse((await troupe(rig, "show", "1", "--failed", "--json")).stdout);
  assertEquals(json.tasks.map(({ name, status }: Record<string, string>) => [name, status]), [
    ["lint", "failed"],
    ["slow", "timeout"],
  ]);
  assertEquals([json.id, json.passed, json.failed, json.timeout, json.skipped], [1, 1, 2, 1, 1]);
});

// S2.17, S2.22
rigTest("show says why each task was skipped as the run said it", async (rig) => {
  rig.write(
    "tasks.txt",
    "a: exit 1\nx: true [after:a]\nb: [ -e go ] || kill -TERM $PPID; sleep 60\ny: true [after:b]\n",
  );
  const skipped = (text: string) => [...text.matchAll(/(\w+) \.+ (SKIPPED.*)/g)].map(([, ...words]) => words.join(" "));
  const expected = {
    "--fail-fast": ["x SKIPPED (dependency failed)", "b SKIPPED (after a failure)", "y SKIPPED (after a failure)"],
    "--quiet": ["x SKIPPED (dependency failed)", "y SKIPPED (interrupted)"],
  };
  for (const [flag, lines] of Object.entries(expected)) {
    const { stdout } = await troupe(rig, "run", "tasks.txt", "-j1", flag);
    assertEquals(stdout.match(/SKIPPED.*/g), lines.map((line) => line.slice(2)));
    assertEquals(skipped((await troupe(rig, "show", "last")).stdout), lines);
  }
});

// S2.23
rigTest("show --task shows one task with what it printed", async (rig) => {
  await runMixed(rig);
  const said = async (task: string) => masked((await troupe(rig, "show", "1", "--task", task)).stdout);
  const parts = (task: string, command: string, status: string, stdout: string, stderr: string) =>
    `Task: ${task}\nCommand: ${command}\nStatus: ${status}\nDuration: #s\n\n--- stdout ---\n${stdout}\n` +
    `--- stderr ---\n${stderr}`;
  assertEquals(await said("fetch_deps"), parts("fetch_deps", "echo fetched", "PASSED (exit code 0)", "fetched\n", ""));
  assertEquals(await said("lint"), parts("lint", "echo careful >&2; exit 3", "FAILED (exit code 3)", "", "careful\n"));
  assertEquals(await said("slow"), parts("slow", "echo begun; sleep 60", "TIMEOUT (after #s)", "begun\n", ""));
  assertEquals(await said("integration"), parts("integration", "true", "SKIPPED (dependency failed)", "", ""));
  const { started_at, finished_at, duration_ms, attempt_records, ...lint } = await shown(rig, "last", "lint");
  assertEquals(lint, {
    name: "lint",
    command: "echo careful >&2; exit 3",
    status: "failed",
    exit_code: 3,
    signal: null,
    error: "Command failed with exit code 3",
    attempts: 1,
    max_attempts: 1,
    run_id: 1,
    stdout: "",
    stderr: "careful\n",
  });
  const [{ started_us, ended_us, host, fingerprint, cpu_us, max_rss_kb, ...attempt }, ...more] = attempt_records;
  // K32, K33, S6.9
  assertEquals(attempt, {
    attempt: 1,
    outcome: "failed",
    how: null,
    worker: attempt.worker,
    exit_code: 3,
    signal: null,
    reason: null,
    error: "Command failed with exit code 3",
    stdout: "",
    stderr: "careful\n",
  });
  assert(ended_us > started_us && Math.abs(started_us / 1e6 - started_at!) < 10 && host !== null, `${started_us}`);
  assertEquals([fingerprint?.length, cpu_us === 0, max_rss_kb === 0], [16, false, false]);
  assertEquals(more, []);
  assert(finished_at! >= started_at! && Number.isInteger(duration_ms));
});

// S2.16
rigTest("each history counts for itself, and all commands find the one that --db names", async (rig) => {
  rig.write("tasks.txt", "a: false\n");
  await troupe(rig, "run", "tasks.txt");
  await troupe(rig, "run", "tasks.txt", "--db", "sub.db");
  const { stdout } = await troupe(rig, "retry", "1", "--db", "sub.db");
  assertMatch(stdout, /^Retrying 1 failed task from run #1\.\.\.\n/);
  assertMatch(stdout, /\nResults saved to: sub\.db \(run #2\)\n/);
  assertEquals(outcomes(stdout), { a: "FAILED" });
  assertEquals((await troupe(rig, "history", "--db", "sub.db")).stdout.split("\n").length, 4);
  assertEquals((await troupe(rig, "history")).stdout.split("\n").length, 3);
  assertMatch((await troupe(rig, "show", "2", "--db", "sub.db")).stdout, /^Run #2 /);
  assertEquals(statuses(rig, 2, "sub.db"), { a: "failed" });
});

// S2.22
rigTest("show names what a run that still goes on has not finished", async (rig) => {
  const held = rig.hold("held");
  rig.write(
    "tasks.txt",
    `first: true\nsecond: OUT=/dev/null; ${held.command} [after:first]\nthird: true [after:second]`,
  );
  const run = rig.start(["run", "tasks.txt"], { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] });
  await held.started();
  // rows are written in batches: what is shown is what has been written so far
  let text = "";
  for (const deadline = Date.now() + 30_000; !text.includes("first .... PASSED");) {
    assert(Date.now() < deadline, text);
    text = (await troupe(rig, "show", "1")).stdout;
  }
  assertEquals(
    masked(text),
    `Run #1 (TIME)
Duration: unfinished

Tasks:
  first .... PASSED (#s)
  second ... RUNNING
  third .... PENDING
`,
  );
  held.release();
  assertEquals((await run.ended).code, 0);
  assertEquals(statuses(rig, 1), { first: "passed", second: "passed", third: "passed" });
});
