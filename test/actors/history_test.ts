import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import type { History } from "../../actors/history.ts";
import { DELETE_TASKS, OLD_RUNS } from "../../actors/history_prune.ts";
import { HistoryView, QUERIES } from "../../actors/history_queries.ts";
import { definition, newRun, open, output, record, SOME } from "./history_samples.ts";
import { query, RawDatabase } from "./raw_database.ts";
import { TempFolder } from "./temp_folder.ts";

const text = (bytes: Uint8Array | null) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes!);

/** Records SOME with one end of each kind. */
async function recordSome(history: History): Promise<number> {
  const id = (await history.begin(newRun(SOME)))!;
  for (const i of [0, 1, 2, 3]) history.started(id, i);
  history.ended(id, 0, {
    status: "passed",
    exitCode: 0,
    durationMs: 1234.5,
    output: output("out", "err"),
    attempts: 2,
  });
  history.ended(id, 1, { status: "passed", exitCode: 0, durationMs: 10, output: output("") });
  history.ended(id, 2, { status: "failed", exitCode: 3, durationMs: 20, output: output(""), error: "exit code 3" });
  history.ended(id, 3, { status: "timeout", durationMs: 60_000, output: output("so far"), error: "Timed out" });
  history.ended(id, 4, { status: "skipped", error: "Dependency failed" });
  assert(await history.finish(id));
  return id;
}

// S2.14, S2.15
Deno.test("the tables have the columns that were promised", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  (await open(path)).close();
  const columns = (table: string) =>
    query<{ name: string }>(path, `select name from pragma_table_info('${table}')`).map(({ name }) => name);
  for (const name of ["id", "started_at", "finished_at", "total_tasks", "passed", "failed", "skipped"]) {
    assert(columns("runs").includes(name), name);
  }
  const ofTasks = [
    "id",
    "run_id",
    "name",
    "command",
    "status",
    "exit_code",
    "started_at",
    "finished_at",
    "duration_ms",
  ];
  for (const name of [...ofTasks, "stdout", "stderr"]) assert(columns("tasks").includes(name), name);
  assertEquals(query<{ name: string }>(path, "select name from pragma_table_info('runs') where pk = 1")[0].name, "id");
  const [key] = query<Record<string, string>>(path, `select * from pragma_foreign_key_list('tasks')`);
  assertEquals([key.table, key.from, key.to], ["runs", "run_id", "id"]);
});

// S2.6, S2.14, S2.15
Deno.test("a run is on record as it was told", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  const before = Math.floor(Date.now() / 1000);
  {
    using history = await open(path);
    assertEquals(await recordSome(history), 1);
  }
  const after = Date.now() / 1000;
  const [row] = query<Record<string, number>>(path, "select * from runs");
  assertEquals([row.id, row.total_tasks, row.passed, row.failed, row.skipped, row.timeouts], [1, 5, 2, 2, 1, 1]);
  assert(Number.isInteger(row.started_at) && row.started_at >= before && row.started_at <= after);
  assert(Number.isInteger(row.finished_at) && row.finished_at >= row.started_at && row.finished_at <= after);
  const tasks = query<Record<string, unknown>>(path, "select name, command, status, exit_code, duration_ms from tasks");
  assertEquals(tasks.map((task) => Object.values(task)), [
    ["fetch", "echo fetch", "passed", 0, 1235],
    ["lint", "echo lint", "passed", 0, 10],
    ["test", "echo test", "failed", 3, 20],
    ["slow", "echo slow", "timeout", null, 60000],
    ["deploy", "echo deploy", "skipped", null, null],
  ]);

  using view = await HistoryView.open(path);
  const run = view.run(1)!;
  assertEquals([run.state, run.passed, run.failed, run.timeouts, run.kind], ["finished", 2, 2, 1, "run"]);
  assertEquals([run.source, run.folder, run.interruptedBy, run.retryOf], [
    "/project/tasks.txt",
    "/project",
    null,
    null,
  ]);
  assertEquals(view.tasks(1).map(({ name, attempts }) => [name, attempts]), [
    ["fetch", 2],
    ["lint", 1],
    ["test", 1],
    ["slow", 1],
    ["deploy", 0],
  ]);
  assertEquals(view.tasks(1, "failed").map(({ name }) => name), ["test", "slow"]);
  const fetched = view.task(1, "fetch")!;
  assertEquals([text(fetched.stdout), text(fetched.stderr), fetched.exitCode, fetched.durationMs], [
    "out",
    "err",
    0,
    1235,
  ]);
  const deploy = view.task(1, "deploy")!;
  assertEquals([deploy.status, deploy.stdout, deploy.startedAt, deploy.error], [
    "skipped",
    null,
    null,
    "Dependency failed",
  ]);
});

// S2.25
Deno.test("an unknown run or task is undefined", async () => {
  using temp = new TempFolder();
  using history = await open(temp.file("taskrun.db"));
  const { view } = history;
  assertEquals([view.run("last"), view.run(1), view.recent(10), view.tasks(1)], [undefined, undefined, [], []]);
  const id = await record(history, SOME);
  assertEquals([view.run("last")!.id, view.run(id + 1), view.task(id, "none"), view.task(id + 1, "lint")], [
    id,
    undefined,
    undefined,
    undefined,
  ]);
});

// S2.21
Deno.test("recent() gives the newest runs first", async () => {
  using temp = new TempFolder();
  using history = await open(temp.file("taskrun.db"));
  for (let i = 0; i < 5; i++) await record(history, [definition("a")]);
  assertEquals(history.view.recent(3).map(({ id }) => id), [5, 4, 3]);
});

