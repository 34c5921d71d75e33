// What other processes, full disks and kill -9 do to the history, and what pruning does to them.
import { assert, assertEquals, assertFalse, assertGreater, assertThrows } from "@std/assert";
import { DatabaseError } from "../../../actors/storage/database_error.ts";
import { History } from "../../../actors/history/history.ts";
import { PictureView } from "../../../actors/history/pictures.ts";
import { HistoryView } from "../../../actors/history/queries.ts";
import { shellTrace } from "../../../graph/fingerprint.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";
import { definition, historyTest, newRun, open, output, record, SOME } from "./history_samples.ts";
import { query, RawDatabase } from "../storage/raw_database.ts";
import { TempFolder } from "../temp_folder.ts";

const PROGRAM = import.meta.resolve("./history_program.ts");

function writer(path: string, runs: number): Deno.ChildProcess {
  const args = ["run", "-A", "--quiet", PROGRAM, path, String(runs)];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
}

historyTest("several processes write one history at once", async (temp) => {
  const path = temp.file("taskrun.db");
  const writers = Array.from({ length: 4 }, () => writer(path, 10));
  const ends = await Promise.all(writers.map((child) => child.output()));
  assertEquals(ends.map(({ code }) => code), [0, 0, 0, 0]);
  const ids = ends.flatMap(({ stdout }) => new TextDecoder().decode(stdout).trim().split("\n").map(Number));
  assertEquals(ids.sort((a, b) => a - b), Array.from({ length: 40 }, (_, i) => i + 1));
  using view = await HistoryView.open(path);
  for (const run of view.recent(100)) {
    assertEquals([run.state, run.passed, run.failed, run.skipped], ["finished", 16, 4, 0]);
    assertEquals(view.tasks(run.id).filter(({ status }) => status !== null).length, 20);
  }
});

// S2.14
Deno.test("writers killed at any moment leave a sound history in which their runs are interrupted", async () => {
  const random = randomFrom(seedFor("killed writers"));
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  const killed: number[] = [];
  const kill = async (delayMs: number) => {
    const child = writer(path, Infinity);
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const first = Number(new TextDecoder().decode(value).split("\n")[0]);
    await new Promise((resolve) => setTimeout(resolve, delayMs)); // the random moment, not an order
    child.kill("SIGKILL");
    await Promise.all([reader.cancel(), child.status]);
    killed.push(first);
  };
  for (let round = 0; round < rounds(25); round++) {
    await Promise.all(Array.from({ length: 4 }, () => kill(random.below(80))));
    assertEquals(query<Record<string, string>>(path, "pragma integrity_check")[0].integrity_check, "ok");
  }
  assertEquals(killed.length, 4 * rounds(25));
  assertEquals(query(path, "pragma foreign_key_check"), []);
  using view = await HistoryView.open(path);
  const runs = view.recent(1_000_000);
  const states = new Map(runs.map(({ id, state }) => [id, state]));
  for (const id of killed) assert(states.has(id));
  assertFalse(runs.some(({ state }) => state === "running"));
  assert(runs.filter(({ state }) => state !== "finished").length <= killed.length);
  for (const run of runs) {
    const count = (status: string | null) => view.tasks(run.id).filter((task) => task.status === status).length;
    const skipped = count("skipped") + count(null); // K34: what has no end
    assertEquals([run.passed, run.failed, run.skipped], [count("passed"), count("failed"), skipped]);
    assertEquals(run.passed + run.failed + run.skipped, 20);
  }
  const interrupted = runs.filter(({ state }) => state === "interrupted");
  assertGreater(interrupted.length, 0);
  for (const { id, passed, finishedAt } of interrupted) {
    const { tasks } = view.retrySet(id);
    assertEquals([finishedAt, tasks.length], [null, 20 - passed]);
    assert(tasks.every(({ status }) => status === null || status === "failed"));
  }
});

// S2.16
historyTest("a history that is locked for a while loses nothing and stops nobody", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const id = (await history.begin(newRun(SOME)))!;
  using holder = new RawDatabase(path);
  holder.exec("begin exclusive");
  SOME.forEach((_, i) => history.ended(id, i, { status: "passed", exitCode: 0 }));
  const finishing = history.finish(id);
  holder.exec("commit");
  assert(await finishing);
  assertEquals(history.view.run(id)!.passed, SOME.length);
});

