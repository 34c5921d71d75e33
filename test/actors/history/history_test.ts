import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { History } from "../../../actors/history/history.ts";
import { DatabaseError } from "../../../actors/storage/database_error.ts";
import { HistoryView } from "../../../actors/history/queries.ts";
import { HISTORY_SCHEMA } from "../../../actors/history/schema.ts";
import { definition, historyTest, newRun, open, output, record, SOME } from "./history_samples.ts";
import { query, RawDatabase } from "../storage/raw_database.ts";

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
historyTest("the tables have the columns that were promised", async (temp) => {
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
historyTest("a run is on record as it was told", async (temp) => {
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

// S6.9, S7.5
historyTest("what was up to date is on record without rows, also while its run goes on", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const tasks = Array.from({ length: 20 }, (_, i) => definition(`t${i}`, i === 9 ? ["t8"] : []));
  const run = (await history.begin(newRun(tasks, { kind: "build" })))!;
  for (let i = 0; i < 18; i++) if (i !== 9) history.fresh(run, i);
  history.started(run, 9);
  const other = (await history.begin(newRun(SOME)))!; // all that waits is written with it
  const shown = () =>
    history.view.tasks(run).map((
      { name, status, startedAt, attempts },
    ) => [name, status, startedAt !== null, attempts]);
  const open20 = (at: number) => [`t${at}`, null, at === 9, at === 9 ? 1 : 0];
  const fresh = (at: number) => [`t${at}`, "passed", false, 1];
  const going = tasks.map((_, i) => i === 9 || i >= 18 ? open20(i) : fresh(i));
  assertEquals(shown(), going);
  const { passed, running, pending, state } = history.view.run(run)!;
  assertEquals([passed, running, pending, state], [17, 1, 2, "running"]);
  assertEquals(history.view.retrySet(run).tasks.map(({ name }) => name), ["t9", "t18", "t19"]);
  assertEquals([...history.view.retrySet(run).passed], ["t8"]);
  history.ended(run, 9, { status: "failed", exitCode: 1, durationMs: 1 });
  assert(await history.finish(run));
  assert(await history.finish(other));
  assertEquals(shown().slice(17).concat(shown().slice(8, 10)), [
    fresh(17),
    ["t18", "skipped", false, 0],
    ["t19", "skipped", false, 0],
    fresh(8),
    ["t9", "failed", true, 1],
  ]);
  assertEquals([history.view.task(run, "t3")!.status, history.view.task(run, "t3")!.stdout], ["passed", null]);
  const { passed: all, failed, skipped } = history.view.run(run)!;
  assertEquals([all, failed, skipped], [17, 1, 2]);
  assertEquals(query(path, `select name from tasks where run_id = ${run}`).length, 3);
  assertEquals(history.view.tasks(run, "failed").map(({ name }) => name), ["t9"]);
  new RawDatabase(path).exec(`update runs set fresh = 'x' where id = ${run}`);
  assertThrows(() => history.view.tasks(run), DatabaseError, "runs.fresh holds what troupe does not write");
});

// S6.9, S7.5
historyTest("builds of the same tasks share their definitions, whichever of them are deleted", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const edited = [...SOME.slice(0, 4), definition("deploy", ["lint", "test"], { retries: 1 })];
  const runs: number[] = [], BUILD = { kind: "build" } as const;
  for (const tasks of [SOME, SOME, edited, SOME, edited, SOME]) runs.push(await record(history, tasks, BUILD));
  const definers = () => query<{ id: number }>(path, "select distinct run_id id from definitions order by 1");
  const asked = (run: number) => history.view.tasks(run).map(({ name, status, retries }) => [name, status, retries]);
  const expected = (tasks: typeof SOME) => tasks.map(({ name, retries }) => [name, "passed", retries]);
  assertEquals(definers().map(({ id }) => id), [1, 3]);
  assertEquals((await history.prune(3)).runs, 3);
  assertEquals(definers().map(({ id }) => id), [5, 6]);
  for (const [run, tasks] of [[4, SOME], [5, edited], [6, SOME]] as const) assertEquals(asked(run), expected(tasks));
  assertEquals(asked(await record(history, SOME, BUILD)), expected(SOME));
  assertEquals(definers().length, 2);
  new RawDatabase(path).exec("delete from definitions where run_id = 6");
  assertThrows(() => history.view.retrySet(7), DatabaseError, "runs.defined_by holds what troupe does not write");
  assertEquals(asked(await record(history, SOME, BUILD)), expected(SOME), "what others deleted is entered again");
  assertEquals((await history.prune(0)).runs, 5);
  assertEquals(definers(), []);
});

// S2.25
historyTest("an unknown run or task is undefined", async (temp) => {
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
historyTest("recent() gives the newest runs first", async (temp) => {
  using history = await open(temp.file("taskrun.db"));
  for (let i = 0; i < 5; i++) await record(history, [definition("a")]);
  assertEquals(history.view.recent(3).map(({ id }) => id), [5, 4, 3]);
});

// S2.24
historyTest("retrySet() has what did not pass, and how to run it", async (temp) => {
  using history = await open(temp.file("taskrun.db"));
  const set = history.view.retrySet(await recordSome(history));
  assertEquals(
    set.tasks.map(({ startedAt, ...task }) => ({ ...task, isBegun: startedAt !== null })),
    ([[2, "failed"], [3, "timeout"], [4, "skipped"]] as const).map(([task, status]) => ({
      ...SOME[task],
      status,
      isBegun: status !== "skipped",
      isCancelled: false,
    })),
  );
  assertEquals([...set.passed], ["fetch", "lint"]);

  const rest = set.tasks.map(({ status: _, startedAt: _at, isCancelled: _is, ...task }) => task);
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

historyTest("retrySet() gives definitions back as they were, timeouts and environment too", async (temp) => {
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
historyTest("finish() of an interrupted run leaves no task without a status", async (temp) => {
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

historyTest("a run that goes on is seen from elsewhere as running, with what has ended so far", async (temp) => {
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

// K34
historyTest(
  "the numbers of a run without an end add up to its tasks, while it goes on and when it was killed",
  async (temp) => {
    const path = temp.file("taskrun.db");
    {
      using history = await open(path);
      const id = (await history.begin(newRun(SOME)))!;
      history.ended(id, 0, { status: "passed", exitCode: 0 });
      history.ended(id, 1, { status: "failed", exitCode: 1 });
      history.started(id, 2);
    }
    const numbers = async () => {
      using view = await HistoryView.open(path);
      const { passed, failed, skipped, cancelled, running, pending } = view.run(1)!;
      return { passed, failed, skipped, cancelled, running, pending };
    };
    const some = { passed: 1, failed: 1 };
    assertEquals(await numbers(), { ...some, skipped: 0, cancelled: 0, running: 1, pending: 2 });
    {
      using database = new RawDatabase(path);
      database.exec("update runs set pid = 4194305");
    }
    assertEquals(await numbers(), { ...some, skipped: 3, cancelled: 1, running: 0, pending: 0 });
  },
);

// K32, K33, K35
historyTest(
  "a history of an older version is brought up to date: signals and cancelled tasks have their columns",
  async (temp) => {
    const path = temp.file("taskrun.db");
    {
      using database = new RawDatabase(path);
      for (const step of HISTORY_SCHEMA.steps.slice(0, 2)) database.exec(step);
      database.exec(`pragma application_id=${HISTORY_SCHEMA.applicationId}; pragma user_version=2`);
      const task = (name: string, status: string, error: string | null) =>
        `insert into definitions values (1, ${name.charCodeAt(0)}, '${name}', 'x', '[]', null, 2, '{}', null);
       insert into tasks (run_id, name, command, status, started_at, error, attempts)
       values (1, '${name}', 'x', '${status}', 1, ${error === null ? "null" : `'${error}'`}, 1);`;
      database.exec(`insert into runs (started_at, finished_at, total_tasks, passed, failed, skipped, interrupted, kind,
      source, folder, host, pid) values (1, 2, 4, 1, 3, 0, 'SIGINT', 'run', '/t', '/', 'h', 1)`);
      database.exec(task("a", "passed", null) + task("b", "failed", "Cancelled"));
      database.exec(
        task("c", "failed", "Command was ended by signal SIGSEGV") +
          task("d", "failed", "Command failed with exit code 1"),
      );
    }
    using view = await HistoryView.open(path);
    const { passed, failed, skipped, cancelled } = view.run(1)!;
    assertEquals([passed, failed, skipped, cancelled], [1, 2, 1, 1]);
    assertEquals(view.tasks(1).map((task) => [task.name, task.status, task.isCancelled, task.signal, task.retries]), [
      ["a", "passed", false, null, 2],
      ["b", "skipped", true, null, 2],
      ["c", "failed", false, "SIGSEGV", 2],
      ["d", "failed", false, null, 2],
    ]);
    assertEquals(view.attempts(1, "a"), []);
  },
);

historyTest("whether a run without an end still goes on depends on its process and host", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  for (let i = 0; i < 7; i++) await history.begin(newRun(SOME));
  using database = new RawDatabase(path);
  database.exec("update runs set process_birth = process_birth || '0' where id = 2");
  database.exec("update runs set pid = 4194305 where id = 3"); // above the system's highest
  database.exec("update runs set host = 'elsewhere' where id in (4, 5)");
  database.exec("update runs set started_at = started_at - 90000 where id in (5, 7)");
  // K70: hosts and containers may share a name
  database.exec("update runs set process_birth = 'another boot/1/1', pid = 4194305 where id > 5");
  assertEquals(history.view.recent(7).map(({ state, process }) => [state, process?.liveness]), [
    ["interrupted", "unknown"],
    ["running", "unknown"],
    ["interrupted", "unknown"],
    ["running", "unknown"],
    ["interrupted", "dead"],
    Deno.build.os === "linux" ? ["interrupted", "dead"] : ["running", "alive"],
    ["running", "alive"],
  ]);
});

// S2.6
historyTest("a run lasts from when it began, not from when its history was open", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const startedAt = (id: number) =>
    query<{ s: number; d: number }>(path, `select started_at s, duration_ms d from runs where id = ${id}`)[0];
  const before = Math.floor(Date.now() / 1000) - 60;
  const id = (await history.begin(newRun([], { begunMs: performance.now() - 60_000 })))!;
  assert(await history.finish(id));
  const { s, d } = startedAt(id);
  assert(s >= before && s <= Math.floor(Date.now() / 1000) - 60 && d >= 60_000, `${s}, ${d}`);
  const told = (await history.begin(newRun([])))!;
  assert(await history.finish(told, { durationMs: 1234.5 }));
  assertEquals(startedAt(told).d, 1235);
});

historyTest("what goes with a run that is deleted is found by an index", async (temp) => {
  const path = temp.file("taskrun.db");
  (await open(path)).close();
  for (const table of ["tasks", "attempts", "definitions"]) {
    const [step] = query<{ detail: string }>(path, `explain query plan delete from ${table} where run_id = 1`);
    assertMatch(step.detail, /^SEARCH .*\(run_id=\?\)/, table);
  }
});

// S6.19
historyTest(
  "a history tells of the attempts at a file's tasks: how long, how often, which was the last",
  async (temp) => {
    using history = await open(temp.file("taskrun.db"));
    const id = (await history.begin(newRun([definition("a")])))!;
    const common = { worker: 1, fingerprint: "0123456789abcdef" };
    history.attempted(id, 0, { ...common, attempt: 1, outcome: "failed", durationMs: 5, error: "exit code 1" });
    history.attempted(id, 0, {
      ...common,
      attempt: 2,
      outcome: "passed",
      how: "executed",
      durationMs: 20,
      reason: "new",
    });
    assert(await history.finish(id));
    const { view } = history, source = "/project/tasks.txt";
    assertEquals(view.usualDurations(source), new Map([["a", 20]]));
    assertEquals(view.flaky(source), new Map([["a", { failed: 1, attempts: 2 }]]));
    const ended = view.ended(source, "run", 10).map(({ run, task, outcome, error }) => [run, task, outcome, error]);
    assertEquals(ended.sort(), [[id, "a", "failed", "exit code 1"], [id, "a", "passed", null]]);
    const last = view.attemptUpTo(id, "a")!;
    assertEquals([last.attempt, last.outcome, last.reason, last.source], [2, "passed", "new", source]);
    assertEquals([view.usualDurations("/other").size, view.flaky("/other").size, view.ended("/other", "run", 1)], [
      0,
      0,
      [],
    ]);
  },
);
