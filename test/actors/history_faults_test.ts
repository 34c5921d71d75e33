// What other processes, full disks and kill -9 do to the history, and what pruning does to them.
import { assert, assertEquals, assertFalse, assertGreater, assertLess } from "@std/assert";
import { History } from "../../actors/history.ts";
import { HistoryView } from "../../actors/history_queries.ts";
import { randomFrom, seedFor } from "../random.ts";
import { definition, newRun, open, output, record, SOME } from "./history_samples.ts";
import { query, RawDatabase } from "./raw_database.ts";
import { TempFolder } from "./temp_folder.ts";

const PROGRAM = import.meta.resolve("./history_program.ts");

function writer(path: string, runs: number): Deno.ChildProcess {
  const args = ["run", "-A", "--quiet", PROGRAM, path, String(runs)];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
}

Deno.test("several processes write one history at once", async () => {
  using temp = new TempFolder();
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
  for (let round = 0; round < 25; round++) {
    await Promise.all(Array.from({ length: 4 }, () => kill(random.below(80))));
    assertEquals(query<Record<string, string>>(path, "pragma integrity_check")[0].integrity_check, "ok");
  }
  assertEquals(killed.length, 100);
  assertEquals(query(path, "pragma foreign_key_check"), []);
  using view = await HistoryView.open(path);
  const runs = view.recent(1_000_000);
  const states = new Map(runs.map(({ id, state }) => [id, state]));
  for (const id of killed) assert(states.has(id));
  assertFalse(runs.some(({ state }) => state === "running"));
  assert(runs.filter(({ state }) => state !== "finished").length <= 100);
  for (const run of runs) {
    const count = (status: string) => view.tasks(run.id).filter((task) => task.status === status).length;
    assertEquals([run.passed, run.failed, run.skipped], [count("passed"), count("failed"), count("skipped")]);
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
Deno.test("a history that is locked for a while loses nothing and stops nobody", async () => {
  using temp = new TempFolder();
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
Deno.test("an error while a run goes on is told once and thrown nowhere", async () => {
  using temp = new TempFolder();
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
Deno.test("a disk that gets full while a run goes on is told once, and what was written stays", async () => {
  using temp = new TempFolder();
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

Deno.test("prune() keeps the newest runs and those that go on, and gives the space back", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  const history = await open(path);
  const going = (await history.begin(newRun(SOME)))!;
  const tasks = Array.from({ length: 250 }, (_, i) => definition(`task_${i}`));
  for (let count = 0; count < 4; count++) {
    const id = (await history.begin(newRun(tasks)))!;
    const end = { status: "passed", exitCode: 0, output: output("x".repeat(20_000)) } as const;
    tasks.forEach((_, i) => history.ended(id, i, end));
    await history.finish(id);
  }
  assertEquals(await history.prune(5), { runs: 0, bytes: 0 });
  const { runs, bytes } = await history.prune(2);
  assertEquals(runs, 2);
  assertGreater(bytes, 2 * 250 * 20_000);
  assertEquals(history.view.recent(10).map(({ id }) => id), [5, 4, going]);
  assertEquals(query(path, "select distinct run_id from tasks union select run_id from definitions").length, 3);
  await history.finish(going);
  assertEquals((await history.prune(0)).runs, 3);
  assertEquals(await record(history, SOME), 6);
  history.close();
  assertLess(Deno.statSync(path).size, 100_000);
});

Deno.test("prune() lets another process write meanwhile", async () => {
  using temp = new TempFolder();
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const tasks = Array.from({ length: 100 }, (_, i) => definition(`task_${i}`));
  for (let count = 0; count < 40; count++) await record(history, tasks);
  const child = writer(path, 5);
  const [{ runs }, { code }] = await Promise.all([history.prune(0), child.output()]);
  assertEquals([runs >= 40, code], [true, 0]);
  assertEquals(query<{ integrity_check: string }>(path, "pragma integrity_check")[0].integrity_check, "ok");
});
