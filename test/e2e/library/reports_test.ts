// Each command as a function: the report that the command prints with --json, and nothing on the terminal.
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as troupe from "../../../mod.ts";
import { type Rig, rigTest } from "../../rig.ts";

const { batches, build, check, dryRun, history, join, locks, retry, run, show, status } = troupe;

/** Times, and who it was, differ from one time to the next. */
const FLEETING =
  /^(time|total_duration|duration|duration_ms|overall|\d+|worker_id|(started|finished|ended)_at|last_heartbeat|heartbeat_age|member|id|pid)$/;

/** A report without what differs from one time to the next. */
function lasting(report: unknown): unknown {
  return JSON.parse(
    JSON.stringify(report, (key, value) => FLEETING.test(key) && value !== null ? `some ${key}` : value),
  );
}

async function printed(rig: Rig, ...args: string[]): Promise<unknown> {
  const { stdout, stderr } = await rig.ask([...args, "--json"]);
  assert(stdout !== "", stderr);
  return JSON.parse(stdout);
}

/** What was ready to fail before does not. */
const TASKS = "fetch: echo fetched\nlint: [ -e fixed ] [after:fetch]\nship: echo shipped [after:lint]\n";

const CONFIG = {
  num_workers: 2,
  tasks: [
    { name: "a", output: "out/a", content: "a\n", shares: ["counter"] },
    { name: "b", output: "out/b", dependencies: ["a"], command: 'cat $DEPS > "$OUT"' },
    { name: "c", output: "out/c", command: "exit 3", shares: ["counter"] },
  ],
};

// S4.19
rigTest("build() and dryRun() give the reports of the command", async (rig) => {
  rig.write("build.json", CONFIG);
  const config = rig.path("build.json");
  assertEquals(await dryRun(config), await printed(rig, "build", "--dry-run") as troupe.DryRunReport);
  const built = await build(config);
  assertEquals([built.completed, built.failed], [2, 1]);
  assertEquals(Object.getOwnPropertyDescriptor(built, "results")!.get, undefined, "whoever prints it sees all of it");
  const again = await build(config);
  assertEquals(lasting(again.results.c), lasting((await printed(rig, "build") as troupe.BuildReport).results.c));
  assertEquals(lasting(await build(config, { force: true })), lasting(await printed(rig, "build", "--force")));
  assertEquals(
    lasting(await build(config, { tasks: ["b"], workers: 1 })),
    lasting(await printed(rig, "build", "--task=b", "-j1")),
  );
  assertEquals(await dryRun(config, { tasks: ["b"], force: true }), {
    tasks: { a: { run: true, reason: "forced" }, b: { run: true, reason: "dependency would run: a" } },
  });
});

// S4.19, S2.13
rigTest("run(), retry(), history() and show() give the reports of the command", async (rig) => {
  rig.write("tasks.txt", TASKS);
  const db = rig.path("taskrun.db"), file = rig.path("tasks.txt");
  assertEquals(lasting(await run(file, { db })), lasting(await printed(rig, "run", "tasks.txt")));
  assertEquals(lasting(await retry("last", { db })), lasting(await printed(rig, "retry", "2")));
  assertEquals(await history({ db }), await printed(rig, "history") as troupe.HistoryReport);
  assertEquals(await show(1, { db }), await printed(rig, "show", "1") as troupe.RunReport);
  assertEquals((await show("last", { db, failed: true })).tasks.map(({ name }) => name), ["lint"]);
  const task = await show(1, { db, task: "fetch" });
  assertEquals([task.stdout, task], [
    "fetched\n",
    await printed(rig, "show", "1", "--task=fetch") as troupe.TaskReport,
  ]);

  rig.write("fixed", "");
  assertEquals((await retry(1, { db }))?.failed, 0);
  assertEquals([await retry("last", { db }), await printed(rig, "retry", "last")], [null, null]);
  const pruned = await history({ db, prune: 3 });
  assertEquals([pruned.deleted, pruned.runs.length], [2, 3]);
  assertEquals(await printed(rig, "history", "--prune", "3"), { ...pruned, deleted: 0 });
});

// S4.19, S2.24
rigTest("retry() of a recorded build is a build", async (rig) => {
  rig.write("build.json", CONFIG);
  const db = rig.path("taskrun.db");
  await build(rig.path("build.json"), { db });
  const report = await retry("last", { db });
  assert(report !== null && "results" in report);
  assertEquals(lasting(report), lasting(await printed(rig, "retry", "last")));
  await assertRejects(
    () => retry("last", { db, timeoutMs: 1000 }),
    troupe.InputError,
    `Run #3 is a build, whose timeouts are those of its config '${Deno.realPathSync(rig.path("build.json"))}'`,
  );
});

