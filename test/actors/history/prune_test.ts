// What the deletion of old runs leaves, and in how many steps it goes.
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { pruneRuns } from "../../../actors/history/prune.ts";
import { HISTORY_SCHEMA } from "../../../actors/history/schema.ts";
import { Database } from "../../../actors/storage/database.ts";
import { openDatabase } from "../../../actors/storage/open_database.ts";
import { query } from "../storage/raw_database.ts";
import { definition, historyTest, newRun, open, output, record, SOME } from "./history_samples.ts";

historyTest("prune() keeps the newest runs and those that go on, and gives the space back", async (temp) => {
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

historyTest("prune() deletes many small runs at a time, and large ones a part at a time", async (temp) => {
  const path = temp.file("taskrun.db");
  using history = await open(path);
  const large = Array.from({ length: 500 }, (_, task) => definition(`t${task}`, []));
  await record(history, large);
  for (let run = 0; run < 100; run++) await record(history, [definition("a", [])]);
  using database = await openDatabase(path, { schema: HISTORY_SCHEMA, access: "write" });
  let writes = 0;
  database.write = (work, patience) => {
    writes++;
    return Database.prototype.write.call(database, work, patience) as Promise<ReturnType<typeof work>>;
  };
  assertEquals((await pruneRuns(database, history.view, 0)).runs, 101);
  assertLess(writes, 12);
  assertGreater(writes, 4);
  assertEquals(query(path, "select run_id from tasks union select run_id from definitions"), []);
});