// S2.24
Deno.test("retrySet() has what did not pass, and how to run it", async () => {
  using temp = new TempFolder();
  using history = await open(temp.file("taskrun.db"));
  const set = history.view.retrySet(await recordSome(history));
  assertEquals(set.tasks, [
    { ...SOME[2], status: "failed" },
    { ...SOME[3], status: "timeout" },
    { ...SOME[4], status: "skipped" },
  ]);
  assertEquals([...set.passed], ["fetch", "lint"]);

  const rest = set.tasks.map(({ status: _, ...task }) => task);
  const again = (await history.begin(newRun(rest, { retryOf: 1 })))!;
  history.ended(again, 0, { status: "passed", exitCode: 0 });
  assertEquals(history.view.run(again)!.retryOf, 1);
  assertEquals(history.view.retrySet(again).tasks.map(({ name, status }) => [name, status]), [
    ["test", null],
    ["slow", null],
    ["deploy", null],
  ]);
  await history.finish(again);
  assertEquals([...history.view.retrySet(again).passed].sort(), ["lint", "test"]);
});

Deno.test("retrySet() gives definitions back as they were, timeouts and environment too", async () => {
  using temp = new TempFolder();
  using history = await open(temp.file("taskrun.db"));
  const tasks = [
    definition("a", [], {
      timeoutMs: 1500,
      retries: 3,
      env: { QUOTED: `"'\n`, EMPTY: "" },
      command: "printf 'ä\0b' # x",
    }),
    definition("b", ["a"], { command: "" }),
  ];
  const id = (await history.begin(newRun(tasks)))!;
  await history.finish(id);
  const set = history.view.retrySet(id);
  assertEquals(set.tasks[0].env, tasks[0].env);
  assertEquals([set.tasks[0].timeoutMs, set.tasks[0].retries, set.tasks[1].dependencies], [1500, 3, ["a"]]);
});

// S2.17
Deno.test("finish() of an interrupted run leaves no task without a status", async () => {
  using temp = new TempFolder();
  using history = await open(temp.file("taskrun.db"));
  const id = (await history.begin(newRun(SOME)))!;
  history.started(id, 0);
  history.ended(id, 0, { status: "passed", exitCode: 0 });
  history.started(id, 1);
  assert(await history.finish(id, { interruptedBy: "SIGINT" }));
  const run = history.view.run(id)!;
  assertEquals([run.state, run.interruptedBy, run.passed, run.failed, run.skipped], ["interrupted", "SIGINT", 1, 1, 3]);
  assert(run.finishedAt !== null && run.durationMs !== null);
  assertEquals(history.view.tasks(id).map(({ status }) => status), [
    "passed",
    "failed",
    "skipped",
    "skipped",
    "skipped",
  ]);
});

Deno.test("a run that goes on is seen from elsewhere as running, with what has ended so far", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  const { promise: written, resolve } = Promise.withResolvers<void>();
  using history = await open(path);
  const id = (await history.begin(newRun(SOME)))!;
  history.started(id, 0);
  history.ended(id, 0, { status: "passed", exitCode: 0 });
  history.started(id, 1);
  using view = await HistoryView.open(path);
  const timer = setInterval(() => view.run(id)!.passed === 1 && resolve(), 1);
  await written;
  clearInterval(timer);
  assertEquals(view.run(id)!.state, "running");
  assertEquals(view.tasks(id).map(({ status, startedAt }) => [status, startedAt !== null]), [
    ["passed", true],
    [null, true],
    [null, false],
    [null, false],
    [null, false],
  ]);
  await history.finish(id);
});

Deno.test("whether a run without an end still goes on depends on its process and host", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  using history = await open(path);
  for (let i = 0; i < 5; i++) await history.begin(newRun(SOME));
  using database = new RawDatabase(path);
  database.exec("update runs set process_birth = 'before the boot/1' where id = 2");
  database.exec("update runs set pid = 4194304, process_birth = null where id = 3"); // above the system's highest
  database.exec("update runs set host = 'elsewhere' where id >= 4");
  database.exec("update runs set started_at = started_at - 90000 where id = 5");
  assertEquals(history.view.recent(5).map(({ state }) => state), [
    "interrupted",
    "running",
    "interrupted",
    Deno.build.os === "linux" ? "interrupted" : "running",
    "running",
  ]);
});

Deno.test("every query goes by an index", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  using history = await open(path);
  await recordSome(history);
  using database = new RawDatabase(path);
  for (const sql of [...Object.values(QUERIES), OLD_RUNS, DELETE_TASKS]) {
    const plan = database.prepare(`explain query plan ${sql}`).all(...sql.match(/\?/g)?.map(() => 1) ?? []);
    const steps = plan.map(({ detail }) => String(detail));
    // the newest of all runs are read from the end of the table itself, in the order of its key
    const scans = steps.filter((step) => /^SCAN/.test(step) && step !== "SCAN runs");
    assertEquals(scans, [], sql);
    assertFalse(steps.some((step) => step.includes("TEMP B-TREE")), `${sql}\n${steps.join("\n")}`);
    if (steps.includes("SCAN runs")) assertMatch(sql, /order by id desc limit/);
  }
  const [cascade] = database.prepare("explain query plan delete from tasks where run_id = 1").all();
  assertMatch(String(cascade.detail), /USING (COVERING )?INDEX tasks_by_run/);
});