// S4.19, S1.1
rigTest("check(), batches() and locks() give the reports of the command", async (rig) => {
  rig.write("build.json", CONFIG);
  const config = rig.path("build.json");
  const given = { tasks: ["a", "c"], maxParallelTasks: 2 };
  // How busy the machine is differs from one look to the next
  const still = ({ recommendations, ...report }: troupe.GateReport) => (
    { ...report, recommendations: recommendations.filter((one) => !/^Wait until (CPU|memory) /.test(one)) }
  );
  const said = await printed(rig, "check", "a", "c", "-j2") as troupe.GateReport;
  assertEquals(still(await check(config, given)), still(said));
  assertEquals(await batches(config), await printed(rig, "batches") as troupe.BatchesReport);
  await using _lock = await new troupe.FileLockManager(rig.folder).acquire("out/a", "exclusive", { task: "a" });
  const held = await locks({ folder: rig.folder });
  assertEquals([held.locks.length, held], [1, await printed(rig, "locks") as troupe.LocksReport]);
  assertEquals((await locks({ folder: rig.folder, clean: true })).removed, 0);
});

// S4.19, S3.1
rigTest("join() and status() give the reports of the command", async (rig) => {
  rig.write("tasks.txt", TASKS);
  rig.write("fixed", "");
  const db = rig.path("crew.sqlite");
  assertEquals(lasting(await status({ db })), lasting(await printed(rig, "status", "--db", db)));
  Deno.writeTextFileSync(rig.path("tasks.txt"), TASKS);
  const joined = await join(rig.path("tasks.txt"), { db, identifier: "one" });
  assertEquals([joined.member, joined.executed, joined.remaining], ["one", 3, 0]);
  assertEquals(lasting(await status({ db })), lasting(await printed(rig, "status", "--db", db)));
  const again = await join(rig.path("tasks.txt"), { db });
  assertEquals(lasting(again), lasting(await printed(rig, "join", "tasks.txt")));
});

// S4.19
rigTest("what the command refuses with exit code 2, the function throws, and nothing is started", async (rig) => {
  rig.write("build.json", CONFIG);
  rig.write("tasks.txt", TASKS);
  const config = rig.path("build.json"), file = rig.path("tasks.txt"), db = rig.path("none.db");
  const refused: [call: () => Promise<unknown>, kind: string, message: string][] = [
    [() => build(rig.path("no.json")), "InputError", "Build configuration not found at path: "],
    [() => build(config, { workers: 0 }), "InputError", "workers must be a whole number from 1 to 1024, not 0"],
    [
      () => build(config, { loadLimits: { cpu: 80 } }),
      "InputError",
      "loadLimits.cpu must be a share above 0 and up to 1",
    ],
    [() => build(config, { tasks: ["d"] }), "InputError", "Unknown task 'd'"],
    [() => dryRun(config, { tasks: ["d"] }), "InputError", "Unknown task 'd'"],
    [() => run(config), "InputError", "is a build config, not a task file: build it"],
    [() => run(file, { timeoutMs: 0.5 }), "InputError", "timeoutMs must be a whole number from 1 to "],
    [() => check(config, { tasks: ["d"] }), "InputError", "Unknown task 'd'"],
    [() => batches(config, { maxParallelTasks: -1 }), "InputError", "maxParallelTasks must be a whole number"],
    [() => locks({ folder: rig.path("no") }), "InputError", "does not exist"],
    [() => history({ db }), "DatabaseError", "none.db"],
    [() => history({ db, prune: 1 }), "DatabaseError", "none.db"],
    [() => show(1, { db }), "DatabaseError", "none.db"],
    [() => retry(1, { db }), "DatabaseError", "none.db"],
    [
      () => join(file, { db, maxFailedRetries: -1 }),
      "CrewError",
      "maxFailedRetries must be a whole number from 0",
    ],
  ];
  for (const [call, kind, message] of refused) {
    assertEquals((await assertRejects(call, Error, message)).name, kind);
  }
  assertEquals(rig.files(), ["build.json", "tasks.txt"]);
  rig.write("parallel-execution.json", { conflict_resolution: "refuse" });
  const why = 'Refused: the gates found conflicts, and conflict_resolution is "refuse"';
  rig.write("clash.txt", "a: touch x [writes:log]\nb: touch y [writes:log]\n");
  await assertRejects(() => run(rig.path("clash.txt"), { db, validate: true }), troupe.GateError, why);
  assert(!rig.has("x") && !rig.has("none.db"));
});

// S4.19
rigTest("builds of several configs at once in one program do not disturb each other", async (rig) => {
  for (const name of ["one", "two"]) rig.write(`${name}/build.json`, CONFIG);
  const configs = ["one", "two", "one"].map((name) => rig.path(`${name}/build.json`));
  const reports = await Promise.all(configs.map((config) => build(config, { tasks: ["b"] })));
  assertEquals(reports.map(({ completed }) => completed), [2, 2, 2]);
  const made = (report: troupe.BuildReport) =>
    Object.values(report.results).filter(({ cache_hit }) => !cache_hit).length;
  assertEquals([made(reports[0]) + made(reports[2]), made(reports[1])], [2, 2]);
});