// S2.16
historyTest("an error while a run goes on is told once and thrown nowhere", async (temp) => {
  const path = temp.file("taskrun.db");
  const told: string[] = [];
  using history = await History.open(path, (sentence) => told.push(sentence));
  const id = (await history.begin(newRun(SOME)))!;
  history.started(id, 0);
  Deno.removeSync(path);
  const large = new Uint8Array(1024 * 1024);
  for (let i = 0; i < 5; i++) history.ended(id, i, { status: "passed", output: output(large) });
  assertFalse(await history.finish(id));
  assertEquals(await history.begin(newRun(SOME)), undefined);
  assertEquals(told, [`Database '${path}' was removed or replaced while it was in use`]);
});

// S2.16
historyTest("a disk that gets full while a run goes on is told once, and what was written stays", async (temp) => {
  const folder = temp.small("disk", "2m");
  if (folder === undefined) return;
  const path = `${folder}/taskrun.db`;
  const told: string[] = [];
  const history = await History.open(path, (sentence) => told.push(sentence));
  const first = await record(history, SOME);
  const id = (await history.begin(newRun(SOME)))!;
  const large = new Uint8Array(1024 * 1024);
  for (let i = 0; i < 5; i++) history.ended(id, i, { status: "passed", output: output(large) });
  assertFalse(await history.finish(id));
  history.close();
  assertEquals(told, [`Cannot write database '${path}': no space left on the disk`]);
  using view = await HistoryView.open(path);
  assertEquals(view.run(first)!.state, "finished");
});

historyTest("prune() lets another process write meanwhile", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const tasks = Array.from({ length: 100 }, (_, i) => definition(`task_${i}`));
  for (let count = 0; count < 40; count++) await record(history, tasks);
  const child = writer(path, 5);
  const [{ runs }, { code }] = await Promise.all([history.prune(0), child.output()]);
  assertEquals([runs >= 40, code], [true, 0]);
  assertEquals(query<{ integrity_check: string }>(path, "pragma integrity_check")[0].integrity_check, "ok");
});

/** Records a run whose first task was tried once, and failed. */
async function recordFailure(history: History): Promise<number> {
  const run = (await history.begin(newRun(SOME)))!;
  history.started(run, 0);
  history.attempted(run, 0, { attempt: 1, outcome: "failed", durationMs: 1, worker: 1 });
  await history.finish(run);
  return run;
}

// S6.9
historyTest("columns of a history that hold what troupe does not write are told of as damage", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const run = await recordFailure(history);
  const [{ name }] = SOME, { source, kind } = newRun(SOME);
  const questions: [column: string, change: string, ask: ((view: HistoryView) => unknown)[]][] = [
    ["tasks.status", "update tasks set status", [
      (view) => view.tasks(run),
      (view) => view.task(run, name),
      (view) => view.retrySet(run),
    ]],
    ...["outcome", "how"].map((column): typeof questions[number] => [
      `attempts.${column}`,
      `update attempts set ${column}`,
      [(view) => view.attempts(run, name), (view) => view.ended(source, kind, 1)],
    ]),
    ...["outcome", "started_us", "reason"].map((column): typeof questions[number] => [
      `attempts.${column}`,
      `update attempts set ${column}`,
      [(view) => view.attemptUpTo(run, name)],
    ]),
    ["definitions.timeout_ms", "update definitions set timeout_ms", [(view) => view.retrySet(run)]],
    ["runs.timeout_ms", "update runs set timeout_ms", [(view) => view.run("last")]],
    ["runs.duration_ms", "update runs set duration_ms", [(view) => view.recent(1), (view) => view.run("last")]],
  ];
  for (const [column, change, all] of questions) {
    using database = new RawDatabase(path);
    database.exec("pragma ignore_check_constraints=on");
    for (const value of ["'qassed'", "''", "7", "x'00'"]) {
      if (value === "7" && /_us|_ms|reason/.test(column)) continue; // a text column makes it a text
      if (/^'/.test(value) && column.endsWith("reason")) continue;
      database.exec(`${change} = ${value}`);
      for (const ask of all) {
        const error = assertThrows(() => ask(history.view), DatabaseError);
        assertEquals(error.message, `Database '${path}' is damaged: ${column} holds what troupe does not write`, value);
      }
    }
    database.exec(`update tasks set status = 'failed'; update definitions set timeout_ms = null;
      update attempts set outcome = 'failed', how = null, started_us = 1, reason = null; update runs set duration_ms = 1,
      timeout_ms = null`);
  }
});

