import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { loadBuild } from "../../actors/input/load.ts";
import type { RunTask } from "../../actors/worker/messages.ts";
import { Reporter } from "../../actors/terminal/reporter.ts";
import { StatusTable } from "../../actors/worker/status_table.ts";
import { runBuild } from "../../actors/build/build_run.ts";
import type { PoolReport } from "../../actors/engine/pool.ts";
import { WorkerPool } from "../../actors/engine/worker_pool.ts";
import { failio, suffer } from "./faults.ts";
import { assertDone, executed, lives, Project, said, type TaskSpec, until } from "./rig.ts";

const library = failio();

/** An order that no worker understands: it throws over it, uncaught, as it would over a diagnostic in its own code. */
const NONSENSE = { kind: "nonsense" } as unknown as RunTask["work"];

/** Builds a project in this process, by pools that garble the orders of the tasks named `bad…`; notes each order. */
async function runWithCrashes(project: Project, workers: number) {
  const orders: string[] = [];
  const { run } = WorkerPool.prototype;
  WorkerPool.prototype.run = function (worker, task) {
    orders.push(task.name);
    run.call(this, worker, task.name.startsWith("bad") ? { ...task, work: NONSENSE } : task);
  };
  try {
    const build = await loadBuild(project.path("build.json"));
    const options = { workers, failFast: false, force: false, level: "normal", begunMs: performance.now() } as const;
    const { report } = await runBuild(build, options, new Reporter({ lines: "stdout" }));
    return { report, orders };
  } finally {
    WorkerPool.prototype.run = run;
  }
}

// S0.17, S0.18, S0.32
Deno.test("a worker that crashes fails its task after the retries, is replaced, and the build goes on", async () => {
  const others: TaskSpec[] = Array.from({ length: 12 }, (_, i) => ({
    name: `t${i}`,
    output: `out/t${i}`,
    dependencies: i < 4 ? [] : [`t${i - 4}`],
    ...(i % 2 === 0 ? { command: 'echo done > "$OUT"' } : { content: "done\n" }),
  }));
  using project = new Project([
    { name: "bad1", output: "out/bad1", command: "true", retries: 2 },
    { name: "after", output: "out/after", dependencies: ["bad1"] },
    ...others,
    { name: "bad2", output: "out/bad2", dependencies: ["t3"], content: "" },
  ]);
  const { report, orders } = await runWithCrashes(project, 2);
  assertEquals([report.completed, report.failed, report.skipped], [12, 2, 1]);
  const { bad1, bad2, after } = report.results;
  assertEquals([bad1.status, bad2.status, after.status], ["failed", "failed", "skipped"]);
  assertMatch(bad1.error_message!, /^Worker crashed: /);
  assertEquals(orders.filter((name) => name === "bad1").length, 3);
  assertEquals(orders.length, 12 + 3 + 1);
  for (const { output } of others) assertEquals(project.read(output), "done\n");
  assertEquals(project.temporaries(), []);
});

// S0.39
Deno.test("a worker that crashes while its command runs: the command is ended and its temporary file gone", async () => {
  using project = new Project();
  project.fifo("hold");
  const table = new StatusTable(2);
  const reports: PoolReport[] = [];
  const pool = new WorkerPool({
    size: 1,
    table: table.buffer,
    folder: project.folder,
    onReport: (report) => reports.push(report),
    onWarning: (sentence) => assertEquals(sentence, ""),
  });
  const order = (task: number, work: RunTask["work"]): RunTask => ({
    kind: "run",
    task,
    name: `t${task}`,
    work,
    outputs: [{ path: "out/held", kind: "file" }],
    sources: [],
    dependencyArtifacts: [],
    env: {},
  });
  const ready = () => reports.filter((report) => report.kind === "worker" && report.message.kind === "ready").length;
  pool.start();
  pool.want(1);
  await until(() => ready() === 1, "the worker is ready");
  pool.run(1, order(0, { kind: "command", command: 'echo half > "$OUT"; echo $$ > pid; read -r _ < hold' }));
  await until(() => project.has("pid") && project.read("pid") !== "", "the command runs");
  assertEquals(project.temporaries().length, 1);
  pool.run(1, order(1, NONSENSE));
  await until(() => ready() === 2, "a replacement is ready");
  assert(reports.some((report) => report.kind === "crashed" && report.worker === 1));
  await until(() => !lives(Number(project.read("pid"))), "the command is gone");
  assertEquals(project.temporaries(), []);
  await pool.close();
});

const TASKS: readonly TaskSpec[] = [
  { name: "a", output: "out/a", command: 'echo a > "$OUT"' },
  { name: "b", output: "out/b", dependencies: ["a"] },
];

Deno.test({
  name: "a worker that cannot start is started again; one that never can ends the build with its reason",
  ignore: library === undefined,
  fn: async () => {
    const fault = { library: library!, path: "actors/worker/worker.ts", deed: "EMFILE", calls: "openread" } as const;
    using project = new Project(TASKS);
    assertDone(await project.build({ env: suffer({ ...fault, at: 1 }) }));
    project.remove("out");
    const ended = await project.build({ env: suffer({ ...fault, at: "1+" }) });
    assertEquals([ended.code, executed(ended)], [1, 0], said(ended));
    assertMatch(ended.stderr, /^Cannot start worker \d: .*actors\/worker\/worker\.ts/m);
    assert(!/bug/i.test(ended.stderr), said(ended));
    const next = await project.build();
    assertDone(next);
    assertEquals(project.has(".build_cache.lock"), false);
    assertStringIncludes(next.stdout, "2 succeeded");
  },
});
