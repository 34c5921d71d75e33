// What the gates of files go by.
import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { loadSettings, openGates } from "../../../actors/commands/load_gates.ts";
import { FileLockManager } from "../../../actors/locks/locks.ts";
import { build, check, Crew, safeBuild } from "../../../mod.ts";
import { newRun, open, SOME } from "../history/history_samples.ts";
import { RawDatabase } from "../storage/raw_database.ts";
import { TempFolder } from "../temp_folder.ts";

// K60
Deno.test("settings are read beside the config, else from where assistants keep theirs", async () => {
  using place = new TempFolder();
  assertEquals((await loadSettings(place.path)).maxParallelTasks, 5);
  place.folder(".claude/config");
  Deno.writeTextFileSync(place.file(".claude/config/parallel-execution.json"), '{"max_parallel_tasks": 7}');
  assertEquals((await loadSettings(place.path)).maxParallelTasks, 7);
  Deno.writeTextFileSync(place.file("parallel-execution.json"), '{"max_context_complexity": 9}');
  const { maxParallelTasks, maxContextComplexity } = await loadSettings(place.path);
  assertEquals([maxParallelTasks, maxContextComplexity], [5, 9]);
  Deno.removeSync(place.file("parallel-execution.json"));
  Deno.writeTextFileSync(place.file(".claude/config/parallel-execution.json"), '{"max_parallel": 7}');
  await assertRejects(() => loadSettings(place.path), Error, "Unknown key 'max_parallel'");
});

// K52
Deno.test("tasks that run now leave so many fewer: by the history, the crew's database or the locks", async () => {
  using place = new TempFolder();
  const file = place.file("tasks.txt");
  Deno.writeTextFileSync(file, "a: true\nb: true\n");
  const available = async (db: string) => (await check(file, { db })).resource_capacity.available;
  const db = place.file("taskrun.db"), crewDb = place.file("crew.sqlite");
  assertEquals(await available(db), 5);
  using history = await open(db);
  const id = (await history.begin(newRun(SOME)))!;
  history.started(id, 0);
  history.started(id, 3);
  // Rows are written in batches, a moment later
  for (let round = 0; round < 1000 && await available(db) === 5; round++) await delay(10);
  assertEquals(await available(db), 3);
  await history.finish(id);
  assertEquals(await available(db), 5);

  await using crew = new Crew(["x", "y"], { db: crewDb, heartbeatIntervalMs: 600_000 });
  for await (const _task of crew) {
    assertEquals(await available(crewDb), 4);
    // What a member has that gives no sign of life any more is running nowhere
    using raw = new RawDatabase(crewDb);
    raw.exec("update workers set last_heartbeat = 0");
    assertEquals(await available(crewDb), 5);
    break;
  }

  const locks = new FileLockManager(place.path);
  using _one = await locks.acquireAll(["f", "g"].map((path) => ({ path, mode: "exclusive" as const })), { task: "t" });
  using _two = await locks.acquire("h", "shared", { task: "u" });
  using _nobody = await locks.acquire("i", "shared");
  assertEquals(await available(place.file("none.db")), 3);
  assertEquals((await openGates(file)).gates.ask(["a"]).report.resource_capacity.available, 3);
});

Deno.test("a config is read once, whether the gates are asked or not", async () => {
  using place = new TempFolder();
  const config = place.file("build.json");
  Deno.writeTextFileSync(config, '{"tasks": [{"name": "a", "output": "a.txt", "content": "a"}]}');
  assertEquals(await timesRead(config, () => build(config)), 1);
  assertEquals(await timesRead(config, () => safeBuild(config)), 1);
});

async function timesRead(path: string, act: () => Promise<unknown>): Promise<number> {
  const { openSync } = Deno;
  let count = 0;
  Deno.openSync = (opened, options) => {
    if (opened === path) count++;
    return openSync(opened, options);
  };
  try {
    await act();
  } finally {
    Deno.openSync = openSync;
  }
  return count;
}
