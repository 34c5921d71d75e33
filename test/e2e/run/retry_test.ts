// What `retry` runs again, and from what.
import { assertEquals, assertMatch } from "@std/assert";
import { HISTORY_SCHEMA } from "../../../actors/history/schema.ts";
import { rigTest } from "../../rig.ts";
import { masked, outcomes, rows, statuses, troupe } from "./said.ts";
import { RawDatabase } from "../../actors/storage/raw_database.ts";

/** Each task notes that it was run; `lint` fails until there is a file `fixed`. */
const TASKS = `
fetch: echo fetch >> log
lint: echo lint >> log; [ -e fixed ] [after:fetch]
unit: echo unit >> log [after:fetch]
slow: echo slow >> log; [ -e fixed ] || sleep 60 [timeout:0.5]
deploy: echo deploy >> log [after:lint,unit]
announce: echo announce >> log [after:deploy,slow]
`;

// S2.24
rigTest("retry runs failed, timed-out and skipped tasks again, and what passed not", async (rig) => {
  rig.write("tasks.txt", TASKS);
  assertEquals((await troupe(rig, "run", "tasks.txt", "--jobs", "4")).code, 1);
  assertEquals(statuses(rig, 1), {
    fetch: "passed",
    lint: "failed",
    unit: "passed",
    slow: "timeout",
    deploy: "skipped",
    announce: "skipped",
  });
  rig.remove("log");
  rig.write("fixed", "");
  const { code, stdout, stderr } = await troupe(rig, "retry", "1");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Retrying 2 failed and 2 skipped tasks from run #1\.\.\.\n\[1\/4\] /);
  assertMatch(
    masked(stdout),
    /\nRun completed: 4 passed, 0 failed, 0 skipped\nResults saved to: taskrun\.db \(run #2\)\n$/,
  );
  assertEquals(rig.read("log").trim().split("\n").sort(), ["announce", "deploy", "lint", "slow"]);
  assertEquals(rows(rig, "select id, retry_of, total_tasks, passed from runs"), [
    { id: 1, retry_of: null, total_tasks: 6, passed: 2 },
    { id: 2, retry_of: 1, total_tasks: 4, passed: 4 },
  ]);
});

// S2.24
rigTest("retry keeps the order of what it runs again, and `last` is the newest run", async (rig) => {
  rig.write("tasks.txt", TASKS);
  await troupe(rig, "run", "tasks.txt");
  const second = await troupe(rig, "retry", "last", "--jobs", "1");
  assertEquals(second.code, 1);
  assertMatch(
    second.stdout,
    /^Retrying 2 failed and 2 skipped tasks from run #1\.\.\.\nRunning with max 1 concurrent task\.\.\.\n/,
  );
  assertEquals(outcomes(second.stdout), { lint: "FAILED", slow: "TIMEOUT", deploy: "SKIPPED", announce: "SKIPPED" });
  rig.write("fixed", "");
  rig.remove("log");
  const third = await troupe(rig, "retry", "last");
  assertMatch(third.stdout, /^Retrying 2 failed and 2 skipped tasks from run #2\.\.\.\n/);
  const log = rig.read("log").trim().split("\n");
  assertEquals(log.filter((name) => name !== "slow"), ["lint", "deploy", "announce"]);
  assertEquals([third.code, log.at(-1)], [0, "announce"]);
});

// S2.24
rigTest("retry has nothing to do when all passed", async (rig) => {
  rig.write("tasks.txt", "a: true\n");
  await troupe(rig, "run", "tasks.txt");
  const { code, stdout, stderr } = await troupe(rig, "retry", "1");
  assertEquals([code, stdout, stderr], [0, "Nothing to retry: all tasks of run #1 passed\n", ""]);
  assertEquals(rows(rig, "select count(*) n from runs"), [{ n: 1 }]);
});

// S2.24
rigTest("retry takes the commands from the history, whatever became of the file", async (rig) => {
  rig.write("sub/tasks.txt", "a: echo a >> log; [ -e fixed ] [timeout:7] [retries:1]\nb: echo b >> log [after:a]");
  await troupe(rig, "run", "sub/tasks.txt");
  assertEquals(rig.read("sub/log"), "a\na\n");
  rig.write("sub/fixed", "");
  rig.write("sub/tasks.txt", "a: echo changed >> log\n");
  assertEquals((await troupe(rig, "retry", "1")).code, 0);
  assertEquals(rig.read("sub/log"), "a\na\na\nb\n");
  assertEquals(
    rows(rig, "select command, timeout_ms, retries, dependencies from definitions where run_id = 2"),
    rows(rig, "select command, timeout_ms, retries, dependencies from definitions where run_id = 1"),
  );
  rig.remove("sub/tasks.txt");
  rig.remove("sub/fixed");
  rig.write("sub/again.txt", "a: [ -e fixed ]\n");
  await troupe(rig, "run", "sub/again.txt");
  rig.remove("sub/again.txt");
  rig.write("sub/fixed", "");
  assertEquals((await troupe(rig, "retry", "last")).code, 0);
});

// S2.24
rigTest("retry of a retry knows what passed in the run before it", async (rig) => {
  rig.write("tasks.txt", "a: true\nb: [ -e fixed ] [after:a]\nc: [ -e fixed2 ] [after:a,b]\n");
  await troupe(rig, "run", "tasks.txt");
  rig.write("fixed", "");
  assertEquals(outcomes((await troupe(rig, "retry", "1")).stdout), { b: "PASSED", c: "FAILED" });
  rig.write("fixed2", "");
  const { code, stdout } = await troupe(rig, "retry", "2");
  assertEquals([code, outcomes(stdout)], [0, { c: "PASSED" }]);
});

// S2.24
rigTest("retry writes JSON and keeps quiet as run does", async (rig) => {
  rig.write("tasks.txt", "a: false\n");
  await troupe(rig, "run", "tasks.txt");
  const json = await troupe(rig, "retry", "1", "--json");
  assertEquals([json.code, JSON.parse(json.stdout).id], [1, 2]);
  assertMatch(json.stderr, /^Retrying 1 failed task from run #1\.\.\.\n/);
  const quiet = await troupe(rig, "retry", "1", "--quiet");
  assertEquals(masked(quiet.stdout), "[1/1] a: false ......................... FAILED (#s)\n");
});

// S2.7, S2.24
rigTest("retry keeps to the limits of the run, and --timeout is for tasks that have none of their own", async (rig) => {
  rig.write("tasks.txt", "a: sleep 60\nb: sleep 60 [timeout:0.2]\n");
  const errors = async (...args: string[]) => {
    const { tasks } = JSON.parse((await troupe(rig, ...args, "--json")).stdout);
    return tasks.map(({ error }: { error: string }) => error);
  };
  const both = ["Timed out after 0.3s", "Timed out after 0.2s"];
  assertEquals(await errors("run", "tasks.txt", "--timeout", "0.3"), both);
  assertEquals(await errors("retry", "last"), both);
  assertEquals(await errors("retry", "last", "--timeout", "0.1"), ["Timed out after 0.1s", "Timed out after 0.2s"]);
  assertEquals(await errors("retry", "1"), both);
});

// S1.12, S1.29
rigTest("retry keeps apart what the task file declared, whatever that says by then", async (rig) => {
  const alone = "mkdir busy && sleep 0.01 && rmdir busy";
  const names = ["a", "b", "c", "d"];
  rig.write(
    "tasks.txt",
    names.map((name) => `${name}: [ -e go ] && ${alone} [writes:log/${name}*] [writes:log]\n`).join(""),
  );
  assertEquals((await troupe(rig, "run", "tasks.txt", "-j4")).code, 1);
  rig.write("tasks.txt", "other: true\n");
  rig.write("go", "");
  const { code, stdout } = await troupe(rig, "retry", "last", "-j4");
  assertEquals(code, 0, stdout);
});

rigTest("retry reads a history of before declarations were recorded", async (rig) => {
  using database = new RawDatabase(rig.path("taskrun.db"));
  const { applicationId, steps: [first] } = HISTORY_SCHEMA;
  database.exec(`${first}; pragma application_id=${applicationId}; pragma user_version=1;
    insert into runs (started_at, finished_at, total_tasks, failed, kind, source, folder, host, pid)
    values (1, 2, 1, 1, 'run', '/gone', '${rig.folder}', 'h', 1);
    insert into definitions values (1, 0, 'a', '[ -e go ]', '[]', null, 0, '{}');
    insert into tasks (run_id, name, command, status) values (1, 'a', '[ -e go ]', 'failed')`);
  rig.write("go", "");
  assertEquals((await troupe(rig, "retry", "last")).code, 0);
});