// S6.9, S6.10
historyTest(
  "values in a history that troupe did not write are told of as damage, and nothing else is lost",
  async (temp) => {
    const path = temp.file("taskrun.db");
    using history = await open(path);
    const run = (await history.begin({ ...newRun(SOME), asked: ["fetch"] }))!;
    const trace = shellTrace("true", { A: "1" });
    history.madeOf({ trace });
    history.started(run, 0);
    history.attempted(run, 0, { attempt: 1, outcome: "passed", how: "executed", durationMs: 1, worker: 1 });
    await history.finish(run);
    const fingerprint = trace[0].slice(0, 16);
    const questions: [column: string, change: string, ask: (view: HistoryView) => unknown][] = [
      ["runs.asked", "update runs set asked", (view) => view.recent(1)],
      ["definitions.dependencies", "update definitions set dependencies", (view) => view.attempted(run)],
      ["definitions.dependencies", "update definitions set dependencies", (view) => view.retrySet(run)],
      ["definitions.env", "update definitions set env", (view) => view.retrySet(run)],
      ["definitions.declared", "update definitions set declared", (view) => view.retrySet(run)],
      ["manifests.content", "update manifests set content", (view) => view.manifest(fingerprint)],
    ];
    for (const [column, change, ask] of questions) {
      for (const value of ["", "{bad", "null", "1", '"text"', "[1]", '{"action":[1]}']) {
        using database = new RawDatabase(path);
        if (value.startsWith('{"action"') && !column.endsWith("content")) continue;
        database.exec(`${change} = '${value}'`);
        const error = assertThrows(() => ask(history.view), DatabaseError);
        assertEquals(error.message, `Database '${path}' is damaged: ${column} holds what troupe does not write`, value);
        assertEquals(history.view.tasks(run).length, SOME.length);
      }
      using database = new RawDatabase(path);
      database.exec("update runs set asked = null");
      database.exec(`update definitions set dependencies = '[]', env = '{}', declared = null`);
    }
  },
);

// S2.16
Deno.test("what no task file can have said, and no clock can show, is told of as damage", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const run = await recordFailure(history);
  using pictures = await PictureView.open(path);
  const cases: [change: string, what: string, ask: (() => unknown)[]][] = [
    [
      `update definitions set dependencies = '["test"]' where name in ('fetch', 'test')`,
      "definitions.dependencies holds what troupe does not write",
      [() => history.view.retrySet(run), () => pictures.tasks(run)],
    ],
    [
      "update definitions set name = 'test'",
      "definitions.name holds what troupe does not write",
      [() => history.view.retrySet(run), () => pictures.tasks(run)],
    ],
    ...[`{"reads":5}`, `{"resources":{"gpu":"2"}}`, `{"resources":[]}`, `{"difficulty":"3"}`].map((
      declared,
    ): typeof cases[number] => [
      `update definitions set declared = '${declared}'`,
      "definitions.declared holds what troupe does not write",
      [() => history.view.retrySet(run)],
    ]),
    [
      "update runs set started_at = 1e13",
      "runs.started_at holds what troupe does not write",
      [() => history.view.run("last"), () => history.view.recent(1)],
    ],
    [
      "update attempts set started_us = 9000000000000000000",
      "it holds a number that troupe does not write",
      [() => history.view.attempts(run, "fetch"), () => pictures.attempts(run)],
    ],
  ];
  using database = new RawDatabase(path);
  for (const [change, what, all] of cases) {
    database.exec("begin; create temp table kept as select * from definitions; commit");
    database.exec(change);
    for (const ask of all) {
      assertEquals(assertThrows(ask, DatabaseError).message, `Database '${path}' is damaged: ${what}`, change);
    }
    database.exec("delete from definitions; insert into definitions select * from kept; drop table kept");
    database.exec("update runs set started_at = 1");
  }
});
