// A run as a library would start it: tasks in, a report out.
import { assertEquals } from "@std/assert";
import { Reporter } from "../../../actors/terminal/reporter.ts";
import { runTasks, type TaskRunOptions } from "../../../actors/run/shell_run.ts";
import { buildGraph } from "../../../graph/graph.ts";
import { parseTaskFile } from "../../../graph/input/task_file.ts";
import { query } from "../storage/raw_database.ts";
import type { LiveState } from "../../../actors/terminal/live_view.ts";
import { TempFolder } from "../temp_folder.ts";

async function run(temp: TempFolder, text: string, options: Partial<TaskRunOptions> = {}) {
  const tasks = parseTaskFile(text).tasks!;
  const { graph } = buildGraph(tasks);
  return await runTasks({ tasks, graph, folder: temp.path, source: temp.file("tasks.txt") }, {
    jobs: 2,
    timeoutMs: 60_000,
    database: temp.file("taskrun.db"),
    level: "normal",
    ...options,
  }, new Reporter({ lines: "none" }));
}

// S2.6, S2.12, S2.15
Deno.test("runTasks() answers with a report, and with the number of the run", async () => {
  using temp = new TempFolder();
  const { report, savedAs, signal } = await run(temp, "a: true\nb: exit 5 [after:a]\nc: true [after:b]\n");
  assertEquals([savedAs, report.id, signal, report.interrupted], [1, 1, undefined, false]);
  assertEquals(report.tasks.map(({ name, status, exit_code }) => [name, status, exit_code]), [
    ["a", "passed", 0],
    ["b", "failed", 5],
    ["c", "skipped", null],
  ]);
  assertEquals(query(temp.file("taskrun.db"), "select * from runs").length, 1);
});

// S2.16
Deno.test("runTasks() runs without a history where none can be", async () => {
  using temp = new TempFolder();
  const { report, savedAs } = await run(temp, "a: : > done\n", { database: temp.file("none/taskrun.db") });
  assertEquals([savedAs, report.id, report.passed, temp.has("done")], [undefined, null, 1, true]);
});

// S2.7
Deno.test("runTasks() takes the limit of the run for tasks that have none", async () => {
  using temp = new TempFolder();
  const { report } = await run(temp, "a: sleep 60\nb: sleep 0.3 [timeout:30]\n", { timeoutMs: 100 });
  assertEquals(report.tasks.map(({ status }) => status), ["timeout", "passed"]);
});

Deno.test("runTasks() gives a display what it needs to know", async () => {
  using temp = new TempFolder();
  let state: LiveState | undefined;
  await run(temp, "a: true\nb: true\n", {
    showLive: (given) => {
      assertEquals([given.table.counts().completed, given.table.size], [0, 2]);
      state = given;
    },
  });
  assertEquals([state?.table.counts().completed, state?.cached()], [2, 0]);
});
